"""The same day on the engines of production; nothing but two settings differs."""

import pytest

from tests.production.journey import download, live_through
from tests.reliability.rig import Server

ENGINES = [
    pytest.param(("dynamodb_url", "s3_url"), id="DynamoDB and S3"),
    pytest.param(("postgres_url", "s3_url"), id="PostgreSQL and S3", marks=pytest.mark.soak),
    pytest.param(("postgres_url", None), id="PostgreSQL and files", marks=pytest.mark.soak),
    pytest.param((None, "s3_url"), id="SQLite and S3", marks=pytest.mark.soak),
]


@pytest.fixture(params=ENGINES)
def engines(request, tmp_path):
    """The variables that name the engines."""
    chosen = {"LEONIDAS_CREATE_TABLES": "1"}
    for variable, fixture in zip(("DATABASE", "STORAGE"), request.param, strict=True):
        if fixture is not None:
            chosen[f"LEONIDAS_{variable}_URL"] = request.getfixturevalue(fixture)
    return chosen


@pytest.fixture
def start(tmp_path):
    """Starts servers of a data directory each, as replicas have; they end with the test."""
    servers = []

    def start(data, **variables):
        home = tmp_path / f"home{len(servers)}"
        servers.append(Server(home, tmp_path / data, variables=variables))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.mark.parametrize(
    "large",
    [pytest.param(False, id="small"), pytest.param(True, id="large", marks=pytest.mark.soak)],
)
def test_a_day_and_the_next_on_another_machine(engines, start, large):
    # What is not named is kept in the data directory; only then do both machines share one.
    whole = {"LEONIDAS_DATABASE_URL", "LEONIDAS_STORAGE_URL"} <= engines.keys()
    one = start("one", **engines)
    project_id = live_through(one, large=large)
    one.stop()
    assert "Traceback" not in one.log
    other = start("other" if whole else "one", **engines)
    (session,) = other.items(f"/projects/{project_id}/sessions")
    said = other.items(f"/sessions/{session['session_id']}/chat")
    assert [each["role"] for each in said] == ["USER", "ASSISTANT"] * 2
    (file,) = other.items(f"/projects/{project_id}/files")
    assert download(other, file["file_id"]).startswith(b"region,amount\n")
    answer = other.say(session["session_id"], "mean amount by region").json
    assert "| south | 99 |" in answer["message"]["content"]
    assert "Traceback" not in other.log
