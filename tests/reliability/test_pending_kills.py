"""Code that waits, starts or runs in a real kernel when its server is killed: never run twice."""

import time
from contextlib import suppress
from http.client import HTTPException

import psutil
import pytest

from tests.reliability.remains import inconsistencies, unfinished
from tests.reliability.rig import QUICK, Background, until
from tests.stubs.openai_stub import OpenAIStub
from tests.stubs.script import Call

COUNTED = """
import os, time
with open({path!r}, "a") as file:
    file.write("ran ")
time.sleep({seconds})
40 + 2
"""
SLOW_START = """
import asyncio
from leonidas_jupyter.server.kernels import JupyterKernels
_start = JupyterKernels.start
async def start(self, *arguments, **options):
    kernel_id = await _start(self, *arguments, **options)
    await asyncio.sleep(600)
    return kernel_id
JupyterKernels.start = start
"""
"""Configuration under which a kernel is there for long before it is used."""


class Bench:
    """Servers on one data directory whose model wants code to run, and what it left."""

    def __init__(self, start, model, effects):
        self._start = start
        self._variables = {
            "LEONIDAS_MODEL": "openai:m",
            "LEONIDAS_MODEL_BASE_URL": model.base_url,
            "LEONIDAS_MODEL_API_KEY": "sk-for-tests",
        }
        self.effects = effects
        self.seconds = 0.0

    def __call__(self, configuration=""):
        return self._start(QUICK + configuration, variables=self._variables)

    def says(self, received):
        if received.body["messages"][-1]["role"] == "tool":
            return ("It came to an end.",)
        code = COUNTED.format(path=str(self.effects), seconds=self.seconds)
        return (Call("python", {"code": code}),)

    @property
    def ran(self):
        return self.effects.read_text().count("ran") if self.effects.exists() else 0


@pytest.fixture
def bench(start, tmp_path):
    with OpenAIStub() as model:
        made = Bench(start, model, tmp_path / "effects")
        model.turns = [made.says]
        yield made


def ask(server, session_id):
    asked = server.say(session_id, "Compute it.")
    assert (asked.status, asked.json["status"]) == (200, "pending"), asked.body
    return asked.json["message"]["tool_calls"][-1]["id"]


def approve(server, session_id, call_id, decision="once"):
    approvals = {"approvals": {call_id: {"decision": decision}}}
    return server.call("POST", f"/sessions/{session_id}/chat", approvals)


def kernels_of(server):
    below = psutil.Process(server.process.pid).children(recursive=True)
    return [each for each in below if "ipykernel" in " ".join(each.cmdline())]


def place(server):
    project_id = server.project()
    server.read_file(server.upload(project_id, b"a\n1\n"))
    return server.session(project_id)


def usable(bench, server, session_id):
    """Whether the session takes a question, and runs the code that somebody approves."""
    bench.seconds, before = 0.0, bench.ran
    done = approve(server, session_id, ask(server, session_id))
    assert done.json["status"] == "completed", done.body
    return bench.ran == before + 1


@pytest.mark.soak
def test_code_that_waits_outlives_its_server(bench, data):
    server = bench()
    session_id = place(server)
    call_id = ask(server, session_id)
    server.kill()
    after = bench()
    done = approve(after, session_id, call_id)
    assert done.json["status"] == "completed", done.body
    assert bench.ran == 1
    assert approve(after, session_id, call_id).code == "conflict"
    assert unfinished(data) == []
    assert inconsistencies(data) == {}


@pytest.mark.parametrize("state", [pytest.param("starting", marks=pytest.mark.soak), "running"])
def test_approved_code_is_not_run_again_after_a_kill(bench, data, state):
    bench.seconds = 600
    server = bench(SLOW_START if state == "starting" else "")
    session_id = place(server)
    call_id = ask(server, session_id)
    approving = Background(approve, server, session_id, call_id)
    if state == "starting":
        until(lambda: kernels_of(server))
    else:
        until(lambda: bench.ran)
    kernels = kernels_of(server)
    server.kill()
    approving.join()
    _, alive = psutil.wait_procs(kernels, timeout=60)
    assert alive == []

    after = bench()
    until(lambda: unfinished(data) == [])  # nobody calls it
    answer = after.items(f"/sessions/{session_id}/chat")[-1]
    assert answer["run_status"] == "failed"
    assert [call["state"] for call in answer["tool_calls"]] == ["failed"]
    assert bench.ran == (1 if state == "running" else 0)
    assert approve(after, session_id, call_id).code == "conflict"
    assert usable(bench, after, session_id)
    assert inconsistencies(data) == {}


@pytest.mark.soak
def test_two_servers_that_are_asked_at_once_run_the_code_once(bench, data):
    servers = [bench(), bench()]
    session_id = place(servers[0])
    call_id = ask(servers[1], session_id)
    answers = [Background(approve, each, session_id, call_id) for each in servers * 2]
    found = sorted(each.wait().status for each in answers)
    assert found == [200, 409, 409, 409]
    assert bench.ran == 1
    assert usable(bench, servers[1], session_id)
    assert unfinished(data) == []


def test_a_stop_reaches_code_that_runs_through_another_server(bench, data):
    bench.seconds = 600
    one, two = bench(), bench()
    session_id = place(one)
    call_id = ask(one, session_id)
    approving = Background(approve, one, session_id, call_id)
    until(lambda: bench.ran)
    (run_id,) = {
        each["run_id"] for each in one.items(f"/sessions/{session_id}/chat") if each["run_id"]
    }
    two.good("POST", f"/sessions/{session_id}/runs/{run_id}/cancel", {})
    with suppress(OSError, HTTPException):
        assert approving.wait().json["status"] == "cancelled"
    assert usable(bench, two, session_id)
    assert inconsistencies(data) == {}


@pytest.mark.soak
@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.2, 0.5, 1.0, 1.5, 2.5])
def test_a_kill_at_any_moment_after_the_approval(bench, data, seconds):
    bench.seconds = 1
    server = bench()
    session_id = place(server)
    call_id = ask(server, session_id)
    approving = Background(approve, server, session_id, call_id)
    time.sleep(seconds)
    server.kill()
    approving.join()
    after = bench()
    until(lambda: [what for what in unfinished(data) if what != ("runs", "approval")] == [])
    assert bench.ran <= 1
    again = approve(after, session_id, call_id)
    assert again.status in (200, 409), again.body
    assert bench.ran <= 1
    assert usable(bench, after, session_id)
    assert inconsistencies(data) == {}
