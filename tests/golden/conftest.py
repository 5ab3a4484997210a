"""The golden tables, ingested once."""

import pytest

from tests.golden.judge import Desk, Table, golden_names, load


@pytest.fixture(scope="session")
def golden_tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Table]:
    folder = tmp_path_factory.mktemp("golden")
    return {name: load(name, folder) for name in golden_names()}


@pytest.fixture(scope="session")
def desks(golden_tables: dict[str, Table]) -> dict[str, Desk]:
    """A desk for each table alone; it remembers its answers, so that no question is asked twice."""
    return {name: Desk([table]) for name, table in golden_tables.items()}
