"""Which rows at a table's top name its columns."""

import itertools
import re

from leonidas_jupyter.data.cellkinds import VALUES, kind
from leonidas_jupyter.data.tokens import Record, Tokenizer

MAX_HEADER_ROWS = 4
MANY_VALUES = 4
"""A row of data lacks the values of so many columns, all in words, hardly ever."""

WORDS = ("token", "text")
YEARS = range(1800, 2201)
COMMENTED = re.compile(r"\s*(?:#|%|;|//|!)+\s*(Fields:)?\s*(.*)", re.I | re.S)
RULE = re.compile(r"[-=:]{2,}")
UNIT = re.compile(r"[\[({<].*[\])}>]|.*[/%°µμ²³^].*", re.S)
_UNITS = """
m s kg g mg t km cm mm nm h hr hrs hour hours min mins sec secs second seconds ms us ns day days
week weeks month months year years yr v volt volts mv a amp amps ma w watt watts kw mw kwh mwh wh
hz khz mhz ghz pa kpa hpa mbar bar psi c f k degc degf deg degrees rad n nm j kj kcal mol l ml in
ft lb lbs oz eur usd gbp chf jpy euro euros dollars $ € £ count counts number numeric int integer
int64 bigint float float64 double decimal real str string text char varchar object date datetime
timestamp time bool boolean percent ppm ppb ph db lux unit units avg smp min max std tot mean
"""
UNITS = frozenset(_UNITS.split())
"""Words that stand below a column's name and say what it is measured in, or its type."""


def header_rows_of(table: list[Record], kinds: list[str]) -> int:
    """How many rows at a table's top name its columns; ``kinds`` is what these mostly hold."""
    if not table:
        return 0
    if len(table) == 1:
        return 0 if any(kind(cell) in VALUES for cell in table[0].fields) else 1
    if count := _levels(table):
        return count
    if not _names_columns(table[0].fields, table[1:], kinds):
        return 0
    count = 1
    while count < min(MAX_HEADER_ROWS, len(table) - 1) and _continues(
        table[count - 1].fields, table[count].fields, kinds
    ):
        count += 1
    if count + 1 < len(table) and _rules(table[count].fields):
        table[count].fields = [""] * len(table[count].fields)
        count += 1
    return count


def _levels(table: list[Record]) -> int:
    """The rows of a header of several levels above one that names the index alone; else 0.

    pandas writes columns of a MultiIndex so: the names of the index stand below all levels.
    """
    for count in range(2, min(MAX_HEADER_ROWS, len(table) - 1)):
        names, below = table[count].fields, table[count + 1].fields
        index = next((at for at, cell in enumerate(names) if not cell.strip()), len(names))
        above = [row.fields for row in table[:count]]
        if not 0 < index < len(names) - 1 or any(map(str.strip, names[index:])):
            continue
        if any(len(row) != len(names) for row in [*above, below]):
            continue
        filled = all(all(map(str.strip, row[index:])) for row in above)
        top = [cell.strip() for cell in above[0][index:]]
        blank = not any(cell.strip() for row in above for cell in row[:index])
        named = blank or len(set(top)) < len(top)
        if filled and named and _all_words(top) and all(map(str.strip, below[:index])):
            return count + 1
    return 0


def _all_words(cells: list[str]) -> bool:
    return all(kind(cell) in WORDS for cell in cells)


def _rules(fields: list[str]) -> bool:
    """A line of dashes under a header, as database clients print it."""
    return all(RULE.fullmatch(cell.strip()) for cell in fields) and len("".join(fields)) > 2


def _names_columns(first: list[str], rest: list[Record], kinds: list[str]) -> bool:
    """Whether the first row is a header: words over values, or words that no row repeats."""
    over_values = [
        "day" if (found := kind(cell)) in ("date", "time") and below == "number" else found
        for cell, below in zip(first, kinds, strict=False)
        if below in VALUES and cell.strip()
    ]
    if over_values and set(over_values) == {"null"}:
        return False
    over_values = [found for found in over_values if found != "null"]
    words = sum(found in (*WORDS, "day") for found in over_values)
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
    return years and len(typed) > 1 and all(kind(cell) in WORDS for cell in typed)


