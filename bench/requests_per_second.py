"""Requests per second of a light handler of ours, beside Jupyter Server's own lightest one."""

import subprocess
import sys
from pathlib import Path
from statistics import median

from bench.api import API, call, demo_project
from bench.report import Goal, Row, spread
from scripts.serving import Server

ROUNDS = 5
GOAL = 0.7
WHY = (
    "It reads the database in a thread of its own, which `/api/me` does not, and the load client "
    "shares the cores with both"
)


def _rate(server: Server, path: str, authorization: str) -> float:
    arguments = [str(server.port), path, authorization]
    done = subprocess.run(
        [sys.executable, "-m", "bench.load_client", *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return float(done.stdout)


def measure(home: Path) -> list[Row]:
    """One row for each way to say who is calling."""
    with Server(sys.executable, home) as server:
        demo_project(server)
        tokens = call(server, "POST", "auth/token")
        jupyter, bearer = f"token {server.token}", f"Bearer {tokens['access_token']}"
        peer, cookie, ours = [], [], []
        for _ in range(ROUNDS):
            peer.append(_rate(server, "api/me", jupyter))
            cookie.append(_rate(server, f"{API}/projects", jupyter))
            ours.append(_rate(server, f"{API}/projects", bearer))
    return [_row("Jupyter's token", cookie, peer), _row("our bearer token", ours, peer)]


def _row(who: str, ours: list[float], peer: list[float]) -> Row:
    ratio = median(ours) / median(peer)
    return Row(
        f"`GET /projects` with {who}",
        spread(ours, "requests/s"),
        f"`GET /api/me` {spread(peer, 'requests/s')}",
        f"{ratio:.2f}×",
        Goal(ratio, GOAL, "×", least=True, why=WHY),
    )
