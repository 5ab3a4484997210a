"""``jupyter leonidas copy``, as an administrator runs it in a terminal."""

import os
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from leonidas_jupyter.cli.copy import CopyApp
from tests.cli.installation import environment, fill, objects, rows, run, run_json, same, start


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose configured installation is filled."""
    fill(tmp_path / "data" / "leonidas")
    return tmp_path


def configured(home: Path) -> Path:
    return home / "data" / "leonidas"


def test_a_backup_and_back(home) -> None:
    backup = home / "backup" / "2026-11-20"
    (configured(home) / "signing_key").write_text("k" * 40)
    code, said, errors = run(home, "copy", "--to", str(backup))
    assert code == 0, said + errors
    assert said.rstrip().endswith("Copied and verified.")
    assert "signing_key signs tokens: copy it" in said
    assert f"To   sqlite:///{backup}/leonidas.db and file://{backup}/objects" in said
    assert "\nobjects " in said
    assert same(configured(home), backup)
    code, report = run_json(home, "copy", "--to", backup.as_uri())
    assert (code, report["verified"]) == (0, True)
    assert all(table["new"] == table["changed"] == 0 for table in report["tables"])
    assert report["objects"]["new"] == 0

    original = configured(home).rename(home / "original")
    code, report = run_json(home, "copy", "--from", str(backup))
    assert (code, report["verified"]) == (0, True)
    assert same(original, configured(home))
    assert (configured(home) / "leonidas.db").stat().st_mode & 0o777 == 0o600


def test_urls_name_each_side_and_show_no_password(home) -> None:
    target = home / "elsewhere"
    code, said, errors = run(
        home,
        "copy",
        f"--to-database=sqlite:///{target}/x.db",
        f"--to-storage={(target / 'files').as_uri()}",
    )
    assert code == 0, said + errors
    moved = home / "moved"
    moved.mkdir()
    (target / "x.db").rename(moved / "leonidas.db")
    (target / "files").rename(moved / "objects")
    assert same(configured(home), moved)
    code, said, errors = run(
        home,
        "copy",
        "--to-database=postgresql+psycopg://me:not-to-be-seen@127.0.0.1:9/leo?connect_timeout=1",
    )
    assert code == 1
    assert "not-to-be-seen" not in said + errors
    assert "Traceback" not in said + errors


def test_another_servers_configuration_is_a_side(home) -> None:
    other = home / "other.py"
    other.write_text(f"c.Leonidas.data_dir = {str(home / 'theirs')!r}\n")
    code, said, errors = run(home, "copy", f"--to={other}")
    assert code == 0, said + errors
    assert same(configured(home), home / "theirs")
    other.write_text("c.Leonidas.data_dir = 'x\n")
    assert run(home, "copy", f"--from={other}")[0] == 2


def test_a_dry_run_changes_nothing(home) -> None:
    before = rows(configured(home))
    code, report = run_json(home, "copy", "--to", str(home / "backup"), "--dry-run")
    assert (code, report["verified"]) == (0, False)
    counts = {table["name"]: table["new"] for table in report["tables"]}
    assert counts["messages"] == 250
    assert report["objects"]["new"] == 18
    assert not (home / "backup").exists()
    assert rows(configured(home)) == before


def test_a_target_in_which_somebody_has_worked_is_left_alone(home) -> None:
    theirs = home / "theirs"
    fill(theirs, messages=3, files=1)
    before = rows(theirs), objects(theirs)
    code, _, errors = run(home, "copy", "--to", str(theirs))
    assert code == 1
    assert "not empty" in errors
    assert "--merge" in errors
    assert (rows(theirs), objects(theirs)) == before
    assert run(home, "copy", "--to", str(theirs), "--overwrite")[0] == 0
    assert same(configured(home), theirs)


def _launch(arguments: list[str]) -> None:
    app = CopyApp()
    app.initialize(arguments)
    app.start()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Say where to copy to"),
        (("--to", "/x", "--dry-rnu"), "dry-rnu"),
        (("--to", "/x", "--CopyApp.dryrun=True"), "dryrun"),
        (("/x",), "/x is no option"),
        (("--to", "/x", "--to-database", "sqlite:////y"), "Say --to, or"),
        (("--to", "s3://bucket/x"), "name the two URLs"),
        (("--to", "/x", "--merge", "--overwrite"), "not both"),
        (("--to-database", "nosuch://x"), "not a URL that is known"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path, monkeypatch, capsys, arguments, said) -> None:
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        _launch(list(arguments))
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_a_source_that_is_not_there_is_not_made(tmp_path) -> None:
    code, _, errors = run(tmp_path, "copy", "--from", str(tmp_path / "no"), "--to", "/x")
    assert code == 1
    assert "There is no database" in errors
    assert not (tmp_path / "no").exists()


def test_servers_at_work_are_noticed(home) -> None:
    running = configured(home) / "running"
    running.mkdir()
    (running / str(os.getpid())).touch()
    code, report = run_json(home, "copy", "--to", str(home / "backup"))
    assert code == 0
    assert "the source is in use" in report["warnings"][0]
    code, _, errors = run(home, "copy", "--from", str(home / "backup"), "--overwrite")
    assert code == 1
    assert "stop it first" in errors


def _messages(folder: Path) -> int:
    try:
        file = sqlite3.connect(f"file:{folder}/leonidas.db?mode=ro", uri=True)
        try:
            return file.execute("SELECT count(*) FROM messages").fetchone()[0]
        finally:
            file.close()
    except sqlite3.OperationalError:
        return 0


def _files(folder: Path) -> int:
    return sum(path.is_file() for path in (folder / "objects" / "objects").rglob("original"))


@pytest.mark.parametrize(("reached", "least"), [(_files, 3), (_messages, 300), (_messages, 3000)])
def test_a_killed_copy_goes_on(tmp_path, reached, least) -> None:
    source, backup = tmp_path / "data" / "leonidas", tmp_path / "backup"
    fill(source, messages=8_000, files=30, size=400_000)
    process = start(tmp_path, "copy", "--to", str(backup))
    deadline = time.monotonic() + 120
    while reached(backup) < least:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    had = _messages(backup), _files(backup)
    assert had != (8_000, 30)
    code, report = run_json(tmp_path, "copy", "--to", str(backup))
    assert (code, report["verified"]) == (0, True)
    carried = {table["name"]: table["new"] for table in report["tables"]}
    assert carried["messages"] == 8_000 - had[0]
    assert same(source, backup)
