"""Tables drawn with lines: Markdown's, and those that psql, MySQL, DuckDB and others print.

They are rewritten line by line as cells between bars, so that line numbers stay what they are.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from leonidas_jupyter.data.lines import line_end_of, split_lines

HEAD = 1 << 18
"""How much of the beginning is looked at for a rule, in bytes."""

MAX_ABOVE = 100
"""Lines above the table, at most."""

CHECKED = 50
BARS = "|│┃║"
JOINTS = "+|┌┬┐├┼┤└┴┘╒╤╕╞╪╡╘╧╛╔╦╗╠╬╣╚╩╝╭╮╰╯┏┳┓┡╇┩┗┻┛┠╂┨│┃║"
RULE = re.compile(rf"[-=:─━═ {re.escape(JOINTS)}]+")
DASHES = re.compile("[-=─━═]")
SOLID = re.compile("-{8,}|={8,}|_{8,}")
"""A rule without joints, as SAP draws it; those above and below the header must be so."""

BAR = re.compile(rf"(?<!\\)[{BARS}]")


@dataclass(frozen=True)
class Drawing:
    """Where a drawn table stands: ``header`` is the line (from 1) above the first rule below it.

    ``outer`` says that its rows begin and end with bars; ``columns`` is how many cells they have.
    """

    header: int
    columns: int
    outer: bool


def find_drawing(text: Path) -> Drawing | None:
    """The drawn table of a UTF-8 text, if there is one at its beginning."""
    with text.open("rb") as source:
        head = source.read(HEAD).decode("utf-8", "ignore")
    if not any(bar in head for bar in BARS):
        return None
    lines = [line.strip() for line in split_lines(head, line_end_of(head))]
    for at in range(1, min(len(lines) - 1, MAX_ABOVE)):
        found = _beginning(lines, at)
        if found is not None:
            return found
    return None


def _beginning(lines: list[str], at: int) -> Drawing | None:
    """The table whose header stands right above the line ``at``, if that is a rule below one."""
    rule, header = lines[at], lines[at - 1]
    if not is_rule(rule) or is_rule(header):
        return None
    outer = header[:1] in BARS and header[-1:] in BARS and len(header) > 1
    bars = len(BAR.findall(header))
    between = (
        outer and bars > 2 and SOLID.fullmatch(rule) and at > 1 and SOLID.fullmatch(lines[at - 2])
    )
    if not bars or not (between or len(re.findall(f"[{re.escape(JOINTS)}]", rule)) == bars):
        return None
    rows = [line for line in lines[at + 1 : at + 1 + CHECKED] if not is_rule(line)]
    body = rows[: next((n for n, line in enumerate(rows) if not BAR.search(line)), len(rows))]
    fitting = sum(len(BAR.findall(line)) == bars for line in body)
    if not body or fitting < 0.8 * len(body):
        return None
    return Drawing(at, bars - 1 if outer else bars + 1, outer)


def is_rule(line: str) -> bool:
    """Whether a line is drawn, and not of cells."""
    text = line.strip()
    return SOLID.fullmatch(text) is not None or (
        RULE.fullmatch(text) is not None
        and len(DASHES.findall(text)) > 2
        and any(joint in text for joint in JOINTS)
    )


def redraw(lines: Iterator[str], drawing: Drawing, below: list[str]) -> Iterator[str]:
    """The lines of a file with its table as cells between bars, without ends.

    Rules are blank lines then, so is what stands above. What stands ``below`` the table is added to
    the list.
    """
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if number < drawing.header or not text or is_rule(text):
            yield ""
        elif below or not BAR.search(text):
            below.append(text)
        else:
            yield "|".join(map(_quoted, cells_of(text, drawing)))


def cells_of(line: str, drawing: Drawing) -> list[str]:
    """The cells of a row, without the spaces around them."""
    cells = BAR.split(line)
    if drawing.outer:
        cells = cells[1:] if not cells[0] else cells
        cells = cells[:-1] if len(cells) > drawing.columns and not cells[-1] else cells
    return [cell.strip().replace("\\|", "|") for cell in cells]


def _quoted(cell: str) -> str:
    if "|" in cell or '"' in cell:
        return '"' + cell.replace('"', '""') + '"'
    return cell
