"""The server's own end of signed URLs: bytes come in measured, and leave only as attachments."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

from leonidas_jupyter.core.errors import (
    ErrorCode,
    LeonidasError,
    conflict,
    invalid,
    not_found,
)
from leonidas_jupyter.core.filenames import attachment
from leonidas_jupyter.storage.base import ObjectInfo, ObjectStore, ObjectTooLarge
from leonidas_jupyter.storage.signing import SignedGrant

_RESUME = re.compile(r"bytes=([0-9]{1,18})-")


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
        return await store.put(grant.key, measured(), max_bytes=length)
    except ObjectTooLarge:
        raise invalid(
            f"More than the {length} bytes came that this URL takes; nothing was stored."
        ) from None


def check_arrived(
    info: ObjectInfo | None, *, size: int, sha256s: Iterable[str | None]
) -> ObjectInfo:
    """What arrived, if it is what was announced.

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
    for sha256 in sha256s:
        if sha256 not in (None, info.sha256):
            raise invalid(
                "The bytes that arrived have another SHA-256 than the one given; "
                "upload the file again.",
                expected_sha256=sha256,
                actual_sha256=info.sha256,
            )
    return info


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
    """The object as an attachment, from ``Range: bytes=N-`` on where that is asked for.

    Other ranges are answered with the whole, as RFC 9110 (14.2) allows.

    Raises:
        LeonidasError: ``not_found``.
    """
    info = await store.head(grant.key)
    if info is None:
        raise not_found("file")
    resume = _RESUME.fullmatch(headers.get("range", "").strip())
    start = int(resume[1]) if resume and int(resume[1]) < info.size else 0
    answer = {
        "content-type": "application/octet-stream",
        "content-disposition": attachment(grant.filename or "download"),
        "content-length": str(info.size - start),
        "content-security-policy": "sandbox; default-src 'none'",
        "x-content-type-options": "nosniff",
        "cache-control": "private, no-store",
        "accept-ranges": "bytes",
        "etag": f'"{info.sha256}"',
    }
    if start:
        answer["content-range"] = f"bytes {start}-{info.size - 1}/{info.size}"
    return Download(206 if start else 200, answer, store.get(grant.key, start=start))
