"""The mark that a copy leaves at its target: of what it is a copy, and whether it is whole."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, Field, ValidationError

from leonidas_jupyter.copying.errors import CopyFailed
from leonidas_jupyter.core.ids import now
from leonidas_jupyter.core.processes import writer_has_ended
from leonidas_jupyter.storage.base import ObjectMissing, ObjectStore

WHOLE_KEY = "_copy/manifest.json"
ALIVE_SECONDS = 60.0
"""A copy that has not said for so long that it goes on was ended."""

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class TableMark(BaseModel):
    """What a table of the target held at the end of a copy."""

    count: int
    checksum: str


class Manifest(BaseModel):
    """A copy as its target remembers it.

    Attributes:
        release, shape: of the Leonidas that copied, and of what it stores.
        source: which installation it is a copy of (a fingerprint, no address).
        owner: who copies; null when nobody does.
        seen_at: when that was last so.
        tables: what the target held when the copy was whole; null until it is.
    """

    release: str
    shape: str
    source: str
    owner: str | None = None
    begun_at: datetime = Field(default_factory=now)
    seen_at: datetime = _LONG_AGO
    finished_at: datetime | None = None
    tables: dict[str, TableMark] | None = None
    objects: int = 0
    object_bytes: int = 0

    @property
    def going_on(self) -> bool:
        """Whether somebody is copying at this moment, as far as can be known."""
        if self.owner is None or writer_has_ended(self.owner):
            return False
        return now() - self.seen_at < timedelta(seconds=ALIVE_SECONDS)


async def read_manifest(store: ObjectStore, key: str) -> Manifest | None:
    """The mark at a target; None where there is none.

    Raises:
        CopyFailed: there is one that cannot be understood.
    """
    try:
        raw = b"".join([chunk async for chunk in _bytes(store, key)])
    except ObjectMissing:
        return None
    try:
        return Manifest.model_validate_json(raw)
    except ValidationError as error:
        raise CopyFailed(
            "The target holds a copy that another release of Leonidas made; copy with that one, or "
            "choose a new target."
        ) from error


async def write_manifest(store: ObjectStore, key: str, manifest: Manifest) -> None:
    """Leave the mark."""
    await store.put(key, manifest.model_dump_json(indent=1).encode())


async def _bytes(store: ObjectStore, key: str) -> AsyncIterator[bytes]:
    async for chunk in store.get(key):
        yield chunk
