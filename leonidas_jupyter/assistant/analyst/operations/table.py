"""The one table of operations, in the order in which they are tried."""

from leonidas_jupyter.assistant.analyst.operations import (
    aggregates,
    extremes,
    listing,
    missing,
    pictures,
    rankings,
    relations,
    shares,
    structure,
)
from leonidas_jupyter.assistant.analyst.operations.base import Operation

TABLE: tuple[Operation, ...] = (
    *structure.OPERATIONS,
    *missing.OPERATIONS,
    *shares.OPERATIONS,
    *aggregates.OPERATIONS,
    *extremes.OPERATIONS,
    *rankings.OPERATIONS,
    *relations.OPERATIONS,
    *pictures.OPERATIONS,
    *listing.OPERATIONS,
)

BY_NAME: dict[str, Operation] = {operation.name: operation for operation in reversed(TABLE)}
