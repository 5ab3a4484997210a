"""Copies between installations: opens both sides, and says what a copy cannot carry."""

import asyncio
import hashlib
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from leonidas_jupyter._version import __version__
from leonidas_jupyter.copying.copier import Copier, CopyOptions, CopyReport, Ends
from leonidas_jupyter.copying.errors import CopyFailed
from leonidas_jupyter.copying.manifest import WHOLE_KEY
from leonidas_jupyter.copying.progress import Progress
from leonidas_jupyter.core.config import Leonidas
from leonidas_jupyter.core.keys import FILE as SIGNING_KEY
from leonidas_jupyter.data.reading import FileStatus
from leonidas_jupyter.files.schemas import StoredFile
from leonidas_jupyter.models.repository import CONNECTION
from leonidas_jupyter.server.engines import SPECS, check_tables, open_database, store_of
from leonidas_jupyter.server.marker import Marker
from leonidas_jupyter.storage.base import ObjectStore
from leonidas_jupyter.storage.signing import UrlSigner
from leonidas_jupyter.tables.base import Database, Item
from leonidas_jupyter.tables.snapshots import snapshot

SPILLED = "items/"
"""Where DynamoDB keeps what is too large for it; it goes with the items, not by itself."""


@dataclass(frozen=True)
class Installation:
    """An installation to copy from or to.

    Attributes:
        settings: its engines, and how to reach them.
        directory: its data_dir, where that is known.
    """

    settings: Leonidas
    directory: Path | None = None

    @property
    def database(self) -> str:
        """Its database's URL."""
        return self.settings.database

    @property
    def storage(self) -> str:
        """Its store's URL."""
        return self.settings.storage

    @property
    def in_use(self) -> bool:
        """Whether a server of this machine works on it, as far as its data_dir says."""
        return self.directory is not None and Marker(self.directory).others_live()


def needed(item: Item) -> dict[str, str | None]:
    """The objects without which a row is nothing, and their checksums as far as it says them."""
    if not isinstance(item, StoredFile) or item.deleted_at is not None:
        return {}
    objects: dict[str, str | None] = {}
    if item.frame_hash is not None:
        objects[item.content.frame(item.frame_hash)] = item.frame_sha256
        objects[item.content.profile(item.frame_hash)] = None
        objects[item.content.original] = item.sha256
    if item.status is FileStatus.PROCESSING and item.incoming is not None:
        objects[item.arriving_content.original] = item.incoming.sha256
    return objects


def address(url: str) -> str:
    """What a URL names, without passwords and options: to be shown, and to be compared."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    path = unquote(parts.path)
    if parts.scheme == "file":
        path = str(Path(path).resolve())
    elif parts.scheme in {"sqlite", "duckdb"}:
        path = f"/{Path(path.removeprefix('/')).resolve()}"
    return f"{parts.scheme}://{host}{path}"


def identity(side: Installation) -> str:
    """A fingerprint of an installation: which database and which store it has."""
    whole = f"{address(side.database)}\n{address(side.storage)}"
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def left_behind(source: Installation) -> list[str]:
    """What belongs to an installation and is in no database: what to do about each, in words."""
    found: list[str] = []
    directory = source.directory
    if directory is None:
        return found
    if source.settings.signing_keys:
        found.append(
            "signing_keys are a setting: give the new server the same, or everybody signs in again."
        )
    elif (directory / SIGNING_KEY).exists():
        found.append(
            f"{directory / SIGNING_KEY} signs tokens: copy it to the new data_dir (mode 0600), or "
            "everybody signs in again."
        )
    if (directory / CONNECTION).exists():
        found.append(
            f"{directory / CONNECTION} names a connected model, whose key the system's keyring or "
            "a file beside it keeps: connect it again on the new server."
        )
    return found


async def run_copy(
    source: Installation, target: Installation, options: CopyOptions, progress: Progress
) -> CopyReport:
    """Copy one installation to another.

    Raises:
        CopyFailed: it cannot be done; the message says what to do.
        Unavailable, StoreUnavailable, OSError: a side does not answer.
    """
    same_database = address(source.database) == address(target.database)
    same_store = address(source.storage) == address(target.storage)
    if same_database and same_store:
        raise CopyFailed("Source and target are the same; name another target.")
    await asyncio.to_thread(_expect, source)
    with tempfile.TemporaryDirectory(prefix="leonidas-copy-") as scratch:
        folder = Path(scratch)
        async with _stores(source, target, dry_run=options.dry_run) as stores:
            from_store, to_store = stores
            into = None if same_database else await _target(target, to_store, options)
            try:
                ends = Ends(
                    specs=() if same_database else SPECS,
                    open_source=lambda: _open_source(source, from_store, folder),
                    target=into,
                    source_store=None if same_store else from_store,
                    target_store=None if same_store else to_store,
                    marked_in=to_store,
                    mark=f"_copy/{identity(target)}.json" if same_store else WHOLE_KEY,
                    source_id=identity(source),
                    needs=needed,
                    release=__version__,
                    beside=() if same_database else (SPILLED,),
                )
                return await Copier(ends, options, folder=folder, progress=progress).run()
            finally:
                if into is not None:
                    await into.close()


@asynccontextmanager
async def _stores(
    source: Installation, target: Installation, *, dry_run: bool
) -> AsyncIterator[tuple[ObjectStore, ObjectStore | None]]:
    signer = UrlSigner(secrets.token_bytes(32), "")
    from_store = await asyncio.to_thread(store_of, source.settings, signer)
    to_store = None
    try:
        if not (dry_run and _missing_folder(target.storage)):
            to_store = await asyncio.to_thread(store_of, target.settings, signer)
        yield from_store, to_store
    finally:
        await from_store.close()
        if to_store is not None:
            await to_store.close()


async def _target(
    target: Installation, store: ObjectStore | None, options: CopyOptions
) -> Database | None:
    """The target's database; None for a dry run where there is none yet, or no tables."""
    if options.dry_run:
        missing = await asyncio.to_thread(check_tables, target.settings)
        if store is None or missing:
            return None
    return await asyncio.to_thread(_open, target.database, target, store)


async def _open_source(source: Installation, store: ObjectStore, folder: Path) -> Database:
    """The source's database, or where that is possible what it held at one moment."""
    url = await asyncio.to_thread(snapshot, source.database, folder)
    return await asyncio.to_thread(_open, url, source, store)


def _open(url: str, side: Installation, store: ObjectStore | None) -> Database:
    """A side's database; tables are made in files only."""
    return open_database(url, store=store, ca_bundle=side.settings.ca_bundle)


def _expect(source: Installation) -> None:
    """See that there is something to copy, before engines make what is missing."""
    if _missing_file(source.database):
        raise CopyFailed(f"There is no database at {address(source.database)}; correct the source.")
    if _missing_folder(source.storage):
        raise CopyFailed(f"There is no folder at {address(source.storage)}; correct the source.")


def _missing_file(url: str) -> bool:
    local = urlsplit(url).scheme in {"sqlite", "duckdb"}
    return local and not Path(urlsplit(address(url)).path).exists()


def _missing_folder(url: str) -> bool:
    return urlsplit(url).scheme == "file" and not Path(urlsplit(address(url)).path).is_dir()
