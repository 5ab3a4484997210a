"""A question to its answer in sessions of different lengths: by a remote model, and the analyst."""

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from bench.api import call, demo_project
from bench.long_sessions import database_of, lengthen
from bench.providers import Provider, options, providers, steps
from bench.report import Goal, Row, spread
from scripts.serving import Server

EARLY = 10
LATE = (1_000, 10_000)
ROUNDS = 20
GOAL = 1.1
QUESTION = "average body mass by species"
SQL = 'SELECT species, avg(body_mass_g) AS mean FROM penguins GROUP BY "species" ORDER BY 1'
WHY = {
    "model stub": "For each step the openai client walks through every message that goes along "
    "(6,000 tokens at most), for a bare agent too",
    "built-in analyst": "A follow-up is read after the questions before it",
}
ANSWER = (
    "Gentoo penguins are the heaviest of the three species by far, ",
    "at {{t1[Gentoo].mean}} g on average; Adelie and Chinstrap are close to each other. ",
    "The means leave out the birds that were not weighed. ",
)


@dataclass
class Asker:
    """Asks one model in sessions of each length.

    Attributes:
        early: sessions of EARLY messages, each to be asked once, so that they stay so short.
        late: one session of each of LATE.
        times: milliseconds by the length of the session.
    """

    server: Server
    model: str
    early: Sequence[str]
    late: Sequence[str]
    times: dict[int, list[float]] = field(default_factory=dict)

    def ask(self, size: int, session_id: str) -> None:
        """Ask once, and keep how long it took."""
        body = {"content": QUESTION, "model": self.model}
        begun = time.perf_counter()
        answer = call(self.server, "POST", f"sessions/{session_id}/chat", body)
        took = (time.perf_counter() - begun) * 1000
        if answer["status"] != "completed" or not answer["message"]["tool_calls"]:
            raise RuntimeError(f"{answer['status']}: {answer['message']['content']}")
        self.times.setdefault(size, []).append(took)

    def round(self, number: int) -> None:
        """Ask once in a session of each length."""
        self.ask(EARLY, self.early[number])
        for size, session_id in zip(LATE, self.late, strict=True):
            self.ask(size, session_id)

    def rows(self, who: str) -> list[Row]:
        """The long sessions beside the short ones."""
        first = self.times[EARLY]
        return [_row(who, size, self.times[size], first) for size in LATE]


def measure(home: Path) -> list[Row]:
    """Both models in turn, on one server."""
    data = home / "data"
    with providers(home) as known:
        openai = known[0]
        openai.stub.turns = [_turn]
        started = [*options(known), f"--Leonidas.data_dir={data}"]
        with Server(sys.executable, home, *started) as server:
            project = demo_project(server)
            askers = [_asker(server, project, data, model) for model in _models(openai)]
            for number in range(ROUNDS + 1):
                for asker in askers:
                    asker.round(number)
                if number == 0:  # the first question reads what the later ones have at hand
                    for asker in askers:
                        asker.times.clear()
    return [row for who, asker in zip(WHY, askers, strict=True) for row in asker.rows(who)]


def _models(provider: Provider) -> tuple[str, str]:
    return provider.model, "builtin"


def _turn(received: Any) -> tuple[object, ...]:  # noqa: ANN401 - a request to the stub
    """A query first, then the answer; a request without tools asks for a summary."""
    body = received.body
    if "tools" not in body or body["messages"][-1]["role"] == "tool":
        return ANSWER
    return (steps().Call("query", {"sql": SQL}),)


def _asker(server: Server, project: str, data: Path, model: str) -> Asker:
    """Sessions that were all written from one answer of the model."""

    def session() -> str:
        made = call(server, "POST", f"projects/{project}/sessions", {})
        return str(made["session_id"])

    asker = Asker(server, model, [session() for _ in range(ROUNDS + 1)], [session() for _ in LATE])
    like = session()
    asker.ask(0, like)
    sizes = dict.fromkeys(asker.early, EARLY) | dict(zip(asker.late, LATE, strict=True))
    asyncio.run(lengthen(database_of(data), like, sizes))
    return asker


def _row(who: str, size: int, late: list[float], early: list[float]) -> Row:
    ratio = median(late) / median(early)
    return Row(
        f"a turn after {size:,} messages ({who})",
        spread(late, "ms"),
        f"after {EARLY} messages {spread(early, 'ms')}",
        f"{ratio:.2f}×",
        Goal(
            ratio,
            GOAL,
            "×",
            why=WHY[who],
        ),
    )
