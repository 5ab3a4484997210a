"""The benchmarks run unattended: what one of them raises does not cost the others their rows."""

import csv
import sys
from pathlib import Path

import pytest

from bench import __main__ as bench
from bench.alone import alone, duckdb_copy
from bench.orders import HEADER, generate
from bench.report import Goal, Row, table
from bench.results import keep


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


def test_sections_of_the_results_stay_when_others_are_measured(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    keep(path, "", ["- a machine", "", "| first |"])
    keep(path, "2 GB", ["- a machine", "", "| large |"])
    keep(path, "", ["- another machine", "", "| second |"])
    text = path.read_text(encoding="utf-8")
    assert "| first |" not in text
    assert text.index("| second |") < text.index("## 2 GB") < text.index("| large |")
    assert text.count("# Measured") == 1
    keep(path, "2 GB", ["| larger |"])
    again = path.read_text(encoding="utf-8")
    assert "| second |" in again
    assert "| large |" not in again
    assert again.count("| larger |") == 1


def test_the_results_of_before_are_kept_beside_a_new_section(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    path.write_text("# Measured\n\nWritten by\nhand.\n\n- a machine\n\n| row |\n", encoding="utf-8")
    keep(path, "2 GB", ["| large |"])
    text = path.read_text(encoding="utf-8")
    assert "- a machine\n\n| row |\n" in text
    assert "hand." not in text


def test_what_takes_long_is_measured_only_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def measured(name: str) -> bench.Measure:
        return lambda _: [Row(name, "1", "2", "3")]

    known = {"turns": measured("a turn"), "2 GB": measured("a large file")}
    monkeypatch.setattr(bench, "_measurements", lambda _: known)
    monkeypatch.setattr(bench, "RESULTS", tmp_path / "RESULTS.md")
    for arguments in ([], ["2 GB"], ["turns"]):
        monkeypatch.setattr(sys, "argv", ["bench", *arguments])
        assert bench.main() == 0
    assert capsys.readouterr().out.count("| a large file |") == 1
    text = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert text.index("| a turn |") < text.index("## 2 GB") < text.index("| a large file |")


def test_the_table_of_a_size_is_always_the_same_and_of_that_size(tmp_path: Path) -> None:
    first = generate(tmp_path / "a.csv", 300_000)
    second = generate(tmp_path / "b.csv", 300_000)
    assert first.read_bytes() == second.read_bytes()
    assert 300_000 <= first.stat().st_size < 2_000_000
    with first.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert {len(row) for row in rows} == {len(HEADER)}
    assert [row[0] for row in rows[1:]] == [str(n) for n in range(1, len(rows))]


def test_work_alone_says_its_time_and_memory(tmp_path: Path) -> None:
    table = generate(tmp_path / "a.csv", 100_000)
    figures = alone(duckdb_copy, table, tmp_path / "a.parquet")
    assert figures["seconds"] > 0
    assert 10 < figures["peak_mib"] < 5000
    with pytest.raises(RuntimeError, match="duckdb_copy"):
        alone(duckdb_copy, tmp_path / "none.csv", tmp_path / "b.parquet")
