"""Ranking everything: every group by a measure, or every row by a column."""

from dataclasses import replace

from leonidas_jupyter.assistant.analyst.labels import names_rows
from leonidas_jupyter.assistant.analyst.operations.base import Operation, Parse, patterns
from leonidas_jupyter.assistant.analyst.operations.rankings import (
    ALL_GROUPS,
    build_group,
    compile_group,
    render_group,
)
from leonidas_jupyter.assistant.analyst.question import Order, Question


def _rows_ranked(parse: Parse) -> Question | None:
    """Read "rank the states by population", where each state is a row."""
    if not (parse.items("↓") or any(item.text.lower().startswith("rank") for item in parse.core)):
        # "Sorted by" does not say which end comes first.
        return None
    entity, groups = parse.columns(), parse.groups
    if (
        len(groups) != 1
        or groups[0].part
        or any(not names_rows(column, parse.lexicon) for column in entity)
    ):
        return None
    ranked = parse.lexicon.column(groups[0].column)
    if not (ranked.numeric or ranked.temporal):
        return None
    descending = not any(item.value == "asc" for item in parse.items("↓"))
    order = Order(descending, 0, ALL_GROUPS, parse.spans | groups[0].spans)
    names = (ranked.name, *(column.name for column in entity))
    return parse.ask("top_rows", columns=names, groups=(), order=order)


def _build(parse: Parse) -> Question | None:
    """Read "rank the species by average mass": every group, the highest first."""
    if parse.groups:
        return _rows_ranked(parse)
    question = build_group(parse)
    if question is None or question.order is None or question.option == "assumed":
        return None
    descending = not any(item.value == "asc" for item in parse.items("↓"))
    return replace(question, order=Order(descending, 0, ALL_GROUPS, parse.spans))


def _measured_first(parse: Parse) -> Question | None:
    """Read "average mass per species, highest first" and "…, top 3"."""
    measures = parse.measures()
    if len(parse.groups) != 1 or len(measures) != 1 or parse.having:
        return None
    ends = [item.value for item in parse.items("↓T")]
    limit = parse.number() if parse.items("N") else ALL_GROUPS
    if len(ends) != 1 or limit is None or ends[0] not in ("asc", "desc"):
        return None
    order = Order(ends[0] == "desc", 0, limit, parse.spans)
    return parse.ask(
        "top_groups" if parse.items("N") else "ranking", order=order, measures=measures
    )


OPERATIONS = (
    Operation(
        "ranking",
        patterns("q?7,?[¶=]*↓", "q?7,?TN"),
        _measured_first,
        compile_group,
        render_group,
    ),
    Operation(
        "ranking",
        patterns(
            "q?¶[CR]?[C9]B7,?↓?",
            "q?¶[C9]BHR?,?↓?",
            "q?[C9]¶B7,?↓?",
            "q?[C9]¶BHR?,?↓?",
            "q?¶[C9]7,?↓?",
            "q?¶[CR]?,?↓?",
            "q?R¶,?↓?",
        ),
        _build,
        compile_group,
        render_group,
    ),
)
