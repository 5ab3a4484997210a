"""What surrounds a table in its file: preamble, comments, header rows, footers."""

import itertools
import re
from collections import Counter
from dataclasses import dataclass, field

from leonidas_jupyter.data.cellkinds import kind
from leonidas_jupyter.data.tokens import Record

COMMENTS = ("#", "%", "//", "!", "--")
VALUES = frozenset(("number", "date", "time"))
MAX_HEADER_ROWS = 4
MAX_PREAMBLE = 100
RULE = re.compile(r"[-=:]{2,}")


@dataclass
class Layout:
    """Where the table is: ``body`` are the sample's rows, ``kinds`` what columns mostly hold.

    ``comment_said`` tells that a person named the sign of comments.
    """

    skip_rows: int = 0
    header: list[list[str]] = field(default_factory=list)
    header_lines: int = 0
    comment: str = ""
    comment_said: bool = False
    width: int = 1
    kinds: list[str] = field(default_factory=list)
    body: list[Record] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)


def find_comment(rows: list[Record], width: int) -> str:
    """The sign that begins comment lines: some line begins so, and none of those is a row."""
    for sign in COMMENTS:
        # Errors of sheets, such as #N/A, begin no comment.
        marked = [
            row for row in rows if row.text.startswith(sign) and kind(row.fields[0]) != "null"
        ]
        if not marked or len(marked) == len([row for row in rows if row.text.strip()]):
            continue
        if all(len(row.fields) != width or width == 1 for row in marked) and len(sign) <= 2:
            if width == 1 and sign not in ("#", "%"):
                continue
            return sign
    return ""


def commented(row: Record, layout: Layout) -> bool:
    """Whether a record is a comment; one that fills the table's width is a row, unless said."""
    if not layout.comment or not row.text.startswith(layout.comment):
        return False
    return layout.comment_said or layout.width == 1 or len(row.fields) != layout.width


def column_kinds(rows: list[list[str]], width: int) -> list[str]:
    """Per column what its filled cells mostly are: number, date, time, text, or empty."""
    found = []
    for column in range(width):
        counts = Counter(kind(row[column]) for row in rows if column < len(row))
        for nothing in ("empty", "null"):
            counts.pop(nothing, None)
        texts = counts.pop("token", 0) + counts.pop("text", 0)
        if texts:
            counts["text"] = texts
        if not counts:
            found.append("empty")
            continue
        name, count = counts.most_common(1)[0]
        found.append(name if count >= 0.6 * counts.total() else "text")
    return found


def find_layout(
    rows: list[Record], width: int, header_rows: int | None, skip_rows: int | None
) -> Layout:
    """Find preamble and header in a sample's records (comments and blank lines left out already).

    ``header_rows`` and ``skip_rows`` (physical lines) are what a person has said.
    """
    layout = Layout(width=width)
    if skip_rows is not None:
        start = next((i for i, row in enumerate(rows) if row.line > skip_rows), len(rows))
    else:
        start = _table_start(rows, width)
    layout.skip_rows = rows[start].line - 1 if start < len(rows) else 0
    table = rows[start:]
    later = table[1:]
    layout.kinds = column_kinds([row.fields for row in _settled(later, width)], width)
    count = header_rows if header_rows is not None else _header_rows(table, layout)
    count = min(count, len(table))
    layout.header = [row.fields for row in table[:count]]
    layout.header_lines = _lines_of(table[:count], layout.skip_rows)
    layout.body = table[count:]
    if header_rows is None:
        _say(layout, count)
    return layout


def _lines_of(header: list[Record], skipped: int) -> int:
    """How many physical lines the header takes, blank ones between its rows too."""
    if not header:
        return 0
    return header[-1].line + header[-1].lines - 1 - skipped


def _settled(rows: list[Record], width: int) -> list[Record]:
    """The rows that tell what columns hold: those behind any further header rows, if enough."""
    fitting = [row for row in rows if len(row.fields) == width and _filled(row.fields)]
    return fitting[MAX_HEADER_ROWS:] if len(fitting) > 2 * MAX_HEADER_ROWS else fitting


