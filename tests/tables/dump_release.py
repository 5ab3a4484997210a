"""Write ``released/<revision>.sql``: a database of the present schema with one item in each table.

Run ``python -m tests.tables.dump_release`` when 0001 changes before the first release, and once
for each later release. What a release has written is never written anew: the tests open it with
the code of today.
"""

import asyncio
import contextlib
import sqlite3
import tempfile
from dataclasses import is_dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from leonidas_jupyter.tables.migrations import revisions
from leonidas_jupyter.tables.migrations.autogenerate import declared
from leonidas_jupyter.tables.sql import open_sql

FOLDER = Path(__file__).parent / "released"
MOMENT = datetime(2100, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
PLAIN: dict[Any, Any] = {str: "x", int: 1, float: 0.5, bool: True, datetime: MOMENT, Any: {"a": 1}}

TOLD_APART: dict[str, Any] = {"delimiter": ";", "quote": '"', "escape": '"', "thousands": " "}
"""Fields of a dialect that may not all be the same sign."""


def sample(annotation: Any) -> Any:
    """A value of a type, with everything that can be there."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in PLAIN:
        return PLAIN[annotation]
    if origin is Literal:
        return arguments[0]
    if origin is Annotated:
        return sample(arguments[0])
    if origin in (Union, UnionType):
        return sample(next(each for each in arguments if each is not NoneType))
    if origin in (list, tuple):
        return [sample(arguments[0])]
    if origin is dict:
        return {sample(arguments[0]): sample(arguments[1])}
    if issubclass(annotation, Enum):
        return next(iter(annotation))
    if is_dataclass(annotation):
        return annotation(
            **{name: sample(kind) for name, kind in get_type_hints(annotation).items()}
        )
    return sample_model(annotation)


def sample_model(model: type[BaseModel]) -> BaseModel:
    return model.model_validate(
        {
            name: TOLD_APART.get(name) or sample(field.annotation)
            for name, field in model.model_fields.items()
        }
    )


async def fill(path: Path) -> None:
    specs = declared()
    database = open_sql(f"sqlite:///{path}", specs)
    for spec in specs:
        await database.table(spec).put(sample_model(spec.model))
    await database.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "new.db"
        asyncio.run(fill(path))
        with contextlib.closing(sqlite3.connect(path)) as connection:
            text = "\n".join(connection.iterdump())
    (FOLDER / f"{revisions()[-1]}.sql").write_text(text + "\n")


if __name__ == "__main__":
    main()
