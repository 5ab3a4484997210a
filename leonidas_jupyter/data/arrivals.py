"""The bytes of files on their way in: awaited under a signed URL, checked, then to be read."""

import re
import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, Generic, TypeVar

from leonidas_jupyter.core.errors import ErrorCode, LeonidasError, conflict, invalid, not_found
from leonidas_jupyter.core.ids import now
from leonidas_jupyter.core.text import byte_words
from leonidas_jupyter.data.dialect import DialectOverride
from leonidas_jupyter.data.framestore import Content
from leonidas_jupyter.data.reading import INGEST, FileRecord, FileStatus, Incoming, busy
from leonidas_jupyter.storage import blobs
from leonidas_jupyter.storage.base import (
    ObjectInfo,
    ObjectStore,
    PartedUpload,
    PartsMissing,
    SignedPart,
    SignedUrl,
    UploadOver,
)
from leonidas_jupyter.storage.signing import UrlSigner
from leonidas_jupyter.tables.amend import amend
from leonidas_jupyter.tables.base import Table
from leonidas_jupyter.tables.leases import Leases

WORKBOOK_NAMES = re.compile(r"\.(xls[xmb]?|ods)$", re.I)

UPLOAD = "upload"
"""Unfinished while bytes are awaited; what never comes is swept."""

SWEEP_SECONDS = 3600.0
"""How often the store is swept: what is removed then is a day old or more."""

R = TypeVar("R", bound=FileRecord)


