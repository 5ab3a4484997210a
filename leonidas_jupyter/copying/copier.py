"""A whole copy: what may be copied where, in which order, and whether it is what it should be.

Objects go first, then the items, then the objects that came meanwhile; and what stands at the
target only goes last. So at no moment does an item of the target point to an object that is not
there, unless the source removed it while it was copied: then all is looked at once more, until what
an item needs has arrived, or the source itself has not got it.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from leonidas_jupyter.copying.digests import Checksum
from leonidas_jupyter.copying.errors import CopyFailed
from leonidas_jupyter.copying.ledger import Ledger, Side
from leonidas_jupyter.copying.manifest import Manifest, TableMark, read_manifest, write_manifest
from leonidas_jupyter.copying.objects import ObjectsCopy, ObjectsReport
from leonidas_jupyter.copying.progress import Progress
from leonidas_jupyter.copying.tables import Needs, TableCopy, TableReport
from leonidas_jupyter.core.ids import now
from leonidas_jupyter.core.processes import signature
from leonidas_jupyter.storage.base import ObjectStore, StoreUnavailable
from leonidas_jupyter.tables.base import Database, TableSpec
from leonidas_jupyter.tables.rows import codec

ROUNDS = 4
"""How often all is looked at while the source changes under the copy."""

RENEW_SECONDS = 15.0


@dataclass(frozen=True)
class CopyOptions:
    """How to copy.

    Attributes:
        merge: keep what the target has beside the source's; of two, what was changed last.
        overwrite: make the target the same as the source whatever it holds.
        dry_run: only say what would be done.
        read_back: verify by reading every object at the target.
        jobs: how many objects are carried at once.
    """

    merge: bool = False
    overwrite: bool = False
    dry_run: bool = False
    read_back: bool = False
    jobs: int = 8


@dataclass(frozen=True)
class Ends:
    """What is copied, and where to.

    Attributes:
        specs: the tables; none where both sides have one database.
        open_source: opens the source's database, afresh for each look at it.
        target: None where its tables are not made yet (for a dry run).
        source_store, target_store: None where both sides have one store, or for a dry run.
        marked_in: the store in which the mark of the copy is left; None for a dry run.
        mark: the key of the mark.
        source_id: which installation the source is.
        needs: which objects an item needs.
        beside: beginnings of the keys of objects that are not carried.
        release: of this Leonidas.
    """

    specs: Sequence[TableSpec[Any]]
    open_source: Callable[[], Awaitable[Database]]
    target: Database | None
    source_store: ObjectStore | None
    target_store: ObjectStore | None
    marked_in: ObjectStore | None
    mark: str
    source_id: str
    needs: Needs
    release: str
    beside: Sequence[str] = ()


@dataclass
class CopyReport:
    """What a copy did.

    Attributes:
        verified: whether the target was looked at in the end and is what it should be.
        working: on how many items of the source somebody worked.
        lost: how many objects items name that the source itself has not.
    """

    dry_run: bool = False
    verified: bool = False
    working: int = 0
    lost: int = 0
    tables: list[TableReport] = field(default_factory=list)
    objects: ObjectsReport | None = None


def shape_of(specs: Sequence[TableSpec[Any]]) -> str:
    """A fingerprint of what the tables hold: releases that store otherwise have another one."""
    shapes = {
        spec.name: [
            list(spec.key),
            list(spec.unique),
            spec.ttl,
            sorted((c.name, c.kind.value, c.nullable) for c in codec(spec).columns.values()),
        ]
        for spec in specs
    }
    return hashlib.sha256(json.dumps(shapes, sort_keys=True).encode()).hexdigest()[:16]


class Copier:
    """One copy. What it must remember lies in ``folder``, which is its own."""

    def __init__(
        self, ends: Ends, options: CopyOptions, *, folder: Path, progress: Progress
    ) -> None:
        self._ends = ends
        self._options = options
        self._ledger = Ledger(folder / "ledger.db")
        common: dict[str, Any] = {"ledger": self._ledger, "progress": progress}
        self._tables = [
            TableCopy(
                spec,
                ends.target.table(spec) if ends.target is not None else None,
                needs=ends.needs,
                merge=options.merge,
                **common,
            )
            for spec in ends.specs
        ]
        self._objects = (
            ObjectsCopy(
                ends.source_store,
                ends.target_store,
                merge=options.merge,
                jobs=options.jobs,
                beside=ends.beside,
                **common,
            )
            if ends.source_store is not None
            else None
        )
        self.report = CopyReport(
            dry_run=options.dry_run,
            tables=[each.report for each in self._tables],
            objects=self._objects.report if self._objects else None,
        )

    async def run(self) -> CopyReport:
        """Copy, and verify.

        Raises:
            CopyFailed: the target is not one to copy to; nothing was changed.
            Unavailable, StoreUnavailable: a side does not answer; copy again to go on.
        """
        try:
            standing = {each.spec.name: await each.survey() for each in self._tables}
            objects = await self._objects.survey() if self._objects else 0
            await self._admit(standing, objects)
            if self._options.dry_run:
                await self._look(write=False)
                return self.report
            async with self._marked():
                await self._carry()
                self.report.verified = await self._verify()
            return self.report
        finally:
            self._ledger.close()

    async def _carry(self) -> None:
        lost: set[str] = set()
        for _ in range(ROUNDS):
            await self._look(write=True)
            before, lost = lost, await self._lost()
            if lost == before and not any(each.disturbed for each in self._tables):
                break
        self.report.lost = len(lost)
        if self._objects:
            self._objects.report.lost = sorted(lost)
        for each in self._tables:
            await each.prune()
        if self._objects:
            await self._objects.prune()

    async def _look(self, *, write: bool) -> None:
        """Look at all that the source has, once, and carry it."""
        await asyncio.to_thread(self._ledger.need_nothing)
        if self._objects:
            await self._objects.carry(write=write)
        if not self._tables:
            return
        source = await self._ends.open_source()
        try:
            for each in self._tables:
                await each.carry(source.table(each.spec), write=write)
        finally:
            await source.close()
        self.report.working = sum(each.working for each in self._tables)
        if self._objects and write:
            await self._objects.carry()

    async def _lost(self) -> set[str]:
        return await asyncio.to_thread(self._ledger.lost, Side.TARGET) if self._objects else set()

    async def _verify(self) -> bool:
        tables = [await each.verify() for each in self._tables]
        objects = (
            await self._objects.verify(read_back=self._options.read_back) if self._objects else True
        )
        return all(tables) and objects

    async def _admit(self, standing: dict[str, Checksum], objects: int) -> None:
        """See that the target is one that may be written to. Raises CopyFailed."""
        store = self._ends.marked_in
        manifest = None if store is None else await read_manifest(store, self._ends.mark)
        if manifest is not None and manifest.going_on:
            raise CopyFailed(
                "Somebody is copying to this target at this moment; wait until that is done."
            )
        self._manifest = manifest
        if self._options.merge or self._options.overwrite:
            return
        items = sum(each.count for each in standing.values())
        if manifest is None:
            if items or objects:
                raise CopyFailed(_not_empty(items, objects))
            return
        self._check_mark(manifest, standing)

    def _check_mark(self, manifest: Manifest, standing: dict[str, Checksum]) -> None:
        if (manifest.release, manifest.shape) != (self._ends.release, shape_of(self._ends.specs)):
            raise CopyFailed(
                f"The target is a copy that Leonidas {manifest.release} made, and this is "
                f"{self._ends.release}; choose a new target, or copy over it with --overwrite."
            )
        if manifest.source != self._ends.source_id:
            raise CopyFailed(
                "The target is a copy of another installation; choose a new target, copy over it "
                "with --overwrite, or add to it with --merge."
            )
        for spec in self._ends.specs:
            mark = (manifest.tables or {}).get(spec.name)
            if mark is None or spec.ttl is not None:
                continue
            if (mark.count, mark.checksum) != (standing[spec.name].count, standing[spec.name].text):
                raise CopyFailed(
                    f"The target was used since it was copied ({spec.name} differ): another copy "
                    "would undo that; choose a new target, keep both with --merge, or copy over it "
                    "with --overwrite."
                )

    @asynccontextmanager
    async def _marked(self) -> AsyncIterator[None]:
        """The target marked as being copied to, and at the end as whole.

        A merged target is nobody's copy, and not marked.
        """
        store, mark = self._ends.marked_in, self._ends.mark
        if store is None or self._options.merge:
            yield
            return
        manifest = Manifest(
            release=self._ends.release,
            shape=shape_of(self._ends.specs),
            source=self._ends.source_id,
            owner=signature(),
            seen_at=now(),
        )
        await write_manifest(store, mark, manifest)
        renewing = asyncio.create_task(_renew(store, mark, manifest))
        try:
            yield
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing
            if self.report.verified:
                await asyncio.to_thread(self._complete, manifest)
            manifest.owner = None
            with suppress(StoreUnavailable):
                await asyncio.shield(write_manifest(store, mark, manifest))

    def _complete(self, manifest: Manifest) -> None:
        manifest.finished_at = now()
        manifest.tables = {}
        for each in self._tables:
            checksum = each.checksum()
            manifest.tables[each.spec.name] = TableMark(
                count=checksum.count, checksum=checksum.text
            )
        manifest.objects, manifest.object_bytes = self._ledger.count_objects(Side.TARGET)


async def _renew(store: ObjectStore, mark: str, manifest: Manifest) -> None:
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        manifest.seen_at = now()
        with suppress(StoreUnavailable):
            await write_manifest(store, mark, manifest)


def _not_empty(items: int, objects: int) -> str:
    return (
        f"The target is not empty ({items:,} items, {objects:,} files) and no earlier copy of this "
        "source; choose another, add to it with --merge, or copy over it with --overwrite."
    )
