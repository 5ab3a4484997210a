"""Objects on their way out of S3: a thousand at once, with versions and unfinished parts."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from leonidas_jupyter.core.ids import now
from leonidas_jupyter.storage.base import StoreUnavailable
from leonidas_jupyter.storage.s3calls import S3Calls, gathered, translated
from leonidas_jupyter.storage.s3writing import abort

AT_ONCE = 1000
"""The most that one call deletes."""

ATTEMPTS = 4
"""How often what S3 could not delete just then is tried."""

_FIRST_PAUSE = 0.2

Target = dict[str, str]
"""A key of the bucket, perhaps with a version."""


async def listed(calls: S3Calls, prefix: str) -> AsyncIterator[list[dict[str, Any]]]:
    """The objects whose names begin with ``prefix``, in pages, in the order of their names."""
    parameters = {"Prefix": prefix}
    while True:
        page = await calls.call("list_objects_v2", **parameters)
        yield page.get("Contents", [])
        if not page.get("IsTruncated"):
            return
        parameters["ContinuationToken"] = page["NextContinuationToken"]


async def remove_below(calls: S3Calls, prefix: str, *, before: datetime | None = None) -> None:
    """Delete every object whose name begins with ``prefix``, or those older than ``before``."""
    async for page in listed(calls, prefix):
        old = (each for each in page if before is None or each["LastModified"] < before)
        await _delete(calls, [{"Key": each["Key"]} for each in old])


async def purge_below(calls: S3Calls, prefix: str) -> None:
    """Delete every version and every mark of deletion of such objects."""
    async for page in versions_of(calls, prefix):
        await _delete(calls, page.targets)


async def purge_one(calls: S3Calls, name: str) -> None:
    """Delete every version and every mark of deletion of one object."""
    async for page in versions_of(calls, name):
        found = [each for each in page.targets if each["Key"] == name]
        await _delete(calls, found)
        if len(found) < len(page.targets):  # those that follow have longer names
            return


@dataclass(frozen=True)
class Versions:
    """Some versions of objects, and marks of deletion, as S3 lists them."""

    versions: list[dict[str, Any]]
    markers: list[dict[str, Any]]

    @property
    def targets(self) -> list[Target]:
        """All of them, as they are deleted."""
        found = [*self.versions, *self.markers]
        return [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]


async def versions_of(calls: S3Calls, prefix: str) -> AsyncIterator[Versions]:
    """Every version and every mark of deletion of such objects, in pages."""
    parameters = {"Prefix": prefix}
    while True:
        page = await calls.call("list_object_versions", **parameters)
        yield Versions(page.get("Versions", []), page.get("DeleteMarkers", []))
        if not page.get("IsTruncated"):
            return
        parameters["KeyMarker"] = page["NextKeyMarker"]
        if "NextVersionIdMarker" in page:
            parameters["VersionIdMarker"] = page["NextVersionIdMarker"]


async def abort_below(calls: S3Calls, prefix: str, *, older: timedelta | None = None) -> None:
    """Give up the unfinished uploads of such objects, or those begun longer ago than ``older``."""
    parameters = {"Prefix": prefix}
    while True:
        page = await calls.call("list_multipart_uploads", **parameters)
        uploads = [
            each
            for each in page.get("Uploads", ())
            if older is None or each["Initiated"] < now() - older
        ]
        await gathered(8, (abort(calls, each["Key"], each["UploadId"]) for each in uploads))
        if not page.get("IsTruncated"):
            return
        parameters["KeyMarker"] = page["NextKeyMarker"]
        parameters["UploadIdMarker"] = page["NextUploadIdMarker"]


async def _delete(calls: S3Calls, targets: Sequence[Target]) -> None:
    for batch in _batches(targets):
        left = batch
        for attempt in range(1, ATTEMPTS + 1):
            left, failure = await _delete_once(calls, left)
            if failure is None:
                break
            if attempt == ATTEMPTS:
                raise failure
            await asyncio.sleep(_FIRST_PAUSE * 2 ** (attempt - 1))


async def _delete_once(
    calls: S3Calls, targets: list[Target]
) -> tuple[list[Target], StoreUnavailable | None]:
    """What could not be deleted, and why the first of it could not."""
    answer = await calls.call("delete_objects", Delete={"Objects": targets, "Quiet": True})
    errors = [each for each in answer.get("Errors", ()) if each.get("Code") != "NoSuchKey"]
    if not errors:
        return [], None
    left = [{k: each[k] for k in ("Key", "VersionId") if each.get(k)} for each in errors]
    return left, _said(errors[0])


def _said(entry: dict[str, Any]) -> StoreUnavailable:
    from botocore.exceptions import ClientError

    failure = translated(ClientError({"Error": entry}, "DeleteObjects"))
    if isinstance(failure, StoreUnavailable):
        return failure
    return StoreUnavailable("The bucket of the uploaded files could not delete all; try again.")


def _batches(targets: Iterable[Target]) -> Iterable[list[Target]]:
    rest = iter(targets)
    while batch := list(islice(rest, AT_ONCE)):
        yield batch
