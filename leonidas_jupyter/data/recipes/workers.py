"""The worker processes that run recipes: started when first needed, ended when idle for long."""

import asyncio
import itertools
import logging
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from leonidas_jupyter.data.inside import OUT_OF_MEMORY
from leonidas_jupyter.data.process import Message, WorkerProcess
from leonidas_jupyter.data.recipes.errors import RecipeFailed, RecipeRefused
from leonidas_jupyter.data.recipes.program import Program
from leonidas_jupyter.data.recipes.results import RecipeResult

log = logging.getLogger(__name__)
MIB = 1024 * 1024
START_SECONDS = 60.0
"""How long a worker may take to start: it imports pandas and scipy."""

INTERRUPT_SECONDS = 1.0
"""How long an interrupt may take to work before the worker is killed."""


class RecipeLimits(BaseModel):
    """What the workers may use; memory in bytes, per worker, above pandas and scipy themselves."""

    memory_bytes: int = Field(default=1024 * MIB, ge=16 * MIB)
    processes: int = Field(default=2, ge=1, le=8)
    idle_seconds: float = Field(default=300.0, gt=0)
    cell_characters: int = Field(default=10_000, ge=1)


class RecipeWorkers:
    """Runs programs over frames in worker processes of their own."""

    def __init__(self, limits: RecipeLimits) -> None:
        self._limits = limits
        self._slots = asyncio.Semaphore(limits.processes)
        self._idle: list[WorkerProcess] = []
        self._busy: set[WorkerProcess] = set()
        self._ends: dict[WorkerProcess, asyncio.TimerHandle] = {}
        self._settling: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)
        self._closed = False

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
        number = next(self._numbers)
        request = {"id": number, **_request(program, paths)}
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
            took = f"The statistics took longer than {timeout:g} seconds and were stopped"
            raise RecipeFailed(f"{took}: filter the rows first, or ask for less.") from None
        except asyncio.CancelledError:
            self._give_back_later(worker, number)
            raise
        self._give_back(worker)
        return await self._result(worker, reply, program.code)

    async def close(self) -> None:
        """End every worker; running programs fail."""
        self._closed = True
        for worker in [*self._idle, *self._busy]:
            self._keep(worker)
            worker.kill()
        await asyncio.gather(*self._settling, return_exceptions=True)
        await asyncio.gather(*(worker.ended() for worker in [*self._idle, *self._busy]))
        self._idle.clear()

    @property
    def processes(self) -> int:
        """How many workers there are at present."""
        return sum(worker.alive for worker in [*self._idle, *self._busy])

    async def _worker(self) -> WorkerProcess:
        """A worker that is ready, counted as busy."""
        while self._idle:
            worker = self._idle.pop()
            self._keep(worker)
            if worker.alive:
                self._busy.add(worker)
                return worker
            worker.kill()
        if self._closed:
            raise RecipeFailed("The server is stopping: ask again in a moment.")
        worker = await WorkerProcess.start("leonidas_jupyter.data.recipes.worker")
        self._busy.add(worker)
        settings = {
            "memory_bytes": self._limits.memory_bytes,
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
            raise RecipeFailed(
                "The statistics worker did not start: ask again, or look into the server log."
            )
        return worker

    def _give_back(self, worker: WorkerProcess) -> None:
        self._busy.discard(worker)
        if worker.alive and not self._closed:
            self._idle.append(worker)
            loop = asyncio.get_running_loop()
            self._ends[worker] = loop.call_later(self._limits.idle_seconds, self._end, worker)
        else:
            worker.kill()
        self._slots.release()

    def _keep(self, worker: WorkerProcess) -> None:
        """The worker is not idle any more."""
        if (end := self._ends.pop(worker, None)) is not None:
            end.cancel()

    def _end(self, worker: WorkerProcess) -> None:
        """Give back what an idle worker takes: pandas and scipy are 150 MB of memory."""
        self._ends.pop(worker, None)
        if worker in self._idle:
            self._idle.remove(worker)
            worker.kill()

    def _give_back_later(self, worker: WorkerProcess, number: int) -> None:
        """Stop the program in the background, then give the worker back or replace it."""
        task = asyncio.ensure_future(self._settle(worker, number))
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)

    async def _settle(self, worker: WorkerProcess, number: int) -> None:
        try:
            await worker.send({"cancel": number})
            reply = await asyncio.wait_for(worker.receive(), INTERRUPT_SECONDS)
            if reply is None or reply.get("id") != number:
                await self._finish(worker)
        except TimeoutError:
            await self._finish(worker)
        finally:
            self._give_back(worker)

    async def _finish(self, worker: WorkerProcess) -> None:
        """End a worker; until it has ended it could be taken for one that can work."""
        worker.kill()
        await worker.ended()

    async def _result(
        self, worker: WorkerProcess, reply: Message | None, code: str
    ) -> RecipeResult:
        if reply is None:
            raise RecipeFailed(self._end_sentence(await worker.ended()))
        if "refused" in reply:
            raise RecipeRefused(reply["refused"])
        if "failed" in reply:
            raise RecipeFailed(reply["failed"])
        if "broken" in reply:
            log.warning("The statistics worker failed: %s", worker.complaints)
            raise RecipeFailed(reply["broken"])
        result: Any = {**reply["result"], "code": code}
        return await asyncio.to_thread(RecipeResult.model_validate, result)

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
