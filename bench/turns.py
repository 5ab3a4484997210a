"""A question and its answer by the built-in analyst: early in a session, and late."""

import sys
import time
from pathlib import Path
from statistics import median

from bench.api import call, demo_project
from bench.report import Goal, Row, spread
from scripts.serving import Server

EARLY = 10
LATE = 300
ROUNDS = 40
GOAL = 1.1
QUESTIONS = (
    "average body mass by species",
    "and by island?",
    "how many penguins are there by island?",
    "top 5 countries by population",
)


def _ask(server: Server, session_id: str, number: int) -> float:
    question = QUESTIONS[number % len(QUESTIONS)]
    begun = time.perf_counter()
    answer = call(server, "POST", f"sessions/{session_id}/chat", {"content": question})
    seconds = time.perf_counter() - begun
    if answer["status"] != "completed" or not answer["message"]["tool_calls"]:
        raise RuntimeError(f"{question}: {answer['message']['content']}")
    return seconds * 1000


def measure(home: Path) -> list[Row]:
    """Two sessions on one server, asked in turn once one of them is long."""
    with Server(sys.executable, home, "--Leonidas.chat_rate=100000/minute") as server:
        project = demo_project(server)
        early, late = (
            call(server, "POST", f"projects/{project}/sessions", {})["session_id"] for _ in range(2)
        )
        for number in range(LATE // 2):  # a question and an answer are two messages
            _ask(server, late, number)
        for number in range(EARLY // 2):
            _ask(server, early, number)
        pairs = [
            (_ask(server, early, number), _ask(server, late, number)) for number in range(ROUNDS)
        ]
    first, last = ([pair[which] for pair in pairs] for which in (0, 1))
    ratio = median(last) / median(first)
    return [
        Row(
            f"a question to its answer (built-in analyst), after {LATE} messages",
            spread(last, "ms"),
            f"after {EARLY} messages {spread(first, 'ms')}",
            f"{ratio:.2f}×",
            Goal(ratio, GOAL, "×", why="A follow-up is read after the eight questions before it"),
        )
    ]
