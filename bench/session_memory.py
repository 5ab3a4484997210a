"""What an open session costs the server's memory, beside an agent that holds the conversations."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil

from bench.api import call, demo_project
from bench.bare_agent import bare_agent
from bench.long_sessions import database_of, lengthen
from bench.providers import Provider, options, providers, steps
from bench.report import Row
from scripts.serving import Server

SESSIONS = 100
WARM_UP = 150
"""Questions before: a process that is new takes memory for what it keeps anyway."""

MESSAGES = 20
KERNELS = 3
QUESTION = "Which species is the heaviest, and by how much does it differ from the others?"
ANSWER = "Gentoo penguins are the heaviest of the three species by far. " * 6
KERNEL_PEER = (
    "import pandas, pyarrow, psutil; print(psutil.Process().memory_full_info().uss / 2**20)"
)


def measure(home: Path) -> list[Row]:
    """Sessions asked one after the other: without Python, and with."""
    data = home / "data"
    with providers(home) as known:
        model = known[0]
        model.says(ANSWER)
        started = [*options(known), f"--Leonidas.data_dir={data}", "--Leonidas.python_tool=auto"]
        with Server(sys.executable, home, *started) as server:
            project = demo_project(server)
            sessions = _sessions(server, project, model, data)
            used = call(server, "POST", f"projects/{project}/sessions", {})["session_id"]
            for _ in range(WARM_UP):
                _ask(server, used, model)
            ours, workers = _growth(server, model, sessions)
            kernels = _kernels(server, project, model)
        bare = _bare(model)
    return [
        Row(
            f"memory (USS) of an open session of {MESSAGES} messages, each of {SESSIONS} asked",
            f"{ours:.0f} KiB; its workers' {workers:.0f} KiB",
            f"a bare agent that holds as many histories, each asked {bare:.0f} KiB",
            f"{ours - bare:+.0f} KiB",
        ),
        Row(
            "memory (USS) of a session that runs Python, its kernel",
            f"{kernels:.0f} MiB",
            f"a bare kernel with pandas and pyarrow {_bare_kernel():.0f} MiB",
            "",
        ),
    ]


def _sessions(server: Server, project: str, model: Provider, data: Path) -> Sequence[str]:
    """Sessions with a stored conversation."""
    like, *others = (
        str(call(server, "POST", f"projects/{project}/sessions", {})["session_id"])
        for _ in range(SESSIONS + 1)
    )
    _ask(server, like, model)
    asyncio.run(lengthen(database_of(data), like, dict.fromkeys(others, MESSAGES)))
    return others


def _growth(server: Server, model: Provider, sessions: Sequence[str]) -> tuple[float, float]:
    """What each session adds to the server and to its children, in KiB."""
    before = _memory(server.process.pid)
    for session in sessions:
        _ask(server, session, model)
    after = _memory(server.process.pid)
    own, children = (after[at] - before[at] for at in (0, 1))
    return own * 1024 / SESSIONS, children * 1024 / SESSIONS


def _kernels(server: Server, project: str, model: Provider) -> float:
    """What the kernel of each session adds to the processes below the server, in MiB."""
    call_python = steps().Call("python", {"code": "penguins['body_mass_g'].mean()"})
    _, before = _memory(server.process.pid)
    for _ in range(KERNELS):
        session = call(server, "POST", f"projects/{project}/sessions", {})["session_id"]
        model.stub.turns = [(call_python,), (ANSWER,)]
        model.forget()
        answer = _ask(server, session, model)
        if [each["ok"] for each in answer["tool_calls"]] != [True]:
            raise RuntimeError(f"Python did not run: {answer['tool_calls']}")
    _, after = _memory(server.process.pid)
    return (after - before) / KERNELS


def _bare(model: Provider) -> float:
    """What each history adds to an agent that holds it, in KiB."""
    model.says(ANSWER)
    turns = [[QUESTION, ANSWER] for _ in range(MESSAGES // 2)]
    with bare_agent(model) as agent:
        for _ in range(WARM_UP):
            agent.order("ask", prompt=QUESTION)
        before = agent.order("memory")["mib"]
        for number in range(SESSIONS):
            agent.order("hold", conversation=number, turns=turns)
            agent.order("ask", prompt=QUESTION, conversation=number)
        return float(agent.order("memory")["mib"] - before) * 1024 / SESSIONS


def _ask(server: Server, session: str, model: Provider) -> dict[str, list[dict[str, object]]]:
    body = {"content": QUESTION, "model": model.model}
    answer = call(server, "POST", f"sessions/{session}/chat", body)
    if answer["status"] != "completed":
        raise RuntimeError(f"The answer is {answer['status']}: {answer['message']['content']}")
    message: dict[str, list[dict[str, object]]] = answer["message"]
    return message


def _memory(pid: int) -> tuple[float, float]:
    """The memory (USS) of a process, and of all those below it, in MiB."""
    process = psutil.Process(pid)
    below = 0
    for child in process.children(recursive=True):
        try:
            below += child.memory_full_info().uss
        except psutil.NoSuchProcess:  # a worker that has just ended
            continue
    return process.memory_full_info().uss / 2**20, below / 2**20


def _bare_kernel() -> float:
    """The memory of IPython's kernel once it has imported what tables need, in MiB."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(startup_timeout=60, stderr=subprocess.DEVNULL)
    printed: list[str] = []
    try:
        client.execute_interactive(
            KERNEL_PEER,
            timeout=60,
            output_hook=lambda message: printed.append(message["content"].get("text", "")),
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return float(json.loads("".join(printed)))
