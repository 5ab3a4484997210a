"""The one table of operations, in the order in which they are tried."""

from leonidas_jupyter.assistant.analyst.operations import (
    aggregates,
    between,
    changes,
    comparisons,
    differences,
    distinct,
    distributions,
    extremes,
    groups,
    listing,
    missing,
    pictures,
    quality,
    rankings,
    regressions,
    relations,
    shapes,
    shares,
    structure,
    summaries,
)
from leonidas_jupyter.assistant.analyst.operations.base import Operation

TABLE: tuple[Operation, ...] = (
    *groups.OPERATIONS,
    *structure.OPERATIONS,
    *missing.OPERATIONS,
    *distinct.OPERATIONS,
    *shares.OPERATIONS,
    *between.OPERATIONS,
    *changes.OPERATIONS,
    *aggregates.OPERATIONS,
    *summaries.OPERATIONS,
    *extremes.OPERATIONS,
    *rankings.OPERATIONS,
    *regressions.OPERATIONS,
    *relations.OPERATIONS,
    *comparisons.OPERATIONS,
    *differences.OPERATIONS,
    *shapes.OPERATIONS,
    *pictures.OPERATIONS,
    *distributions.OPERATIONS,
    *quality.OPERATIONS,
    *listing.OPERATIONS,
)

BY_NAME: dict[str, Operation] = {operation.name: operation for operation in reversed(TABLE)}
