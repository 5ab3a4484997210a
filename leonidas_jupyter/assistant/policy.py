"""Which models may be asked, and what each may see: the one place that everything passes.

Whatever goes to a model — frames, tool results, errors, earlier answers — goes through a `Gate`. A
local model (the built-in analyst) runs inside this process: nothing leaves, and it sees everything.
Any other sees everything at the level ``rows``, nothing at ``none`` (it is not asked at all), and
at the levels in between the schema alone, until each has its own proof of what it lets through.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leonidas_jupyter.core.errors import ErrorCode, LeonidasError
from leonidas_jupyter.core.exposure import DataExposure, strictest
from leonidas_jupyter.data.frames import Frame

MODEL_ROWS = 50
"""Rows of a result that go to a model which is not local."""

MODEL_CHARACTERS = 200
"""Where a cell is cut for it."""

WITHHELD = "shown to the user; not shown to you at this data exposure"


@dataclass(frozen=True)
class Gate:
    """What one model may see in one run."""

    local: bool
    exposure: DataExposure

    @property
    def open(self) -> bool:
        """Whether values of the data may pass."""
        return self.local or self.exposure is DataExposure.ROWS

    def frame(self, frame: Frame) -> dict[str, Any]:
        """A frame as the model may know it."""
        columns = frame.profile.columns
        if not self.open:
            return {
                "name": frame.name,
                "columns": [{"name": column.name, "type": column.type} for column in columns],
            }
        return {
            "name": frame.name,
            "filename": frame.filename,
            "rows": frame.profile.rows,
            "columns": [
                column.model_dump(
                    mode="json",
                    include={"name", "type", "nulls", "distinct", "min", "max", "top"},
                    exclude_none=True,
                )
                for column in columns
            ],
        }

    def result(self, tool: str, call_id: str, result: Mapping[str, Any]) -> dict[str, Any]:
        """A tool's result as the model may know it, with the id by which it can be named."""
        if self.local:
            return {"id": call_id, **result}
        if not self.open:
            return {"id": call_id, "columns": _names(tool, result), "note": WITHHELD}
        return {"id": call_id, **_cut(result)}

    def error(self, sentence: str) -> str:
        """A tool's error as the model may know it: databases quote cells in their errors."""
        if self.open:
            return sentence
        return "The tool failed; check the names and types against the frames and try again."

    def answer(self, text: str) -> str:
        """An earlier answer as the model may know it: it may hold values from a laxer time."""
        return text if self.open else f"(An answer, {WITHHELD}.)"


def _names(tool: str, result: Mapping[str, Any]) -> list[str]:
    """Column names of a result; a query can make names out of cells (PIVOT), a profile cannot."""
    if tool != "describe_frame":
        return []
    return [str(column["name"]) for column in result.get("columns", ())]


def _cut(result: Mapping[str, Any]) -> dict[str, Any]:
    rows = result.get("rows")
    if not isinstance(rows, list):
        return dict(result)
    short = [[_short(value) for value in row] for row in rows[:MODEL_ROWS]]
    cut = {**result, "rows": short}
    if len(rows) > MODEL_ROWS:
        cut["note"] = f"These are the first {MODEL_ROWS} of {len(rows)} rows."
    return cut


def _short(value: object) -> object:
    if isinstance(value, str) and len(value) > MODEL_CHARACTERS:
        return value[: MODEL_CHARACTERS - 1] + "…"
    return value


@dataclass(frozen=True)
class Policy:
    """What the administrator allows.

    Attributes:
        model: the one that is asked when nobody names another.
        allowed_models: the only ones that may be asked.
        exposure_max: the ceiling; projects, sessions and messages choose beneath it.
        tool_rounds: how often a model may ask for tools in one answer.
        tool_retries: how often a tool's error goes back to the model before the user sees it.
        history_tokens: what of the conversation goes along, about four characters each.
        context_tokens: what of the frames' descriptions goes along.
        reading_seconds: how long a question waits for files that are still being read.
    """

    model: str = "builtin"
    allowed_models: tuple[str, ...] = ("builtin",)
    exposure_max: DataExposure = DataExposure.AGGREGATES
    tool_rounds: int = 8
    tool_retries: int = 2
    history_tokens: int = 6_000
    context_tokens: int = 1_500
    reading_seconds: float = 5.0

    def allowed_model(self, wanted: str | None) -> str:
        """The model to ask.

        Raises:
            LeonidasError: ``forbidden_by_policy`` for one that is not allowed.
        """
        name = wanted or self.model
        if name not in self.allowed_models:
            choices = ", ".join(self.allowed_models)
            raise LeonidasError(
                ErrorCode.FORBIDDEN_BY_POLICY,
                f"The model {name[:80]!r} is not allowed here; choose one of: {choices}.",
            )
        return name

    def exposure(self, wanted: DataExposure | None, *chosen: DataExposure | None) -> DataExposure:
        """The level that holds: the strictest of the message's, the chosen ones and the ceiling.

        Raises:
            LeonidasError: ``forbidden_by_policy`` when the message asks for more than holds.
        """
        ceiling = strictest([self.exposure_max, *chosen])
        if wanted is not None and wanted.rank > ceiling.rank:
            raise LeonidasError(
                ErrorCode.FORBIDDEN_BY_POLICY,
                f"The data exposure {wanted.value!r} is above what holds here, "
                f"{ceiling.value!r}; ask with that or less.",
            )
        return wanted or ceiling

    def gate(self, model: str, *, local: bool, exposure: DataExposure) -> Gate:
        """What the model may see.

        Raises:
            LeonidasError: ``forbidden_by_policy`` when it may see nothing, so cannot be asked.
        """
        if exposure is DataExposure.NONE and not local:
            raise LeonidasError(
                ErrorCode.FORBIDDEN_BY_POLICY,
                f"At the data exposure 'none' nothing may leave this server, so {model!r} "
                "cannot be asked; choose the model 'builtin'.",
            )
        return Gate(local, exposure)
