"""One table of a copy: surveyed, carried, pruned, verified."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple

from leonidas_jupyter.copying.digests import Checksum, Entry, entry_of
from leonidas_jupyter.copying.errors import CopyFailed
from leonidas_jupyter.copying.ledger import Ledger, Side, Standing
from leonidas_jupyter.copying.progress import Progress
from leonidas_jupyter.copying.walking import pages
from leonidas_jupyter.core.ids import now
from leonidas_jupyter.tables.base import Exists, Item, M, Table, TableSpec
from leonidas_jupyter.tables.rows import encode_time

Needs = Callable[[Item], Mapping[str, str | None]]
"""The keys of the objects without which an item is nothing, and their SHA-256 where it says it."""

_AT_ONCE = 16
_ATTEMPTS = 5


@dataclass
class TableReport:
    """What became of one table.

    Attributes:
        items: how many the source has.
        item_bytes: what they take, as JSON.
        new, changed: how many of them the target had not, or had otherwise; they were carried.
        kept: how many stay at the target as they are there, since they are newer there.
        removed: how many stood at the target only.
        conflicts: how many cannot be carried: at the target, others hold their unique values.
        wrong: how many are not at the target as they should be, in the end.
        checksum, target_checksum: of the source's items, and of what the target has of them.
    """

    name: str
    items: int = 0
    item_bytes: int = 0
    new: int = 0
    changed: int = 0
    kept: int = 0
    removed: int = 0
    conflicts: int = 0
    wrong: int = 0
    checksum: str = ""
    target_checksum: str = ""


class _Due(NamedTuple):
    """An item to be written."""

    item: Any
    entry: Entry
    standing: Standing


class TableCopy(Generic[M]):
    """Carries one table to ``target``; None is one that is not made yet.

    Items whose time is over stay behind. With ``merge`` the target keeps what it has beside the
    source's items, and of an item that stands on both sides the one that was changed last; else
    the target becomes what the source is.

    Attributes:
        disturbed: whether the last carrying removed what was carried before: look again.
        working: on how many of the source's items somebody worked then.
    """

    def __init__(
        self,
        spec: TableSpec[M],
        target: Table[M] | None,
        *,
        ledger: Ledger,
        needs: Needs,
        progress: Progress,
        merge: bool,
    ) -> None:
        self.spec = spec
        self._target = target
        self._ledger = ledger
        self._needs = needs
        self._progress = progress
        self._merge = merge
        self.report = TableReport(spec.name)
        self.disturbed = False
        self.working = 0

    async def survey(self) -> Checksum:
        """Look at what the target has; its checksum."""
        await asyncio.to_thread(self._ledger.clear, Side.TARGET, self.spec.name)
        if self._target is None:
            return Checksum()
        self._progress.begin(f"{self.spec.name} at the target", "items")
        async for items in pages(self._target):
            await asyncio.to_thread(self._surveyed, items)
            self._progress.advance(len(items))
        self._progress.end()
        return await asyncio.to_thread(self.checksum)

    async def carry(self, source: Table[M], *, write: bool = True) -> None:
        """Carry what the target has not, or has otherwise; without ``write`` only count it."""
        report = self.report
        report.items = report.item_bytes = report.kept = report.conflicts = self.working = 0
        self.disturbed = False
        await asyncio.to_thread(self._ledger.clear, Side.SOURCE, self.spec.name)
        self._progress.begin(self.spec.name, "items")
        async for items in pages(source):
            due = await asyncio.to_thread(self._compared, items)
            if write and due:
                due = await self._load(due)
                entries = [each.entry for each in due]
                await asyncio.to_thread(self._ledger.note, Side.TARGET, self.spec.name, entries)
            new = sum(each.standing is Standing.NEW for each in due)
            report.new += new
            report.changed += len(due) - new
            self._progress.advance(len(items))
        self._progress.end()
        if not write and not self._merge:
            report.removed = await asyncio.to_thread(self._ledger.count_extra, self.spec.name)

    async def prune(self) -> None:
        """Remove what stands at the target only."""
        if self._merge or self._target is None:
            return
        while keys := await asyncio.to_thread(self._ledger.extra, self.spec.name):
            for at in range(0, len(keys), _AT_ONCE):
                parts = [tuple(json.loads(key)) for key in keys[at : at + _AT_ONCE]]
                await asyncio.gather(*(self._target.delete(key) for key in parts))
            await asyncio.to_thread(self._ledger.forget, Side.TARGET, self.spec.name, keys)
            self.report.removed += len(keys)

    async def verify(self) -> bool:
        """Look at the target anew: whether it has the source's items and, unless merged, no more.

        The report holds the figures then.
        """
        await self.survey()
        await asyncio.to_thread(self._judge)
        return not self.report.wrong

    def checksum(self) -> Checksum:
        """Of all that the target has, as far as is known. Blocks."""
        return self._ledger.checksum(Side.TARGET, self.spec.name, encode_time(now()))

    def _judge(self) -> None:
        name, moment, report = self.spec.name, encode_time(now()), self.report
        report.wrong = self._ledger.wrong(name, moment)
        if not self._merge:
            report.wrong += self._ledger.count_extra(name, moment)
        source = self._ledger.checksum(Side.SOURCE, name, moment, shared=True)
        target = self._ledger.checksum(Side.TARGET, name, moment, shared=self._merge)
        report.checksum, report.target_checksum = source.text, target.text

    def _surveyed(self, items: list[M]) -> None:
        entries = [entry_of(self.spec, item) for item in items]
        self._ledger.note(Side.TARGET, self.spec.name, entries)

    def _compared(self, items: list[M]) -> list[_Due]:
        """Note what the source has; what of it is to be written."""
        name, report, moment = self.spec.name, self.report, encode_time(now())
        pairs = [(item, entry_of(self.spec, item)) for item in items]
        pairs = [pair for pair in pairs if pair[1].until is None or pair[1].until > moment]
        entries = [entry for _, entry in pairs]
        due: list[_Due] = []
        kept: list[Entry] = []
        for (item, entry), standing in zip(
            pairs, self._ledger.standing(name, entries), strict=True
        ):
            self.working += _somebody_works(item)
            if standing is Standing.NEWER and self._merge:
                kept.append(entry)
                continue
            if standing is not Standing.SAME:
                due.append(_Due(item, entry, standing))
            self._ledger.need(self._needs(item))
        self._ledger.note(Side.SOURCE, name, entries)
        self._ledger.note(Side.SOURCE, name, kept, kept=True)
        report.items += len(entries)
        report.item_bytes += sum(entry.size for entry in entries)
        report.kept += len(kept)
        return due

    async def _load(self, due: list[_Due]) -> list[_Due]:
        """Write items; those that were written."""
        target = self._standing_target()
        try:
            await target.load([each.item for each in due])
        except Exists:
            done = [each for each in due if await self._load_one(target, each.item)]
            self.report.conflicts += len(due) - len(done)
            return done
        return due

    async def _load_one(self, target: Table[M], item: M) -> bool:
        """Write an item, in the place of whoever holds its unique values; false where they stay."""
        for _ in range(_ATTEMPTS):
            try:
                await target.load([item])
            except Exists as taken:
                holder = await target.find(taken.field, getattr(item, taken.field))
                if holder is None:
                    continue
                if self._merge:
                    return False
                await self._oust(target, holder)
            else:
                return True
        raise CopyFailed(f"{self.spec.name} of the target changes all the time; stop its servers.")

    async def _oust(self, target: Table[M], holder: M) -> None:
        """Remove an item in the way: it is to go, or is carried later, as it is now."""
        await target.delete(self.spec.key_of(holder))
        key = entry_of(self.spec, holder).key
        name = self.spec.name
        if await asyncio.to_thread(self._ledger.has, Side.SOURCE, name, key):
            self.disturbed = True
        await asyncio.to_thread(self._ledger.forget, Side.TARGET, name, [key])

    def _standing_target(self) -> Table[M]:
        if self._target is None:
            raise CopyFailed("The target's tables are not made yet.")
        return self._target


def _somebody_works(item: Item) -> bool:
    until = getattr(item, "lease_until", None)
    return until is not None and getattr(item, "worker_id", None) is not None and until > now()
