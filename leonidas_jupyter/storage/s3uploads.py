"""Uploads that go to S3 itself: signed, in one piece or in parts, and taken over when confirmed.

A piece is PUT below ``uploads/`` and copied to its key when it is collected: whoever still has the
URL cannot change it then, and what nobody confirms can be removed by a rule of the bucket. Parts
are seen by nobody until they are joined, so they go to the key itself.
"""

import base64
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from leonidas_jupyter.core.filenames import attachment
from leonidas_jupyter.core.ids import now
from leonidas_jupyter.storage.base import (
    ObjectMissing,
    PartedUpload,
    PartsMissing,
    SignedPart,
    SignedUrl,
    UploadOver,
)
from leonidas_jupyter.storage.s3calls import S3Calls, s3_client
from leonidas_jupyter.storage.s3writing import PART_BYTES, copy_object, join

PARTED_BYTES = 2 * PART_BYTES
"""Uploads larger than this go in parts."""

MOST_SIGNED = 500
"""About how many parts one upload has at most: each takes a URL in one answer."""

STREAM = "application/octet-stream"


class S3Uploads:
    """Signed URLs of S3, and what arrived at them.

    Args:
        objects, uploads: what stands before the keys of objects, and of uploads in one piece.
    """

    def __init__(self, calls: S3Calls, objects: str, uploads: str) -> None:
        self._calls = calls
        self._objects = objects
        self._uploads = uploads
        public = calls.place.public_endpoint_url
        self._signing = s3_client(calls.place, public) if public else calls.client

    async def presign_put(
        self, key: str, *, size: int, sha256: str | None, expires_in: int
    ) -> SignedUrl:
        """Where to PUT one piece; S3 refuses another size, and other bytes where they are known."""
        sent = {"ContentType": STREAM, **self._calls.place.encryption}
        headers = {"content-type": STREAM, **self._encryption_headers()}
        if sha256 is not None:
            sent["ChecksumSHA256"] = _base64_of(sha256)
            headers["x-amz-checksum-sha256"] = sent["ChecksumSHA256"]
        parameters = {"Key": self._uploads + key, "ContentLength": size, **sent}
        return await self._sign("put_object", "PUT", parameters, expires_in, headers)

    async def presign_get(self, key: str, *, filename: str, expires_in: int) -> SignedUrl:
        """Where to GET an object; S3 answers so that browsers save it."""
        parameters = {
            "Key": self._objects + key,
            "ResponseContentDisposition": attachment(filename),
            "ResponseContentType": STREAM,
            "ResponseCacheControl": "private, no-store",
        }
        return await self._sign("get_object", "GET", parameters, expires_in, {})

    async def begin_parts(self, key: str, size: int) -> PartedUpload | None:
        """Begin an upload in parts, where the object is large enough."""
        if size <= PARTED_BYTES:
            return None
        part_size = max(PART_BYTES, -(-size // MOST_SIGNED))
        begun = await self._calls.write(
            "create_multipart_upload", Key=self._objects + key, ContentType=STREAM
        )
        return PartedUpload(begun["UploadId"], part_size)

    async def presign_parts(
        self, key: str, upload: PartedUpload, *, size: int, expires_in: int
    ) -> Sequence[SignedPart]:
        """Where to PUT the parts, and which S3 has. Raises UploadOver."""
        name = self._objects + key
        arrived = await self._arrived(name, upload)
        sizes = upload.sizes(size)
        until = now() + timedelta(seconds=expires_in)

        def sign() -> list[SignedPart]:
            signed = []
            for number, bytes_ in sizes.items():
                known = arrived.get(number)
                url = self._signing.generate_presigned_url(
                    "upload_part",
                    Params={
                        "Bucket": self._calls.place.bucket,
                        "Key": name,
                        "UploadId": upload.upload_id,
                        "PartNumber": number,
                        "ContentLength": bytes_,
                    },
                    ExpiresIn=expires_in,
                )
                etag = known["ETag"] if known and known["Size"] == bytes_ else None
                signed.append(SignedPart(number, bytes_, SignedUrl(url, "PUT", until), etag))
            return signed

        return await self._calls.in_thread(sign)

    async def collect(self, key: str, *, size: int, upload: PartedUpload | None) -> None:
        """Make what arrived the object under its key. Raises PartsMissing."""
        try:
            if await self._take_piece(key, size) or upload is None:
                return
            await self._join(self._objects + key, upload, size)
        except UploadOver:  # joined before: the answer was lost, or the server killed
            return

    async def _take_piece(self, key: str, size: int) -> bool:
        """Copy what was PUT in one piece, if it was."""
        staged = self._uploads + key
        try:
            head = await self._calls.call("head_object", Key=staged, ChecksumMode="ENABLED")
            if head["ContentLength"] != size:
                return False
            sha256 = checksum_of(head)
            await copy_object(self._calls, staged, self._objects + key, head, sha256)
        except ObjectMissing:
            return False
        await self._calls.call("delete_object", Key=staged)
        return True

    async def _join(self, name: str, upload: PartedUpload, size: int) -> None:
        arrived = await self._arrived(name, upload)
        sizes = upload.sizes(size)
        missing = [n for n, part in sizes.items() if arrived.get(n, {}).get("Size") != part]
        if missing:
            raise PartsMissing(missing)
        await join(self._calls, name, upload.upload_id, [arrived[n]["ETag"] for n in sizes])

    async def _arrived(self, name: str, upload: PartedUpload) -> dict[int, dict[str, Any]]:
        found: dict[int, dict[str, Any]] = {}
        after = 0
        while True:
            page = await self._calls.call(
                "list_parts", Key=name, UploadId=upload.upload_id, PartNumberMarker=after
            )
            found.update((part["PartNumber"], part) for part in page.get("Parts", ()))
            if not page.get("IsTruncated"):
                return found
            after = page["NextPartNumberMarker"]

    async def _sign(
        self,
        operation: str,
        method: str,
        parameters: dict[str, Any],
        expires_in: int,
        headers: dict[str, str],
    ) -> SignedUrl:
        until = now() + timedelta(seconds=expires_in)
        url = await self._calls.in_thread(
            self._signing.generate_presigned_url,
            operation,
            Params={"Bucket": self._calls.place.bucket, **parameters},
            ExpiresIn=expires_in,
        )
        return SignedUrl(url, method, until, headers)

    def _encryption_headers(self) -> dict[str, str]:
        place = self._calls.place
        sent = {
            "x-amz-server-side-encryption": place.sse,
            "x-amz-server-side-encryption-aws-kms-key-id": place.kms_key_id,
        }
        return {name: value for name, value in sent.items() if value is not None}


def checksum_of(head: dict[str, Any]) -> str | None:
    """The SHA-256 that S3 computed of the whole object, in hexadecimal."""
    value = head.get("ChecksumSHA256", "")
    if not value or "-" in value or head.get("ChecksumType") == "COMPOSITE":
        return None
    return base64.b64decode(value).hex()


def _base64_of(sha256: str) -> str:
    return base64.b64encode(bytes.fromhex(sha256)).decode()
