"""The worker processes that run recipes: started when first needed, ended when idle for long."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from leonidas_jupyter.data.inside import OUT_OF_MEMORY
from leonidas_jupyter.data.process import Message
from leonidas_jupyter.data.recipes.errors import RecipeFailed, RecipeRefused
from leonidas_jupyter.data.recipes.program import Program
from leonidas_jupyter.data.recipes.results import RecipeResult
from leonidas_jupyter.data.workerpool import Broke, NotStarted, PoolClosed, TooSlow, WorkerPool

log = logging.getLogger(__name__)
MIB = 1024 * 1024
START_SECONDS = 60.0
"""How long a worker may take to start: it imports pandas and scipy."""


class RecipeLimits(BaseModel):
    """What the workers may use; memory in bytes, per worker, above pandas and scipy themselves."""

    memory_bytes: int = Field(default=1024 * MIB, ge=16 * MIB)
    processes: int = Field(default=2, ge=1, le=8)
    idle_seconds: float = Field(default=300.0, gt=0)
    cell_characters: int = Field(default=10_000, ge=1)


class RecipeWorkers(WorkerPool):
    """Runs programs over frames in worker processes of their own.

    Idle ones are ended: pandas and scipy are 150 MB of memory.
    """

    def __init__(self, limits: RecipeLimits) -> None:
        super().__init__(
            "leonidas_jupyter.data.recipes.worker",
            {"memory_bytes": limits.memory_bytes, "cell": limits.cell_characters},
            processes=limits.processes,
            start_seconds=START_SECONDS,
            idle_seconds=limits.idle_seconds,
        )
        self._limits = limits

    async def run(
        self,
        program: Program,
        paths: Mapping[str, Path],
        *,
        timeout: float = 30,  # noqa: ASYNC109 - the limit is the program's, and stopping it is work of ours
    ) -> RecipeResult:
        """Run a program over the frames that it reads, given by name and local Parquet file.

        ``timeout`` counts seconds once a worker has the program. Cancelling the caller stops it.

        Raises:
            RecipeRefused: the program holds what none may.
            RecipeFailed: it ran into an error, its time or its memory, or the worker crashed.
        """
        try:
            reply, complaints = await self._asked(_request(program, paths), timeout)
        except TooSlow:
            took = f"The statistics took longer than {timeout:g} seconds and were stopped"
            raise RecipeFailed(f"{took}: filter the rows first, or ask for less.") from None
        except PoolClosed:
            raise RecipeFailed("The server is stopping: ask again in a moment.") from None
        except NotStarted:
            raise RecipeFailed(
                "The statistics worker did not start: ask again, or look into the server log."
            ) from None
        except Broke as broke:
            raise RecipeFailed(self._end_sentence(broke.code)) from None
        return await _result(reply, complaints, program.code)

    def _end_sentence(self, code: int) -> str:
        if code == OUT_OF_MEMORY:
            limit = self._limits.memory_bytes // MIB
            return (
                f"The statistics need more than the limit of {limit:,} MiB of memory: "
                "choose fewer rows or columns first."
            )
        return (
            f"The statistics broke their worker (exit code {code}); a new one takes over: "
            "choose fewer rows or columns first."
        )


async def _result(reply: Message, complaints: str, code: str) -> RecipeResult:
    if "refused" in reply:
        raise RecipeRefused(reply["refused"])
    if "failed" in reply:
        raise RecipeFailed(reply["failed"])
    if "broken" in reply:
        log.warning("The statistics worker failed: %s", complaints)
        raise RecipeFailed(reply["broken"])
    result: Any = {**reply["result"], "code": code}
    return await asyncio.to_thread(RecipeResult.model_validate, result)


def _request(program: Program, paths: Mapping[str, Path]) -> dict[str, Any]:
    return {
        "code": program.code,
        "frames": {
            name: {"path": str(paths[name]), "columns": list(columns)}
            for name, columns in program.read.items()
        },
        "figures": [asdict(figure) for figure in program.figures],
        "tables": [asdict(table) for table in program.tables],
        "sources": {name: list(sources) for name, sources in program.sources.items()},
        "marks": [asdict(mark) for mark in program.marks],
    }
