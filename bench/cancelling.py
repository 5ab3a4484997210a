"""From the wish to stop an answer to the provider's closed connection, and to the answer's end."""

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from bench.api import call, demo_project
from bench.bare_agent import BareAgent, bare_agent
from bench.event_stream import ask
from bench.providers import WAIT_SECONDS, Provider, options, providers, steps
from bench.report import Row, spread
from scripts.serving import Server

ROUNDS = 10
BEFORE_SECONDS = 0.2
"""How long a request that is never answered is left alone before it is given up."""

PATIENCE_SECONDS = 2.0
"""How long the bare agent's provider is given to see its connection closed."""

QUESTION = "What do these tables hold?"


@dataclass
class Stops:
    """Of several answers, in milliseconds after the wish.

    Attributes:
        closed: until the provider saw its connection closed.
        ended: until the client was told that the answer has ended.
    """

    closed: list[float] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)

    def take(self, asked: float, closed: float, ended: float) -> None:
        """Keep the figures of one answer; moments in seconds."""
        self.closed.append((closed - asked) * 1000)
        self.ended.append((ended - asked) * 1000)


def measure(home: Path) -> list[Row]:
    """Answers stopped in their middle, and before their first byte."""
    rows = []
    with providers(home) as known, Server(sys.executable, home, *options(known)) as server:
        project = demo_project(server)
        for provider in known:
            with bare_agent(provider) as agent:
                for begun in (True, False):
                    rows += _in_turn(server, project, provider, agent, begun=begun)
    return rows


def _in_turn(
    server: Server, project: str, provider: Provider, agent: BareAgent, *, begun: bool
) -> list[Row]:
    said = ("The answer ", steps().Stall()) if begun else (steps().Stall(),)
    ours, bare, lets_go = Stops(), Stops(), True
    for number in range(ROUNDS + 1):
        provider.says(*said)
        mine = _ours(server, project, provider, begun=begun)
        if number:  # the first answer of a process loads what it needs
            ours.take(*mine)
        provider.forget()
        if not lets_go:
            continue
        found = agent.order("cancel", prompt=QUESTION, after=None if begun else BEFORE_SECONDS)
        closed = _hangup(provider, PATIENCE_SECONDS)
        lets_go = closed is not None
        if number and closed is not None:
            bare.take(found["asked"], closed, found["ended"])
    return [_row(provider, "in mid-answer" if begun else "before the first byte", ours, bare)]


def _row(provider: Provider, when: str, ours: Stops, bare: Stops) -> Row:
    what = f"cancel {when} to the closed connection, {provider.name}"
    mine = f"{spread(ours.closed, 'ms', 1)}; the client is told after {median(ours.ended):.1f} ms"
    if not bare.closed:
        return Row(what, mine, f"a bare agent: not within {PATIENCE_SECONDS:g} s", "—")
    more = median(ours.closed) - median(bare.closed)
    peer = f"a bare agent's task cancelled {spread(bare.closed, 'ms', 1)}"
    return Row(what, mine, peer, f"{more:+.1f} ms")


def _ours(
    server: Server, project: str, provider: Provider, *, begun: bool
) -> tuple[float, float, float]:
    session = call(server, "POST", f"projects/{project}/sessions", {})["session_id"]
    wished: list[float] = []

    def stop(run_id: str) -> None:
        if not begun:
            _becomes(lambda: len(provider.stub.requests) > 0, WAIT_SECONDS)
            time.sleep(BEFORE_SECONDS)
        wished.append(time.monotonic())
        call(server, "POST", f"sessions/{session}/runs/{run_id}/cancel", {})

    stopping: list[threading.Thread] = []
    run = ""

    def seen(name: str, data: dict[str, Any]) -> None:
        nonlocal run
        run = data.get("run_id", run)
        if name == ("text_delta" if begun else "run_started") and not stopping:
            stopping.append(threading.Thread(target=stop, args=(run,)))
            stopping[0].start()

    heard = ask(server, session, provider.model, QUESTION, seen)
    stopping[0].join(WAIT_SECONDS)
    if heard.status != "cancelled":
        raise RuntimeError(f"The answer is {heard.status} and not cancelled.")
    closed = _hangup(provider, WAIT_SECONDS)
    if closed is None:
        raise RuntimeError("The provider was not hung up on.")
    return wished[0], closed, heard.finished


def _hangup(provider: Provider, patience: float) -> float | None:
    """When the provider saw its connection closed; None when it did not."""
    found = _becomes(lambda: len(provider.stub.hangups) > 0, patience)
    return provider.stub.hangups[0] if found else None


def _becomes(condition: Callable[[], bool], patience: float) -> bool:
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.001)
    return True
