"""The SQL tables, columns and indexes that the declarations call for."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from sqlalchemy.types import TypeEngine

from leonidas_jupyter.tables.base import TableSpec
from leonidas_jupyter.tables.rows import Kind, codec

_TYPES: dict[Kind, type[TypeEngine[Any]]] = {
    Kind.TEXT: Text,
    Kind.INTEGER: BigInteger,
    Kind.REAL: Double,
    Kind.BOOLEAN: Boolean,
    Kind.TIME: Text,
    Kind.JSON: Text,
}


def sql_table(spec: TableSpec[Any], metadata: MetaData) -> Table:
    """The table of a declaration: one column per field, its indexes with their whole order."""
    shape = codec(spec)
    columns = [
        Column(column.name, _TYPES[column.kind](), nullable=column.nullable)
        for column in shape.columns.values()
    ]
    key = PrimaryKeyConstraint(*spec.key, name=f"pk_{spec.name}")
    table = Table(spec.name, metadata, *columns, key)
    for field in spec.unique:
        Index(f"uq_{spec.name}_{field}", table.c[field], unique=True)
    for index in spec.indexes:
        order = [index.partition, *shape.order(index)]
        Index(f"ix_{spec.name}_{index.name}", *(table.c[name] for name in order))
    if spec.ttl is not None:
        Index(f"ix_{spec.name}_ttl", table.c[spec.ttl])
    return table


def sql_metadata(specs: Iterable[TableSpec[Any]]) -> MetaData:
    """All tables of some declarations."""
    metadata = MetaData()
    for spec in specs:
        sql_table(spec, metadata)
    return metadata
