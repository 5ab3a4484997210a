"""Ingest in a process of its own, so that no file can hurt the server.

``run_ingest`` is the server's side; ``python -m leonidas_jupyter.data.worker`` is the other.
In: one request. Out: ``{"progress": 0.4}`` …, then ``{"report"}``, ``{"unreadable"}`` or
``{"failed"}``.
"""

import asyncio
import logging
import os
import shutil
import tempfile
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from leonidas_jupyter.data.dialect import DialectOverride
from leonidas_jupyter.data.errors import IngestFailed, UnreadableFile
from leonidas_jupyter.data.ingest import IngestReport
from leonidas_jupyter.data.inside import (
    OUT_OF_MEMORY,
    Speaker,
    claim_stdout,
    limit_memory,
    listen,
    resident_bytes,
)
from leonidas_jupyter.data.process import Message, WorkerProcess

__all__ = ["IngestFailed", "UnreadableFile", "WorkerLimits", "run_ingest"]

MIB = 1024 * 1024
BROKEN = (
    "The file could not be read because of an error in the reader, which is in the server's log: "
    "say in the dialect how it is written, and report the file."
)
BEFORE_LIMIT = 128 * MIB
"""More than a worker takes before its limit begins to count."""

WATCH_SECONDS = 0.1
log = logging.getLogger(__name__)
Progress = Callable[[float], Awaitable[None]]


class WorkerLimits(BaseModel):
    """What one ingest may use: memory in bytes above the worker's start, wall-clock seconds."""

    memory_bytes: int = Field(default=1024 * MIB, ge=64 * MIB)
    seconds: float = Field(default=3600.0, gt=0)


async def run_ingest(
    source: Path,
    target: Path,
    *,
    filename: str,
    override: DialectOverride | None,
    limits: WorkerLimits,
    on_progress: Progress | None,
) -> IngestReport:
    """Read ``source`` into a Parquet file at ``target`` in a worker process.

    ``target`` appears complete or not at all. Cancelling ends the worker and leaves nothing behind.

    Raises:
        UnreadableFile: the file's content stands in the way.
        IngestFailed: the worker crashed or went over a limit.
    """
    folder = await asyncio.to_thread(tempfile.mkdtemp, prefix=".ingest-", dir=target.parent)
    scratch = Path(folder)
    worker: WorkerProcess | None = None
    try:
        worker = await WorkerProcess.start("leonidas_jupyter.data.worker")
        request = {
            "source": str(source),
            "scratch": str(scratch),
            "filename": filename,
            "override": override.model_dump() if override else None,
            "memory_bytes": limits.memory_bytes,
        }
        await worker.send(request)
        async with asyncio.timeout(limits.seconds):
            report = await _follow(worker, limits, on_progress)
        await asyncio.to_thread(os.replace, scratch / "frame.parquet", target)
    except TimeoutError:
        raise IngestFailed(_clock_sentence(limits.seconds)) from None
    finally:
        await asyncio.shield(_clear(worker, scratch))
    return report


async def _follow(
    worker: WorkerProcess, limits: WorkerLimits, on_progress: Progress | None
) -> IngestReport:
    """Pass progress on until the worker reports."""
    guard = asyncio.ensure_future(_guard(worker, BEFORE_LIMIT + limits.memory_bytes))
    try:
        while (message := await worker.receive()) is not None:
            if "report" in message:
                return await asyncio.to_thread(IngestReport.model_validate, message["report"])
            if on_progress is not None and "progress" in message:
                await on_progress(message["progress"])
            _raise_failure(worker, message)
        code = OUT_OF_MEMORY if guard.done() else await worker.ended()
        raise IngestFailed(_end_sentence(code, limits))
    finally:
        guard.cancel()


async def _guard(worker: WorkerProcess, ceiling: int) -> None:
    """End a worker that is over its memory.

    It looks to that itself, but cannot while one computation holds its interpreter.
    """
    while resident_bytes(worker.pid) <= ceiling:  # noqa: ASYNC110 - nothing tells of memory
        await asyncio.sleep(WATCH_SECONDS)
    worker.kill()


def _raise_failure(worker: WorkerProcess, message: Message) -> None:
    if "unreadable" in message:
        raise UnreadableFile(message["unreadable"])
    if "failed" in message:
        log.warning("The ingest worker failed: %s", worker.complaints)
        raise IngestFailed(message["failed"])


def _end_sentence(code: int, limits: WorkerLimits) -> str:
    if code == OUT_OF_MEMORY:
        return _memory_sentence(limits.memory_bytes)
    reason = f"signal {-code}" if code < 0 else f"exit code {code}"
    return (
        f"The process that read the file ended unexpectedly ({reason}): try again; "
        "if it happens twice, the machine may be short of memory."
    )


def _clock_sentence(seconds: float) -> str:
    return (
        f"Reading the file took longer than {seconds:g} seconds and was stopped: "
        "split the file, or ask the administrator for a higher limit."
    )


def _memory_sentence(memory_bytes: int) -> str:
    return (
        f"Reading the file needs more than the limit of {memory_bytes // MIB:,} MiB of memory: "
        "check the delimiter and the quotes, or split the file."
    )


async def _clear(worker: WorkerProcess | None, scratch: Path) -> None:
    if worker is not None:
        worker.kill()
        await worker.ended()
    await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)


def answer(request: Message, say: Callable[[dict[str, Any]], None]) -> None:
    """Do one request in this process and say what came of it."""
    from leonidas_jupyter.data.ingest import ingest

    override = request["override"]
    try:
        report = ingest(
            Path(request["source"]),
            Path(request["scratch"]) / "frame.parquet",
            filename=request["filename"],
            override=DialectOverride.model_validate(override) if override else None,
            progress=lambda done: say({"progress": round(done, 3)}),
        )
    except UnreadableFile as error:
        say({"unreadable": error.sentence})
    except Exception as error:  # noqa: BLE001 - whatever it is, the server hears a sentence
        traceback.print_exc()
        short = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryException"
        say({"failed": _memory_sentence(request["memory_bytes"]) if short else BROKEN})
    else:
        say({"report": report.model_dump(mode="json")})


def main() -> None:
    """Do one request, then end; end at once when the parent goes away."""
    import queue

    speaker = Speaker(claim_stdout())
    inbox: queue.Queue[Message] = queue.Queue()
    listen(inbox.put)
    request = inbox.get()
    limit_memory(request["memory_bytes"])
    answer(request, speaker.say)


if __name__ == "__main__":
    main()
