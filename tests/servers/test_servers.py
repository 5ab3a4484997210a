"""The servers that stand in for AWS and PostgreSQL: what the tests on them rest on."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from urllib.parse import parse_qs, urlsplit

import pytest

from scripts.servers import process
from scripts.servers.process import HOST, NotStarted, Program, Running, free_port

CHECKOUT = os.getcwd()


def client(service, **options):
    import boto3

    # Not boto3's own session: that keeps the credentials of the first test.
    return boto3.Session().client(service, region_name="eu-central-1", **options)


def endpoint(url):
    return parse_qs(urlsplit(url).query)["endpoint_url"][0]


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def wait_until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_dynamodb_keeps_items(dynamodb_url):
    dynamodb = client("dynamodb", endpoint_url=endpoint(dynamodb_url))
    table = urlsplit(dynamodb_url).path.strip("/") + "things"
    dynamodb.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(TableName=table, Item={"id": {"S": "a"}, "n": {"N": "1"}})
    found = dynamodb.get_item(TableName=table, Key={"id": {"S": "a"}}, ConsistentRead=True)
    assert found["Item"]["n"] == {"N": "1"}
    dynamodb.close()


def test_s3_keeps_objects_for_its_user_alone(s3_url, s3_keys):
    from botocore.exceptions import ClientError

    bucket, prefix = urlsplit(s3_url).netloc, urlsplit(s3_url).path.strip("/")
    s3 = client("s3", endpoint_url=endpoint(s3_url))
    s3.put_object(Bucket=bucket, Key=f"{prefix}/a", Body=b"x")
    assert s3.get_object(Bucket=bucket, Key=f"{prefix}/a")["Body"].read() == b"x"
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.create_bucket(
            Bucket="another", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
    s3.close()
    keys = {"aws_access_key_id": s3_keys.access_key_id, "aws_secret_access_key": "wrong"}
    wrong = client("s3", endpoint_url=endpoint(s3_url), **keys)
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        wrong.get_object(Bucket=bucket, Key=f"{prefix}/a")
    wrong.close()


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_has_a_postgres_database_of_its_own(postgres_url, turn):
    import psycopg

    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE things (id text PRIMARY KEY)")
        assert connection.execute("SELECT count(*) FROM things").fetchone() == (0,)


SLEEPER = """
import http.server, socketserver, sys
server = socketserver.TCPServer(("127.0.0.1", int(sys.argv[1])), http.server.BaseHTTPRequestHandler)
server.serve_forever()
"""


def sleeper(*ignored):
    code = "".join(f"import signal; signal.signal({each}, signal.SIG_IGN)\n" for each in ignored)
    return Program(
        "sleeper", lambda port: [sys.executable, "-c", code + SLEEPER, str(port)], listens
    )


def test_a_server_ends_on_leaving(tmp_path):
    with Running(sleeper(), tmp_path) as running:
        assert listens(running.port)
    assert not listens(running.port)


OWNER = """
import pathlib, sys
from tests.servers.test_servers import sleeper
from scripts.servers.process import Running

with Running(sleeper(), pathlib.Path(sys.argv[1])) as running:
    print(running.port, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_ends_with_its_owner(tmp_path, ending):
    owner = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(OWNER), str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=CHECKOUT,
    )
    with owner:
        port = int(owner.stdout.readline())
        assert listens(port)
        owner.send_signal(ending)
    wait_until(lambda: not listens(port))


def test_what_a_program_said_that_does_not_start(tmp_path):
    broken = Program(
        "broken", lambda _port: [sys.executable, "-c", "raise SystemExit('no disk')"], listens
    )
    with pytest.raises(NotStarted, match=r"(?s)broken did not start.*no disk"):
        Running(broken, tmp_path).__enter__()


def test_a_port_on_which_somebody_listens_is_not_given(monkeypatch):
    first, second = free_port(), free_port()
    assert first != second
    monkeypatch.setattr(process, "_ports", iter([first, second]))
    with socket.socket() as taken:
        taken.bind((HOST, first))
        taken.listen()
        assert free_port() == second
    with pytest.raises(NotStarted, match="is taken"):
        free_port()
