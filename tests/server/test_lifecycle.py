"""First use, first project, failures at the start, recovery and the orderly end."""

import asyncio
import json
import logging
import os
import sqlite3

import pytest

from leonidas_jupyter.core.events import UserRegistered
from leonidas_jupyter.server import app, bootstrap, lazy
from leonidas_jupyter.server.demo import FirstProject, demo_tables
from leonidas_jupyter.server.lazy import LazyGateway
from leonidas_jupyter.server.logs import JsonLines, JupyterLog, heard
from leonidas_jupyter.server.logs import request_id as id_of_logs
from leonidas_jupyter.server.marker import Marker


@pytest.fixture
def on_disk(leonidas_settings):
    for name in ("database_url", "storage_url"):
        del leonidas_settings[name]
    return leonidas_settings


# The first project


class TestDemo:
    @pytest.fixture
    def leonidas_settings(self, leonidas_settings):
        return {**leonidas_settings, "demo_project": True}

    async def test_a_newcomer_finds_the_demo_tables_read(self, api):
        (project,) = (await api("GET", "/projects")).json["items"]
        assert project["name"] == "Demo"
        path = f"/projects/{project['project_id']}/files"
        async with asyncio.timeout(60):
            while True:
                files = (await api("GET", path)).json["items"]
                if {file["status"] for file in files} == {"COMPLETED"}:
                    break
                await asyncio.sleep(0.1)
        assert {f["frame_name"] for f in files} == {"penguins", "seattle_weather", "countries"}
        rows = {file["frame_name"]: file["rows"] for file in files}
        assert rows == {"penguins": 344, "seattle_weather": 1461, "countries": 177}

    async def test_a_kill_in_the_middle_is_made_up_for_without_doubles(
        self, api, services, monkeypatch
    ):
        from leonidas_jupyter.files.service import FilesService

        added, add = [], FilesService.add

        async def killed(self, caller, project_id, filename, source, kind):
            added.append(filename)
            if len(added) == 2:
                raise RuntimeError("killed here")
            return await add(self, caller, project_id, filename, source, kind)

        monkeypatch.setattr(FilesService, "add", killed)
        (project,) = (await api("GET", "/projects")).json["items"]
        assert project["file_count"] == 1
        monkeypatch.setattr(FilesService, "add", add)
        from leonidas_jupyter.auth.service import AuthService

        auth = (await services())[AuthService]
        auth._named._known.clear()  # ten seconds later
        (project,) = (await api("GET", "/projects")).json["items"]
        assert project["file_count"] == len(demo_tables()) == 3

    async def test_upload_cut_off_by_a_kill_is_begun_anew(self, api, services):
        from leonidas_jupyter.auth.repository import AuthRepository
        from leonidas_jupyter.files.service import FilesService
        from leonidas_jupyter.projects.service import ProjectsService
        from leonidas_jupyter.server.health import Health

        me = (await api("GET", "/auth/me")).json
        (project,) = (await api("GET", "/projects")).json["items"]
        path = f"/projects/{project['project_id']}/files"
        files = (await api("GET", path)).json["items"]
        await api("DELETE", f"/files/{files[0]['file_id']}")
        body = {"filename": files[0]["filename"], "size": 5}
        begun = await api("POST", f"{path}/upload-url", json_body=body)
        assert begun.status == 201
        found = await services()
        first_project = FirstProject(
            users=AuthRepository(found[Health]._database),
            projects=found[ProjectsService],
            files=found[FilesService],
            demo=True,
        )
        await first_project.make(UserRegistered(me["user_id"]))
        again = (await api("GET", path)).json["items"]
        assert sorted(f["filename"] for f in again) == sorted(t.name for t in demo_tables())
        assert begun.json["file_id"] not in {file["file_id"] for file in again}


async def test_a_first_project_that_fails_locks_nobody_out(api, monkeypatch, caplog):
    async def fail(self, event):
        raise RuntimeError("no project today")

    monkeypatch.setattr(FirstProject, "make", fail)
    answer = await api("GET", "/projects")
    assert (answer.status, answer.json["items"]) == (200, [])
    assert any("no project today" in str(r.exc_info) for r in caplog.records if r.exc_info)


# Starting late


async def test_nothing_starts_before_the_first_request_and_then_once(api, extension, monkeypatch):
    started = []
    real = bootstrap.start_gateway

    async def start(*arguments):
        started.append(arguments)
        await asyncio.sleep(0.05)
        return await real(*arguments)

    monkeypatch.setattr(bootstrap, "start_gateway", start)
    assert extension._site.lazy.ready is None
    answers = await asyncio.gather(*(api("GET", "/healthz", auth=None) for _ in range(5)))
    assert {answer.status for answer in answers} == {200}
    assert len(started) == 1


async def test_what_cannot_start_is_503_with_one_clear_line_and_tried_again(
    api, jp_serverapp, monkeypatch
):
    log = []
    monkeypatch.setattr(jp_serverapp.log, "handle", lambda record: log.append(record.getMessage()))
    real = bootstrap.start_gateway

    async def broken(*_):
        raise ImportError("No module named 'sqlalchemy'")

    monkeypatch.setattr(bootstrap, "start_gateway", broken)
    for _ in range(3):
        answer = await api("GET", "/projects")
        assert (answer.status, answer.code) == (503, "backend_unavailable")
        assert answer.headers["retry-after"] == "5"
        assert b"sqlalchemy" not in answer.body
    (line,) = (line for line in log if "cannot start" in line)
    assert "No module named 'sqlalchemy'" in line
    monkeypatch.setattr(bootstrap, "start_gateway", real)
    monkeypatch.setattr(lazy, "PAUSE", 0)
    assert (await api("GET", "/projects")).status == 200


