"""Private folders, also where somebody else removes them at the same time."""

from pathlib import Path

import pytest

from leonidas_jupyter.core.folders import make_private


def test_every_folder_that_is_made_is_private(tmp_path: Path) -> None:
    made = make_private(tmp_path / "a" / "b")
    assert made == [tmp_path / "a", tmp_path / "a" / "b"]
    assert [folder.stat().st_mode & 0o777 for folder in made] == [0o700, 0o700]
    assert make_private(tmp_path / "a" / "b") == []


def test_a_file_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(FileExistsError):
        make_private(tmp_path / "a")


def test_a_folder_that_was_there_and_went_can_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pruned_since(self: Path, mode: int) -> None:
        raise FileExistsError(self)

    monkeypatch.setattr(Path, "mkdir", pruned_since)
    with pytest.raises(FileNotFoundError):
        make_private(tmp_path / "a")
