"""Quoted cells over very many lines are kept whole or refused; stray quotes swallow nothing."""

import random

import pytest

from leonidas_jupyter.data import closings, readers, records, sampling
from leonidas_jupyter.data.errors import UnreadableFile

WORDS = (*("the", "quick", "brown", "fox,", "jumps;", "over"), *("said", "nothing", "12", "3.5"))
HEADER = "id,text,v\n"


def prose(lines, seed=2, end="\n"):
    pick = random.Random(seed)  # noqa: S311 - words, not secrets
    return end.join(" ".join(pick.choices(WORDS, k=8)) for _ in range(lines))


def rows(start, stop):
    return "".join(f"{number},name {number},{number}.5\n" for number in range(start, stop))


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """What counts as near, long and large, so small that files of kilobytes go beyond it."""
    monkeypatch.setattr(records, "NEAR_LINES", 40)
    monkeypatch.setattr(records, "NEAR_CHARACTERS", 20_000)
    monkeypatch.setattr(sampling, "LONG_CELL", 30)
    monkeypatch.setattr(sampling, "HEAD", 8192)
    for user in (records, sampling):
        monkeypatch.setattr(user, "MAX_CELL", 200_000)


@pytest.fixture(params=[False, True], ids=["clean", "ragged"])
def odd(request):
    """A row that is too short, so that DuckDB does not read the file."""
    return "9\n" if request.param else ""


@pytest.mark.parametrize("lines", [100, 1000])
@pytest.mark.parametrize("before", [0, 1, 400])
def test_a_cell_over_very_many_lines_is_one_cell(load, odd, lines, before):
    text = prose(lines)
    end = odd + rows(before + 1, before + 60)
    loaded = load(f'{HEADER}{rows(0, before)}{before},"{text}",1.5\n{end}')
    assert loaded.names == ["id", "text", "v"]
    assert loaded.columns["text"][before] == text
    assert loaded.columns["id"][: before + 1] == list(range(before + 1))
    assert loaded.report.rows == before + 60 + bool(odd)
    bad = loaded.report.bad_rows
    assert (bad.first[0].line if bad else None) == (before + lines + 2 if odd else None)


@pytest.mark.parametrize("before", [5, 400])
def test_a_cell_over_very_many_lines_at_the_end(load, odd, before):
    text = prose(500)
    loaded = load(f'{HEADER}{odd}{rows(0, before)}{before},"{text}",1.5\n')
    assert loaded.columns["text"][-1] == text
    assert loaded.report.rows == before + 1 + bool(odd)
    assert loaded.types["v"] == "number"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_in_a_long_cell_stay_as_they_are(load, odd, end):
    text = prose(300, end=end)
    others = (HEADER + odd + rows(0, 50)).replace("\n", end)
    loaded = load(f'{others}50,"{text}",1.5{end}{rows(51, 60)}'.replace("5\n", f"5{end}"))
    assert loaded.columns["text"][50 + bool(odd)] == text


def test_doubled_quotes_in_a_long_cell(load, odd):
    text = prose(300).replace(", ", ', "hm, hm", ')
    quoted = text.replace('"', '""')
    loaded = load(f'{HEADER}{odd}{rows(0, 50)}50,"{quoted}",1.5\n{rows(51, 60)}')
    assert loaded.columns["text"][50 + bool(odd)] == text


def test_long_cells_in_a_single_column(load):
    first, second = prose(300, 1), prose(300, 2)
    loaded = load(f'text\n"{first}"\n' + "abc\n" * 60 + f'"{second}"\n')
    assert loaded.columns["text"] == [first, *["abc"] * 60, second]


def test_a_sample_that_ends_within_a_cell_shows_no_other_table(load):
    cells = [prose(25, seed) for seed in range(120)]
    loaded = load("note,x\n" + "".join(f'"{cell}",{n}\n' for n, cell in enumerate(cells)))
    assert loaded.columns == {"note": cells, "x": list(range(120))}


def test_other_tables_within_cells_are_cells(load):
    inner = "".join(f"{number},name {number}\n" for number in range(200))
    loaded = load(HEADER + "".join(f'{n},"{inner}",{n}.5\n' for n in range(20)))
    assert loaded.columns["text"] == [inner] * 20


STRAYS = {
    "one": rows(0, 300) + '300,"stray,1.5\n' + rows(301, 900),
    "first": '0,"stray,1.5\n' + rows(1, 900),
    "two": rows(0, 300) + '300,"stray,1.5\n' + rows(301, 600) + '600,"stray,1.5\n' + rows(601, 900),
    "among quoted": '0,"stray,1.5\n'
    + "".join(f'{number},"name {number}",{number}.5\n' for number in range(1, 900)),
}


@pytest.mark.parametrize("text", STRAYS.values(), ids=STRAYS)
def test_a_stray_quote_swallows_no_rows(load, text):
    loaded = load(HEADER + text)
    assert loaded.columns["id"] == list(range(900))
    assert '"stray' in loaded.columns["text"]


def test_a_stray_quote_in_a_single_column(load):
    loaded = load("text\n" + "abc\n" * 300 + '"stray\n' + "abc\n" * 3000)
    assert loaded.columns["text"] == ["abc"] * 300 + ['"stray'] + ["abc"] * 3000


def test_a_stray_quote_among_lines_of_any_width(load):
    lines = [prose(1, seed) for seed in range(2000)]
    lines[700] = '"' + lines[700]
    loaded = load("\n".join(lines) + "\n")
    assert loaded.report.rows >= 1999


@pytest.mark.parametrize("before", [0, 400])
def test_a_cell_larger_than_memory_allows_is_refused_with_its_line(load, before, monkeypatch):
    monkeypatch.setattr(readers, "duckdb_relation", lambda *_: None)
    monkeypatch.setattr("leonidas_jupyter.data.ingest.duckdb_relation", lambda *_: None)
    text = f'{HEADER}{rows(0, before)}{before},"{prose(5000)}",1.5\n{rows(before + 1, before + 60)}'
    with pytest.raises(UnreadableFile, match=f"begins in line {before + 2:,} is longer than"):
        load(text)


def test_a_file_is_read_through_once_for_all_its_strays(load, monkeypatch):
    read = []
    original = closings.Closings._read
    monkeypatch.setattr(
        closings.Closings, "_read", lambda self: (read.append(self), original(self))[1]
    )
    lines = [prose(1, seed) for seed in range(3000)]
    for number in range(500, 3000, 250):
        lines[number] = '"' + lines[number]
    load("note\n" + "\n".join(lines) + "\n")
    assert len(read) <= 2  # once for the sample, once for the rows
