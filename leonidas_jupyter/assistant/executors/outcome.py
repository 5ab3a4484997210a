"""What came of a run in a kernel, made of its reply and its output; nothing of it is trusted."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from leonidas_jupyter.assistant.executors.base import Execution
from leonidas_jupyter.assistant.executors.outputs import Outputs, error_of, traceback_of

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
    value = (reply.get("user_expressions") or {}).get("table") or {}
    table = checked((value.get("data") or {}).get("application/json")) if ok else None
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


def checked(table: Any) -> dict[str, Any] | None:  # noqa: ANN401 - what a kernel sent
    """The table if it is one: whoever runs code in a kernel can change what it answers."""
    if not isinstance(table, dict) or len(json.dumps(table)) > 2 * TABLE_BYTES:
        return None
    columns, rows = table.get("columns"), table.get("rows")
    if not isinstance(columns, list) or not isinstance(rows, list):
        return None
    fitting = all(isinstance(row, list) and len(row) == len(columns) for row in rows)
    named = all(
        isinstance(column, dict)
        and isinstance(column.get("name"), str)
        and isinstance(column.get("type"), str)
        for column in columns
    )
    if not fitting or not named or not isinstance(table.get("total_rows"), int):
        return None
    kept = table.get("kept")
    return {
        "columns": [{"name": c["name"], "type": c["type"]} for c in columns],
        "rows": rows,
        "truncated": bool(table.get("truncated")),
        "total_rows": table["total_rows"],
        **({"kept": kept} if isinstance(kept, str) else {}),
    }
