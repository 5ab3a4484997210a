"""The objects of a copy: surveyed, carried a few at a time, pruned, verified."""

import asyncio
import hashlib
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterator,
    Sequence,
)
from contextlib import aclosing
from dataclasses import dataclass, field

from leonidas_jupyter.copying.errors import CopyFailed
from leonidas_jupyter.copying.ledger import Ledger, Side
from leonidas_jupyter.copying.progress import Progress
from leonidas_jupyter.storage.base import BytesDiffer, ObjectInfo, ObjectMissing, ObjectStore

NOT_CARRIED = ("_copy/", "doctor/", "erasures/", "exports/")
"""What an installation keeps for itself: marks of copies, what the doctor tries out, the work of
administrators that goes on."""

_NOTED_AT_ONCE = 500


@dataclass
class ObjectsReport:
    """What became of the objects.

    Attributes:
        objects, object_bytes: what the source has.
        new, changed: how many of them the target had not, or had otherwise; they were carried.
        carried_bytes: their bytes.
        removed: how many stood at the target only.
        wrong: how many are not at the target as they should be, in the end.
        damaged: keys of objects that the source itself cannot give whole.
        lost: keys of objects that items name and that the source itself has not.
    """

    objects: int = 0
    object_bytes: int = 0
    new: int = 0
    changed: int = 0
    carried_bytes: int = 0
    removed: int = 0
    wrong: int = 0
    damaged: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


