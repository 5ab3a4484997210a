"""Bars: shown when something takes long, saying how far it is."""

import pytest

from leonidas_jupyter.kernel import progress


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(progress, "DELAY_SECONDS", 0)
    make = progress._tqdm
    monkeypatch.setattr(
        progress, "_tqdm", lambda shown, **options: make(shown, mininterval=0, **options)
    )


def test_a_share_is_told_and_never_goes_back(at_once, capsys):
    with progress.share("Reading sales.csv") as advance:
        for done in (None, 0.4, 0.1, None, 0.75):
            advance(done)
    shown = capsys.readouterr().err
    told = [
        part.split("%")[0].split()[-1] for part in shown.split("Reading sales.csv") if "%" in part
    ]
    assert {"40", "75"} <= set(told)
    assert list(map(int, told)) == sorted(map(int, told))


def test_who_wants_no_bar_gets_none(at_once, capsys):
    with progress.share("Reading", shown=False) as advance:
        advance(0.5)
    with progress.clock("Asking", shown=False) as tick:
        tick()
    assert capsys.readouterr() == ("", "")
