"""The tables that the declarations call for: made, held against what stands, dropped.

One table for each declaration, ``PREFIX-name``, paid per request. Its key are the fields of the
declaration's; each index is a global secondary index with keys only, from its partition field to
an item's place in it (``_order_NAME``); ``_ttl`` is when DynamoDB may remove an item.

Keys only, because most writes touch nothing of an index, and so cost nothing there: an index with
whole items would double or treble each, and a write costs five times a read. Listings read their
items by key, in one more request, and consistently.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from leonidas_jupyter.core.aws import client, trusting
from leonidas_jupyter.core.awsfailures import error_code, explain
from leonidas_jupyter.core.dynamodbplace import DynamoPlace
from leonidas_jupyter.tables.base import TableSpec, Unavailable
from leonidas_jupyter.tables.dynamodb_calls import CONNECTIONS, WHAT, Calls
from leonidas_jupyter.tables.dynamodb_items import TTL, layout, order_name
from leonidas_jupyter.tables.rows import Kind

_WAIT_SECONDS = 600.0
_LOOK_SECONDS = 0.5
_AT_ONCE = 4


def connect(place: DynamoPlace, ca_bundle: str | None) -> Any:  # noqa: ANN401 - boto3 makes its classes as it runs
    """A client of DynamoDB. Raises Unavailable."""
    from botocore.exceptions import BotoCoreError

    try:
        return client(
            "dynamodb",
            trusting(place.aws, ca_bundle),
            connect_timeout=3,
            read_timeout=10,
            retries={"mode": "standard", "total_max_attempts": 4},
            max_pool_connections=CONNECTIONS,
        )
    except BotoCoreError as error:
        if (failure := explain(error, WHAT, "dynamodb")) is None:
            raise
        raise Unavailable(failure.message, failure.retry_after) from error


def definition(spec: TableSpec[Any], table: str) -> dict[str, Any]:
    """What CreateTable is asked for; Terraform and the checks are held to it."""
    shape = layout(spec)
    types = {
        name: "N" if shape.codec.columns[name].kind is Kind.INTEGER else "S"
        for name in (*spec.key, *(index.partition for index in spec.indexes))
    }
    types |= {order_name(index): "S" for index in spec.indexes}
    found: dict[str, Any] = {
        "TableName": table,
        "KeySchema": _keys(*spec.key),
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in sorted(types.items())
        ],
        "BillingMode": "PAY_PER_REQUEST",
    }
    if spec.indexes:
        found["GlobalSecondaryIndexes"] = [
            {
                "IndexName": index.name,
                "KeySchema": _keys(index.partition, order_name(index)),
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
            for index in spec.indexes
        ]
    return found


def _keys(partition: str, sort: str | None = None) -> list[dict[str, str]]:
    keys = [{"AttributeName": partition, "KeyType": "HASH"}]
    return keys + ([{"AttributeName": sort, "KeyType": "RANGE"}] if sort else [])


class Schema:
    """The tables of some declarations at one place; blocks.

    Every method raises Unavailable where DynamoDB does not do it.
    """

    def __init__(self, calls: Calls, place: DynamoPlace, specs: Sequence[TableSpec[Any]]) -> None:
        self._calls = calls
        self._specs = {place.table(spec.name): spec for spec in specs}

    def check(self) -> list[str]:
        """What is missing or differs, a sentence each; nothing where all is as it should be."""
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            differences = [*threads.map(self._differences, self._specs)]
            unswept = [*threads.map(self._unswept, self._specs)]
        return [each for some in (*differences, *unswept) for each in some]

    def unusable(self) -> list[str]:
        """What is missing or differs so that nothing works."""
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            return [each for some in threads.map(self._differences, self._specs) for each in some]

    def create(self) -> None:
        """Make what is missing; what stands with other keys is left for ``check`` to tell."""
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            list(threads.map(self._make, self._specs))

    def drop(self) -> None:
        """Remove the tables with all that is in them."""
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            list(threads.map(self._remove, self._specs))

    def _differences(self, table: str) -> list[str]:
        stands = self._described(table)
        if stands is None:
            return [f"The table {table} is missing."]
        wanted = definition(self._specs[table], table)
        found = []
        if stands["TableStatus"] not in ("ACTIVE", "UPDATING"):
            found.append(f"The table {table} is not ready; it is {stands['TableStatus'].lower()}.")
        if _typed_keys(stands, stands) != _typed_keys(wanted, wanted):
            found.append(f"The table {table} has other keys; it was not made by this program.")
        indexes = {each["IndexName"]: each for each in stands.get("GlobalSecondaryIndexes", ())}
        for index in wanted.get("GlobalSecondaryIndexes", ()):
            other = indexes.get(index["IndexName"])
            if other is None:
                found.append(f"The table {table} has no index {index['IndexName']}.")
            elif _typed_keys(other, stands) != _typed_keys(index, wanted):
                found.append(f"The index {index['IndexName']} of {table} has other keys.")
            elif other.get("IndexStatus", "ACTIVE") != "ACTIVE":
                found.append(f"The index {index['IndexName']} of {table} is not ready yet.")
        return found

    def _unswept(self, table: str) -> list[str]:
        if self._specs[table].ttl is None:
            return []
        try:
            sweeps = self._sweeps(table)
        except _NoTable:
            return []
        return [] if sweeps else [f"The table {table} does not remove what is expired ({TTL})."]

    def _make(self, table: str) -> None:
        wanted = definition(self._specs[table], table)
        if self._described(table) is None:
            with suppress(_InUse):
                self._ask("create_table", **wanted)
        self._until_ready(table)
        for index in wanted.get("GlobalSecondaryIndexes", ()):
            stands = self._described(table) or {}
            names = {each["IndexName"] for each in stands.get("GlobalSecondaryIndexes", ())}
            if index["IndexName"] not in names:
                with suppress(_InUse):
                    self._ask(
                        "update_table",
                        TableName=table,
                        AttributeDefinitions=wanted["AttributeDefinitions"],
                        GlobalSecondaryIndexUpdates=[{"Create": index}],
                    )
                self._until_ready(table)
        if self._specs[table].ttl is not None and not self._sweeps(table):
            self._begin_sweeping(table)

    def _begin_sweeping(self, table: str) -> None:
        from botocore.exceptions import ClientError

        specification = {"Enabled": True, "AttributeName": TTL}
        try:
            self._ask("update_time_to_live", TableName=table, TimeToLiveSpecification=specification)
        except ClientError:
            if not self._sweeps(table):  # another was quicker
                raise

    def _remove(self, table: str) -> None:
        if self._described(table) is not None:
            with suppress(_InUse):
                self._ask("delete_table", TableName=table)
        self._wait(lambda: self._described(table) is None)

    def _until_ready(self, table: str) -> None:
        def ready() -> bool:
            stands = self._described(table) or {}
            indexes = stands.get("GlobalSecondaryIndexes", ())
            return stands.get("TableStatus") == "ACTIVE" and all(
                each.get("IndexStatus", "ACTIVE") == "ACTIVE" for each in indexes
            )

        self._wait(ready)

    @staticmethod
    def _wait(done: Any) -> None:  # noqa: ANN401 - () -> bool
        until = time.monotonic() + _WAIT_SECONDS
        while not done():
            if time.monotonic() > until:
                raise Unavailable("DynamoDB takes very long to change its tables; try again.", 60)
            time.sleep(_LOOK_SECONDS)

    def _described(self, table: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._ask("describe_table", TableName=table)["Table"]
        except _NoTable:
            return None
        return found

    def _sweeps(self, table: str) -> bool:
        told = self._ask("describe_time_to_live", TableName=table)["TimeToLiveDescription"]
        on = told.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
        return on and told.get("AttributeName") == TTL

    def _ask(self, name: str, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - any request
        from botocore.exceptions import ClientError

        try:
            return self._calls.plain(name, **request)
        except ClientError as error:
            if error_code(error) == "ResourceInUseException":
                raise _InUse from error
            raise
        except Unavailable as error:
            if error.__cause__ and error_code(error.__cause__) == "ResourceNotFoundException":
                raise _NoTable from error
            raise


class _NoTable(Exception):
    """There is no such table."""


class _InUse(Exception):
    """Somebody else makes or removes it already."""


def _typed_keys(described: dict[str, Any], table: dict[str, Any]) -> list[tuple[str, str, str]]:
    types = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
    return sorted(
        (each["KeyType"], each["AttributeName"], types[each["AttributeName"]])
        for each in described["KeySchema"]
    )
