"""What breaks below a running server: one clear sentence each, and Jupyter goes on."""

import os
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing, suppress

import psutil
import pytest

from tests.reliability.remains import inconsistencies, litter, unfinished
from tests.reliability.rig import QUICK, SLOW_READING, Background, table_of, until


def kill_worker(server, module):
    """Kill a worker process of the server as soon as there is one."""

    def killed():
        for worker in server.workers():
            with suppress(psutil.Error):
                if module in worker.cmdline()[-1]:
                    worker.kill()
                    return True
        return False

    until(killed, pause=0.002)


def test_nothing_is_confirmed_into_a_database_that_is_gone(start, data):
    server = start()
    server.project()
    shutil.rmtree(data)
    for method, path, body in (
        ("GET", "/projects", None),
        ("POST", "/projects", {"name": "lost"}),
        ("GET", "/healthz", None),
    ):
        answer = server.call(method, path, body)
        assert (answer.status, answer.code) == (503, "backend_unavailable"), (method, path)
        assert "retry-after" in answer.headers
    assert "put it back" in server.call("POST", "/projects", {"name": "lost"}).message
    assert server.jupyter("GET", "/api/me").status == 200


def test_damaged_and_missing_objects_are_said_by_name(start, data):
    server = start()
    project_id = server.project()
    session_id = server.session(project_id)
    file_id = server.upload(project_id, b"a\n1\n2\n", "Sales.csv")
    assert server.read_file(file_id)["status"] == "COMPLETED"
    below = data / "objects" / "objects" / "projects" / project_id
    (frame,) = below.rglob("frame-*.parquet")
    whole = frame.read_bytes()
    for broken in (whole[:-20] + bytes(20), b""):
        frame.write_bytes(broken)
        answer = server.call("GET", f"/files/{file_id}/preview")
        assert (answer.status, answer.code) == (503, "backend_unavailable")
        assert "is damaged" in answer.message
        said = server.say(session_id, "mean of a").json["message"]["content"]
        assert "is damaged" in said
        assert str(data) not in said
    frame.unlink()
    answer = server.call("GET", f"/files/{file_id}/preview")
    assert (answer.status, answer.code) == (409, "conflict")
    assert "Sales.csv" in answer.message

    other_id = server.upload(project_id, b"a\n1\n3\n", "Costs.csv")
    until(
        lambda: (
            {f["status"] for f in server.items(f"/projects/{project_id}/files")} == {"COMPLETED"}
        )
    )
    (profile,) = (below / "files" / other_id).rglob("profile-*")
    profile.write_bytes(b"{garbage")
    answer = server.call("GET", f"/files/{other_id}")
    assert (answer.status, answer.code) == (409, "conflict")
    assert "Costs.csv" in answer.message
    run = server.say(session_id, "mean of a").json
    assert (run["status"], "Costs.csv" in run["error"]) == ("failed", True)
    assert server.call("DELETE", f"/files/{other_id}").status == 204
    assert server.say(session_id, "how many files").json["status"] == "completed"
    assert "Traceback" not in server.log


def test_a_database_that_is_none_is_one_line_in_the_log(start, data):
    data.mkdir()
    (data / "leonidas.db").write_bytes(b"this is no database" * 1000)
    server = start("from leonidas_jupyter.server import lazy\nlazy.PAUSE = 600")
    for _ in range(3):
        answer = server.call("GET", "/projects")
        assert (answer.status, answer.code) == (503, "backend_unavailable")
        assert server.jupyter("GET", "/api/me").status == 200
    assert server.log.count("The database is damaged, or not a database") == 1
    assert "Traceback" not in server.log


def test_killed_workers_cost_one_answer_at_most(start, data):
    server = start(QUICK)
    project_id = server.project()
    session_id = server.session(project_id)
    file_id = server.upload(project_id, table_of(10))
    kill_worker(server, "data.worker")
    file = server.read_file(file_id)
    assert file["status"] == "FAILED"
    assert "ended unexpectedly (signal 9)" in file["reason"]
    server.good("PUT", f"/files/{file_id}/dialect", {})
    assert server.read_file(file_id)["status"] == "COMPLETED"
    assert server.say(session_id, "mean of c1").json["status"] == "completed"
    asking = Background(server.say, session_id, "median of c1 by name")
    kill_worker(server, "sqlworker")
    asking.wait()
    assert asking.result.status == 200
    content = server.say(session_id, "mean of c1").json["message"]["content"]
    assert "7.5" in content or "71.5" in content, content
    assert inconsistencies(data) == {}


