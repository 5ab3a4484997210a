"""Calls of DynamoDB: counted where that is wanted, tried again where that helps, explained."""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from leonidas_jupyter.core.awsfailures import error_code, explain
from leonidas_jupyter.tables.base import Unavailable
from leonidas_jupyter.tables.dynamodb_items import Attributes

WHAT = "DynamoDB"
CONNECTIONS = 16
"""Calls that are made at once; more wait."""
MISSING_TABLES = (
    "The tables of Leonidas are not in DynamoDB, or not all of them; run: "
    "jupyter leonidas tables create"
)
BUSY = "DynamoDB is asked for more than it takes at the moment; try again soon."
CONTENDED = "Many changes are made to the same thing at once."

ATTEMPTS = 12
"""How often a call is tried again for others who write to the same item, or for room."""

_FIRST_PAUSE = 0.01
_LONGEST_PAUSE = 1.0


@dataclass
class Meter:
    """Counts requests and the capacity units that they consume, by the name of the call."""

    requests: Counter[str] = field(default_factory=Counter)
    units: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def count(self, name: str, answer: dict[str, Any]) -> None:
        """Add an answered call."""
        told = answer.get("ConsumedCapacity", [])
        consumed = told if isinstance(told, list) else [told]
        with self._lock:
            self.requests[name] += 1
            units = sum(float(each["CapacityUnits"]) for each in consumed)
            self.units[name] = self.units.get(name, 0.0) + units

    def take(self) -> tuple[dict[str, int], dict[str, float]]:
        """The requests and units counted so far; counting begins anew."""
        with self._lock:
            taken = dict(self.requests), dict(self.units)
            self.requests.clear()
            self.units.clear()
        return taken


class ConditionFailed(Exception):
    """A single write was not done.

    Attributes:
        item: what stands.
        repeated: whether the request was sent more than once.
    """

    def __init__(self, item: Attributes | None, repeated: bool) -> None:
        super().__init__("A condition does not hold.")
        self.item = item
        self.repeated = repeated


class Cancelled(Exception):
    """A transaction was not done, because something else stands than was expected."""


class _Again(Exception):
    """A call can be tried again."""


class Calls:
    """The calls of one client, by their boto3 names. They block.

    Raises:
        Unavailable: DynamoDB does not do it.
        ConditionFailed, Cancelled: as they say.
    """

    def __init__(self, client: Any, meter: Meter | None = None) -> None:  # noqa: ANN401 - boto3 makes its classes as it runs
        self.client = client
        self._meter = meter

    def call(self, name: str, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - any request
        """The answer to a request about items."""
        if self._meter is not None:
            request["ReturnConsumedCapacity"] = "TOTAL"
        answer = self.plain(name, **request)
        if self._meter is not None:
            self._meter.count(name, answer)
        return answer

    def plain(self, name: str, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - any request
        """The answer to a request, one about tables too."""
        for attempt in range(ATTEMPTS):
            try:
                return self._once(name, request)
            except _Again:
                pause(attempt)
        raise Unavailable(CONTENDED, retry_after=1)

    def _once(self, name: str, request: dict[str, Any]) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer: dict[str, Any] = getattr(self.client, name)(**request)
        except ClientError as error:
            _meaning(error)
            raise
        except BotoCoreError as error:
            if (failure := explain(error, WHAT, "dynamodb")) is None:
                raise
            raise Unavailable(failure.message, failure.retry_after) from error
        return answer


def pause(attempt: int) -> None:
    """Wait, longer each time and never as long as others (full jitter)."""
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**attempt)
    time.sleep(random.uniform(0, longest))  # noqa: S311 - nothing secret


def _meaning(error: Any) -> None:  # noqa: ANN401 - botocore has no types
    """Raise what an answer means; nothing where it is a mistake in the request."""
    code = error_code(error)
    if code == "ConditionalCheckFailedException":
        metadata = error.response.get("ResponseMetadata", {})
        raise ConditionFailed(
            error.response.get("Item"), metadata.get("RetryAttempts", 0) > 0
        ) from error
    if code == "TransactionCanceledException":
        _cancelled(error)
    if code in ("TransactionConflictException", "TransactionInProgressException"):
        raise _Again from error
    if code == "ResourceNotFoundException":
        raise Unavailable(MISSING_TABLES, 60) from error
    if (failure := explain(error, WHAT, "dynamodb")) is not None:
        raise Unavailable(failure.message, failure.retry_after) from error


_CANCELLED_AGAIN = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


def _cancelled(error: Any) -> None:  # noqa: ANN401 - botocore has no types
    codes = {reason.get("Code") for reason in error.response.get("CancellationReasons", ())}
    if "ConditionalCheckFailed" in codes:
        raise Cancelled from error
    if codes & _CANCELLED_AGAIN:
        raise _Again from error
