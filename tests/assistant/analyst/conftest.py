"""The golden tables, for tests of the analyst's parts."""

import pytest

from tests.golden.judge import Table, load


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Table]:
    folder = tmp_path_factory.mktemp("analyst")
    names = ("penguins", "cars", "weather", "gapminder", "countries", "barley")
    return {name: load(name, folder) for name in names}
