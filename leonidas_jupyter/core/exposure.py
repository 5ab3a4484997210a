"""How much of the data may reach the model provider: five levels, from nothing to rows."""

from collections.abc import Iterable
from enum import StrEnum


class DataExposure(StrEnum):
    """What the provider of a model may see of the data; each level includes the ones before it."""

    NONE = "none"
    SCHEMA = "schema"
    SUMMARY = "summary"
    AGGREGATES = "aggregates"
    ROWS = "rows"

    @property
    def rank(self) -> int:
        """0 for the strictest level, rising as more may be seen."""
        return list(DataExposure).index(self)


def strictest(levels: Iterable[DataExposure | None]) -> DataExposure:
    """The strictest of the levels that somebody set; None counts as not set.

    Raises:
        ValueError: no level is set at all.
    """
    return min((level for level in levels if level is not None), key=lambda level: level.rank)
