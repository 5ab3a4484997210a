"""From a model's first byte to the client's first word, and what each further token costs."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.api import call, demo_project
from bench.bare_agent import bare_agent
from bench.event_stream import ask, ignore
from bench.providers import Provider, options, providers, steps
from bench.report import Goal, Row, spread
from scripts.serving import Server

ROUNDS = 20
WARM_UP = 3
TOKENS = 600
FIRST_GOAL_MS = 15
TOKEN_GOAL_MS = 0.3
QUESTION = "What do these tables hold?"

Ask = Callable[[], tuple[float, float]]
"""Asks once; when the first and the last text came (``time.monotonic()``)."""


@dataclass
class Times:
    """Of several answers, in milliseconds.

    Attributes:
        first: from the stub's first byte to the first text.
        token: per token after the first one, where the stub waits for nothing.
    """

    first: list[float] = field(default_factory=list)
    token: list[float] = field(default_factory=list)

    def take(self, provider: Provider, ask_once: Ask) -> None:
        """Ask for one token and a pause, then for many in one go."""
        provider.says("Some", steps().Pause(0.05), " tables.")
        first, _ = ask_once()
        self.first.append((first - provider.stub.began[-1]) * 1000)
        provider.says(*(f"word{number} " for number in range(TOKENS)))
        first, last = ask_once()
        self.token.append((last - first) * 1000 / (TOKENS - 1))


def measure(home: Path) -> list[Row]:
    """Two rows for each provider."""
    rows = []
    with providers(home) as known, Server(sys.executable, home, *options(known)) as server:
        project = demo_project(server)
        for provider in known:
            rows += _rows(provider, *_in_turn(server, project, provider))
    return rows


def _in_turn(server: Server, project: str, provider: Provider) -> tuple[Times, Times]:
    """DS Bro and the bare agent, one after the other in each round; both in new conversations."""

    def ours() -> tuple[float, float]:
        session = call(server, "POST", f"projects/{project}/sessions", {})["session_id"]
        heard = ask(server, session, provider.model, QUESTION, ignore)
        if heard.status != "completed":
            raise RuntimeError(f"The answer is {heard.status}: {''.join(heard.text)}")
        return heard.first, heard.last

    with bare_agent(provider) as agent:

        def bare() -> tuple[float, float]:
            found = agent.order("ask", prompt=QUESTION)
            return found["first"], found["last"]

        mine, its = Times(), Times()
        for _ in range(WARM_UP):
            Times().take(provider, ours)
            Times().take(provider, bare)
        for _ in range(ROUNDS):
            mine.take(provider, ours)
            its.take(provider, bare)
    return mine, its


def _rows(provider: Provider, ours: Times, bare: Times) -> list[Row]:
    more = median(ours.first) - median(bare.first)
    return [
        Row(
            f"first token after the model's first byte, {provider.name}",
            spread(ours.first, "ms", 1),
            f"a bare pydantic-ai agent {spread(bare.first, 'ms', 1)}",
            f"{more:+.1f} ms",
            Goal(more, FIRST_GOAL_MS, " ms more"),
        ),
        Row(
            f"each further token of {TOKENS}, {provider.name}",
            spread(ours.token, "ms", 3),
            f"a bare pydantic-ai agent {spread(bare.token, 'ms', 3)}",
            f"{median(ours.token) - median(bare.token):+.3f} ms",
            Goal(
                median(ours.token),
                TOKEN_GOAL_MS,
                " ms",
                why=f"A bare agent takes {median(bare.token):.2f} ms of it",
            ),
        ),
    ]
