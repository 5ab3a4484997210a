"""Real servers for tests: started when the first test asks, one of each in a session.

``dynamodb_url``, ``s3_url`` and ``postgres_url`` are addresses for ``database_url`` and
``storage_url`` with nothing behind them yet: a prefix, or a database, of the test's own. They come
with the credentials of a user that may do no more than Leonidas needs, in the environment.
"""

import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from secrets import token_hex
from urllib.parse import urlencode

import pytest

from scripts.servers.dynamodb import dynoxide
from scripts.servers.postgres import Cluster
from scripts.servers.process import HOST, Running, ServerMissing
from scripts.servers.s3 import REGION, Keys, bucket_policy, make_bucket, make_user, ministack
from tests.servers.chosen import DATABASE, STORAGE, Engines, choose

BUCKET = "leonidas-tests"


def unavailable(error: ServerMissing) -> None:
    """Skips, but in CI a missing server is a failure."""
    if os.environ.get("CI"):
        pytest.fail(str(error), pytrace=False)
    pytest.skip(str(error))


@pytest.fixture(scope="session")
def server_folder():
    """A short-lived folder that other users may enter: PostgreSQL does not run as root."""
    folder = Path(tempfile.mkdtemp(prefix="leonidas-servers-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def start_server(server_folder):
    """Starts a program that runs until the session ends."""
    with ExitStack() as stack:
        yield lambda program: stack.enter_context(Running(program, server_folder))


@pytest.fixture(scope="session")
def dynamodb_endpoint(start_server):
    """The URL of a DynamoDB without tables."""
    try:
        return f"http://{HOST}:{start_server(dynoxide()).port}"
    except ServerMissing as error:
        unavailable(error)


@pytest.fixture(scope="session")
def s3_endpoint(start_server, server_folder):
    """The URL of an S3, IAM and STS that checks signatures and policies; there is one bucket."""
    try:
        endpoint = f"http://{HOST}:{start_server(ministack(server_folder)).port}"
    except ServerMissing as error:
        unavailable(error)
    make_bucket(endpoint, BUCKET)
    return endpoint


@pytest.fixture(scope="session")
def s3_keys(s3_endpoint) -> Keys:
    """The keys of a user who may use the bucket of the tests and nothing else."""
    return make_user(s3_endpoint, "leonidas", bucket_policy(BUCKET))


def _set(monkeypatch, keys: Keys) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in keys.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def dynamodb_url(request, dynamodb_endpoint, monkeypatch):
    """A ``database_url`` with a prefix that no table has yet."""
    if "s3_url" not in request.fixturenames:  # its keys serve for both
        _set(monkeypatch, Keys("AKIDYNOXIDE000000000", "dynoxide-checks-none"))
    return f"dynamodb://{REGION}/t{token_hex(6)}?{urlencode({'endpoint_url': dynamodb_endpoint})}"


@pytest.fixture
def s3_url(s3_endpoint, s3_keys, monkeypatch):
    """A ``storage_url`` below whose prefix there is nothing yet."""
    _set(monkeypatch, s3_keys)
    query = {"region": REGION, "endpoint_url": s3_endpoint, "addressing": "path"}
    return f"s3://{BUCKET}/t{token_hex(6)}?{urlencode(query)}"


@pytest.fixture(scope="session")
def postgres_cluster(server_folder, start_server):
    """A PostgreSQL server: its files, and its port."""
    try:
        cluster = Cluster(server_folder)
        return cluster, start_server(cluster.server()).port
    except ServerMissing as error:
        unavailable(error)


@pytest.fixture
def postgres_url(postgres_cluster):
    """The ``database_url`` of an empty database, dropped in the end."""
    import psycopg

    cluster, port = postgres_cluster
    name = f"t{token_hex(6)}"
    address = cluster.url(port).replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield cluster.url(port, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres_schema_url(postgres_cluster):
    """The ``database_url`` of an empty schema: a hundred times as quick to make as a database."""
    import psycopg

    cluster, port = postgres_cluster
    name = f"t{token_hex(6)}"
    with psycopg.connect(cluster.url(port).replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
        yield cluster.url(port) + "?" + urlencode({"options": f"-csearch_path={name}"})
        connection.execute(f"DROP SCHEMA {name} CASCADE")


@pytest.fixture(autouse=True)
def chosen_engines(request):
    """Lets the test run on the engines that ``--engines`` names."""
    if request.config.getoption("engines") == "memory":
        yield
        return
    s3_url, dynamodb_url = map(request.getfixturevalue, ("s3_url", "dynamodb_url"))
    chosen = Engines(dynamodb_url, s3_url)
    choose(chosen)
    monkeypatch = request.getfixturevalue("monkeypatch")
    monkeypatch.setenv(DATABASE, dynamodb_url)
    monkeypatch.setenv(STORAGE, s3_url)
    yield
    choose(Engines())
    chosen.close()
