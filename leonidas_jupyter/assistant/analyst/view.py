"""A frame with more columns than its file: computed ones, or those of a second frame.

The SQL of a question about a view begins with the view's own SELECT as a common table expression,
so that every operation works on it as on a frame.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from leonidas_jupyter.assistant.analyst.plan import PlannedCall
from leonidas_jupyter.assistant.analyst.question import Unfit


@dataclass(frozen=True)
class View:
    """A SELECT under a name, and how to say to people what it holds.

    ``sides`` are the columns that only the first and only the second of two joined frames has.
    """

    name: str
    body: str
    notes: tuple[str, ...]
    sides: tuple[frozenset[str], frozenset[str]] | None = None
    checks: tuple[PlannedCall, ...] = ()


def over(view: View, calls: Sequence[PlannedCall]) -> tuple[PlannedCall, ...]:
    """Return the calls with the view's SELECT in front of their SQL.

    Raises:
        Unfit: a call looks at a stored profile, which a view has not.
    """
    if any("sql" not in call.arguments for call in calls):
        raise Unfit("That can only be asked of a file as it is, not of computed columns.")
    return tuple(replace(call, arguments=_in_front(view, call.arguments)) for call in calls)


def _in_front(view: View, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    sql = str(arguments["sql"])
    name = '"' + view.name.replace('"', '""') + '"'
    rest = ", " + sql.removeprefix("WITH ") if sql.startswith("WITH ") else "\n" + sql
    return {**arguments, "sql": f"WITH {name} AS (\n{view.body}\n){rest}"}
