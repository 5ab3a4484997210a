"""``make run-aws``: JupyterLab on servers that speak as AWS does, as a person starts it."""

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.reliability.rig import until

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(tmp_path, dynamodb_endpoint, s3_endpoint):
    """Starts the program; what it printed so far, and its process."""
    started = []

    def run():
        output = tmp_path / f"output{len(started)}"
        kept = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"}
        with output.open("wb") as written:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "scripts.run_aws", "--home", str(tmp_path / "aws")),
                    *("--port", "18888", "--no-browser"),
                ],
                cwd=CHECKOUT,
                env=kept,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=written,
            )
        started.append(process)
        return process, output.read_text

    yield run
    for process in started:
        process.kill()
        process.wait()


def api(url, method, path, body=None):
    """A call of the API of the server at the URL that was printed."""
    parts = urlsplit(url)
    token = parse_qs(parts.query)["token"][0]
    with closing(HTTPConnection("127.0.0.1", parts.port, timeout=120)) as connection:
        connection.request(
            method,
            f"/leonidas/api/v1{path}",
            None if body is None else json.dumps(body),
            {"Authorization": f"token {token}", "Content-Type": "application/json"},
        )
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status < 300, content
        return json.loads(content)


def answers(address):
    parts = urlsplit(address)
    with closing(HTTPConnection(parts.hostname, parts.port, timeout=10)) as connection:
        try:
            connection.request("GET", "/")
        except OSError:
            return False
        return connection.getresponse().status > 0


def test_it_starts_answers_keeps_and_ends(run):
    def begin():
        process, printed = run()

        def url():
            assert process.poll() is None, printed()
            return re.search(r"^ +(http://\S+token=\w+)$", printed(), re.MULTILINE)

        return process, printed, until(url, 300)[1]

    process, printed, url = begin()
    (project,) = api(url, "GET", "/projects")["items"]
    assert project["file_count"] == 3
    session = api(url, "POST", f"/projects/{project['project_id']}/sessions", {})["session_id"]
    asked = {"content": "how many penguins are there by species?"}
    answer = api(url, "POST", f"/sessions/{session}/chat", asked)["message"]["content"]
    assert "| Gentoo | 124 |" in answer

    told = dict(re.findall(r'c\.Leonidas\.(\w+) = "(\S+)"', printed()))
    addresses = re.findall(r"^ +(?:DynamoDB|S3) +(http\S+)", printed(), re.MULTILINE)
    assert told["database_url"].startswith("dynamodb://")
    assert told["storage_url"].startswith("s3://")
    assert len(addresses) == 2
    assert all(map(answers, addresses))

    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert not any(map(answers, addresses))

    process, printed, url = begin()
    said = api(url, "GET", f"/sessions/{session}/chat")["items"]
    assert said[1]["content"] == answer
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
