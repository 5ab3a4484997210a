"""What a project's frames are asked, once the caller is authorised."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

from leonidas_jupyter.core.errors import invalid
from leonidas_jupyter.data.errors import SqlFailed, SqlRefused
from leonidas_jupyter.data.frames import Frame
from leonidas_jupyter.data.framestore import (
    Content,
    FrameLost,
    FrameStore,
    Standing,
    of_what_stands,
)
from leonidas_jupyter.data.joins import MOST_FRAMES, Join, likely_joins
from leonidas_jupyter.data.recipes.results import RecipeResult
from leonidas_jupyter.data.recipes.steps import Recipe
from leonidas_jupyter.data.sql import ArrowResult, Export, QueryResult

PROFILES_AT_ONCE = 16
"""How many profiles are fetched at the same time."""

Stream = AsyncIterator[bytes]

PIECE = 1024 * 1024
"""How much of a stream is in memory at once, in bytes."""


class Asking:
    """Questions to the frames that stand in a project.

    ``standing`` lists them by project, ``seconds`` is what a query may take.
    """

    def __init__(
        self,
        standing: Callable[[str], Awaitable[Sequence[Standing]]],
        frames: FrameStore,
        seconds: float,
    ) -> None:
        self._standing = standing
        self._frames = frames
        self._seconds = seconds
        self._at_once = asyncio.Semaphore(PROFILES_AT_ONCE)

    @of_what_stands
    async def frames(self, project_id: str) -> list[Frame]:
        """The frames that can be asked, by the time of their files."""
        return [await self._frames.frame(each) for each in await self._standing(project_id)]

    async def joins(self, project_id: str, standing: Standing) -> list[Join]:
        """The columns by which a frame is likely to join with the project's others.

        Computed from what their profiles keep, which reads no data; a frame that is lost has none.
        Raises FrameLost where that is the one asked about.
        """
        frame = await self._frames.frame(standing)
        others = [each for each in await self._standing(project_id) if each != standing]
        found = await asyncio.gather(*(self._unless_lost(each) for each in others[-MOST_FRAMES:]))
        known = [other for other in found if other is not None]
        return await asyncio.to_thread(likely_joins, frame, known) if known else []

    async def _unless_lost(self, standing: Standing) -> Frame | None:
        try:
            async with self._at_once:
                return await self._frames.frame(standing)
        except FrameLost:
            return None

    @of_what_stands
    async def query(
        self,
        project_id: str,
        sql: str,
        *,
        limit: int = 10_000,
        timeout: float | None = None,  # noqa: ASYNC109 - the query's, kept by its worker
    ) -> QueryResult:
        """Ask the project's frames. Raises SqlRefused, SqlFailed."""
        standing = await self._standing(project_id)
        seconds = timeout or self._seconds
        return await self._frames.query(standing, sql, limit=limit, seconds=seconds)

    async def arrow(self, project_id: str, sql: str, *, limit: int | None = None) -> Stream:
        """A query's typed rows as an Arrow IPC stream, in pieces; ending the iterator stops it.

        The query runs when the first piece is asked for. Raises LeonidasError, from the iterator:
        ``invalid_request`` where the query was refused or failed.
        """
        folder = await asyncio.to_thread(self._frames.scratch.make)
        try:
            target = folder / "result.arrow"
            try:
                await self._write_arrow(project_id, sql, target, limit)
            except (SqlRefused, SqlFailed) as error:
                raise invalid(error.sentence) from error
            with await asyncio.to_thread(target.open, "rb") as file:
                while piece := await asyncio.to_thread(file.read, PIECE):
                    yield piece
        finally:
            await asyncio.shield(asyncio.to_thread(self._frames.scratch.remove, folder))

    @of_what_stands
    async def _write_arrow(
        self, project_id: str, sql: str, target: Path, limit: int | None
    ) -> ArrowResult:
        standing = await self._standing(project_id)
        return await self._frames.arrow(standing, sql, target, limit=limit, seconds=self._seconds)

    @of_what_stands
    async def export(self, project_id: str, sql: str, target: Path, *, max_bytes: int) -> Export:
        """A query's whole result as a CSV file. Raises SqlRefused, SqlFailed."""
        standing = await self._standing(project_id)
        return await self._frames.export(
            standing, sql, target, max_bytes=max_bytes, seconds=self._seconds
        )

    @of_what_stands
    async def statistics(self, project_id: str, recipe: Recipe) -> RecipeResult:
        """Run a recipe over the project's frames. Raises RecipeRefused, RecipeFailed."""
        standing = await self._standing(project_id)
        return await self._frames.statistics(standing, recipe, seconds=self._seconds)

    @of_what_stands
    async def frame_file(self, project_id: str, frame: Frame) -> Path:
        """A frame's Parquet file on this machine."""
        content = Content(project_id, frame.file_id, frame.content_version)
        standing = Standing(frame.name, frame.filename, content, frame.frame_hash)
        return await self._frames.path(standing)
