"""The server's own end of signed URLs: bytes come in measured, and leave only as attachments."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from leonidas_jupyter.core.errors import (
    ErrorCode,
    LeonidasError,
    conflict,
    invalid,
    not_found,
)
from leonidas_jupyter.core.filenames import attachment
from leonidas_jupyter.storage.base import BytesDiffer, ObjectInfo, ObjectStore, ObjectTooLarge
from leonidas_jupyter.storage.signing import SignedGrant

_RANGE = re.compile(r"bytes=([0-9]{1,18})-([0-9]{1,18})?")


def announced_length(headers: Mapping[str, str]) -> int:
    """How many bytes the sender says will come.

    Raises:
        LeonidasError: ``length_required`` where it does not say so.
    """
    length = headers.get("content-length", "")
    if "transfer-encoding" in headers or not (length.isascii() and length.isdigit()):
        raise LeonidasError(
            ErrorCode.LENGTH_REQUIRED, "Send Content-Length with the upload, not a chunked body."
        )
    return int(length)


async def receive(
    store: ObjectStore,
    grant: SignedGrant,
    headers: Mapping[str, str],
    chunks: AsyncIterator[bytes],
    still_wanted: Callable[[], Awaitable[None]],
) -> ObjectInfo:
    """Store exactly the bytes that the URL was signed for, or nothing.

    ``still_wanted`` raises when they are not; it is asked before the first byte and after the last.

    Raises:
        LeonidasError: ``length_required``, ``invalid_request`` when it is another number of bytes,
            or what ``still_wanted`` raises.
    """
    length = announced_length(headers)
    if grant.size is not None and length != grant.size:
        raise _wrong_size(grant.size, length)
    await still_wanted()

    async def measured() -> AsyncIterator[bytes]:
        total = 0
        async for chunk in chunks:
            total += len(chunk)
            yield chunk
        if total != length:
            raise _wrong_size(length, total)
        await still_wanted()

    try:
        return await store.put(grant.key, measured(), max_bytes=length, sha256=grant.sha256)
    except BytesDiffer:
        raise _other_bytes(grant.sha256, None) from None
    except ObjectTooLarge:
        raise invalid(
            f"More than the {length} bytes came that this URL takes; nothing was stored."
        ) from None


def check_arrived(
    info: ObjectInfo | None, *, size: int, sha256s: Iterable[str | None]
) -> ObjectInfo:
    """What arrived, if it is what was announced, as far as the store can tell.

    Raises:
        LeonidasError: ``conflict`` when nothing did, ``invalid_request`` with what differs.
    """
    if info is None:
        raise conflict("The bytes are not here yet; PUT them to the upload URL, then confirm.")
    if info.size != size:
        raise invalid(
            f"{size} bytes were announced, {info.size} arrived; upload the file again.",
            expected_size=size,
            actual_size=info.size,
        )
    actual = info.sha256
    for sha256 in sha256s:
        actual = actual or sha256
        if sha256 not in (None, actual):
            raise _other_bytes(sha256, info.sha256)
    return replace(info, sha256=actual)


def _other_bytes(expected: str | None, actual: str | None) -> LeonidasError:
    known = {} if actual is None else {"actual_sha256": actual}
    return invalid(
        "The bytes that arrived have another SHA-256 than the one given; upload the file again.",
        expected_sha256=expected,
        **known,
    )


def _wrong_size(expected: int, actual: int) -> LeonidasError:
    return invalid(
        f"This URL takes exactly {expected} bytes, {actual} came; nothing was stored.",
        expected_size=expected,
        actual_size=actual,
    )


@dataclass(frozen=True)
class Download:
    """An object on its way out: status, headers, bytes."""

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]


async def serve(store: ObjectStore, grant: SignedGrant, headers: Mapping[str, str]) -> Download:
    """The object as an attachment, or the part that ``Range: bytes=N-`` or ``bytes=N-M`` asks for.

    Other ranges are answered with the whole, as RFC 9110 (14.2) allows.

    Raises:
        LeonidasError: ``not_found``.
    """
    info = await store.head(grant.key)
    if info is None:
        raise not_found("file")
    start, end, partly = _asked_for(headers.get("range", ""), info.size)
    answer = {
        "content-type": "application/octet-stream",
        "content-disposition": attachment(grant.filename or "download"),
        "content-length": str(end - start),
        "content-security-policy": "sandbox; default-src 'none'",
        "x-content-type-options": "nosniff",
        "cache-control": "private, no-store",
        "accept-ranges": "bytes",
    }
    if info.sha256 is not None:
        answer["etag"] = f'"{info.sha256}"'
    if partly:
        answer["content-range"] = f"bytes {start}-{end - 1}/{info.size}"
    length = end - start if end < info.size else None
    chunks = store.get(grant.key, start=start, length=length)
    return Download(206 if partly else 200, answer, chunks)


def _asked_for(header: str, size: int) -> tuple[int, int, bool]:
    """Where the wanted bytes begin and end, and whether they are less than the whole."""
    wanted = _RANGE.fullmatch(header.strip())
    start = int(wanted[1]) if wanted else 0
    end = min(int(wanted[2]) + 1, size) if wanted and wanted[2] else size
    return (start, end, end - start < size) if start < end else (0, size, False)