class Arrivals(Generic[R]):
    """Awaits content, takes it in and confirms it.

    ``max_bytes`` is the largest content, ``seconds`` how long a URL is good for.
    """

    def __init__(
        self,
        *,
        table: Table[R],
        store: ObjectStore,
        signer: UrlSigner,
        leases: Leases,
        max_bytes: int,
        seconds: int,
    ) -> None:
        self._table = table
        self._store = store
        self._signer = signer
        self._leases = leases
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._next_sweep = time.monotonic()

    def check_size(self, what: str, size: int) -> None:
        """Refuse what is too large. Raises LeonidasError: ``file_too_large``."""
        if size > self._max_bytes:
            raise LeonidasError(
                ErrorCode.FILE_TOO_LARGE,
                f"{what} is {byte_words(size)}; the limit here is {byte_words(self._max_bytes)}.",
                detail={"size": size, "limit": self._max_bytes},
            )

    def awaiting(self, incoming: Incoming) -> dict[str, Any]:
        """The fields of a row that awaits content."""
        # Bytes that are on their way when the URL expires still have that long to arrive.
        until = now() + timedelta(seconds=2 * self._seconds)
        return {
            "incoming": incoming,
            "unfinished": UPLOAD,
            "worker_id": None,
            "lease_until": until,
        }

    async def replace(self, file_id: str, project_id: str, incoming: Incoming) -> R:
        """Await other content of a file; what stands of it stands until that is read.

        Where the very same content is awaited already, its upload goes on: parts stay.

        Raises:
            LeonidasError: ``not_found``, or ``conflict`` when it is being read.
            Missing: there is no such file.
        """
        given_up: set[Content] = set()

        def decide(file: R) -> dict[str, Any]:
            if file.deleted_at is not None or file.project_id != project_id:
                raise not_found("file")
            if file.unfinished == INGEST:
                raise busy(file)
            version = file.newest_version + 1
            arriving = incoming.model_copy(update={"override": _same_sheet(file, incoming)})
            if arriving.goes_on(file.incoming):
                return self.awaiting(file.arriving)
            arriving = arriving.model_copy(update={"content_version": version})
            changes = {"newest_version": version, **self.awaiting(arriving)}
            if file.incoming is not None:
                given_up.add(file.arriving_content)
            if file.status is FileStatus.UPLOADING:
                changes |= arriving.facts()
            return changes

        file = await amend(self._table, file_id, decide)
        for content in given_up:
            await self._store.delete_prefix(content.prefix)
        return file

    async def place(self, file: R) -> tuple[SignedUrl, Sequence[SignedPart]]:
        """Where to PUT the awaited content as a whole, and where in parts, if that can be.

        Raises:
            LeonidasError: ``conflict`` when it is awaited no more.
        """
        whole = await self._store.presign_put(
            file.arriving_content.original,
            size=file.arriving.size,
            sha256=file.arriving.sha256,
            expires_in=self._seconds,
        )
        if file.arriving.parts is not None:
            with suppress(UploadOver):
                return whole, await self._signed(file, file.arriving.parts)
        upload = await self._begin_parts(file)
        return whole, () if upload is None else await self._signed(file, upload)

    async def _signed(self, file: R, upload: PartedUpload) -> Sequence[SignedPart]:
        key, size = file.arriving_content.original, file.arriving.size
        return await self._store.presign_parts(key, upload, size=size, expires_in=self._seconds)

    async def _begin_parts(self, file: R) -> PartedUpload | None:
        """Begin an upload in parts and write it down, unless somebody else just did."""
        content, over = file.arriving_content, file.arriving.parts
        upload = await self._store.begin_parts(content.original, file.arriving.size)
        if upload is None:
            return None

        def decide(now: R) -> dict[str, Any] | None:
            if now.unfinished != UPLOAD or now.arriving_content != content:
                raise _not_awaited()
            if now.arriving.parts not in (None, over):
                return None
            return {"incoming": now.arriving.model_copy(update={"parts": upload})}

        return (await amend(self._table, file.file_id, decide)).arriving.parts

    async def receive(
        self, token: str, headers: Mapping[str, str], chunks: AsyncIterator[bytes]
    ) -> None:
        """Store what is PUT to a signed URL of this server.

        Raises:
            LeonidasError: the token is not good for that, other bytes came, or none are awaited.
        """
        grant = self._signer.verify(token, "PUT")
        self.check_size("The upload", blobs.announced_length(headers))
        still_wanted = partial(self._still_wanted, Content.of_key(grant.key))
        await blobs.receive(self._store, grant, headers, chunks, still_wanted)

    async def _still_wanted(self, content: Content) -> None:
        file = await self._table.get(content.file_id)
        if file is None or file.deleted_at is not None:
            raise not_found("file")
        if file.unfinished != UPLOAD or file.arriving_content != content:
            raise _not_awaited()

    async def send(self, token: str, headers: Mapping[str, str]) -> blobs.Download:
        """What a signed URL of this server gives to GET. Raises LeonidasError."""
        return await blobs.serve(self._store, self._signer.verify(token, "GET"), headers)

    async def confirm(
        self, file: R, sha256: str | None, parts: Collection[int] | None = None
    ) -> R | None:
        """Check the content that arrived and mark it as to be read; None if it was marked before.

        ``parts`` are the numbers of those that the uploader sent. What the store cannot tell of the
        content is checked when it is read.

        Raises:
            LeonidasError: ``conflict`` when nothing arrived, ``invalid_request`` with what differs.
            Stale, Missing: the file has changed meanwhile, or is gone.
        """
        if file.unfinished != UPLOAD:
            known = file.incoming.sha256 if file.incoming else file.sha256
            if sha256 not in (None, known):
                raise invalid("The bytes confirmed have another SHA-256.", actual_sha256=known)
            return None
        info = blobs.check_arrived(
            await self._collect(file, parts),
            size=file.arriving.size,
            sha256s=[file.arriving.sha256, sha256],
        )
        computed = {"sha256": info.sha256}
        changes = {
            "status": FileStatus.PROCESSING,
            "reason": None,
            "incoming": file.arriving.model_copy(update={**computed, "parts": None}),
            **self._leases.fields(INGEST),
            **(computed if file.status is FileStatus.UPLOADING else {}),
        }
        return await self._table.update(file.file_id, changes, if_version=file.version)

    async def _collect(self, file: R, parts: Collection[int] | None) -> ObjectInfo | None:
        """What arrived, out of the uploader's reach from now on."""
        size, upload = file.arriving.size, file.arriving.parts
        if parts is not None and (upload is None or set(parts) != upload.sizes(size).keys()):
            raise invalid("This upload has other parts than these; confirm it without them.")
        try:
            return await self._store.collect(
                file.arriving_content.original, size=size, upload=upload
            )
        except PartsMissing as error:
            raise conflict(
                f"{len(error.numbers)} parts of the upload are not here yet; PUT them, then "
                "confirm.",
                missing_parts=error.numbers,
            ) from error

    async def sweep(self) -> None:
        """Now and then remove from the store what nobody ever confirmed."""
        if time.monotonic() > self._next_sweep:
            self._next_sweep = time.monotonic() + SWEEP_SECONDS
            await self._store.sweep()

    async def abandon(self, file: R) -> None:
        """Await the content no more; what stood before stands on. Raises LeaseLost."""
        await self._leases.finish(self._table, file, {"incoming": None})
        await self._store.delete_prefix(file.arriving_content.prefix)


def _not_awaited() -> LeonidasError:
    return conflict("This upload is confirmed or replaced already; begin a new one.")


def _same_sheet(file: FileRecord, incoming: Incoming) -> DialectOverride | None:
    """What is said of new content: another workbook is read as the sheet that the file was."""
    sheet = file.override.sheet if file.override else None
    if incoming.override is not None or sheet is None:
        return incoming.override
    workbook = WORKBOOK_NAMES.search(incoming.filename) is not None
    return DialectOverride(sheet=sheet) if workbook else None
