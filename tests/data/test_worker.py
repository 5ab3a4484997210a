import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from leonidas_jupyter.data import worker as module
from leonidas_jupyter.data.dialect import DialectOverride
from leonidas_jupyter.data.errors import IngestFailed, UnreadableFile
from leonidas_jupyter.data.process import WorkerProcess, worker_environment
from leonidas_jupyter.data.worker import WorkerLimits, run_ingest

LIMITS = WorkerLimits()
MIB = 1024 * 1024


@pytest.fixture
def slow_file(tmp_path: Path) -> Path:
    """A file that the lenient reader needs some seconds for."""
    path = tmp_path / "slow.csv"
    path.write_text("a,b\n" + '1,"x\ny"\n2\n' * 600_000)
    return path


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[WorkerProcess]:
    """The worker processes that run_ingest starts."""
    found: list[WorkerProcess] = []
    original = WorkerProcess.start

    async def start(name: str) -> WorkerProcess:
        found.append(await original(name))
        return found[-1]

    monkeypatch.setattr(module.WorkerProcess, "start", start)
    return found


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 60
    while not gone(pid):
        assert time.monotonic() < deadline, "the worker outlived its parent"
        time.sleep(0.02)


def left_behind(folder: Path, *known: str) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir() if entry.name not in known)


def test_a_file_becomes_a_frame(tmp_path):
    (tmp_path / "t.csv").write_text("x;y\n1;a\n2;b\n")
    heard: list[float] = []

    async def hear(done: float) -> None:
        heard.append(done)

    report = asyncio.run(
        run_ingest(
            tmp_path / "t.csv", tmp_path / "t.parquet", filename="t.csv", override=None,
            limits=LIMITS, on_progress=hear,
        )
    )  # fmt: skip
    assert (report.rows, report.columns, report.bad_rows) == (2, 2, None)
    assert report.frame_size == (tmp_path / "t.parquet").stat().st_size
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    assert left_behind(tmp_path, "t.csv", "t.parquet") == []


def test_the_hash_follows_content_and_dialect(tmp_path):
    async def hashed(text: str, override: DialectOverride | None = None) -> str:
        source = tmp_path / "t.csv"
        await asyncio.to_thread(source.write_text, text)
        report = await run_ingest(
            source, tmp_path / "t.parquet", filename="t.csv", override=override, limits=LIMITS,
            on_progress=None,
        )  # fmt: skip
        return report.frame_hash

    async def main() -> list[str]:
        return [
            await hashed("a,b\n1,2\n"),
            await hashed("a,b\n1,2\n"),
            await hashed("a,b\n1,3\n"),
            await hashed("a,b\n1,2\n", DialectOverride(header_rows=0)),
        ]

    first, again, other, corrected = asyncio.run(main())
    assert first == again
    assert len({first, other, corrected}) == 3


def test_an_unreadable_file_says_so_and_leaves_nothing(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"")
    with pytest.raises(UnreadableFile, match="empty"):
        asyncio.run(
            run_ingest(
                tmp_path / "t.csv", tmp_path / "t.parquet", filename="t.csv", override=None,
                limits=LIMITS, on_progress=None,
            )
        )  # fmt: skip
    assert left_behind(tmp_path, "t.csv") == []


def test_the_clock(tmp_path, slow_file, started):
    with pytest.raises(IngestFailed, match=r"longer than 0\.8 seconds"):
        asyncio.run(
            run_ingest(
                slow_file, tmp_path / "t.parquet", filename="t.csv", override=None,
                limits=WorkerLimits(seconds=0.8), on_progress=None,
            )
        )  # fmt: skip
    assert not started[0].alive
    assert left_behind(tmp_path, "slow.csv") == []


def test_the_memory(tmp_path, started):
    # One row of a million columns takes more than 64 MiB, whoever reads it.
    (tmp_path / "wide.csv").write_text(",".join(["x" * 8] * 1_500_000) + "\n1\n")
    with pytest.raises(IngestFailed, match="limit of 64 MiB"):
        asyncio.run(
            run_ingest(
                tmp_path / "wide.csv", tmp_path / "t.parquet", filename="t.csv", override=None,
                limits=WorkerLimits(memory_bytes=64 * MIB), on_progress=None,
            )
        )  # fmt: skip
    assert left_behind(tmp_path, "wide.csv") == []


def test_the_memory_is_watched_from_outside_too(tmp_path, started, monkeypatch):
    """A worker in one long computation, which holds its interpreter, does not watch itself."""
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    monkeypatch.setattr(module, "BEFORE_LIMIT", -LIMITS.memory_bytes)
    original = module.WorkerProcess.send

    async def send(self: WorkerProcess, message: dict[str, object]) -> None:
        os.kill(self.pid, signal.SIGSTOP)
        await original(self, message)

    monkeypatch.setattr(module.WorkerProcess, "send", send)
    with pytest.raises(IngestFailed, match="limit of 1,024 MiB of memory"):
        asyncio.run(
            run_ingest(
                tmp_path / "t.csv", tmp_path / "t.parquet", filename="t.csv", override=None,
                limits=WorkerLimits(seconds=60), on_progress=None,
            )
        )  # fmt: skip
    assert not started[0].alive


