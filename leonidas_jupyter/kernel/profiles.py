"""A frame's profile, shown as a compact table with small histograms, in HTML and as text.

The HTML has no script and no style sheet: colours are JupyterLab's where it is shown there, and the
page's own elsewhere, so that it fits light and dark pages and static notebooks alike.
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from leonidas_jupyter.kernel.dialects import how_read
from leonidas_jupyter.kernel.listing import shape_text, size_text
from leonidas_jupyter.kernel.markdown import for_terminal
from leonidas_jupyter.kernel.profilebars import bars_html, bars_of, bars_text
from leonidas_jupyter.kernel.profiletext import key_text, share_text, values_text
from leonidas_jupyter.kernel.wire import File

MOST_COLUMNS = 200
"""Columns that are shown; the others are counted."""

QUIET = "color:color-mix(in srgb,currentColor 72%,transparent);"
_CELL = "padding:3px 14px 3px 0;border:none;vertical-align:middle;text-align:{side};"
_TABLE = (
    "border-collapse:collapse;border:none;background:none;font-size:var(--jp-ui-font-size1,13px);"
    "color:var(--jp-ui-font-color1,inherit)"
)
_RULE = "border-top:1px solid var(--jp-border-color2,rgba(128,128,128,.3));"
_WARN = "color:color-mix(in srgb,#e08600 72%,currentColor);"
"""Amber, darker where the text is dark, and lighter where it is light."""


_CALM = ("key", "an identifier", "quartiles")
"""How notes begin that warn of nothing."""

Column = Mapping[str, Any]


class FrameProfile:
    """What is known of a frame: rows, columns with their statistics, likely joins.

    Attributes:
        name: of the frame.
        rows: how many it has.
        columns: one mapping for each, as the API has them: ``name``, ``type``, ``nulls``,
            ``distinct``, ``min``, ``max``, ``mean`` …
        joins: columns by which it is likely to join with other frames of the project.
        warnings: what to know of its rows.
    """

    def __init__(self, file: File, described: Mapping[str, Any]) -> None:
        profile = described.get("profile") or {}
        self.name = file.frame_name
        self.rows = int(profile.get("rows") or 0)
        self.columns: list[dict[str, Any]] = list(profile.get("columns") or ())
        self.joins: list[dict[str, Any]] = list(described.get("joins") or ())
        self.warnings: list[str] = list(profile.get("warnings") or ())
        self._file = file
        self._sources: list[str] = list(described.get("derived_from_names") or ())

    def __getitem__(self, column: str) -> dict[str, Any]:
        for each in self.columns:
            if each["name"] == column:
                return each
        raise KeyError(column)

    def _heading(self) -> str:
        parts = [
            shape_text(self.rows, len(self.columns)),
            self._file.filename,
            size_text(self._file.size),
        ]
        if self._sources:
            parts.append(f"computed from {', '.join(self._sources)}")
        return " · ".join(parts)

    def _notes(self) -> Iterator[str]:
        yield from self.warnings
        if len(self.columns) > MOST_COLUMNS:
            yield f"{len(self.columns) - MOST_COLUMNS:,} more columns are in .columns"

    def _reading(self) -> list[str]:
        return how_read(self._file)

    def _repr_html_(self) -> str:
        head = "".join(
            f'<th style="{_CELL.format(side=side)}{QUIET}font-weight:normal">{title}</th>'
            for title, side in _TITLES
        )
        body = "".join(_row_html(column, self.rows) for column in self.columns[:MOST_COLUMNS])
        said = [*((_WARN, note) for note in self._notes()), *((QUIET, n) for n in self._reading())]
        notes = "".join(f'<div style="{style}">{escape(note)}</div>' for style, note in said)
        return (
            f'<div style="overflow-x:auto;{_TABLE}"><div style="padding:2px 0 4px">'
            f"<b><bdi>{escape(self.name)}</bdi></b> "
            f'<span style="{QUIET}">{escape(self._heading())}</span></div>'
            f'<table style="{_TABLE}"><thead><tr style="background:none">{head}</tr></thead>'
            f"<tbody>{body}</tbody></table>{notes}{self._joins_html()}</div>"
        )

    def _joins_html(self) -> str:
        if not self.joins:
            return ""
        lines = "".join(
            f'<div><code style="background:none">{escape(on)}</code> '
            f'<span style="{QUIET}">{escape(said)}</span></div>'
            for on, said in map(_join_text, self.joins)
        )
        return f'<div style="padding-top:6px"><div style="{QUIET}">likely joins</div>{lines}</div>'

    def __repr__(self) -> str:
        rows = [[title for title, _ in _TITLES]]
        rows += [_row_text(column, self.rows) for column in self.columns[:MOST_COLUMNS]]
        widths = [max(len(row[i]) for row in rows) for i in range(len(_TITLES))]
        lines = [f"{self.name}: {self._heading()}", ""]
        for row in rows:
            cells = [
                cell.rjust(width) if side == "right" else cell.ljust(width)
                for cell, width, (_, side) in zip(row, widths, _TITLES, strict=True)
            ]
            lines.append("  ".join(cells).rstrip())
        joins = [" ".join(_join_text(join)) for join in self.joins]
        ends = [*self._notes(), *self._reading(), *(["likely joins:", *joins] if joins else [])]
        return "\n".join(for_terminal(line) for line in [*lines, *([""] if ends else []), *ends])


_TITLES = (
    ("column", "left"),
    ("type", "left"),
    ("missing", "right"),
    ("distinct", "right"),
    ("distribution", "left"),
    ("values", "left"),
    ("notes", "left"),
)


def _row_text(column: Column, rows: int) -> list[str]:
    return [
        column["name"],
        column["type"],
        share_text(column["nulls"], rows),
        distinct_text(column),
        bars_text(bars_of(column)),
        values_text(column, rows),
        "; ".join(_said(column)),
    ]


def _row_html(column: Column, rows: int) -> str:
    name, kind, missing, distinct, _, values, _ = _row_text(column, rows)
    full = column.get("original_name") or name
    notes = "<br>".join(
        f'<span style="{QUIET if note.startswith(_CALM) else _WARN}">{escape(note)}</span>'
        for note in _said(column)
    )
    cells = (
        (f'<b title="{escape(full)}"><bdi>{escape(_cut(name))}</bdi></b>', "white-space:nowrap"),
        (escape(kind), QUIET),
        (escape(missing), "" if column["nulls"] else QUIET),
        (escape(distinct), "font-variant-numeric:tabular-nums"),
        (bars_html(bars_of(column), name), "line-height:0;"),
        (escape(values), "white-space:normal;max-width:30em;overflow-wrap:anywhere"),
        (notes, "white-space:normal;max-width:24em;overflow-wrap:anywhere"),
    )
    return (
        '<tr style="background:none">'
        + "".join(
            f'<td style="{_CELL.format(side=side)}{_RULE}{style}">{cell}</td>'
            for (cell, style), (_, side) in zip(cells, _TITLES, strict=True)
        )
        + "</tr>"
    )


def distinct_text(column: Column) -> str:
    """How many distinct values there are; a tilde says about."""
    mark = "" if column.get("distinct_exact", True) else "~"
    return f"{mark}{column['distinct']:,}"


def _said(column: Column) -> Sequence[str]:
    # Measures often differ in every row, and still identify none.
    key = column.get("candidate_key") and column["type"] != "number"
    return [*(["key"] if key else []), *(column.get("warnings") or ())]


def _cut(name: str) -> str:
    return name if len(name) <= 40 else name[:39] + "…"


def _join_text(join: Mapping[str, Any]) -> tuple[str, str]:
    on = f"{join['column']} = {join['frame']}.{join['other_column']}"
    return on, key_text(join)
