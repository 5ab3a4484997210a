"""The private server: alone, hidden, unbothered by the person's settings, gone with its parent."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.kernel.jupyterserver import surroundings

PARENT = """
import os, sys
from leonidas_jupyter import connect
first, second = connect(), connect()
print(*first._client.endpoint.base.split("/")[2].split(":"), flush=True)
print(first.project.name, second.project.name, flush=True)
child = os.fork()
if child == 0:
    sys.exit()
os.waitpid(child, 0)
print(first.projects()[0].name, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def person(tmp_path):
    """Settings of a person that would break any server which read them."""
    config = tmp_path / "config"
    config.mkdir()
    (config / "jupyter_server_config.py").write_text("raise SystemExit('broken')\n")
    (config / "jupyter_config.json").write_text("{broken")
    (tmp_path / "logging.py").write_text("raise SystemExit('shadowed')\n")
    return tmp_path


@pytest.fixture
def parent(person):
    """A process that connects twice where no server is, forks, and then waits."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", PARENT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=person,
        env=surroundings(person),
    )
    yield process
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        stream.close()


def gone(processes: list[psutil.Process], directory: Path) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=60)
    deadline = time.monotonic() + 60
    while directory.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return not alive and not directory.exists()


def test_it_is_hidden_on_loopback_and_ends_with_a_parent_that_is_killed(parent):
    host, _, *projects = [word for _ in range(3) for word in parent.stdout.readline().split()]
    assert projects == ["Demo", "Demo", "Demo"]
    processes = psutil.Process(parent.pid).children(recursive=True)
    (server,) = psutil.Process(parent.pid).children()
    directory = Path(server.cmdline()[-1])
    listening = {c.laddr.ip for c in server.net_connections("tcp") if c.status == "LISTEN"}
    assert ({host}, listening) == ({"127.0.0.1"}, {"127.0.0.1"})
    config = directory / "config.json"
    token = config.read_text().partition('"token": "')[2].partition('"')[0]
    assert len(token) >= 32
    assert token not in " ".join([*server.cmdline(), *server.environ().values()])
    assert (directory.stat().st_mode & 0o777, config.stat().st_mode & 0o777) == (0o700, 0o600)
    parent.send_signal(signal.SIGKILL)
    assert gone(processes, directory)


def test_it_outlives_a_forked_child_and_ends_with_its_parent(parent):
    lines = [parent.stdout.readline() for _ in range(3)]
    assert lines[2] == "Demo\n"
    processes = psutil.Process(parent.pid).children(recursive=True)
    (server,) = psutil.Process(parent.pid).children()
    directory = Path(server.cmdline()[-1])
    parent.stdin.close()
    assert gone(processes, directory)
    said = parent.stderr.read().splitlines()
    start = (
        "Leonidas: working in project 'Demo' on a private server that was started for this process"
    )
    assert [line.startswith(start) for line in said] == [True, True]


def test_what_keeps_it_from_starting_is_one_sentence(person):
    code = (
        "from leonidas_jupyter import connect\nfrom leonidas_jupyter.kernel.errors import *\n"
        "try: connect()\nexcept LeonidasError as error: print(error)"
    )
    env = surroundings(person, LEONIDAS_DATABASE_URL="oracle://nowhere", TMPDIR=str(person))
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, cwd=person, env=env
    )
    (line,) = done.stdout.splitlines()
    assert line.startswith("The private server runs without Leonidas (Leonidas is disabled: ")
    assert "DATABASE_URL" in line.upper()
    assert [path.name for path in person.iterdir() if path.name.startswith(("leo", "jup"))] == []


def test_a_kernel_whose_private_server_died_starts_another(kernels, tmp_path):
    kernel = kernels(
        JUPYTER_DATA_DIR=str(tmp_path / "data"),
        LEONIDAS_DEMO_PROJECT="false",
        TMPDIR=str(tmp_path),
    )
    try:
        kernel.run("%load_ext leonidas_jupyter")
        assert "private server" in kernel.run("%leonidas projects").stdout
        (server,) = psutil.Process(kernel.pid).children()
        server.kill()
        # Its threads take a moment to end, and until then it only refuses connections.
        deadline = time.monotonic() + 60
        again = kernel.run("%leonidas projects")
        while again.status != "ok" and time.monotonic() < deadline:
            again = kernel.run("%leonidas projects")
        assert again.status == "ok", again.error
        assert "private server" in again.stdout
        assert len(list(tmp_path.glob("leonidas-*"))) == 1
    finally:
        kernel.close()
