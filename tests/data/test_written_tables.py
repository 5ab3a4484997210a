"""Tables written in random ways are read as they were meant, or their columns stay text."""

import pytest

from tests.data.written_tables import difference, write_table

SEEDS = range(2_000, 2_040)
MANY = range(10_000, 13_000)
TOLERATED = 0.01
"""The share of many tables that may be read otherwise: a single word tells no encoding, say."""


def unlike(load, seed: int) -> str | None:
    table = write_table(seed)
    loaded = load(table.content, table.filename)
    assumed = loaded.report.dialect.assumed
    found = difference(table, loaded.columns, loaded.types, assumed)
    return f"table {seed}: {found}; {table.ways}; {assumed}" if found else None


@pytest.mark.parametrize("seed", SEEDS)
def test_a_table_written_in_some_way_is_read_as_meant(load, seed):
    assert unlike(load, seed) is None


@pytest.mark.soak
def test_many_tables_written_in_many_ways_are_read_as_meant(load):
    found = [said for seed in MANY if (said := unlike(load, seed))]
    assert len(found) <= TOLERATED * len(MANY), "\n".join(found)
