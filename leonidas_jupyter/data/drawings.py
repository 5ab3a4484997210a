"""Tables drawn for the eye, written again as delimited cells before they are recognised."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from leonidas_jupyter.data.aligned import as_cells, find_alignment
from leonidas_jupyter.data.dialect import DialectOverride, Drawn
from leonidas_jupyter.data.drawn import find_drawing, redraw
from leonidas_jupyter.data.lines import line_end_of, split_lines
from leonidas_jupyter.data.sniff import best_reading

SYNTAX = frozenset(("delimiter", "quote", "escape", "comment", "skip_rows"))
"""What a person says only of cells that are delimited."""

LOOKED_AT = 200


@dataclass
class Drawing:
    """A text of delimited cells, what is known of it, and what is worth a word; else as it was."""

    text: Path
    override: DialectOverride = field(default_factory=DialectOverride)
    kind: Drawn = ""
    notes: list[str] = field(default_factory=list)


def plainly(text: Path, target: Path, said: DialectOverride) -> Drawing:
    """The text with a drawn table as cells between bars, at ``target``, where it holds one."""
    if any(getattr(said, name) is not None for name in SYNTAX):
        return Drawing(text)
    ruled = find_drawing(text)
    if ruled is not None:
        below: list[str] = []
        _write(redraw(_lines(text), ruled, below), target)
        notes = ["The table is drawn with lines, which are left out."]
        if below:
            notes.append(f"What stands below the drawn table is left out: lines {len(below):,}.")
        return Drawing(target, _known(said, ruled.header - 1), "lines", notes)
    aligned = find_alignment(text)
    if aligned is None or not _undelimited(text):
        return Drawing(text)
    _write(as_cells(_lines(text), aligned), target)
    return Drawing(
        target,
        _known(said, aligned.above, header=None),
        "spaces",
        ["The columns are told by where they stand in the line, with spaces between them."],
    )


def _known(said: DialectOverride, above: int, header: int | None = 1) -> DialectOverride:
    """What is known of the text as it is written again."""
    known = {"delimiter": "|", "quote": '"', "escape": '"', "comment": "", "skip_rows": above}
    known["header_rows"] = header if said.header_rows is None else said.header_rows
    return said.model_copy(update=known)


def _undelimited(text: Path) -> bool:
    """Whether no delimiter but spaces tells cells apart."""
    with text.open("rb") as source:
        head = source.read(1 << 16).decode("utf-8", "ignore")
    lines = [line for line in split_lines(head, line_end_of(head)) if line.strip()]
    reading = best_reading(lines[:LOOKED_AT], None, None)
    return reading.width == 1 or reading.syntax.delimiter == " "


def _lines(text: Path) -> Iterator[str]:
    with text.open(encoding="utf-8", errors="replace") as source:
        yield from source


def _write(lines: Iterator[str], target: Path) -> None:
    with target.open("w", encoding="utf-8", newline="\n") as plain:
        plain.writelines(f"{line}\n" for line in lines)
