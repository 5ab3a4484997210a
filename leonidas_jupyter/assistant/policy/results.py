"""What of a tool's result passes below the level ``rows``."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from leonidas_jupyter.assistant.policy.frames import at_least, short
from leonidas_jupyter.assistant.policy.statistics import proved_figures
from leonidas_jupyter.core.errors import LeonidasError
from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.data.errors import DataError

if TYPE_CHECKING:
    from leonidas_jupyter.assistant.policy.gate import Gate
    from leonidas_jupyter.assistant.tools.base import Tool, ToolContext, ToolOutput
    from leonidas_jupyter.data.aggregates import Proved

MODEL_ROWS = 50
"""Rows of a result that go to a model which is not local."""

BLIND = (
    "The values are shown to the user, not to you. Put them into your answer by handles: "
    "{{%s.0.COLUMN}} is the first row's, {{%s.rows}} how many rows there are."
)
SMALL_GROUPS = (
    "Groups of fewer than {k} rows are left out here, and values of fewer are '(too few rows)'; "
    "the user's table has them all, so its rows may be others. Write of them by handles: "
    "{{{{{id}[KEY].COLUMN}}}} is the row of a key, {{{{{id}.0.COLUMN}}}} the first of the user's."
)
SAVED = "The file was saved for the user; what is in it is not told to you."
TOO_FEW = "(too few rows)"
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Call:
    """A call that has run."""

    tool: "Tool"
    id: str
    arguments: BaseModel
    output: "ToolOutput"
    context: "ToolContext"
    gate: "Gate"

    @property
    def blind(self) -> str:
        """How to write of what is not shown."""
        return BLIND.replace("%s", self.id)


View = Callable[[Call], Awaitable[dict[str, Any]]]


async def shown_result(call: Call) -> dict[str, Any]:
    """The result as the level lets it pass; of a tool that is not known here, nothing does."""
    view = VIEWS.get(call.tool.name)
    shown = {} if view is None else await view(call)
    return {"id": call.id, **({"note": call.blind} | shown)}


def cut(result: Mapping[str, Any]) -> dict[str, Any]:
    """A result with its rows and cells cut to what a model gets."""
    rows = result.get("rows")
    if not isinstance(rows, list):
        return dict(result)
    kept = {**result, "rows": [[short(value) for value in row] for row in rows[:MODEL_ROWS]]}
    if len(rows) > MODEL_ROWS:
        kept["note"] = f"These are the first {MODEL_ROWS} of {len(rows)} rows."
    return kept


async def _frames(call: Call) -> dict[str, Any]:
    counted = call.gate.exposure.rank >= DataExposure.SUMMARY.rank
    frames: list[dict[str, Any]] = []
    for frame in call.context.frames:
        shown: dict[str, Any] = {"name": frame.name}
        if not frame.generated:
            shown["columns"] = len(frame.profile.columns)
            if counted:
                shown["rows"] = at_least(frame.profile.rows, call.gate.k)
        frames.append(shown)
    joins = shown_joins(call, call.output.result.get("joins"))
    return {"frames": frames, **({"joins": joins} if joins else {})}


async def _frame(call: Call) -> dict[str, Any]:
    name = str(call.output.result.get("name"))
    frame = call.context.frame(name)
    joins = shown_joins(call, call.output.result.get("joins"), frame.name)
    return {**call.gate.frame(frame), **({"joins": joins} if joins else {})}


def shown_joins(call: Call, joins: object, name: str | None = None) -> list[dict[str, Any]]:
    """Likely joins as far as they may pass: names of columns; shares where statistics may.

    Args:
        call: the tool's.
        joins: what it found (`data.joins.Join`), with the frame's ``name``.
        name: of the frame that all of them are of, where they do not say it.
    """
    told = {frame.name: frame for frame in call.context.frames if not frame.generated}
    shown = []
    for join in joins if isinstance(joins, list) else ():
        here, there = told.get(str(join.get("name", name))), told.get(str(join["frame"]))
        # A saved result may hold one value, so that a join would tell whether the other has it.
        if here is None or there is None:
            continue
        each = {
            key: join[key] for key in ("name", "column", "frame", "other_column") if key in join
        }
        if call.gate.exposure is DataExposure.AGGREGATES:
            distinct = {c.name: c.distinct for c in here.profile.columns}.get(join["column"], 0)
            other = {c.name: c.distinct for c in there.profile.columns}.get(join["other_column"], 0)
            if min(distinct, other) >= call.gate.k:
                each |= {part: join[part] for part in ("unique_here", "unique_there")}
                if join["share"] is not None:
                    each["share"] = round(join["share"], 2)
        shown.append(each)
    return shown


async def _query(call: Call) -> dict[str, Any]:
    names = safe_names(call)
    if call.gate.exposure is DataExposure.AGGREGATES and names:
        view = await aggregates(call, names)
        if view is not None:
            return view
    return {"columns": names}


async def aggregates(call: Call, names: Sequence[str]) -> dict[str, Any] | None:
    """The rows of a query that is proved to give aggregates, without its small groups.

    Args:
        call: of a tool whose result is that of the argument ``sql``.
        names: of the result's columns, as they may pass.
    """
    sql, k = str(getattr(call.arguments, "sql", "")), call.gate.k
    frames = {
        frame.name: [column.name for column in frame.profile.columns]
        for frame in call.context.frames
        if not frame.generated
    }
    proved = await asyncio.to_thread(_prove, sql, frames, k)
    if proved is None or len(names) <= max(proved.outputs):
        return None
    try:
        found = await call.context.query(proved.sql, limit=MODEL_ROWS)
    except (DataError, LeonidasError):
        return None
    return {
        "columns": [names[at] for at in proved.outputs],
        "rows": [_proved_row(row, proved) for row in found.rows],
        "not_shown": [name for at, name in enumerate(names) if at not in proved.outputs],
        "note": SMALL_GROUPS.format(k=k, id=call.id),
    }


def _prove(sql: str, frames: Mapping[str, Sequence[str]], k: int) -> "Proved | None":
    from leonidas_jupyter.data.aggregates import prove

    return prove(sql, frames, k)


def _proved_row(row: Sequence[object], proved: "Proved") -> list[object]:
    """The outputs of a row: each aggregate is followed by whether it stands."""
    cells, shown = iter(row), []
    for output in proved.outputs:
        value = short(next(cells))
        stands = output in proved.keys or next(cells)
        shown.append(value if stands else TOO_FEW)
    return shown


async def _statistics(call: Call) -> dict[str, Any]:
    recipe = call.arguments.model_dump(mode="json")
    frame = call.context.frame(str(recipe.get("frame")))
    if call.gate.exposure is not DataExposure.AGGREGATES or frame.generated:
        return {}
    figures = proved_figures(recipe, call.output.result, call.gate.k, frame.profile)
    return {"figures": figures} if figures else {}


async def _python(call: Call) -> dict[str, Any]:
    from leonidas_jupyter.assistant.policy.errors import exception_type

    result = call.output.result
    if result.get("ok") is False or result.get("error"):
        kind = exception_type(str(result.get("error", "")))
        return {"note": f"It failed with {kind}; the message is shown to the user, not to you."}
    # The code decides how many outputs there are: more than a few would be a way to count.
    outputs = ("no output is", "1 output is", "2 outputs are")
    said = outputs[len(call.output.outputs)] if len(call.output.outputs) < len(outputs) else None
    return {"note": f"It ran without error; {said or 'several outputs are'} shown to the user."}


async def _saved(call: Call) -> dict[str, Any]:
    # No size: the file could be made as long as a number that is to be carried out.
    name = getattr(call.arguments, "filename", None)
    return {"name": name, "frame": call.output.result.get("frame"), "note": SAVED}


def safe_names(call: Call) -> list[str]:
    """The result's column names, where they are the model's own words or the frames' columns.

    PIVOT makes names out of cells: of such a query none passes.
    """
    found = call.output.result.get("columns", ())
    names = [str(each["name"]) for each in found if isinstance(each, Mapping)]
    sql = str(getattr(call.arguments, "sql", ""))
    if re.search(r"\b(un)?pivot|pivot_(wider|longer)\b", sql, re.IGNORECASE):
        return []
    known = [frame for frame in call.context.frames if not frame.generated]
    columns = {column.name for frame in known for column in frame.profile.columns}
    own = _words([sql, "count_star column_name column_type", *columns])
    return [name if _words([name]) <= own else f"column {at}" for at, name in enumerate(names)]


def _words(texts: Iterable[str]) -> set[str]:
    return {word.lower() for text in texts for word in _WORD.findall(text)}


VIEWS: Mapping[str, View] = {
    "list_frames": _frames,
    "describe_frame": _frame,
    "query": _query,
    "chart": _query,
    "statistics": _statistics,
    "python": _python,
    "save_file": _saved,
}
"""What passes of each tool's result; of any other, nothing."""
