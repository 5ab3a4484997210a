"""What belongs to a file in the object store: its bytes, its frames, their profiles."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from pydantic import ValidationError

from leonidas_jupyter.core.errors import ErrorCode, LeonidasError, conflict
from leonidas_jupyter.data.dialect import DialectOverride
from leonidas_jupyter.data.errors import OtherBytes
from leonidas_jupyter.data.frames import Frame, FrameCache
from leonidas_jupyter.data.ingest import IngestReport
from leonidas_jupyter.data.profile import FrameProfile
from leonidas_jupyter.data.recipes.errors import RecipeRefused
from leonidas_jupyter.data.recipes.program import compile_recipe
from leonidas_jupyter.data.recipes.results import RecipeResult
from leonidas_jupyter.data.recipes.steps import Recipe
from leonidas_jupyter.data.recipes.workers import RecipeWorkers
from leonidas_jupyter.data.scratch import Scratch
from leonidas_jupyter.data.sketches import KeySketch, SketchedProfile
from leonidas_jupyter.data.sql import ArrowResult, Export, QueryResult, SqlFailed, SqlWorkers
from leonidas_jupyter.data.worker import Progress, WorkerLimits, run_ingest
from leonidas_jupyter.storage.base import ObjectMissing, ObjectStore

PROFILES_KEPT = 128
"""How many profiles stay in memory."""


def file_prefix(project_id: str, file_id: str) -> str:
    """Before the keys of every object of a file."""
    return f"projects/{project_id}/files/{file_id}/"


@dataclass(frozen=True)
class Content:
    """The keys of one version of a file's content."""

    project_id: str
    file_id: str
    content_version: int

    @classmethod
    def of_key(cls, key: str) -> "Content":
        """The content to which one of its keys belongs."""
        _, project_id, _, file_id, content_version, _ = key.split("/")
        return cls(project_id, file_id, int(content_version))

    @property
    def prefix(self) -> str:
        """Before every one of the keys."""
        return f"{file_prefix(self.project_id, self.file_id)}{self.content_version}/"

    @property
    def original(self) -> str:
        """The bytes as uploaded."""
        return f"{self.prefix}original"

    def frame(self, frame_hash: str) -> str:
        """The typed frame, Parquet."""
        return f"{self.prefix}frame-{frame_hash}.parquet"

    def profile(self, frame_hash: str) -> str:
        """The frame's profile, JSON."""
        return f"{self.prefix}profile-{frame_hash}.json"


@dataclass(frozen=True)
class Standing:
    """A frame that can be asked: its name, its file's name, and where it is kept."""

    name: str
    filename: str
    content: Content
    frame_hash: str
    generated: bool = False


class FrameLost(ObjectMissing):
    """A frame or its profile is gone from the store, or damaged; ``filename`` is its file's."""

    def __init__(self, filename: str) -> None:
        super().__init__(filename)
        self.filename = filename


P = ParamSpec("P")
T = TypeVar("T")


