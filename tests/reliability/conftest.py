"""Servers on a data directory of the test's own."""

import pytest

from tests.reliability.rig import Server


@pytest.fixture
def data(tmp_path):
    """The data directory that the servers of a test share."""
    return tmp_path / "data"


@pytest.fixture
def hold(tmp_path):
    """The file that holds queries up for as long as it stands, see `HELD_QUERIES`."""
    return tmp_path / "hold"


@pytest.fixture
def start(tmp_path, data):
    """Starts servers; those that still live end with the test."""
    servers = []

    def start(configuration="", **options):
        home = tmp_path / f"home{len(servers)}"
        options.setdefault("data", data)
        server = Server(home, configuration=configuration, **options)
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.close()
