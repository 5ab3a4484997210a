"""The benchmarks run unattended: what one of them raises does not cost the others their rows."""

import sys
from pathlib import Path

import pytest

from bench import __main__ as bench
from bench.report import Goal, Row, table


def test_a_measurement_that_fails_is_a_row(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(_: Path) -> list[Row]:
        raise RuntimeError("no such thing")

    made = [Row("thing", "1 ms", "2 ms", "0.5×", Goal(0.5, 1, "×"))]
    monkeypatch.setattr(bench, "_measurements", lambda _: {"one": fails, "two": lambda _: made})
    monkeypatch.setattr(sys, "argv", ["bench", "one", "two"])
    assert bench.main() == 1
    told = capsys.readouterr()
    assert "| one | not measured: it failed |" in told.out
    assert "| thing | 1 ms | 2 ms | 0.5× | ≤ 1× | met |" in told.out
    assert "no such thing" in told.err


def test_a_measurement_that_there_is_not_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", "turn"])
    assert bench.main() == 2
    assert "There is no measurement 'turn'; there are: server start" in capsys.readouterr().out


def test_a_missed_goal_says_by_how_much_and_why() -> None:
    missed = Row("thing", "", "", "", Goal(3.5, 3, " ms", why="it waits"))
    least = Row("other", "", "", "", Goal(0.6, 0.7, "×", least=True))
    text = "\n".join(table([missed, least]))
    assert "- thing: missed by 0.5 ms. it waits." in text
    assert "- other: missed by 0.1×." in text
    assert text.count("**missed**") == 2