@pytest.mark.soak
def test_a_database_that_is_locked_for_long(start, data):
    server = start()
    session_id = server.session(server.project())
    with closing(sqlite3.connect(data / "leonidas.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        calls = [Background(server.say, session_id, "hello") for _ in range(3)]
        calls += [Background(server.call, "POST", "/projects", {"name": "x"}) for _ in range(3)]
        time.sleep(1)
        at = time.monotonic()
        assert server.call("GET", "/projects").status == 200
        assert server.call("GET", "/healthz").status == 200
        assert time.monotonic() - at < 1
        for call in calls:
            answer = call.wait(40)
            assert answer is not None, call.error
            assert (answer.status, answer.code) == (503, "backend_unavailable")
            assert "busy" in answer.message
        assert time.monotonic() - began < 38
        time.sleep(max(0, 40 - (time.monotonic() - began)))
        other.execute("ROLLBACK")
    assert server.call("POST", "/projects", {"name": "x"}).status == 201
    assert server.say(session_id, "hello").json["status"] == "completed"
    assert "Traceback" not in server.log
    with closing(sqlite3.connect(data / "leonidas.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        Background(server.call, "POST", "/projects", {"name": "x"})
        time.sleep(0.5)
        assert server.stop(seconds=60) < 20


@pytest.mark.soak
@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts")
def test_a_full_disk(start, data):
    data.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", data], check=True)
    try:
        server = start()
        project_id = server.project()
        session_id = server.session(project_id)
        large = table_of(20)
        place = server.begin(project_id, large, "large.csv")
        answer = server.put(place, large)
        assert (answer.status, answer.code) == (503, "backend_unavailable")
        assert "full; free some space" in answer.message
        until(lambda: litter(data) == [])
        rest = shutil.disk_usage(data).free
        (data / "fill").write_bytes(bytes(rest - rest % 4096))
        for method, path in (("POST", "/projects"), ("DELETE", f"/projects/{project_id}")):
            answer = server.call(method, path, {"name": "x"} if method == "POST" else None)
            assert (answer.status, answer.code) == (503, "backend_unavailable")
            assert "full; free some space" in answer.message
        assert server.call("GET", f"/sessions/{session_id}").status == 200
        (data / "fill").unlink()
        assert server.say(session_id, "hello").json["status"] == "completed"
        assert inconsistencies(data) == {}
        assert unfinished(data) == []
        assert "Traceback" not in server.log
        server.stop()
    finally:
        subprocess.run(["umount", "-l", data], check=True)


@pytest.mark.soak
def test_a_file_larger_than_the_system_allows_is_refused_and_leaves_nothing(start, data):
    server = start(limit="ulimit -f 4000")  # blocks of 512 bytes
    project_id = server.project()
    content = table_of(5)
    answer = server.put(server.begin(project_id, content, "b.csv"), content)
    assert (answer.status, answer.code) == (503, "backend_unavailable")
    assert "file too large" in answer.message
    until(lambda: litter(data) == [])
    assert server.call("GET", "/projects").status == 200


def test_what_a_killed_server_was_writing_is_gone_when_its_work_is_taken_up(start, data):
    server = start(QUICK + SLOW_READING.format(seconds=600))
    project_id = server.project()
    file_id = server.upload(project_id, b"a\n1\n")
    scratch, partial = data / "scratch", data / "objects" / "partial"
    until(lambda: scratch.exists() and os.listdir(scratch))
    content = table_of(12)
    place = server.begin(project_id, content, "cut.csv")
    with server.begin_put(place, content[: 8 * 1024**2]):
        until(lambda: os.listdir(partial))
        server.kill()
    assert os.listdir(partial)
    assert os.listdir(scratch)
    after = start(QUICK)  # nobody calls it
    until(lambda: unfinished(data) == [])
    until(lambda: os.listdir(scratch) == [])
    assert litter(data) == []
    assert after.file(file_id)["status"] == "COMPLETED"