def _labels(first: list[str], rest: list[Record], kinds: list[str]) -> bool:
    """Numbers over numbers: a header when words stand over words, and they count up evenly.

    Years may be of any distance where what stands below them is none.
    """
    bare = VALUES | {"empty"}  # a year for which nobody has a figure yet is named like the others
    pairs = list(zip((cell.strip() for cell in first), kinds, strict=False))
    beside = [cell for cell, below in pairs if below not in bare and not _is_year(cell)]
    if not all(kind(cell) in WORDS for cell in beside if cell):
        return False
    numbers = [cell for cell, below in pairs if cell and (below in bare or _is_year(cell))]
    whole = [int(cell) for cell in numbers if cell.isdecimal()]
    if len(whole) != len(numbers) or len(whole) < 2 or len(set(whole)) != len(whole):
        return False
    if any(number != str(int(number)) for number in numbers):
        return False
    if any(row.fields[: len(first)] == first for row in rest):
        return False
    others = [
        cell.strip()
        for row in rest
        for cell, below in zip(row.fields, kinds, strict=False)
        if below in VALUES
    ]
    years = all(number in YEARS for number in whole)
    if years and not _few_years(others):
        return False
    if len({b - a for a, b in itertools.pairwise(whole)}) != 1:
        return years and bool(beside) and whole == sorted(whole)
    counted = bool(beside) and len(whole) > 2  # any two numbers are evenly apart
    return (years or counted) and others.count(numbers[0]) * 4 < len(rest) + 4


def _is_year(cell: str) -> bool:
    return len(cell) == 4 and cell.isdecimal() and int(cell) in YEARS


def _few_years(cells: list[str]) -> bool:
    filled = [cell for cell in cells if cell]
    return sum(map(_is_year, filled)) * 5 < len(filled)


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


def _continues(above: list[str], fields: list[str], kinds: list[str]) -> bool:
    """Whether a row below a header row is part of the header too."""
    if [cell.strip() for cell in fields] == [cell.strip() for cell in above]:
        return True
    typed = [
        index
        for index, (cell, below) in enumerate(zip(fields, kinds, strict=False))
        if below in VALUES and cell.strip()
    ]
    found = [kind(fields[index]) for index in typed]
    if _rules(fields):
        return False
    if not found or any(item in VALUES for item in found) or "null" in found:
        # Values here mean data, unless the row above spans columns and this one is all words.
        return False
    filled = [index for index, cell in enumerate(fields) if cell.strip()]
    if any(index >= len(above) or not above[index].strip() for index in filled):
        return True
    valued = sum(below in VALUES for below in kinds)
    beside_nothing = filled == typed and (len(typed) > 1 or not fields[0].strip())
    distinct = len({fields[index] for index in typed}) * 2 > len(typed)
    if beside_nothing or (distinct and len(found) == valued >= MANY_VALUES):
        return True
    # Data may hold a word in place of a value, so what is below must look like no data.
    explains = [_explains(above[index], fields[index]) for index in typed]
    return len(found) == valued and 2 * sum(explains) >= len(explains)


def _explains(name: str, below: str) -> bool:
    """Whether a cell says something of the column's name above: a unit, a type, or more words."""
    plain = below.strip().lower()
    if plain.rstrip(".") in UNITS or UNIT.fullmatch(plain):
        return True
    squeezed = re.sub(r"[\W_]+", "", name.lower())
    return len(squeezed) > 2 and re.sub(r"[\W_]+", "", plain).startswith(squeezed)


def names_above(above: list[Record], tokenizer: Tokenizer, kinds: list[str]) -> int | None:
    """Which record above a table without a header is a comment that names its columns.

    Logs of web servers have such a line (``#Fields:``), and so have tables that numpy writes. Its
    fields become the names.
    """
    for number in range(len(above) - 1, -1, -1):
        found = COMMENTED.match(above[number].text)
        if found is None:
            return None
        rest = found[2]
        for cells in (tokenizer.split(rest)[0], rest.split() if found[1] else []):
            names = [cell.strip() for cell in cells]
            distinct = len(set(names)) == len(names) == len(kinds) > 1
            if distinct and _all_words(names) and any(each in VALUES for each in kinds):
                above[number].fields = names
                return number
        if found[1]:
            return None
    return None
