"""Names that call no group by its words: they stand in the order in which the text names groups."""

import re
from collections.abc import Mapping, Sequence

from leonidas_jupyter.assistant.analyst.closed.concepts import AGGREGATES
from leonidas_jupyter.assistant.analyst.closed.facts import Condition, Declined
from leonidas_jupyter.assistant.analyst.closed.wanted import Ask

_OF_GROUPS = AGGREGATES | {"count", "share", "corr", "missing", "missing_share", "outlier_count"}
_OF_ALL = re.compile(r"\b(?:overall|all|total|entire|whole|difference|diff|gap|ratio)\b")


def in_order(asks: Sequence[Ask], groups: Mapping[str, Sequence[Condition]]) -> None:
    """Give the names of one kind that call no group the groups that are left, in their order.

    Raises:
        Declined: some of them call a group, and there are not as many left as names.
    """
    for column, conditions in groups.items():
        for kind in dict.fromkeys(_kind(ask) for ask in asks):
            alike = [ask for ask in asks if _kind(ask) == kind]
            bare = [ask for ask in alike if not _has(ask, column) and not _OF_ALL.search(ask.words)]
            called = [ask for ask in alike if _has(ask, column)]
            if not bare or kind is None or (not called and len(bare) < 2):
                continue
            taken = [one for ask in called for one in ask.where]
            left = [one for one in conditions if one not in taken]
            if len(left) == len(bare) and len({tuple(ask.columns) for ask in bare}) == 1:
                for ask, one in zip(bare, left, strict=True):
                    ask.where.append(one)
            elif called:
                raise Declined(f"I do not know which group @{bare[0].slot.name} is about.")


def _has(ask: Ask, column: str) -> bool:
    return any(one.column == column for one in ask.where)


def _kind(ask: Ask) -> str | None:
    if ask.options:
        return f"one of {ask.options}"
    kind = ask.concept.kind if ask.concept else ""
    return kind if kind in _OF_GROUPS or not kind else None