def _filled(fields: list[str]) -> int:
    return sum(1 for cell in fields if cell.strip())


def _table_start(rows: list[Record], width: int) -> int:
    """The first row of the table: near its width, and filled like a header or a row."""
    if width == 1:
        return 0
    fills = [count for row in rows if len(row.fields) == width and (count := _filled(row.fields))]
    usual = sorted(fills)[len(fills) // 2] if fills else 1
    needed = 2 if usual >= 2 else 1
    for index, row in enumerate(rows[:MAX_PREAMBLE]):
        close = abs(len(row.fields) - width) <= 1 or len(row.fields) > width
        if width == 2 and _half_row(rows[index : index + 2]):
            return index
        if not close or _filled(row.fields) < min(needed, width):
            continue
        if len(row.fields) != width and _foreign(rows[index : index + 4], width):
            continue
        if _stamps(rows, index, width):
            continue
        if usual > 3 and _filled(row.fields) < 0.34 * usual and not _spans(rows, index, width):
            continue
        return index
    return 0


def _foreign(rows: list[Record], width: int) -> bool:
    """A row of another width that the header follows, rather than being the header itself."""
    following = [row for row in rows[1:] if len(row.fields) == width]
    if not following or width > 12:
        return False
    first, second = rows[0].fields, following[0].fields
    return (
        not any(kind(cell) in VALUES for cell in second) and _filled(second) >= _filled(first) - 1
    )


def _stamps(rows: list[Record], index: int, width: int) -> bool:
    """A row with a date and empty cells right above a full row of words: when it was made."""
    below = rows[index + 1] if index + 1 < len(rows) else None
    if below is None or len(below.fields) != width or _filled(rows[index].fields) == width:
        return False
    dated = any(kind(cell) == "date" for cell in rows[index].fields)
    return dated and all(kind(cell) in ("token", "text") for cell in below.fields)


def _half_row(rows: list[Record]) -> bool:
    """A row of two cells, one empty and one a value, above another row with a value there."""
    if any(len(row.fields) != 2 for row in rows) or len(rows) < 2:
        return False
    first, second = ([kind(cell) for cell in row.fields] for row in rows)
    place = next((at for at, found in enumerate(first) if found in VALUES), None)
    return place is not None and first[1 - place] == "empty" and second[place] == first[place]


def _spans(rows: list[Record], index: int, width: int) -> bool:
    """A sparse row right above a full row of words: the upper part of a header over two rows."""
    below = rows[index + 1] if index + 1 < len(rows) else None
    if below is None or len(below.fields) != width:
        return False
    words = not any(kind(cell) in VALUES for cell in below.fields)
    return words and _filled(below.fields) >= 0.8 * width and _filled(rows[index].fields) >= 2


def _header_rows(table: list[Record], layout: Layout) -> int:
    """How many rows at the table's top name its columns."""
    if not table:
        return 0
    if len(table) == 1:
        return 0 if any(kind(cell) in VALUES for cell in table[0].fields) else 1
    if not _names_columns(table[0].fields, table[1:], layout.kinds):
        return 0
    count = 1
    while count < min(MAX_HEADER_ROWS, len(table) - 1) and _continues(
        table[count - 1].fields, table[count].fields, layout
    ):
        count += 1
    if count + 1 < len(table) and _rules(table[count].fields):
        table[count].fields = [""] * len(table[count].fields)
        count += 1
    return count


def _rules(fields: list[str]) -> bool:
    """A line of dashes under a header, as database clients print it."""
    return all(RULE.fullmatch(cell.strip()) for cell in fields) and len("".join(fields)) > 2


def _names_columns(first: list[str], rest: list[Record], kinds: list[str]) -> bool:
    """Whether the first row is a header: words over values, or words that no row repeats."""
    over_values = [
        kind(cell)
        for cell, below in zip(first, kinds, strict=False)
        if below in VALUES and cell.strip()
    ]
    if over_values and set(over_values) == {"null"}:
        return False
    over_values = [found for found in over_values if found != "null"]
    words = sum(found in ("token", "text") for found in over_values)
    if over_values and words * 2 >= len(over_values):
        return True
    values = len(over_values) - words
    if values:
        return _labels(first, rest, kinds) or (bool(rest) and _over(first, rest[0].fields, kinds))
    if any(kind(cell) in ("date", "time") for cell in first):
        return False
    return _distinct_words(first, rest)


def _over(first: list[str], below: list[str], kinds: list[str]) -> bool:
    """Years over words over values: the upper part of a header over two rows."""
    numbers = [cell.strip() for cell in first if kind(cell) in VALUES]
    typed = [cell for cell, usual in zip(below, kinds, strict=False) if usual in VALUES]
    years = all(number.isdigit() and 1800 <= int(number) <= 2200 for number in numbers)
    return years and len(typed) > 1 and all(kind(cell) in ("token", "text") for cell in typed)


def _labels(first: list[str], rest: list[Record], kinds: list[str]) -> bool:
    """Numbers over numbers: a header when words stand over words, and they count up evenly."""
    bare = VALUES | {"empty"}  # a year for which nobody has a figure yet is named like the others
    beside = [cell for cell, below in zip(first, kinds, strict=False) if below not in bare]
    if not all(kind(cell) in ("token", "text") for cell in beside if cell.strip()):
        return False
    numbers = [cell.strip() for cell, below in zip(first, kinds, strict=False) if below in bare]
    whole = [int(cell) for cell in numbers if cell.isdigit()]
    if len(whole) != len(numbers) or len(whole) < 2 or len(set(whole)) != len(whole):
        return False
    steps = {b - a for a, b in itertools.pairwise(whole)}
    if len(steps) != 1 or any(number != str(int(number)) for number in numbers):
        return False
    repeated = any(row.fields[: len(first)] == first for row in rest)
    others = [
        cell.strip()
        for row in rest
        for cell, below in zip(row.fields, kinds, strict=False)
        if below in VALUES
    ]
    years = all(1800 <= number <= 2200 for number in whole)
    counted = bool(beside) and len(whole) > 2  # any two numbers are evenly apart
    return not repeated and (years or counted) and others.count(numbers[0]) * 4 < len(rest) + 4


def _distinct_words(first: list[str], rest: list[Record]) -> bool:
    """Whether a row of words over words names columns: none of them comes again in its column."""
    names = [cell.strip() for cell in first]
    filled = [name for name in names if name]
    if not filled or max(map(len, filled)) > 200:
        return False
    repeats = sum(
        name != "" and any(i < len(row.fields) and row.fields[i].strip() == name for row in rest)
        for i, name in enumerate(names)
    )
    return repeats * 2 < len(filled) or (len(set(filled)) < len(filled) and repeats == 0)


def _continues(above: list[str], fields: list[str], layout: Layout) -> bool:
    """Whether a row below a header row is part of the header too."""
    if [cell.strip() for cell in fields] == [cell.strip() for cell in above]:
        return True
    typed = [
        (cell, below)
        for cell, below in zip(fields, layout.kinds, strict=False)
        if below in VALUES and cell.strip()
    ]
    found = [kind(cell) for cell, _ in typed]
    if not found or any(item in VALUES for item in found) or "null" in found:
        # Values here mean data, unless the row above spans columns and this one is all words.
        return False
    numeric = sum(below in VALUES for below in layout.kinds)
    blanks_above = any(
        not (above[i].strip() if i < len(above) else "")
        for i, cell in enumerate(fields)
        if cell.strip()
    )
    return blanks_above or len(found) == numeric or _filled(fields) == len(found)


def _say(layout: Layout, count: int) -> None:
    if count == 0:
        layout.assumed.append("There is no header row: the columns are numbered.")
    elif count > 1:
        layout.assumed.append(f"The header takes {count} rows: their words are joined.")
    elif all(kind(cell) == "number" for cell in layout.header[0] if cell.strip()):
        layout.assumed.append("The first row holds numbers only; it is read as the header.")
    if layout.skip_rows:
        lines = "first line is" if layout.skip_rows == 1 else f"first {layout.skip_rows} lines are"
        layout.assumed.append(f"The {lines} not part of the table.")
