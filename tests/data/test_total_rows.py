"""A last row that sums the others up: kept, marked, and left out when a person says so."""

import pytest

from leonidas_jupyter.data.dialect import DialectOverride
from tests.data.test_sheets import book

ROWS = "shop,sales\n" + "".join(f"shop {n},{n * 10}\n" for n in range(1, 8))


@pytest.mark.parametrize("word", ["Total", "Grand total", "Summe", "Gesamtsumme", "Итого", "合计"])
def test_a_total_is_kept_and_marked(load, word):
    loaded = load(f"{ROWS}{word},280\n")
    assert loaded.rows[-1] == (word, 280)
    assert loaded.report.dialect.total_at == loaded.report.profile.total_at == 1
    assert any("looks like a total" in sentence for sentence in loaded.report.dialect.assumed)


def test_the_mark_says_how_to_leave_it_out(load):
    text = ROWS.replace(",", ",x,") + "Total,,280\n\nSource: the tills of every shop in the town\n"
    marked = load(text).report.dialect
    assert (marked.footer_rows, marked.total_at) == (1, 2)
    without = load(text, override=DialectOverride(footer_rows=marked.total_at))
    assert len(without.rows) == 7
    assert without.report.profile.total_at is None


def test_other_last_rows_are_not_marked(load):
    for row in ("Totality Ltd,5", "shop 8,total", "Total,none"):
        assert load(f"{ROWS}{row}\n").report.profile.total_at is None, row


def test_the_total_of_a_sheet_is_marked_too(load):
    rows = [["region", "units"], *([f"R{n}", n] for n in range(9)), ["Total", 36]]
    assert load(book(("S", rows)), "t.xlsx").report.profile.total_at == 1
    assert load(book(("S", rows[:-1])), "t.xlsx").report.profile.total_at is None