def of_what_stands(
    ask: Callable[P, Coroutine[Any, Any, T]],
) -> Callable[P, Coroutine[Any, Any, T]]:
    """Ask once more when an object is gone: other content took over after its row was read.

    Raises:
        LeonidasError: ``conflict`` when it is gone for good.
    """

    @wraps(ask)
    async def asked(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await ask(*args, **kwargs)
        except FrameLost:
            pass
        try:
            return await ask(*args, **kwargs)
        except FrameLost as error:
            raise conflict(
                f"What was read from {error.filename} is gone from the file store, or damaged; "
                "delete that file, or upload it again."
            ) from error

    return asked


class FrameStore:
    """Makes frames of uploaded bytes, keeps them in the object store, and answers from them.

    Attributes:
        scratch: where files stand while they are worked on.
    """

    def __init__(
        self,
        *,
        store: ObjectStore,
        cache: FrameCache,
        sql: SqlWorkers,
        scratch: Path,
        recipes: RecipeWorkers | None = None,
    ) -> None:
        self._store = store
        self._cache = cache
        self._sql = sql
        self._recipes = recipes
        self.scratch = Scratch(scratch)
        self._profiles: OrderedDict[str, tuple[FrameProfile, list[KeySketch]]] = OrderedDict()

    async def ingest(
        self,
        content: Content,
        *,
        filename: str,
        sha256: str | None,
        override: DialectOverride | None,
        limits: WorkerLimits,
        on_progress: Progress,
    ) -> tuple[IngestReport, str | None]:
        """Read the original and store its frame and profile; repeating it changes nothing.

        With the report comes the SHA-256 of the original, where it was fetched from elsewhere; that
        of a local file was computed when it arrived.

        Raises:
            OtherBytes: it is not that of ``sha256``.
            UnreadableFile, IngestFailed: the content stands in the way, or the worker failed.
            ObjectMissing: there is no original.
        """
        folder = await asyncio.to_thread(self.scratch.make)
        computed: str | None = None
        try:
            source = await self._store.local_path(content.original)
            if source is None:
                source = folder / "original"
                computed = await self._fetch(content.original, source)
                if sha256 not in (None, computed):
                    raise OtherBytes(computed)
            frame = folder / "frame.parquet"
            report = await run_ingest(
                source,
                frame,
                filename=filename,
                override=override,
                limits=limits,
                on_progress=on_progress,
            )
            profile = report.profile.model_dump_json().encode()
            await self._store.put(content.profile(report.frame_hash), profile)
            await self._store.put(content.frame(report.frame_hash), frame)
        finally:
            await asyncio.shield(asyncio.to_thread(self.scratch.remove, folder))
        return report, computed

    async def drop(self, content: Content, frame_hash: str) -> None:
        """Remove a frame that another reading of the same bytes has taken the place of."""
        await self._store.delete(content.frame(frame_hash))
        await self._store.delete(content.profile(frame_hash))

    async def profile(self, standing: Standing) -> FrameProfile:
        """The frame's profile. Raises FrameLost."""
        return (await self._profile(standing))[0]

    async def _profile(self, standing: Standing) -> tuple[FrameProfile, list[KeySketch]]:
        key = standing.frame_hash
        kept = self._profiles.get(key)
        if kept is None:
            chunks = self._store.get(standing.content.profile(key))
            try:
                raw = b"".join([chunk async for chunk in chunks])
                whole = SketchedProfile.model_validate_json(raw)
            except (ObjectMissing, ValidationError) as error:
                raise FrameLost(standing.filename) from error
            kept = self._profiles[key] = (whole.shown(), whole.keys)
            while len(self._profiles) > PROFILES_KEPT:
                self._profiles.popitem(last=False)
        self._profiles.move_to_end(key)
        return kept

    async def frame(self, standing: Standing) -> Frame:
        """The frame as the rest of the product knows it. Raises FrameLost."""
        profile, keys = await self._profile(standing)
        return Frame(
            name=standing.name,
            file_id=standing.content.file_id,
            filename=standing.filename,
            frame_hash=standing.frame_hash,
            content_version=standing.content.content_version,
            profile=profile,
            generated=standing.generated,
            keys=keys,
        )

    async def query(
        self, frames: Sequence[Standing], sql: str, *, limit: int, seconds: float
    ) -> QueryResult:
        """Ask the frames by SQL; only those that the text mentions are brought here.

        Raises:
            SqlRefused, SqlFailed: the statement is no query, or ran into an error or a limit.
            FrameLost: a frame is gone.
        """
        named = await self._named(frames, sql)
        return await self._sql.query(named, sql, limit=limit, timeout=seconds)

    async def arrow(
        self,
        frames: Sequence[Standing],
        sql: str,
        target: Path,
        *,
        limit: int | None,
        seconds: float,
    ) -> ArrowResult:
        """As ``query``, but typed rows as an Arrow IPC stream in a file."""
        named = await self._named(frames, sql)
        return await self._sql.arrow(named, sql, target, limit=limit, timeout=seconds)

    async def export(
        self, frames: Sequence[Standing], sql: str, target: Path, *, max_bytes: int, seconds: float
    ) -> Export:
        """As ``query``, but the whole result as a CSV file of at most ``max_bytes``."""
        named = await self._named(frames, sql)
        return await self._sql.export(named, sql, target, max_bytes=max_bytes, timeout=seconds)

    async def statistics(
        self, frames: Sequence[Standing], recipe: Recipe, *, seconds: float
    ) -> RecipeResult:
        """Run a recipe over the frames that it names.

        Raises:
            RecipeRefused, RecipeFailed: it does not fit them, or ran into an error or a limit.
            FrameLost: a frame is gone.
        """
        if self._recipes is None:
            raise RecipeRefused("This server runs no statistics; ask by SQL.")
        names = recipe.frames
        wanted = [frame for frame in frames if frame.name in names]
        if len(wanted) < len(names):
            wanted = list(frames)  # so that the error can say what there is
        profiles = await asyncio.gather(*(self.profile(frame) for frame in wanted))
        known = {frame.name: profile for frame, profile in zip(wanted, profiles, strict=True)}
        program = await asyncio.to_thread(compile_recipe, recipe, known)
        paths = await asyncio.gather(*(self.path(frame) for frame in wanted))
        named = {frame.name: path for frame, path in zip(wanted, paths, strict=True)}
        return await self._recipes.run(program, named, timeout=seconds)

    async def _named(self, frames: Sequence[Standing], sql: str) -> dict[str, Path]:
        text = sql.casefold()
        # A text that mentions none gets them all, so that the error can say what there is.
        wanted = [frame for frame in frames if frame.name.casefold() in text] or frames
        paths = await asyncio.gather(*(self.path(frame) for frame in wanted))
        return {frame.name: path for frame, path in zip(wanted, paths, strict=True)}

    async def first_rows(self, standing: Standing, limit: int) -> QueryResult:
        """The first rows of a frame.

        Raises:
            LeonidasError: ``backend_unavailable`` when they cannot be read now.
            FrameLost: the frame is gone.
        """
        sql = f'SELECT * FROM "{standing.name}" LIMIT {limit}'  # noqa: S608 - a slug and a number
        try:
            return await self.query([standing], sql, limit=limit, seconds=30)
        except SqlFailed as error:
            code = ErrorCode.BACKEND_UNAVAILABLE
            raise LeonidasError(code, error.sentence, retry_after=5) from error

    async def path(self, standing: Standing) -> Path:
        """The frame's Parquet file on this machine. Raises FrameLost."""
        key = standing.content.frame(standing.frame_hash)
        local = await self._store.local_path(key)
        if local is not None:
            return local
        try:
            return await self._cache.path(standing.frame_hash, lambda path: self._fetch(key, path))
        except ObjectMissing as error:
            raise FrameLost(standing.filename) from error

    async def _fetch(self, key: str, target: Path) -> str:
        """Write an object to a file; its SHA-256."""
        digest = hashlib.sha256()

        def take(chunk: bytes) -> None:
            file.write(chunk)
            digest.update(chunk)

        with await asyncio.to_thread(target.open, "wb") as file:
            async with aclosing(self._store.get(key)) as chunks:
                async for chunk in chunks:
                    await asyncio.to_thread(take, chunk)
        return digest.hexdigest()
