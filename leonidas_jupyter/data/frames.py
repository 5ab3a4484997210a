"""A frame as the rest of the product knows it, and the server's local cache of frames."""

import asyncio
import keyword
import os
import re
import time
import unicodedata
import uuid
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path

from pydantic import BaseModel, Field

from leonidas_jupyter.data.profile import FrameProfile
from leonidas_jupyter.data.sketches import KeySketch
from leonidas_jupyter.data.statement import CATALOG_NAME

MAX_NAME = 60
"""Longest frame name before a number is added, in characters."""

EXTENSIONS = re.compile(
    r"(\.(csv|tsv|tab|txt|psv|dat|data|parquet|feather|arrows?|jsonl|ndjson|geojson|json|"
    r"xls[xmb]?|ods|gz|zip|zst|zstd|xz|bz2))+$",
    re.I,
)

RESERVED = frozenset(
    re.findall(
        r"\w+",
        """
    all analyse analyze and anti any array as asc asof asymmetric between both by case cast check
    collate column columns constraint create cross default deferrable desc describe distinct do else
    end except exists false fetch filter for foreign from full glob group grouping having ilike in
    initially inner intersect into is isnull join lambda lateral leading left like limit map natural
    not notnull null offset on only or order outer over overlaps pivot pivot_longer pivot_wider
    placing positional primary qualify references returning right row rows select semi set show
    similar some struct summarize symmetric table tablesample then to trailing true try_cast union
    unique unpivot update using values variadic verbose when where window with
    """,
    )
)
"""Words that SQL (DuckDB's) does not take as a bare table name."""

FRESH_SECONDS = 60.0
"""An entry handed out this lately may still be waiting to be opened, so it is not evicted."""


class Frame(BaseModel):
    """A project's file as a typed table: its name in SQL and Python, its origin, its profile.

    ``generated`` says that the file is a result which was saved from a session, so that its rows
    and the names of its columns are whatever was computed. ``keys`` tell with which other frames
    it may join; they never go out.
    """

    name: str
    file_id: str
    filename: str
    frame_hash: str
    content_version: int
    profile: FrameProfile
    generated: bool = False
    keys: list[KeySketch] = Field(default_factory=list, exclude=True, repr=False)


def frame_name(filename: str, taken: Collection[str] = ()) -> str:
    """The name of a file's frame in SQL and Python: ``Sales 2024.csv`` becomes ``sales_2024``.

    Lower case; letters of any script stay; everything else becomes ``_``. A leading digit, or how
    the tables of DuckDB's catalogue begin, gets ``t_`` in front, a word reserved in Python or SQL
    gets ``_`` after it, an empty name becomes ``table_``, and one in ``taken`` (compared without
    case, as SQL does) gets ``_2``, ``_3`` …
    """
    stem = EXTENSIONS.sub("", filename.strip().rsplit("/", 1)[-1])
    folded = unicodedata.normalize("NFKC", stem).lower()
    slug = "".join(char if ("_" + char).isidentifier() else "_" for char in folded)
    slug = re.sub(r"_+", "_", slug).strip("_")[:MAX_NAME].strip("_")
    if not slug:
        slug = "table"
    elif not slug.isidentifier():
        slug = "t_" + slug
    if CATALOG_NAME.match(slug):
        slug = "t_" + slug
    if keyword.iskeyword(slug) or keyword.issoftkeyword(slug) or slug in RESERVED:
        slug += "_"
    return _unused(slug, {name.lower() for name in taken})


def _unused(slug: str, taken: set[str]) -> str:
    name, number = slug, 1
    while name in taken:
        number += 1
        name = f"{slug.rstrip('_')}_{number}"
    return name


class FrameCache:
    """Frames as local Parquet files, named by ``frame_hash``, filled on demand, the oldest evicted.

    Several processes may share the directory: entries appear by an atomic rename and never change.
    """

    def __init__(self, directory: Path, max_bytes: int) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._fetching: dict[str, asyncio.Task[Path]] = {}

    async def path(self, frame_hash: str, fetch: Callable[[Path], Awaitable[object]]) -> Path:
        """The frame's local Parquet file; on a miss ``fetch`` writes it to the path it is given.

        Callers that ask for one hash at the same time share one fetch; one of them being cancelled
        does not stop it for the others.

        Raises:
            ValueError: ``frame_hash`` is not a hash.
        """
        if not re.fullmatch(r"[0-9a-f]{8,128}", frame_hash):
            raise ValueError("a frame hash is lower-case hexadecimal")
        running = self._fetching.get(frame_hash)
        if running is None:
            running = asyncio.ensure_future(self._provide(frame_hash, fetch))
            self._fetching[frame_hash] = running
            running.add_done_callback(lambda done: self._forget(frame_hash, done))
        return await asyncio.shield(running)

    async def drop(self, frame_hash: str) -> None:
        """Remove an entry; one that is being read stays readable until it is closed."""
        entry = self._directory / f"{frame_hash}.parquet"
        await asyncio.to_thread(entry.unlink, missing_ok=True)

    def _forget(self, frame_hash: str, done: asyncio.Task[Path]) -> None:
        self._fetching.pop(frame_hash, None)
        if not done.cancelled():
            done.exception()  # looked at here, in case that every caller has been cancelled

    async def _provide(self, frame_hash: str, fetch: Callable[[Path], Awaitable[object]]) -> Path:
        entry = self._directory / f"{frame_hash}.parquet"
        if await asyncio.to_thread(_touch, entry):
            return entry
        await asyncio.to_thread(self._directory.mkdir, parents=True, exist_ok=True)
        partial = self._directory / f"{frame_hash}.{uuid.uuid4().hex}.part"
        try:
            await fetch(partial)
            await asyncio.to_thread(os.replace, partial, entry)
        finally:
            await asyncio.to_thread(partial.unlink, missing_ok=True)
        await asyncio.to_thread(self._evict)
        return entry

    def _evict(self) -> None:
        found = []
        for path in self._directory.glob("*.parquet"):
            try:
                found.append((path.stat().st_mtime, path.stat().st_size, path))
            except FileNotFoundError:  # another process was quicker
                continue
        total = sum(size for _, size, _ in found)
        for used, size, path in sorted(found):
            if total <= self._max_bytes or time.time() - used < FRESH_SECONDS:
                return
            path.unlink(missing_ok=True)
            total -= size


def _touch(entry: Path) -> bool:
    """Mark the entry as just used; false if it is not there."""
    try:
        os.utime(entry)
    except FileNotFoundError:
        return False
    return True