async def test_a_damaged_database_is_503(on_disk, api, tmp_path):
    (tmp_path / "leonidas" / "leonidas.db").write_bytes(b"this is no database" * 1000)
    answer = await api("GET", "/projects")
    assert (answer.status, answer.code) == (503, "backend_unavailable")


# Ending, and what was left


async def test_an_orderly_end_closes_everything_and_leaves_no_marker(
    on_disk, api, extension, tmp_path
):
    await api("POST", "/projects", json_body={"name": "kept"})
    running = tmp_path / "leonidas" / "running"
    assert os.listdir(running) == [str(os.getpid())]
    gateway_lazy = extension._site.lazy
    await extension.stop_extension()
    assert os.listdir(running) == []
    assert gateway_lazy.ready is None
    with pytest.raises(Exception, match="not ready"):
        await gateway_lazy.get()
    rows = sqlite3.connect(tmp_path / "leonidas" / "leonidas.db")
    assert ("kept",) in rows.execute("select name from projects").fetchall()
    rows.close()
    assert not [task for task in asyncio.all_tasks() if "leonidas" in repr(task.get_coro())]


@pytest.mark.parametrize("seconds", [0.05, 15])
async def test_an_end_that_fails_or_hangs_does_not_keep_jupyter_from_ending(
    api, extension, monkeypatch, seconds
):
    await api("GET", "/healthz")
    gateway = extension._site.lazy.ready
    monkeypatch.setattr(app, "STOP_SECONDS", seconds)

    async def close():
        await asyncio.sleep(0.2)
        raise RuntimeError("stuck")

    monkeypatch.setattr(gateway, "close", close)
    await asyncio.wait_for(extension.stop_extension(), 60)
    assert extension._site is None
    assert logging.getLogger("leonidas_jupyter").propagate  # Jupyter's log is left, too


class TestLeft:
    """A server that starts where another one was killed."""

    @pytest.fixture
    def leonidas_settings(self, leonidas_settings, tmp_path, monkeypatch):
        monkeypatch.setattr(app, "RECOVERY_DELAY", 0.01)
        for name in ("database_url", "storage_url"):
            del leonidas_settings[name]
        running = tmp_path / "leonidas" / "running"
        running.mkdir(parents=True)
        (running / "4194999").touch()  # above the largest process id that there is
        return leonidas_settings

    async def test_it_recovers_without_being_asked(self, extension, tmp_path):
        async with asyncio.timeout(60):
            while extension._site.lazy.ready is None:  # noqa: ASYNC110 - of the code under test
                await asyncio.sleep(0.01)
        assert os.listdir(tmp_path / "leonidas" / "running") == [str(os.getpid())]


async def test_a_clean_start_loads_nothing(on_disk, extension):
    await asyncio.sleep(0.05)
    assert extension._site.lazy._task is None


def test_markers_of_living_processes_are_theirs(tmp_path):
    marker = Marker(tmp_path)
    assert not marker.left_behind()
    folder = tmp_path / "running"
    folder.mkdir()
    (folder / str(os.getppid())).touch()
    (folder / "README").touch()
    assert not marker.left_behind()
    (folder / str(os.getpid())).touch()  # a container gives the same number to the next process
    assert marker.left_behind()
    marker.set()
    assert sorted(os.listdir(folder)) == sorted([str(os.getppid()), str(os.getpid()), "README"])
    marker.clear()
    marker.clear()
    assert str(os.getpid()) not in os.listdir(folder)


async def test_closing_waits_for_a_start_that_is_under_way():
    closed = []

    class Gateway:
        async def close(self):
            closed.append(True)

    async def start():
        await asyncio.sleep(0.02)
        return Gateway()

    starting = LazyGateway(start)
    first = asyncio.create_task(starting.get())
    await asyncio.sleep(0)
    await starting.close()
    await first
    assert closed == [True]


# Logs


def test_json_lines_hold_the_request_id():
    target = logging.Logger("Jupyter")
    lines = []

    class Keep(logging.Handler):
        def emit(self, record):
            lines.append(self.format(record))

    target.addHandler(Keep())
    before = logging.getLogger("leonidas_jupyter").handlers[:]
    joined = JupyterLog(target, "json")
    token = id_of_logs.set("an-id")
    try:
        logging.getLogger("leonidas_jupyter.x").error("it %s", "failed")
        target.error("Jupyter's own")
    finally:
        id_of_logs.reset(token)
        joined.close()
    ours, jupyters = map(json.loads, lines)
    assert ours["message"] == "it failed"
    assert (ours["level"], ours["logger"]) == ("ERROR", "leonidas_jupyter.x")
    assert ours["request_id"] == "an-id"
    assert "request_id" not in jupyters
    assert logging.getLogger("leonidas_jupyter").handlers == before
    assert isinstance(target.handlers[0].formatter, JsonLines)


def test_records_that_no_handler_takes_are_not_made():
    target = logging.Logger("Jupyter", logging.DEBUG)
    handler = logging.NullHandler(logging.INFO)
    target.addHandler(handler)
    ours = logging.getLogger("leonidas_jupyter.x")
    joined = JupyterLog(target, "text")
    try:
        assert [heard(ours, level) for level in (logging.DEBUG, logging.INFO)] == [False, True]
        handler.setLevel(logging.DEBUG)  # while the server runs
        assert heard(ours, logging.DEBUG)
        target.removeHandler(handler)
        assert not heard(ours, logging.ERROR)
    finally:
        joined.close()
