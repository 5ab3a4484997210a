"""A conversation as a Jupyter notebook (nbformat 4.5) that runs from top to bottom."""

import ast
import json
import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from leonidas_jupyter.assistant.export.conversation import (
    PYTHON_TOOLS,
    SQL_TOOLS,
    Conversation,
    runs_alone,
)
from leonidas_jupyter.assistant.export.loading import Names, loading_cell, query_cell
from leonidas_jupyter.assistant.export.text import (
    answer_text,
    heading,
    left_out,
    not_run,
    preface,
)
from leonidas_jupyter.assistant.shapes import AnswerRow, FrameChange, StoredCall, ToolCall

VEGA_LITE = "application/vnd.vegalite.v5+json"

SHOWN = re.compile(r"text/(?!html)[a-z+]+|image/(png|jpeg)|application/vnd\.vegalite\.v5\+json")
"""Forms of an output that go along. HTML was made for a page that shuts it into a frame."""

Cell = dict[str, Any]


def notebook(conversation: Conversation) -> bytes:
    """The notebook's file; the same conversation gives the same bytes."""
    cells = list(_cells(conversation))
    numbers = [_id(number, cell) for number, cell in enumerate(cells)]
    document = {
        "cells": [{**cell, "id": number} for cell, number in zip(cells, numbers, strict=True)],
        "metadata": {
            "kernelspec": {
                "display_name": "Python 3",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    text = json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True)
    return (text + "\n").encode("utf-8", errors="replace")


def _cells(conversation: Conversation) -> Iterator[Cell]:
    runnable = [
        call for said in conversation.messages for call in said.tool_calls if runs_alone(call)
    ]
    yield _markdown(preface(conversation, runnable))
    files = conversation.used
    names = Names(files)
    if files:
        yield _code(loading_cell(conversation.project, files, names))
    if any(call.tool in SQL_TOOLS for call in runnable):
        charts = any(call.tool == "chart" for call in runnable)
        yield _code(query_cell(names, charts=charts))
    for said in conversation.messages:
        yield from _message(said, names, conversation.changed(said))


def _message(said: AnswerRow, names: Names, changed: Sequence[FrameChange]) -> Iterator[Cell]:
    if said.role == "USER":
        yield _markdown(heading(said.content))
        return
    for call in said.tool_calls:
        if runs_alone(call):
            yield _code(_source(call, names), _outputs(call))
        elif noted := not_run(call) if call.code else left_out(call):
            yield _markdown(noted)
    if text := answer_text(said, changed):
        yield _markdown(text)


def _source(call: StoredCall, names: Names) -> str:
    code = (call.code or "").strip("\n")
    if call.tool == "statistics":
        return f"{code}\n\n{_figures(call, code)}".rstrip("\n")
    if call.tool in PYTHON_TOOLS:
        return code
    if call.tool == "chart":
        spec = json.dumps(call.arguments.get("spec"), ensure_ascii=False, indent=1, sort_keys=True)
        return f"{names.chart}({_literal(spec)}, {names.query}({_literal(code)}))"
    return f"{names.query}({_literal(code)})"


def _figures(call: StoredCall, code: str) -> str:
    """An expression that shows the figures which the code has computed, by their names."""
    found = (call.found or {}).get("columns", ())
    made = {
        node.id
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    names = [name for each in found if (name := str(each.get("name"))) in made]
    return "{" + ", ".join(f"{name!r}: {name}" for name in names) + "}" if names else ""


def _literal(text: str) -> str:
    """A Python literal of a text, over several lines where that reads better and means the same."""
    plain = '"""' not in text and "\\" not in text and not text.endswith('"')
    if (
        plain
        and text.isprintable() is False
        and all(char == "\n" or char.isprintable() for char in text)
    ):
        return f'"""\n{text}\n"""'
    return repr(text)


def _outputs(call: ToolCall) -> list[Cell]:
    found = []
    for bundle in call.outputs or ():
        data = {form: value for form, value in bundle.items() if SHOWN.fullmatch(form)}
        if data:
            data.setdefault("text/plain", call.summary or "")
            found.append({"output_type": "display_data", "data": data, "metadata": {}})
    return found


def _markdown(text: str) -> Cell:
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def _code(source: str, outputs: Sequence[Cell] = ()) -> Cell:
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": list(outputs),
        "source": source.rstrip("\n"),
    }


def _id(number: int, cell: Cell) -> str:
    """A cell's id: by its place and its text, so that it is the same every time."""
    return sha256(f"{number} {cell['source']}".encode(errors="replace")).hexdigest()[:12]
