"""The tables in the namespace of the notebook that asked, as far as it has named them."""

import json
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from leonidas_jupyter.assistant.prompt import fenced, tokens

MAX_FRAMES = 50
MAX_COLUMNS = 300


class ClientColumn(BaseModel):
    """A column of a client's table."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=200)
    type: str = Field(default="", max_length=60)


class ClientFrame(BaseModel):
    """A table in the client's namespace: its variable, and its columns. No values."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200)
    columns: list[ClientColumn] = Field(default_factory=list, max_length=MAX_COLUMNS)


def described(frames: Sequence[ClientFrame], budget: int) -> str:
    """What a model is told of them, cut to about ``budget`` tokens; empty where there are none."""
    lines: list[str] = []
    for frame in frames:
        shown = {"name": frame.name, "columns": {c.name: c.type for c in frame.columns}}
        line = json.dumps(shown, ensure_ascii=False)
        if tokens(line) > budget:
            line = json.dumps({"name": frame.name}, ensure_ascii=False)
        if (budget := budget - tokens(line)) < 0:
            break
        lines.append(line)
    if not lines:
        return ""
    return (
        "The notebook in which `python` runs has these variables too; SQL does not know them:\n\n"
        + fenced("\n".join(lines))
    )
