"""Stores that take each upload in one piece, through this server's own signed URLs."""

from collections.abc import AsyncIterator, Sequence

from leonidas_jupyter.storage.base import (
    ObjectInfo,
    PartedUpload,
    SignedPart,
    SignedUrl,
    UploadOver,
    check_beginning,
)
from leonidas_jupyter.storage.signing import UrlSigner


class WholeUploads:
    """That part of an ObjectStore: what arrives is the object at once."""

    def __init__(self, signer: UrlSigner) -> None:
        self._signer = signer

    async def head(self, key: str) -> ObjectInfo | None:
        """See ObjectStore."""
        raise NotImplementedError

    async def delete_prefix(self, prefix: str) -> None:
        """See ObjectStore."""
        raise NotImplementedError

    async def delete(self, key: str) -> None:
        """See ObjectStore."""
        raise NotImplementedError

    async def purge(self, prefix: str) -> None:
        """No versions are kept."""
        await (self.delete_prefix(prefix) if prefix.endswith("/") else self.delete(prefix))

    async def removed(self, prefix: str) -> AsyncIterator[str]:
        """No versions are kept."""
        check_beginning(prefix)
        nothing: tuple[str, ...] = ()
        for key in nothing:
            yield key

    async def presign_put(
        self, key: str, *, size: int, sha256: str | None, expires_in: int
    ) -> SignedUrl:
        """See ObjectStore."""
        return self._signer.sign("PUT", key, expires_in=expires_in, size=size, sha256=sha256)

    async def presign_get(self, key: str, *, filename: str, expires_in: int) -> SignedUrl:
        """See ObjectStore."""
        return self._signer.sign("GET", key, expires_in=expires_in, filename=filename)

    async def begin_parts(self, key: str, size: int) -> PartedUpload | None:  # noqa: ARG002 - ObjectStore's
        """In one piece always."""
        return None

    async def presign_parts(
        self,
        key: str,
        upload: PartedUpload,  # noqa: ARG002 - ObjectStore's
        *,
        size: int,  # noqa: ARG002 - ObjectStore's
        expires_in: int,  # noqa: ARG002 - ObjectStore's
    ) -> Sequence[SignedPart]:
        """There are none, but of another store whose place this one took."""
        raise UploadOver(key)

    async def collect(
        self,
        key: str,
        *,
        size: int,  # noqa: ARG002 - ObjectStore's
        upload: PartedUpload | None = None,  # noqa: ARG002 - ObjectStore's
    ) -> ObjectInfo | None:
        """See ObjectStore."""
        return await self.head(key)

    async def sweep(self) -> None:
        """What is half written is removed by who writes next."""

    async def close(self) -> None:
        """Nothing runs."""
