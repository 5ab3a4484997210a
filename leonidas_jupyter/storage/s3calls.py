"""Calls of S3 from the event loop: in threads, a few at once, with their failures in words."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any, ParamSpec, TypeVar

from leonidas_jupyter.core import aws
from leonidas_jupyter.core.awsfailures import error_code, explain
from leonidas_jupyter.core.s3place import S3Place
from leonidas_jupyter.storage.base import ObjectMissing, StoreUnavailable, UploadOver

P = ParamSpec("P")
T = TypeVar("T")

WHAT = "The bucket of the uploaded files"

THREADS = 16
"""How many calls go on at once; what waits for the network takes no core."""

ANSWER_SECONDS = 60
"""How long S3 may say nothing: copies and long uploads are put together before it answers."""

_LONG = 60


class ObjectChanged(Exception):
    """Another object stands under the key than the one that was begun with."""


class OutOfRange(Exception):
    """The object ends before the bytes that were asked for."""


class S3Calls:
    """The client of one place, and the threads that it blocks.

    Raises:
        StoreUnavailable: there is no such profile, or no region.
    """

    def __init__(self, place: S3Place) -> None:
        self.place = place
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="leonidas-s3")
        try:
            self.client = s3_client(place, place.aws.endpoint_url)
        except Exception as error:
            raise translated(error) from error

    async def call(self, operation: str, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401 - of boto3
        """One call on the bucket.

        Raises:
            ObjectMissing, UploadOver, ObjectChanged, OutOfRange: it is not there, or not any more.
            StoreUnavailable: S3 does not do it now.
        """
        method = getattr(self.client, operation)
        answer: dict[str, Any] = await self.in_thread(
            partial(method, Bucket=self.place.bucket, **parameters)
        )
        return answer

    async def write(self, operation: str, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401 - of boto3
        """One call that makes an object, encrypted as the place says.

        Who is cancelled meanwhile is so when it has ended: nothing appears after that.
        """
        return await to_its_end(self.call(operation, **parameters, **self.place.encryption))

    async def in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Work that may call S3, in one of the threads. Raises as ``call``."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, partial(work, *args, **kwargs))
        except Exception as error:
            raise translated(error) from error

    async def close(self) -> None:
        """End the threads once they are done, and the connections."""
        await asyncio.to_thread(self._pool.shutdown, wait=True, cancel_futures=True)
        self.client.close()


async def to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """What ``work`` returns; it is not cancelled, but waited for, where the caller is."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


async def gathered(at_once: int, works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results of works in their order, few of them at once; none goes on when it raises."""
    slots = asyncio.Semaphore(at_once)

    async def one(work: Coroutine[Any, Any, T]) -> T:
        async with slots:
            return await work

    tasks = [asyncio.create_task(one(work)) for work in works]
    if tasks:
        await to_its_end(_all(tasks))
    return [task.result() for task in tasks]


async def _all(tasks: list[asyncio.Task[T]]) -> None:
    await asyncio.wait(tasks)


def s3_client(place: S3Place, endpoint_url: str | None) -> Any:  # noqa: ANN401 - of boto3
    """A client that signs by version 4; checksums are sent where we say so, or S3 asks for them.

    Other stores than AWS's own do not know the newer ones.
    """
    return aws.client(
        "s3",
        replace(place.aws, endpoint_url=endpoint_url),
        read_timeout=ANSWER_SECONDS,
        signature_version="s3v4",
        s3={"addressing_style": place.addressing, "us_east_1_regional_endpoint": "regional"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )


def translated(error: Exception) -> Exception:
    """A failure of boto3 as callers of an ObjectStore know it; others stay what they are."""
    code = error_code(error)
    match code:
        case "404" | "NoSuchKey" | "NoSuchVersion" | "NoSuchCORSConfiguration":
            return ObjectMissing(code)
        case "NoSuchUpload":
            return UploadOver(code)
        case "412" | "PreconditionFailed" | "ConditionalRequestConflict":
            return ObjectChanged(code)
        case "416" | "InvalidRange":
            return OutOfRange(code)
        case "NoSuchBucket":
            return StoreUnavailable(
                f"{WHAT} does not exist; create it, or correct c.Leonidas.storage_url.", _LONG
            )
    failure = explain(error, WHAT, "s3")
    if failure is not None:
        return StoreUnavailable(failure.message, failure.retry_after)
    if code:
        return StoreUnavailable(
            f"{WHAT} does not take what the server asks ({code}); check its region, endpoint and "
            "settings.",
            _LONG,
        )
    return _without_code(error)


def _without_code(error: Exception) -> Exception:
    from botocore.exceptions import BotoCoreError
    from urllib3.exceptions import HTTPError

    if isinstance(error, HTTPError):
        return StoreUnavailable(f"The connection to {WHAT.lower()} broke; try again.", 5)
    if isinstance(error, BotoCoreError):
        return StoreUnavailable(
            f"{WHAT} cannot be used as it is set ({type(error).__name__}); check its region, "
            "endpoint and credentials.",
            _LONG,
        )
    return error
