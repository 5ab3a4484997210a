"""What a question of one frame does not cover: two questions in one, and frames joined."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from leonidas_jupyter.assistant.analyst.compound import points_back, split
from leonidas_jupyter.assistant.analyst.joins import spans_both
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.plan import Plan, ToolOutcome
from leonidas_jupyter.assistant.analyst.question import Where
from leonidas_jupyter.assistant.analyst.reading import Understood
from leonidas_jupyter.assistant.analyst.reply import rows_of
from leonidas_jupyter.assistant.analyst.view import over

Read = Callable[[str], Sequence[Understood]]
"""From a question to what its best readings would compute."""

_CARRIED = frozenset(
    {"rows", "aggregate", "distinct", "mode", "extreme_row", "top_rows", "top_groups", "values",
     "describe_column", "missing", "growth"}
)  # fmt: skip


def in_parts(question: str, read: Read) -> tuple[Understood, ...] | None:
    """Return the questions that one text holds, where each of them is understood by itself.

    A later one that speaks of "their" or "it" takes over the conditions of the first, or nothing
    is understood.
    """
    for parts in split(question):
        options = [[each for each in read(part) if _whole(each)] for part in parts]
        frames = [{each.question.frame for each in found} for found in options]
        shared = frozenset[str].intersection(*map(frozenset, frames))
        if len(shared) != 1:
            continue
        found = _each(parts, [_of(option, shared) for option in options])
        if found is not None:
            return found
    return None


def _unclear(one: Understood, first: Understood) -> bool:
    """Return whether "and how many rows are there" may mean all rows or those asked about."""
    bare = not one.question.where.conditions and not one.question.groups
    return bare and one.question.operation == "rows" and bool(first.question.where.conditions)


def _of(found: Sequence[Understood], frames: frozenset[str]) -> list[Understood]:
    return [each for each in found if each.question.frame in frames]


def _each(
    parts: Sequence[str], options: Sequence[Sequence[Understood]]
) -> tuple[Understood, ...] | None:
    if any(len(found) != 1 for found in options):
        return None
    made = [options[0][0]]
    for text, (one,) in zip(parts[1:], options[1:], strict=True):
        carried = _carried(one, made[0]) if points_back(text) else one
        if carried is None or (carried is one and _unclear(one, made[0])):
            return None
        made.append(carried)
    return tuple(made)


def _whole(one: Understood) -> bool:
    """Return whether a part asks something by itself, rather than naming rows or a column."""
    bare = one.question.operation == "rows_listed" and not one.question.columns
    return one.question.option != "bare" and not bare


def _carried(one: Understood, first: Understood) -> Understood | None:
    """Return a question about "them" with the conditions of the first."""
    base = first.question
    if base.groups or base.order is not None or base.having or base.target.conditions:
        return None
    if not base.where.conditions:
        return one
    joined = {base.where.joiner, one.question.where.joiner}
    tested = {condition.column for condition in one.question.where.conditions}
    again = tested & {condition.column for condition in base.where.conditions}
    if joined != {"and"} or again or one.question.operation not in _CARRIED:
        return None
    where = Where((*base.where.conditions, *one.question.where.conditions))
    question = replace(one.question, where=where)
    calls = tuple(one.operation.compile(question, one.lexicon))
    if one.lexicon.view is not None:
        calls = over(one.lexicon.view, calls)
    return replace(one, question=question, calls=calls)


def all_of(found: Sequence[Understood]) -> Plan:
    """Return the plan that answers several questions, one after the other."""

    def render(results: Sequence[ToolOutcome]) -> str:
        said, at = [], 0
        for each in found:
            own = results[at : at + len(each.calls)]
            said.append(each.operation.render(each.question, each.lexicon, own))
            at += len(each.calls)
        return "\n\n".join(said)

    calls = tuple(call for each in found for call in each.calls)
    return Plan(found[0].question.operation, calls, render)


def across(
    pairs: Sequence[FrameLexicon], read: Callable[[FrameLexicon], Sequence[Understood]]
) -> Plan | None:
    """Return the plan of a question that needs columns of two frames; None where none or many."""
    found = [
        understood
        for lexicon in pairs
        for understood in read(lexicon)
        if spans_both(understood.lexicon, understood.calls)
    ]
    if len(found) != 1:
        return None
    one = found[0]
    checks = one.lexicon.view.checks if one.lexicon.view else ()

    def render(results: Sequence[ToolOutcome]) -> str:
        rows, matched, repeated = rows_of(results[-1])[1][0]
        if repeated:
            return (
                "I could not answer this: what the two tables share does not name single rows "
                f"({repeated} of its values stand in several), so that joined rows would count "
                "more than once. Ask about one of the tables."
            )
        said = one.operation.render(one.question, one.lexicon, results[: len(one.calls)])
        return f"{said} {matched} of {rows} rows found a partner."

    return Plan(one.question.operation, (*one.calls, *checks), render)
