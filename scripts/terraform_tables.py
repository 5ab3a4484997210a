"""The tables that deploy/terraform makes: what the declarations ask of DynamoDB, as JSON."""

import json
from collections.abc import Sequence
from typing import Any

from leonidas_jupyter.server.engines import SPECS
from leonidas_jupyter.tables.base import TableSpec
from leonidas_jupyter.tables.dynamodb_items import TTL
from leonidas_jupyter.tables.dynamodb_schema import definition


def _keys(schema: Sequence[dict[str, str]]) -> dict[str, str | None]:
    names = {part["KeyType"]: part["AttributeName"] for part in schema}
    return {"hash_key": names["HASH"], "range_key": names.get("RANGE")}


def _table(spec: TableSpec[Any]) -> dict[str, Any]:
    asked = definition(spec, spec.name)
    return {
        **_keys(asked["KeySchema"]),
        "attributes": {
            each["AttributeName"]: each["AttributeType"] for each in asked["AttributeDefinitions"]
        },
        "indexes": {
            each["IndexName"]: {
                **_keys(each["KeySchema"]),
                "projection_type": each["Projection"]["ProjectionType"],
            }
            for each in asked.get("GlobalSecondaryIndexes", ())
        },
        "ttl": TTL if spec.ttl else None,
    }


def tables_json(specs: Sequence[TableSpec[Any]] = SPECS) -> str:
    """``deploy/terraform/tables.json``, as tables.tf reads it."""
    return json.dumps({spec.name: _table(spec) for spec in specs}, indent=2) + "\n"
