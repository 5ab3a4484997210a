"""SQL over a project's frames, answered by a sandboxed DuckDB worker process."""

import asyncio
import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from leonidas_jupyter.data.errors import SqlFailed, SqlRefused
from leonidas_jupyter.data.process import Message, WorkerProcess
from leonidas_jupyter.data.profile import Scalar
from leonidas_jupyter.data.statement import check_statement

__all__ = [
    "QueryResult",
    "ResultColumn",
    "SqlFailed",
    "SqlLimits",
    "SqlRefused",
    "SqlWorkers",
    "check_statement",
]

MIB = 1024 * 1024
START_SECONDS = 30.0
"""How long a worker may take to start before the query fails."""

INTERRUPT_SECONDS = 1.0
"""How long an interrupt may take to work before the worker is killed."""


class ResultColumn(BaseModel):
    """A column of a query's result: its name and DuckDB's name of its type."""

    name: str
    type: str


class QueryResult(BaseModel):
    """Rows of a query. Dates are ISO text, non-finite floats the text NaN, Infinity or -Infinity.

    ``truncated`` is true when a limit cut the result; ``elapsed_ms`` is the worker's own time.
    """

    columns: list[ResultColumn]
    rows: list[list[Scalar]]
    truncated: bool = False
    elapsed_ms: float = 0.0


class Export(BaseModel):
    """A file that was written of a query: its rows, and which of its columns are text."""

    rows: int
    text_columns: list[str]


class SqlLimits(BaseModel):
    """What the SQL workers may use; memory in bytes, per worker."""

    memory_bytes: int = Field(default=1024 * MIB, ge=16 * MIB)
    threads: int = Field(default=2, ge=1)
    processes: int = Field(default=2, ge=1, le=8)
    cell_characters: int = Field(default=100_000, ge=1)


class SqlWorkers:
    """Worker processes that answer SQL, started when first needed and replaced when they break."""

    def __init__(self, limits: SqlLimits) -> None:
        self._limits = limits
        self._slots = asyncio.Semaphore(limits.processes)
        self._idle: list[WorkerProcess] = []
        self._busy: set[WorkerProcess] = set()
        self._settling: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)
        self._closed = False

    async def query(
        self,
        frames: Mapping[str, Path],
        sql: str,
        *,
        limit: int = 10_000,
        timeout: float = 30,  # noqa: ASYNC109 - the limit is the query's, and stopping it is work of ours
    ) -> QueryResult:
        """Run one query over the frames, given by name and local Parquet file.

        At most ``limit`` rows come back; ``timeout`` counts seconds once a worker has the query.
        Cancelling the caller stops the query.

        Raises:
            SqlRefused: the statement is not one query over frames.
            SqlFailed: it ran into an error, its time or its memory, or the worker crashed.
        """
        result = await self._ask(frames, {"sql": sql, "limit": limit}, timeout)
        return await asyncio.to_thread(QueryResult.model_validate, result)

    async def export(
        self,
        frames: Mapping[str, Path],
        sql: str,
        target: Path,
        *,
        max_bytes: int,
        timeout: float = 30,  # noqa: ASYNC109 - as ``query``'s
    ) -> Export:
        """Write the whole result of a query as CSV to ``target``; no row of it comes here.

        Raises:
            SqlRefused, SqlFailed: as ``query``; the file would be larger than ``max_bytes``.
        """
        wanted = {"sql": sql, "target": str(target), "max_bytes": max_bytes}
        return Export.model_validate(await self._ask(frames, wanted, timeout))

    async def _ask(
        self,
        frames: Mapping[str, Path],
        wanted: Mapping[str, Any],
        timeout: float,  # noqa: ASYNC109 - as ``query``'s
    ) -> Any:  # noqa: ANN401 - JSON
        number = next(self._numbers)
        paths = {name: str(path) for name, path in frames.items()}
        request = {"id": number, "frames": paths, **wanted}
        await self._slots.acquire()
        try:
            worker = await self._worker()
        except BaseException:
            self._slots.release()
            raise
        try:
            await worker.send(request)
            reply = await asyncio.wait_for(worker.receive(), timeout)
        except TimeoutError:
            self._give_back_later(worker, number)
            took = f"The query took longer than {timeout:g} seconds and was stopped"
            raise SqlFailed(f"{took}: filter more, or ask for less at a time.") from None
        except asyncio.CancelledError:
            self._give_back_later(worker, number)
            raise
        self._give_back(worker)
        return await _result(worker, reply)

    async def close(self) -> None:
        """End every worker; running queries fail."""
        self._closed = True
        for worker in [*self._idle, *self._busy]:
            worker.kill()
        await asyncio.gather(*self._settling, return_exceptions=True)
        await asyncio.gather(*(worker.ended() for worker in [*self._idle, *self._busy]))
        self._idle.clear()

    async def _worker(self) -> WorkerProcess:
        """A worker that is ready, counted as busy."""
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                self._busy.add(worker)
                return worker
            worker.kill()
        if self._closed:
            raise SqlFailed("The server is stopping: ask again in a moment.")
        worker = await WorkerProcess.start("leonidas_jupyter.data.sqlworker")
        self._busy.add(worker)
        settings = {
            "memory_bytes": self._limits.memory_bytes,
            "threads": self._limits.threads,
            "cell": self._limits.cell_characters,
        }
        try:
            await worker.send({"settings": settings})
            ready = await asyncio.wait_for(worker.receive(), START_SECONDS)
        except TimeoutError:
            ready = None
        except BaseException:
            self._busy.discard(worker)
            worker.kill()
            raise
        if ready is None:
            self._busy.discard(worker)
            worker.kill()
            raise SqlFailed("The SQL worker did not start: ask again, or look into the server log.")
        return worker

    def _give_back(self, worker: WorkerProcess) -> None:
        self._busy.discard(worker)
        if worker.alive and not self._closed:
            self._idle.append(worker)
        else:
            worker.kill()
        self._slots.release()

    def _give_back_later(self, worker: WorkerProcess, number: int) -> None:
        """Stop the query in the background, then give the worker back or replace it."""
        task = asyncio.ensure_future(self._settle(worker, number))
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)

    async def _settle(self, worker: WorkerProcess, number: int) -> None:
        try:
            await worker.send({"cancel": number})
            reply = await asyncio.wait_for(worker.receive(), INTERRUPT_SECONDS)
            if reply is None or reply.get("id") != number:
                worker.kill()
        except TimeoutError:
            worker.kill()
        finally:
            self._give_back(worker)


async def _result(worker: WorkerProcess, reply: Message | None) -> Any:  # noqa: ANN401 - JSON
    if reply is None:
        code = await worker.ended()
        raise SqlFailed(
            f"The query broke its worker (exit code {code}); a new one takes over: "
            "ask for less at a time."
        )
    if "refused" in reply:
        raise SqlRefused(reply["refused"])
    if "failed" in reply:
        raise SqlFailed(reply["failed"])
    return reply["result"]
