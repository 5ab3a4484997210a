"""Typing in rounds: plans are tried on every cell and made again from those that do not fit."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from leonidas_jupyter.data.advance import Rising, Watched
from leonidas_jupyter.data.errors import UnreadableFile
from leonidas_jupyter.data.plans import literal
from leonidas_jupyter.data.stacks import learn_stacked, write_stacked
from leonidas_jupyter.data.typing_pass import WIDE, Typing, unless_misfit, write_typed

if TYPE_CHECKING:
    import duckdb

MAX_ROUNDS = 12
EACH_ROUND = 0.5
"""How far a step goes towards the goal; how many there will be is not known."""

Progress = Callable[[float], None]


def type_text(
    connection: "duckdb.DuckDBPyConnection",
    typing: Typing,
    raw: Path,
    typed: Path,
    progress: Rising,
    goal: float,
) -> None:
    """Type a Parquet file of text, learning from the cells that do not fit until all do.

    ``progress`` comes to ``goal`` at the most.

    Raises:
        UnreadableFile: no plans were found that hold every cell.
    """
    for attempt in range(MAX_ROUNDS):
        if _write(connection, typing, raw, typed, progress.towards(goal, EACH_ROUND)):
            return
        misfits = _learn(connection, typing, raw, progress.towards(goal, EACH_ROUND))
        if attempt >= MAX_ROUNDS - 3:
            typing.keep_as_text(misfits)
        typing.plan(progress.towards(goal, EACH_ROUND))
    raise UnreadableFile(
        "The file's columns could not be typed faithfully: say in the dialect which are text."
    )


def _write(
    connection: "duckdb.DuckDBPyConnection",
    typing: Typing,
    raw: Path,
    typed: Path,
    progress: Progress,
) -> bool:
    """Write the typed columns of a Parquet file; false if some cell did not fit its plan."""
    if len(typing.columns) > WIDE:
        return unless_misfit(lambda: write_stacked(connection, typing, raw, typed, progress), typed)
    with Watched(connection, progress):
        return write_typed(connection, typing, _relation(raw), typed)


def _learn(
    connection: "duckdb.DuckDBPyConnection", typing: Typing, raw: Path, progress: Progress
) -> set[str]:
    if len(typing.columns) > WIDE:
        return learn_stacked(connection, typing, raw, progress)
    with Watched(connection, progress):
        return typing.learn(connection, _relation(raw))


def _relation(raw: Path) -> str:
    return f"read_parquet({literal(str(raw))})"
