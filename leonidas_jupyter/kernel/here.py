"""Running an approved step in this notebook's own namespace, and reporting what came of it."""

import ast
import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from leonidas_jupyter.kernel.answer import Answer, Step
from leonidas_jupyter.kernel.connection import Connection
from leonidas_jupyter.kernel.errors import LeonidasError
from leonidas_jupyter.kernel.replies import Json

MAX_TEXT = 60_000
"""What is reported of the printed text, in characters."""

MAX_OUTPUTS = 240 * 1024
"""What is reported of the outputs, as JSON, in bytes; the largest are left out first."""

MAX_FRAMES = 50
MAX_COLUMNS = 300
SHORTEST_RENEWAL = 1.0


def run_waiting(shell: Any, connection: Connection, answer: Answer) -> list[Json]:  # noqa: ANN401 - IPython is not typed
    """Run every step that waits for this client, in order; their results for ``report``.

    Raises:
        LeonidasError: another client runs one of them, or it is answered already.
    """
    return [_run(shell, connection, answer, step) for step in answer.waiting]


def _run(shell: Any, connection: Connection, answer: Answer, step: Step) -> Json:  # noqa: ANN401 - see above
    from IPython.utils.capture import capture_output

    claimed = connection.claim(answer, step)
    load_named_frames(shell, connection, step.code or "")
    with _renewing(connection, answer, step, claimed), capture_output() as captured:
        result = shell.run_cell(step.code or "", store_history=False)
    captured.show()  # type: ignore[no-untyped-call]  # IPython is not typed
    failed = result.error_before_exec or result.error_in_exec
    error = f"{type(failed).__name__}: {failed}" if failed is not None else ""
    text = "\n".join(part for part in (captured.stdout, captured.stderr, error) if part)
    return {
        "tool_call_id": step.id,
        "ok": failed is None,
        "text": text[-MAX_TEXT:],
        "outputs": _reported(captured.outputs),
        "claim": claimed["claim"],
    }


@contextmanager
def _renewing(connection: Connection, answer: Answer, step: Step, claimed: Json) -> Iterator[None]:
    """Renew the claim for as long as the code runs."""
    ended = threading.Event()

    def renew() -> None:
        until = claimed["lease_until"]
        while not ended.wait(_pause(until)):
            try:
                until = connection.claim(answer, step, claimed["claim"])["lease_until"]
            except LeonidasError:
                return  # the report will say what is wrong

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _pause(lease_until: str) -> float:
    left = datetime.fromisoformat(lease_until.replace("Z", "+00:00")) - datetime.now(UTC)
    return max(left.total_seconds() / 3, SHORTEST_RENEWAL)


def name_overwritten(shell: Any, answer: Answer) -> None:  # noqa: ANN401 - see above
    """Note with each step that waits to run here which variables it would bind anew."""
    for step in answer.waiting:
        if step.needs == "client":
            step.overwrites = overwritten_here(shell, step.code or "")


def overwritten_here(shell: Any, code: str) -> list[str]:  # noqa: ANN401 - see above
    """The names of this namespace that running code would bind or delete, but for imports again."""
    import symtable

    try:
        tables = [symtable.symtable(shell.transform_cell(code), "<step>", "exec")]
    except (SyntaxError, ValueError, RecursionError):
        return []  # it will not run either
    bound: dict[str, bool] = {}
    for table in tables:  # which grows by the scopes inside, where ``global`` binds out here
        tables.extend(table.get_children())
        for name in table.get_symbols():
            if name.is_assigned() if table is tables[0] else name.is_declared_global():
                bound[name.get_name()] = True
            elif table is tables[0] and name.is_imported():
                bound.setdefault(name.get_name(), False)
    own = {n: v for n, v in shell.user_ns.items() if n not in shell.user_ns_hidden}
    return sorted(n for n in bound if n in own and (bound[n] or not isinstance(own[n], ModuleType)))


def load_named_frames(shell: Any, connection: Connection, code: str) -> list[str]:  # noqa: ANN401 - see above
    """Load the project's frames that code names and that are no variables yet; their names."""
    try:
        named = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    except SyntaxError:  # a magic, say; IPython will tell
        return []
    wanted = [n for n in connection.frames if n in named and n not in shell.user_ns]
    for name in wanted:
        shell.push({name: connection.frames[name]})
    return wanted


def tables_here(shell: Any) -> list[Json]:  # noqa: ANN401 - see above
    """The DataFrames of this namespace by name, with their columns and types, and no values."""
    found = []
    for name, value in list(shell.user_ns.items()):
        kind = type(value)
        if name.startswith("_") or kind.__name__ != "DataFrame" or "pandas" not in kind.__module__:
            continue
        columns = [
            {"name": str(column)[:200], "type": str(dtype)[:60]}
            for column, dtype in zip(value.columns, value.dtypes, strict=True)
        ]
        found.append({"name": name, "columns": columns[:MAX_COLUMNS]})
    return found[:MAX_FRAMES]


def _reported(outputs: Any) -> list[Json]:  # noqa: ANN401 - IPython is not typed
    """The outputs as JSON carries them, the largest forms left out where all are too much."""
    bundles = [{kind: _plain(form) for kind, form in output.data.items()} for output in outputs]
    forms = sorted(
        (
            (len(json.dumps(form, default=str)), number, kind)
            for number, bundle in enumerate(bundles)
            for kind, form in bundle.items()
        ),
        reverse=True,
    )
    total = sum(size for size, _, _ in forms)
    for size, number, kind in forms:
        if total <= MAX_OUTPUTS:
            break
        del bundles[number][kind]
        total -= size
    return [bundle for bundle in bundles if bundle]


def _plain(form: object) -> object:
    return base64.b64encode(form).decode() if isinstance(form, bytes) else form
