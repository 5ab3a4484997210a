"""What stands on both sides of a copy, kept in a file of its own, so that memory stays small."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from leonidas_jupyter.copying.digests import Checksum, Entry
from leonidas_jupyter.storage.base import ObjectInfo

_SCHEMA = """
PRAGMA journal_mode=OFF;
PRAGMA synchronous=OFF;
CREATE TABLE items (
    side TEXT, name TEXT, key TEXT, digest BLOB, size INTEGER, updated TEXT, until TEXT,
    kept INTEGER, PRIMARY KEY (side, name, key)
) WITHOUT ROWID;
CREATE TABLE objects (
    side TEXT, key TEXT, size INTEGER, sha256 TEXT, PRIMARY KEY (side, key)
) WITHOUT ROWID;
CREATE TABLE needed (key TEXT PRIMARY KEY, sha256 TEXT) WITHOUT ROWID;
"""
_BATCH = 500


class Side(StrEnum):
    """Where something stands."""

    SOURCE = "source"
    TARGET = "target"


class Standing(StrEnum):
    """How an item of the source stands at the target."""

    NEW = "new"
    SAME = "same"
    CHANGED = "changed"
    NEWER = "newer"
    """It stands there too, and was changed later there."""


class Ledger:
    """Entries of items and objects of both sides. Everything here blocks.

    One thread at a time may use it.
    """

    def __init__(self, path: Path) -> None:
        self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._file.executescript(_SCHEMA)

    def close(self) -> None:
        """Release the file."""
        self._file.close()

    def clear(self, side: Side, name: str) -> None:
        """Forget a table's entries of one side."""
        self._file.execute("DELETE FROM items WHERE side = ? AND name = ?", (side, name))

    def note(self, side: Side, name: str, entries: Iterable[Entry], *, kept: bool = False) -> None:
        """Items stand there; with ``kept`` the target holds something newer, which stays."""
        self._file.execute("BEGIN")
        self._file.executemany(
            "INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [(side, name, e.key, e.digest, e.size, e.updated, e.until, kept) for e in entries],
        )
        self._file.execute("COMMIT")

    def forget(self, side: Side, name: str, keys: Iterable[str]) -> None:
        """Items do not stand there any more."""
        self._file.executemany(
            "DELETE FROM items WHERE side = ? AND name = ? AND key = ?",
            [(side, name, key) for key in keys],
        )

    def has(self, side: Side, name: str, key: str) -> bool:
        """Whether an item is known to stand there."""
        found = self._file.execute(
            "SELECT 1 FROM items WHERE side = ? AND name = ? AND key = ?", (side, name, key)
        )
        return found.fetchone() is not None

    def standing(self, name: str, entries: Sequence[Entry]) -> list[Standing]:
        """How items of the source stand at the target."""
        return [self._standing(name, entry) for entry in entries]

    def _standing(self, name: str, entry: Entry) -> Standing:
        found = self._file.execute(
            "SELECT digest, updated FROM items WHERE side = ? AND name = ? AND key = ?",
            (Side.TARGET, name, entry.key),
        ).fetchone()
        if found is None:
            return Standing.NEW
        if found[0] == entry.digest:
            return Standing.SAME
        return Standing.NEWER if found[1] > entry.updated else Standing.CHANGED

    def extra(self, name: str, many: int = _BATCH) -> list[str]:
        """Some keys of items that stand at the target only."""
        found = self._file.execute(
            "SELECT key FROM items AS t WHERE side = ? AND name = ? AND NOT EXISTS "
            "(SELECT 1 FROM items WHERE side = ? AND name = t.name AND key = t.key) LIMIT ?",
            (Side.TARGET, name, Side.SOURCE, many),
        )
        return [key for (key,) in found]

    def count_extra(self, name: str, moment: str = "") -> int:
        """How many items, whose time is not over at ``moment``, stand at the target only."""
        return self._number(
            "SELECT count(*) FROM items AS t WHERE side = ? AND name = ? "
            "AND (until IS NULL OR until > ?) AND NOT EXISTS "
            "(SELECT 1 FROM items WHERE side = ? AND name = t.name AND key = t.key)",
            (Side.TARGET, name, moment, Side.SOURCE),
        )

    def wrong(self, name: str, moment: str) -> int:
        """How many items of the source do not stand at the target as they should at ``moment``."""
        return self._number(
            "SELECT count(*) FROM items AS s WHERE side = ? AND name = ? AND kept = 0 "
            "AND (until IS NULL OR until > ?) AND NOT EXISTS (SELECT 1 FROM items "
            "WHERE side = ? AND name = s.name AND key = s.key AND digest = s.digest)",
            (Side.SOURCE, name, moment, Side.TARGET),
        )

    def checksum(self, side: Side, name: str, moment: str, *, shared: bool = False) -> Checksum:
        """The checksum of a table's items whose time is not over at ``moment``.

        With ``shared``: of those only whose keys stand at both sides and which were carried.
        """
        both = (
            "AND EXISTS (SELECT 1 FROM items WHERE name = i.name AND key = i.key AND side = "
            "'source' AND kept = 0)"
            if shared
            else ""
        )
        found = self._file.execute(
            "SELECT digest FROM items AS i WHERE side = ? AND name = ? "  # noqa: S608 - our own text
            f"AND (until IS NULL OR until > ?) {both}",
            (side, name, moment),
        )
        checksum = Checksum()
        for (digest,) in found:
            checksum.add(digest)
        return checksum

    def need(self, objects: Mapping[str, str | None]) -> None:
        """Items are nothing without these objects; their checksums, as far as items say them."""
        self._file.executemany(
            "INSERT INTO needed VALUES (?, ?) ON CONFLICT (key) "
            "DO UPDATE SET sha256 = coalesce(excluded.sha256, sha256)",
            objects.items(),
        )

    def need_nothing(self) -> None:
        """Forget which objects are needed."""
        self._file.execute("DELETE FROM needed")

    def lost(self, side: Side) -> set[str]:
        """The needed objects that one side has not."""
        found = self._file.execute(
            "SELECT DISTINCT key FROM needed AS n WHERE NOT EXISTS "
            "(SELECT 1 FROM objects WHERE side = ? AND key = n.key)",
            (side,),
        )
        return {key for (key,) in found}

    def note_objects(self, side: Side, found: Iterable[ObjectInfo]) -> None:
        """Objects stand there."""
        self._file.executemany(
            "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?)",
            [(side, info.key, info.size, info.sha256) for info in found],
        )

    def clear_objects(self, side: Side) -> None:
        """Forget one side's objects."""
        self._file.execute("DELETE FROM objects WHERE side = ?", (side,))

    def forget_objects(self, side: Side, keys: Iterable[str]) -> None:
        """Objects do not stand there any more."""
        self._file.executemany(
            "DELETE FROM objects WHERE side = ? AND key = ?", [(side, key) for key in keys]
        )

    def all_objects(self, side: Side, *, unknown: bool = False) -> Iterator[ObjectInfo]:
        """One side's objects, in the order of their keys; or those of an ``unknown`` checksum."""
        return self._paged("AND sha256 IS NULL" if unknown else "", (side,))

    def differing_objects(self) -> Iterator[ObjectInfo]:
        """The source's objects that the target has not, or has otherwise, in order of the keys."""
        return self._paged(
            "AND NOT EXISTS (SELECT 1 FROM objects WHERE side = ? AND key = o.key "
            "AND size = o.size AND coalesce(sha256 = o.sha256, true))",
            (Side.SOURCE, Side.TARGET),
        )

    def _paged(self, condition: str, sides: tuple[Side, ...]) -> Iterator[ObjectInfo]:
        """Objects of the first side; what is noted while they come changes no page behind it."""
        statement = (
            "SELECT key, size, sha256 FROM objects AS o "  # noqa: S608 - our own text
            f"WHERE side = ? {condition} AND key > ? ORDER BY key LIMIT ?"
        )
        after = ""
        while found := self._file.execute(statement, (*sides, after, _BATCH)).fetchall():
            for row in found:
                yield ObjectInfo(*row)
            after = found[-1][0]

    def replaced_objects(self) -> int:
        """How many objects stand on both sides, but not alike."""
        return self._number(
            "SELECT count(*) FROM objects AS s WHERE side = ? AND EXISTS (SELECT 1 FROM objects "
            "WHERE side = ? AND key = s.key "
            "AND (size <> s.size OR NOT coalesce(sha256 = s.sha256, true)))",
            (Side.SOURCE, Side.TARGET),
        )

    def mistaken_objects(self) -> int:
        """How many of the target's objects are not what the items say that need them."""
        return self._number(
            "SELECT count(*) FROM objects AS o JOIN needed AS n ON n.key = o.key "
            "WHERE side = ? AND o.sha256 <> n.sha256",
            (Side.TARGET,),
        )

    def extra_objects(self, many: int = _BATCH) -> list[str]:
        """Some objects that stand at the target only and that no item needs."""
        found = self._file.execute(
            "SELECT key FROM objects AS t WHERE side = ? "
            "AND NOT EXISTS (SELECT 1 FROM objects WHERE side = ? AND key = t.key) "
            "AND NOT EXISTS (SELECT 1 FROM needed WHERE key = t.key) LIMIT ?",
            (Side.TARGET, Side.SOURCE, many),
        )
        return [key for (key,) in found]

    def count_objects(self, side: Side) -> tuple[int, int]:
        """How many objects one side has, and their bytes."""
        found = self._file.execute(
            "SELECT count(*), coalesce(sum(size), 0) FROM objects WHERE side = ?", (side,)
        ).fetchone()
        return int(found[0]), int(found[1])

    def _number(self, statement: str, parameters: tuple[object, ...]) -> int:
        return int(self._file.execute(statement, parameters).fetchone()[0])
