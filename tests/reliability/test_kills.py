"""kill -9 at the worst moments: nothing confirmed is lost, nothing half-done is shown as done."""

import random
import threading
import time
from contextlib import suppress
from http.client import HTTPException

import pytest

from tests.reliability.remains import inconsistencies, litter, objects, rows, unfinished
from tests.reliability.rig import QUICK, table_of, until

GONE = (OSError, HTTPException, AssertionError)
"""What a client meets whose server is killed."""


class Ledger:
    """What the servers confirmed, and must keep."""

    def __init__(self):
        self.files = {}
        self.questions = {}
        self.deleted = set()

    def check(self, server):
        """Everything confirmed stands, once the server has taken up what was left."""
        until(lambda: unfinished(server.data) == [], 60)
        for file_id, content in self.files.items():
            file = server.read_file(file_id)
            assert (file["status"], file["reason"]) == ("COMPLETED", None)
            assert file["rows"] == content.count(b"\n") - 1
            place = server.good("GET", f"/files/{file_id}/download-url?form=original")
            got = server.jupyter("GET", place["download_url"], headers=place["headers"])
            assert got.body == content
        for session_id, questions in self.questions.items():
            said = server.items(f"/sessions/{session_id}/chat")
            asked = [message for message in said if message["role"] == "USER"]
            assert set(questions) <= {message["content"] for message in asked}
            assert len(said) == 2 * len(asked)
            answers = [message for message in said if message["role"] == "ASSISTANT"]
            assert {message["run_status"] for message in answers} <= {"completed", "failed"}
            assert len({message["message_id"] for message in said}) == len(said)
        for project_id in self.deleted:
            assert server.call("GET", f"/projects/{project_id}").status == 404
            assert not any(project_id in key for key in objects(server.data))
        assert inconsistencies(server.data) == {}
        assert "Traceback" not in server.log, server.log


def kill_soon(server, seconds):
    timer = threading.Timer(seconds, server.kill)
    timer.start()
    return timer


def in_mid_upload(server, ledger, pick):
    project_id = server.project()
    content = table_of(30)
    place = server.begin(project_id, content, "big.csv")
    timer = kill_soon(server, pick.uniform(0, 0.3))
    with suppress(*GONE):
        server.put(place, content)
    timer.join()
    return place


def before_confirm(server, ledger, pick):
    project_id = server.project()
    content = table_of(0.1)
    place = server.begin(project_id, content, "put.csv")
    assert server.put(place, content).status == 204
    server.kill()

    def later(after):
        # The bytes were taken, so that they can be confirmed whenever the server is back.
        after.good("POST", f"/files/{place['file_id']}/confirm", {})
        ledger.files[place["file_id"]] = content

    return later


def in_mid_ingest(server, ledger, pick):
    project_id = server.project()
    for number in range(3):
        content = table_of(pick.choice([0.01, 1, 8]))
        ledger.files[server.upload(project_id, content, f"f{number}.csv")] = content
    time.sleep(pick.uniform(0, 1.5))
    server.kill()


def in_mid_answer(server, ledger, pick):
    project_id = server.project()
    content = table_of(0.5)
    ledger.files[server.upload(project_id, content)] = content
    session_id = server.session(project_id)
    timer = kill_soon(server, pick.uniform(0.3, 1.5))
    asked = ledger.questions.setdefault(session_id, [])
    for number in range(50):
        try:
            answer = server.say(session_id, f"mean of c{number % 5}")
        except GONE:
            break
        assert answer.status == 200
        asked.append(f"mean of c{number % 5}")
    timer.join()


def in_mid_delete(server, ledger, pick):
    project_id = server.project()
    for number in range(10):
        session_id = server.session(project_id)
        server.say(session_id, f"hello {number}")
        server.upload(project_id, b"a\n1\n", f"{number}.csv")
    server.good("DELETE", f"/projects/{project_id}")
    ledger.deleted.add(project_id)
    time.sleep(pick.uniform(0, 0.4))
    server.kill()


SCENES = [in_mid_upload, before_confirm, in_mid_ingest, in_mid_answer, in_mid_delete]


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("scene", SCENES)
def test_killed_again_and_again(scene, start, data):
    pick, ledger = random.Random(7), Ledger()  # noqa: S311 - moments, not secrets
    server = start(QUICK)
    for _ in range(10):
        later = scene(server, ledger, pick)
        server.close()
        server = start(QUICK)
        if callable(later):
            later(server)
        ledger.check(server)
    assert len(server.workers()) <= 2
    server.close()
    start(QUICK).call("GET", "/projects")
    assert litter(data) == []


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_killed_at_first_sight_again_and_again(start, tmp_path):
    """A newcomer's project with its tables stands once, wherever the making of it was cut off."""
    pick = random.Random(7)  # noqa: S311 - moments, not secrets
    demo = {"LEONIDAS_DEMO_PROJECT": "1"}
    for number in range(10):
        data = tmp_path / f"data{number}"
        server = start(QUICK, data=data, variables=demo)
        timer = kill_soon(server, pick.uniform(0.5, 2.5))
        with suppress(*GONE):
            server.call("GET", "/projects")
        timer.join()
        server = start(QUICK, data=data, variables=demo)
        (project,) = until(lambda after=server: after.items("/projects"))
        path = f"/projects/{project['project_id']}/files"

        def read(after=server, path=path):
            files = after.items(path)
            return len(files) == 3 and all(file["status"] == "COMPLETED" for file in files)

        until(read, 60)
        assert project["name"] == "Demo"
        assert rows(data, "select count(*) from projects") == [(1,)]
        assert rows(data, "select count(*) from users") == [(1,)]
        assert inconsistencies(data) == {}
        assert litter(data) == []
        server.close()
