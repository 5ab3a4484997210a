"""The golden tables, ingested once."""

import pytest

from tests.golden.judge import Table, golden_names, load


@pytest.fixture(scope="session")
def golden_tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Table]:
    folder = tmp_path_factory.mktemp("golden")
    return {name: load(name, folder) for name in golden_names()}