class ObjectsCopy:
    """Carries the objects of one store to another, ``jobs`` at a time, each as a stream."""

    def __init__(
        self,
        source: ObjectStore,
        target: ObjectStore | None,
        *,
        ledger: Ledger,
        progress: Progress,
        merge: bool,
        jobs: int,
        beside: Sequence[str] = (),
    ) -> None:
        self._source = source
        self._target = target
        self._ledger = ledger
        self._progress = progress
        self._merge = merge
        self._jobs = jobs
        self._beside = (*NOT_CARRIED, *beside)
        self.report = ObjectsReport()

    async def survey(self) -> int:
        """Look at what the target has; how many objects."""
        if self._target is not None:
            await self._look(Side.TARGET, self._target)
        return (await asyncio.to_thread(self._ledger.count_objects, Side.TARGET))[0]

    async def carry(self, *, write: bool = True) -> None:
        """Carry what the target has not, or has otherwise; without ``write`` only count it."""
        await self._look(Side.SOURCE, self._source)
        count = self._ledger.count_objects
        self.report.objects, self.report.object_bytes = await asyncio.to_thread(count, Side.SOURCE)
        due, due_bytes = await asyncio.to_thread(self._due)
        if not write:
            changed = await asyncio.to_thread(self._ledger.replaced_objects)
            self.report.new, self.report.changed = due - changed, changed
            self.report.carried_bytes = due_bytes
            return
        if due:
            self.report.damaged.clear()
            self._progress.begin("files", "B", due_bytes)
            await self._each(self._ledger.differing_objects(), self._carry)
            self._progress.end()

    async def prune(self) -> None:
        """Remove what stands at the target only, unless an item there needs it."""
        if self._merge or self._target is None:
            return
        while keys := await asyncio.to_thread(self._ledger.extra_objects):
            for at in range(0, len(keys), self._jobs):
                some = keys[at : at + self._jobs]
                await asyncio.gather(*(self._target.delete(key) for key in some))
            await asyncio.to_thread(self._ledger.forget_objects, Side.TARGET, keys)
            self.report.removed += len(keys)

    async def verify(self, *, read_back: bool) -> bool:
        """Look at the target anew; with ``read_back`` each object is read and hashed there."""
        await self.survey()
        await self._read_back(unknown=not read_back)
        self.report.wrong = await asyncio.to_thread(self._count_wrong)
        return not self.report.wrong and not self.report.damaged

    def _due(self) -> tuple[int, int]:
        many = total = 0
        for info in self._ledger.differing_objects():
            many += 1
            total += info.size
        return many, total

    def _count_wrong(self) -> int:
        wrong = sum(1 for _ in self._ledger.differing_objects()) + self._ledger.mistaken_objects()
        return wrong if self._merge else wrong + len(self._ledger.extra_objects())

    async def _look(self, side: Side, store: ObjectStore) -> None:
        await asyncio.to_thread(self._ledger.clear_objects, side)
        self._progress.begin(f"files at the {side}", "files")
        batch: list[ObjectInfo] = []
        async with aclosing(_listed(store)) as found:
            async for info in found:
                if not info.key.startswith(self._beside):
                    batch.append(info)
                if len(batch) >= _NOTED_AT_ONCE:
                    await self._note(side, batch)
        await self._note(side, batch)
        self._progress.end()

    async def _note(self, side: Side, batch: list[ObjectInfo]) -> None:
        await asyncio.to_thread(self._ledger.note_objects, side, batch)
        self._progress.advance(len(batch))
        batch.clear()

    async def _each(
        self,
        infos: Iterator[ObjectInfo],
        work: Callable[[ObjectInfo], Awaitable[ObjectInfo | None]],
    ) -> None:
        """Do some work on objects, ``jobs`` at a time; note what the target has of them then."""
        waiting: set[asyncio.Task[ObjectInfo | None]] = set()
        try:
            while (info := await asyncio.to_thread(next, infos, None)) is not None:
                waiting.add(asyncio.create_task(_alone(work, info)))
                if len(waiting) >= self._jobs:
                    waiting = await self._some(waiting)
            while waiting:
                waiting = await self._some(waiting)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def _some(
        self, waiting: set[asyncio.Task[ObjectInfo | None]]
    ) -> set[asyncio.Task[ObjectInfo | None]]:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        found = [info for task in done if (info := task.result()) is not None]
        await asyncio.to_thread(self._ledger.note_objects, Side.TARGET, found)
        return waiting

    async def _carry(self, info: ObjectInfo) -> ObjectInfo | None:
        """Carry an object; what stands at the target then, None where it could not be."""
        stands = await self._standing_target().head(info.key) is not None
        try:
            stored = await self._stream(info)
        except (
            ObjectMissing
        ):  # it was removed meanwhile, as is seen when the source is listed again
            return None
        except BytesDiffer:
            fresh = await self._source.head(info.key)
            if fresh == info:  # nobody replaced it: it is not what its own checksum says
                self.report.damaged.append(info.key)
            return None
        self.report.new += not stands
        self.report.changed += stands
        self.report.carried_bytes += stored.size
        return stored

    async def _stream(self, info: ObjectInfo) -> ObjectInfo:
        """Put what the source gives; it is checked on its way.

        Raises:
            BytesDiffer: it is not what the source, or the target, says.
            ObjectMissing: it is gone.
        """
        digest, size = hashlib.sha256(), 0

        async def chunks() -> AsyncIterator[bytes]:
            nonlocal size
            async with aclosing(_read(self._source, info.key)) as found:
                async for chunk in found:
                    await asyncio.to_thread(digest.update, chunk)
                    size += len(chunk)
                    yield chunk
                    self._progress.advance(len(chunk))

        stored = await self._standing_target().put(info.key, chunks(), sha256=info.sha256)
        came = digest.hexdigest()
        if stored.size != size or stored.sha256 not in (None, came):
            raise BytesDiffer(info.key)
        return ObjectInfo(info.key, size, came)

    async def _read_back(self, *, unknown: bool) -> None:
        """Read what the target has, or that of which it says no checksum."""
        self._progress.begin("reading back", "B")
        await self._each(self._ledger.all_objects(Side.TARGET, unknown=unknown), self._read_one)
        self._progress.end()

    async def _read_one(self, info: ObjectInfo) -> ObjectInfo:
        digest, size = hashlib.sha256(), 0
        async with aclosing(_read(self._standing_target(), info.key)) as found:
            async for chunk in found:
                await asyncio.to_thread(digest.update, chunk)
                size += len(chunk)
                self._progress.advance(len(chunk))
        return ObjectInfo(info.key, size, digest.hexdigest())

    def _standing_target(self) -> ObjectStore:
        if self._target is None:
            raise CopyFailed("The target has no place for files yet.")
        return self._target


async def _alone(
    work: Callable[[ObjectInfo], Awaitable[ObjectInfo | None]], on: ObjectInfo
) -> ObjectInfo | None:
    return await work(on)


async def _read(store: ObjectStore, key: str) -> AsyncGenerator[bytes, None]:
    """The bytes of an object, in chunks."""
    async for chunk in store.get(key):
        yield chunk


async def _listed(store: ObjectStore) -> AsyncGenerator[ObjectInfo, None]:
    async for info in store.list(""):
        yield info
