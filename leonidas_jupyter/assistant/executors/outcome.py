"""What came of a run in a kernel, made of its reply and its output; nothing of it is trusted."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from leonidas_jupyter.assistant.executors.base import Execution
from leonidas_jupyter.assistant.executors.outputs import (
    Outputs,
    error_of,
    storable,
    traceback_of,
)

TABLE_ROWS = 1_000
TABLE_BYTES = 64 * 1024
"""What of a value is taken out of the kernel with a run; the rest stays there, to be saved."""

SHOWN_TABLE_BYTES = 8 * 1024
"""Up to which size a table stands among the outputs, too: the result holds it as well."""

LARGE_ROWS = 10_000
"""From how many rows on a table is offered as a file."""


def execution(reply: Mapping[str, Any], outputs: Outputs, elapsed_ms: float) -> Execution:
    """What came of a run, by the reply to its request."""
    ok = reply.get("status") == "ok"
    table = checked(given(reply, "user_expressions", "table", "data", "application/json"))
    if not ok:
        table = None
    notes = [outputs.note] if outputs.note else []
    if table is not None and table["total_rows"] > LARGE_ROWS:
        notes.append(
            f"The result has {table['total_rows']:,} rows, of which {len(table['rows']):,} are "
            "kept with the answer; save_file makes a file of all of them."
        )
    return Execution(
        ok=ok,
        text=outputs.text(),
        outputs=_with_table(outputs, table),
        error=None if ok else error_of(reply),
        traceback=None if ok else traceback_of(reply),
        table=table,
        kept=table.get("kept") if table else None,
        notes=notes,
        elapsed_ms=elapsed_ms,
    )


def _with_table(outputs: Outputs, table: Mapping[str, Any] | None) -> Sequence[dict[str, Any]]:
    """The outputs, the last of them with the table as JSON where it shows the same value."""
    bundles = outputs.bundles()
    if table is None:
        return bundles
    shown = {name: table[name] for name in ("columns", "rows", "truncated", "total_rows")}
    if len(json.dumps(shown)) > SHOWN_TABLE_BYTES:
        return bundles
    if outputs.result is not None and outputs.result in bundles:
        place = bundles.index(outputs.result)
        bundles[place] = bundles[place] | {"application/json": shown}
    return bundles


def given(content: Any, *path: str) -> Any:  # noqa: ANN401 - what a kernel sent
    """What stands at a path in a kernel's message; None where nothing does."""
    for name in path:
        content = content.get(name) if isinstance(content, Mapping) else None
    return content


def checked(table: Any) -> dict[str, Any] | None:  # noqa: ANN401 - what a kernel sent
    """The table if it is one: whoever runs code in a kernel can change what it answers."""
    columns, rows, total = (given(table, name) for name in ("columns", "rows", "total_rows"))
    if not isinstance(columns, list) or not isinstance(rows, list):
        return None
    named = all(
        isinstance(given(column, "name"), str) and isinstance(given(column, "type"), str)
        for column in columns
    )
    fitting = all(
        isinstance(row, list) and len(row) == len(columns) and all(map(_is_cell, row))
        for row in rows
    )
    if not named or not fitting or type(total) is not int or total < len(rows):
        return None
    if len(json.dumps(table)) > 2 * TABLE_BYTES:
        return None
    kept = given(table, "kept")
    return {
        "columns": [{"name": storable(c["name"]), "type": storable(c["type"])} for c in columns],
        "rows": [[storable(cell) if isinstance(cell, str) else cell for cell in r] for r in rows],
        "truncated": bool(given(table, "truncated")),
        "total_rows": total,
        **({"kept": storable(kept)} if isinstance(kept, str) else {}),
    }


def _is_cell(value: object) -> bool:
    """Whether JSON has it as a single value."""
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, (bool, int, str))
