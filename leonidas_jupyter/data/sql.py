"""SQL over a project's frames, answered by a sandboxed DuckDB worker process."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, Field

from leonidas_jupyter.core.sqlsettings import SqlSettings
from leonidas_jupyter.data.errors import SqlFailed, SqlRefused
from leonidas_jupyter.data.profile import Scalar
from leonidas_jupyter.data.statement import check_statement
from leonidas_jupyter.data.workerpool import Broke, NotStarted, PoolClosed, TooSlow, WorkerPool

__all__ = [
    "ArrowResult",
    "Export",
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


class ArrowResult(BaseModel):
    """What was written of a query as Arrow: how many rows, and whether there were more."""

    rows: int
    truncated: bool


class Export(BaseModel):
    """A file that was written of a query: its rows, and which of its columns are text."""

    rows: int
    text_columns: list[str]


class SqlLimits(BaseModel):
    """What the SQL workers may use: memory in bytes, per worker; ``rows`` of any one result."""

    memory_bytes: int = Field(default=1024 * MIB, ge=16 * MIB)
    threads: int = Field(default=2, ge=1)
    processes: int = Field(default=2, ge=1)
    rows: int = Field(default=1_000_000, ge=1)
    cell_characters: int = Field(default=100_000, ge=1)

    @classmethod
    def of(cls, settings: SqlSettings) -> Self:
        """Those that the settings say."""
        return cls(
            memory_bytes=settings.sql_memory_bytes,
            threads=settings.sql_threads,
            processes=settings.sql_processes,
            rows=settings.sql_row_limit,
        )


class SqlWorkers(WorkerPool):
    """Worker processes that answer SQL."""

    def __init__(self, limits: SqlLimits) -> None:
        super().__init__(
            "leonidas_jupyter.data.sqlworker",
            {
                "memory_bytes": limits.memory_bytes,
                "threads": limits.threads,
                "cell": limits.cell_characters,
            },
            processes=limits.processes,
            start_seconds=START_SECONDS,
        )
        self._limits = limits
        self._typed = asyncio.Semaphore(max(1, limits.processes - 1))

    async def query(
        self,
        frames: Mapping[str, Path],
        sql: str,
        *,
        limit: int = 10_000,
        timeout: float = 30,  # noqa: ASYNC109 - the limit is the query's, and stopping it is work of ours
    ) -> QueryResult:
        """Run one query over the frames, given by name and local Parquet file.

        At most ``limit`` rows come back, and no more than the workers' own limit. ``timeout``
        counts seconds once a worker has the query. Cancelling the caller stops it.

        Raises:
            SqlRefused: the statement is not one query over frames.
            SqlFailed: it ran into an error, its time or its memory, or the worker crashed.
        """
        wanted = {"sql": sql, "limit": min(limit, self._limits.rows)}
        result = await self._ask(frames, wanted, timeout)
        return await asyncio.to_thread(QueryResult.model_validate, result)

    async def arrow(
        self,
        frames: Mapping[str, Path],
        sql: str,
        target: Path,
        *,
        limit: int | None = None,
        timeout: float = 30,  # noqa: ASYNC109 - as ``query``'s
    ) -> ArrowResult:
        """Write a query's rows as an Arrow IPC stream to ``target``; none of them comes here.

        As many rows as ``query`` gives, and no more bytes than a quarter of the workers' memory;
        see ``data.sqlarrow`` for what the stream holds. Where there are several workers, these
        queries leave one of them to the others, whom a notebook's loop must not keep waiting.

        Raises:
            SqlRefused, SqlFailed: as ``query``.
        """
        most = self._limits.rows if limit is None else min(limit, self._limits.rows)
        wanted = {"sql": sql, "arrow": str(target), "limit": most}
        async with self._typed:
            return ArrowResult.model_validate(await self._ask(frames, wanted, timeout))

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
        paths = {name: str(path) for name, path in frames.items()}
        try:
            reply, _ = await self._asked({"frames": paths, **wanted}, timeout)
        except TooSlow:
            took = f"The query took longer than {timeout:g} seconds and was stopped"
            raise SqlFailed(f"{took}: filter more, or ask for less at a time.") from None
        except PoolClosed:
            raise SqlFailed("The server is stopping: ask again in a moment.") from None
        except NotStarted:
            raise SqlFailed(
                "The SQL worker did not start: ask again, or look into the server log."
            ) from None
        except Broke as broke:
            raise SqlFailed(
                f"The query broke its worker (exit code {broke.code}); a new one takes over: "
                "ask for less at a time."
            ) from None
        if "refused" in reply:
            raise SqlRefused(reply["refused"])
        if "failed" in reply:
            raise SqlFailed(reply["failed"])
        return reply["result"]
