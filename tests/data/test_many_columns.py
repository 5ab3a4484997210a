"""Frames of very many columns: as other frames, by fewer queries."""

import random
import time

import pytest

from leonidas_jupyter.data import counting, readers, rounds, stacks, summarise, typing_pass
from leonidas_jupyter.data.headings import column_names
from leonidas_jupyter.data.stacks import stacks_of

ROWS = 130


def cells(kind, row, pick):
    """A cell of a column of each kind, with what its sample does not show further down."""
    late = row > 100
    return {
        "whole": str(row * 7 - 50),
        "late text": "x12" if late and row % 9 == 0 else str(row),
        "late null": "n/a" if row == 120 else str(row / 4),
        "fraction": f"{pick.uniform(0, 9):.3f}",
        "zeros": f"{row:04}",
        "word": pick.choice(["alpha", "beta", "gamma delta"]),
        "day": f"{row % 28 + 1:02}.{row % 12 + 1:02}.2024",
        "moment": f"2024-01-{row % 28 + 1:02} 10:{row % 60:02}:00",
        "clock": f"{row % 24:02}:{row % 60:02}",
        "truth": pick.choice(["yes", "no"]),
        "gaps": pick.choice(["", "5", "6"]),
        "empty": "",
        "decimal comma": f'"{row},5"',
        "money": f"${row}.50",
    }[kind]


KINDS = (
    *("whole", "late text", "late null", "fraction", "zeros", "word", "day", "moment"),
    *("clock", "truth", "gaps", "empty", "decimal comma", "money"),
)


@pytest.fixture
def text():
    pick = random.Random(3)  # noqa: S311 - cells, not secrets
    header = ",".join(f"{kind} {number}" for number in range(3) for kind in KINDS)
    rows = [
        ",".join(cells(kind, row, pick) for _ in range(3) for kind in KINDS) for row in range(ROWS)
    ]
    return "\n".join([header, *rows]) + "\n"


@pytest.fixture
def wide(monkeypatch):
    """Every frame counts as one of very many columns."""
    for user in (readers, rounds, typing_pass):
        monkeypatch.setattr(user, "WIDE", 10)
    monkeypatch.setattr(summarise, "DETAILED_COLUMNS", 10)


@pytest.fixture
def few_sampled(monkeypatch):
    monkeypatch.setattr(typing_pass, "SAMPLE_CELLS", 50)


def plain(profile):
    """A profile without what only frames of few columns have."""
    for column in profile.columns:
        column.top, column.histogram = column.top[: counting.TOP_VALUES_WIDE], None
    return profile


@pytest.mark.parametrize(("batch_cells", "stack_cells"), [(1_000_000, 1_000_000), (1000, 300)])
def test_many_columns_are_read_like_few(
    load, text, few_sampled, request, monkeypatch, batch_cells, stack_cells
):
    monkeypatch.setattr(summarise, "DUPLICATE_COLUMNS", 0)
    expected = load(text)
    assert expected.types["late text 1"] == "text"
    assert expected.types["late null 1"] == "number"
    request.getfixturevalue("wide")
    monkeypatch.setattr(readers, "BATCH_CELLS", batch_cells)
    monkeypatch.setattr(stacks, "GROUP_CELLS", batch_cells)
    monkeypatch.setattr(stacks, "STACK_CELLS", stack_cells)
    found = load(text)
    assert found.types == expected.types
    assert found.columns == expected.columns
    assert found.report.dialect == expected.report.dialect
    assert plain(found.report.profile) == plain(expected.report.profile)


def test_many_columns_without_rows(load, wide):
    header = ",".join(f"c{number}" for number in range(30))
    loaded = load(header + "\n")
    assert loaded.report.rows == 0
    assert loaded.report.columns == 30


def test_many_columns_take_few_queries(load, text, wide, monkeypatch):
    stacked = []
    original = stacks.stacked

    def counted(table, numbers):
        stacked.append(len(numbers))
        return original(table, numbers)

    monkeypatch.setattr(stacks, "stacked", counted)
    load(text)
    # Of 42 columns of 14 kinds each round needs no more stacks than there are kinds.
    assert len(stacked) <= 4 * len(KINDS)
    assert max(stacked) >= 3


def test_stacks_hold_columns_of_one_key_up_to_so_many_cells(monkeypatch):
    monkeypatch.setattr(stacks, "STACK_CELLS", 20)
    keys = ["a", "b", "a", "a", "b", "a"]
    assert list(stacks_of(keys, 10)) == [("a", [0, 2]), ("a", [3, 5]), ("b", [1, 4])]
    assert list(stacks_of(keys, 100)) == [(keys[n], [n]) for n in (0, 2, 3, 5, 1, 4)]


def test_one_name_thousands_of_times():
    def seconds(count):
        began = time.process_time()
        names, written = column_names([["X", *["x"] * (count - 1)]], count)
        assert names[:3] == ["X", "x_2", "x_3"]
        assert len(set(names)) == count == len(written)
        return time.process_time() - began

    seconds(100)
    # Four times as many take about four times as long, not sixteen and more times.
    assert seconds(40_000) < 10 * max(seconds(10_000), 0.02)


def test_numbered_names_leave_out_those_that_are_there():
    names, _ = column_names([["a", "a", "A_2", "a", "", "column_5"]], 6)
    assert names == ["a", "a_3", "A_2", "a_4", "column_5", "column_5_2"]
