"""What surrounds a table in its file: preamble, comments, header rows, footers."""

from collections import Counter
from dataclasses import dataclass, field

from leonidas_jupyter.data.cellkinds import VALUES, kind
from leonidas_jupyter.data.headerrows import MAX_HEADER_ROWS, header_rows_of, names_above
from leonidas_jupyter.data.tokens import Record, Tokenizer

COMMENTS = ("#", "%", "//", "!", "--")
MAX_PREAMBLE = 100


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
    count = header_rows if header_rows is not None else header_rows_of(table, layout.kinds)
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
    if len(fitting) > 2 * MAX_HEADER_ROWS:
        return fitting[MAX_HEADER_ROWS:]
    valued = (any(kind(cell) in VALUES for cell in row.fields) for row in fitting)
    first = next((number for number, found in enumerate(valued) if found), 0)
    return fitting[first:] if first < MAX_HEADER_ROWS else fitting


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
        if len(row.fields) != width and _foreign(rows[index : index + 8], width):
            continue
        if _stamps(rows, index, width):
            continue
        if usual > 3 and _filled(row.fields) < 0.34 * usual and not _spans(rows, index, width):
            continue
        return index
    return 0


def _foreign(rows: list[Record], width: int) -> bool:
    """A row of another width that the header follows, rather than being the header itself."""
    following = [row.fields for row in rows[1:] if len(row.fields) == width]
    if not following:
        return False
    first, second = rows[0].fields, following[0]
    if any(kind(cell) in VALUES for cell in second):
        return False
    if width <= 12 and _filled(second) >= _filled(first) - 1:
        return True
    # Words over values are the header, whatever stands above them.
    names = {cell.strip() for cell in second}
    over = zip(*following[1:], strict=True)
    return (
        len(first) > width + 1
        and len(names - {""}) == width
        and any(any(kind(cell) in VALUES for cell in column) for column in over)
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


def name_from_comment(layout: Layout, above: list[Record], tokenizer: Tokenizer) -> None:
    """Take the names of a table without a header from a comment right above it, if one has them."""
    if layout.header or not layout.body:
        return
    number = names_above(above, tokenizer, layout.kinds)
    if number is None:
        return
    named = above[number]
    layout.header_lines += layout.skip_rows + 1 - named.line
    layout.skip_rows = named.line - 1
    layout.header = [named.fields]
    layout.assumed = ["The columns' names are those of the comment above them."]
    _say(layout, 1)


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