def test_a_long_cell_with_quotes_is_a_cell(tmp_path, started):
    """Under a wrong delimiter each of its words opens a quote that is looked for to the end."""
    text = 'lorem ipsum, ""dolor"" sit amet ' * 20_000
    (tmp_path / "t.csv").write_text(f'id,text,n\n1,short,1\n2,"{text}",2\n3,end,3\n')
    report = asyncio.run(
        run_ingest(
            tmp_path / "t.csv", tmp_path / "t.parquet", filename="t.csv", override=None,
            limits=LIMITS, on_progress=None,
        )
    )  # fmt: skip
    assert (report.rows, report.columns, report.bad_rows) == (3, 3, None)
    import pyarrow.parquet as pq

    cells = pq.read_table(tmp_path / "t.parquet")["text"].to_pylist()
    assert cells == ["short", text.replace('""', '"'), "end"]


LONG_CELL = """
from leonidas_jupyter.data.tokens import Syntax, Tokenizer
text = '2,"' + 'lorem ipsum, ""dolor"" sit amet ' * 100_000 + '",2'
fields, open_quote = Tokenizer(Syntax(",")).split(text)
assert (len(fields), open_quote) == (3, False)
with open("/proc/self/status") as status:
    print(next(line.split()[1] for line in status if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_splitting_a_long_cell_takes_bounded_memory():
    """3 MB; a pattern that repeats by the character takes more than 100 bytes for each."""
    ran = subprocess.run([sys.executable, "-c", LONG_CELL], capture_output=True, check=True)
    assert int(ran.stdout) < 200 * 1024


def test_cancelling_ends_the_worker(tmp_path, slow_file, started):
    async def main() -> None:
        begun = asyncio.Event()

        async def hear(_: float) -> None:
            begun.set()

        task = asyncio.create_task(
            run_ingest(
                slow_file, tmp_path / "t.parquet", filename="t.csv", override=None, limits=LIMITS,
                on_progress=hear,
            )
        )  # fmt: skip
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert gone(started[0].pid)
    assert left_behind(tmp_path, "slow.csv") == []


def test_a_killed_worker_is_a_failed_ingest(tmp_path, slow_file, started):
    async def main() -> None:
        async def hear(_: float) -> None:
            started[0].kill()

        with pytest.raises(IngestFailed, match="ended unexpectedly"):
            await run_ingest(
                slow_file, tmp_path / "t.parquet", filename="t.csv", override=None, limits=LIMITS,
                on_progress=hear,
            )  # fmt: skip

    asyncio.run(main())
    assert left_behind(tmp_path, "slow.csv") == []


PARENT = """
import asyncio, sys
from leonidas_jupyter.data.process import WorkerProcess

async def main():
    worker = await WorkerProcess.start(sys.argv[1])
    print(worker.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.parametrize("name", ["worker", "sqlworker"])
def test_workers_end_with_their_parent(name):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, f"leonidas_jupyter.data.{name}"], stdout=subprocess.PIPE
    )
    with parent:
        pid = int(parent.stdout.readline())
        assert not gone(pid)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        wait_until_gone(pid)


def test_what_a_worker_sees_of_the_environment():
    seen = worker_environment(
        {"PATH": "/bin", "LEONIDAS_SIGNING_KEYS": "s", "AWS_PROFILE": "s", "JUPYTER_TOKEN": "s",
         "JPY_API_TOKEN": "s", "OPENAI_API_KEY": "s", "HOME": "/root"}
    )  # fmt: skip
    assert seen["PATH"] == "/bin"
    assert "s" not in seen.values()


def test_any_error_of_the_reader_is_a_sentence(tmp_path, monkeypatch, capsys):
    import duckdb

    from leonidas_jupyter.data import ingest

    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    request = {
        "source": str(tmp_path / "t.csv"), "scratch": str(tmp_path), "filename": "t.csv",
        "override": None, "memory_bytes": 64 * MIB,
    }  # fmt: skip
    for error, words in (
        (KeyError("x"), "server's log"),
        (duckdb.OutOfMemoryException(), "64 MiB"),
    ):
        said: list[dict[str, object]] = []

        def broken(*_: object, error: Exception = error, **__: object) -> None:
            raise error

        monkeypatch.setattr(ingest, "ingest", broken)
        module.answer(request, said.append)
        assert words in said[0]["failed"]
        assert type(error).__name__ in capsys.readouterr().err


def test_the_server_side_imports_nothing_heavy():
    code = (
        "import sys, leonidas_jupyter.data.worker, leonidas_jupyter.data.sql, "
        "leonidas_jupyter.data.frames\n"
        "heavy = {'duckdb', 'pyarrow', 'pandas', 'numpy', 'sqlglot', 'charset_normalizer'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
