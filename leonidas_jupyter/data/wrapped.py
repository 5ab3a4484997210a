"""Lines that were quoted as a whole, though each holds a row of many cells.

Programs that take a line for one cell write it so: quotes around it, and those within doubled.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from leonidas_jupyter.data.cellkinds import VALUES, kind
from leonidas_jupyter.data.dialect import DialectOverride
from leonidas_jupyter.data.layout import column_kinds
from leonidas_jupyter.data.lines import line_end_of, split_lines, without_end
from leonidas_jupyter.data.sniff import Reading, best_reading
from leonidas_jupyter.data.tokens import Tokenizer

HEAD = 1 << 16
LOOKED_AT = 200
WHOLE = re.compile(r'"((?:[^"]|"")*)"')


def unwrapped(text: Path, target: Path, said: DialectOverride) -> bool:
    """Write the lines without the quotes around them to ``target``, if all of them are so.

    The first one alone, the header, may be without quotes.
    """
    if said.quote not in (None, '"') or not _is_wrapped(text, said.delimiter):
        return False
    with (
        text.open(encoding="utf-8", errors="replace", newline="") as source,
        target.open("w", encoding="utf-8", newline="") as plain,
    ):
        plain.writelines(_inside(line) for line in source)
    return True


def _inside(line: str) -> str:
    body = without_end(line)
    found = WHOLE.fullmatch(body)
    return found[1].replace('""', '"') + line[len(body) :] if found else line


def _is_wrapped(text: Path, delimiter: str | None) -> bool:
    with text.open("rb") as source:
        raw = source.read(HEAD)
        whole = not source.read(1)
    head = raw.decode("utf-8", "ignore")
    if head.count('"') < 4:
        return False
    found = [without_end(line) for line in split_lines(head, line_end_of(head))]
    lines = [line for line in (found if whole else found[:-1]) if line][:LOOKED_AT]
    rows = lines[1:]
    if not rows or not all(map(WHOLE.fullmatch, rows)):
        return False
    reading = best_reading([*map(_inside, lines)], delimiter, None)
    return reading.width > 1 and _is_table(reading) and _one_cell_each(lines, reading)


def _is_table(reading: Reading) -> bool:
    """Whether all rows have one width and some column holds values, or cells are quoted within."""
    rows = [row.fields for row in reading.rows]
    if len({len(row) for row in rows}) > 1 or reading.syntax.skip_space:
        return False
    tokenizer = Tokenizer(reading.syntax)
    if any(any(tokenizer.quoted(row.text)) for row in reading.rows):
        return True
    headed = not any(kind(cell) in VALUES for cell in rows[0])
    return headed and any(each in VALUES for each in column_kinds(rows[1:], reading.width))


def _one_cell_each(lines: list[str], reading: Reading) -> bool:
    """Whether each line is one cell of words as it stands, and no value that holds a delimiter."""
    mark = reading.syntax.delimiter
    apart = f'"{mark}"'
    insides = list(_cells(lines))
    return not any(apart in line for line in lines) and not any(
        kind(inside) in VALUES for inside in insides
    )


def _cells(lines: list[str]) -> Iterator[str]:
    for line in lines[1:]:
        found = WHOLE.fullmatch(line)
        if found:
            yield found[1]
