# ruff: noqa: RUF001 - answers are written with signs for minus, times, alpha
"""Numbers that follow from results in one step: differences, ratios, shares, sums and means.

Each function is one way to search, from the narrow (what the text names and tells) to the wide. A
formula counts only where a match by chance is unlikely (``pools``), so that large results back no
arbitrary number.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations, pairwise

from leonidas_jupyter.assistant.receipts.ledger import Ledger, Table
from leonidas_jupyter.assistant.receipts.pools import Candidates, Formula, shown

MAX_NAMED = 8
"""Rows named in an answer that are compared with each other."""

MAX_PAIRS = 12
"""Values of a column that are all compared with each other."""

MAX_SHARED = 200
"""Rows whose shares of their column's sum are looked at."""

MAX_LEADING = 10
"""First rows that are added up."""

MAX_STRETCHED = 24
"""Rows of a column whose stretches are added up: two years of months."""

LIMITS = {1: 0.15, 2: 0.15, 3: 0.06}
FEW = 0.012
"""Chance matches that are borne, by significant digits of the figure; ``FEW`` for more digits."""

CLOSE = 4.0
"""How much more is borne where the figure's text names the rows or tells the operands."""

COUNTS = ("n", "count", "rows", "size", "number", "total_rows", "number of rows", "orders")
"""What a column is called that counts the rows of each group."""

_SIGNS: tuple[tuple[str, Callable[[float], bool]], ...] = (
    ("above 0", lambda number: number > 0),
    ("below 0", lambda number: number < 0),
    ("0", lambda number: number == 0),
)


def told(operands: Sequence[float], wholes: Sequence[int], *, fences: bool) -> Candidates:
    """What follows from numbers that the text around a figure tells, and of how many rows.

    ``fences``: it speaks of Tukey's fences, 1.5 interquartile ranges beyond a quartile.
    """
    made = Candidates()
    for operand in operands:
        for whole in wholes:
            if 0 < operand < whole:
                made.share(operand, whole)
        made.rest(operand)
        made.square(operand)
    for first, second in combinations(operands, 2):
        made.compare(first, second)
        made.add(first, second)
        if fences:
            for near, width in ((first, second), (second, first)):
                made.amounts.add(near + 1.5 * width, _formula("{} + 1.5 × {}", near, width))
                made.amounts.add(near - 1.5 * width, _formula("{} − 1.5 × {}", near, width))
    for size in range(3, len(operands) + 1):
        made.amounts.add(sum(operands[:size]), _sum(operands[:size]))
    return made.close()


def named(ledger: Ledger, text: str) -> Candidates:
    """What follows, column by column, from the rows that a text (in lower case) names."""
    made = Candidates()
    for table in ledger.tables:
        rows = list(_named_rows(table, text))[:MAX_NAMED]
        for column in table.columns:
            cells = [v for row in rows if (v := column.values[row]) is not None]
            _all_pairs(made, cells, sums=True)
            total, of = sum(column.numbers), f"sum of {column.name}"
            for cell in cells:
                made.share(cell, total, of)
                made.square(cell)
            if len(cells) > 2:
                made.amounts.add(sum(cells), _sum(cells))
                made.share(sum(cells), total, of)
            for row in rows:
                _compare_before(made, column.values, row)
    return made.close()


def across(ledger: Ledger, text: str) -> Candidates:
    """What the cells of the rows that a text names have to do with each other."""
    made = Candidates()
    for table in ledger.tables:
        for row in list(_named_rows(table, text))[:MAX_NAMED]:
            cells = [v for column in table.columns if (v := column.values[row]) is not None]
            _all_pairs(made, cells[:MAX_NAMED])
    return made.close()


def _compare_before(made: Candidates, values: Sequence[float | None], row: int) -> None:
    """A row that is named alone is often compared with the one before it."""
    now, before = values[row], values[row - 1] if row else None
    if now is not None and before is not None:
        made.compare(now, before)


def _named_rows(table: Table, text: str) -> Iterator[int]:
    for number, labels in enumerate(table.labels):
        if labels and any(len(label) > 2 and label in text for label in labels):
            yield number


def extremes(ledger: Ledger) -> Candidates:
    """The last row of a column compared with the first, the most with the least."""
    made = Candidates()
    for table in ledger.tables:
        for column in table.columns:
            if len(numbers := column.numbers) > 1:
                made.compare(numbers[-1], numbers[0])
                made.compare(max(numbers), min(numbers))
    return made.close()


def totals(ledger: Ledger) -> Candidates:
    """Sums, means and medians of columns, and what is left of single shares."""
    made = Candidates()
    for table in ledger.tables:
        for column in table.columns:
            if len(column.numbers) > 1:
                _column_totals(made, column.name, column.numbers)
        _weighted(made, table)
    for value in ledger.scalars.values():
        made.rest(value)
    return made.close()


def _column_totals(made: Candidates, name: str, numbers: Sequence[float]) -> None:
    count, total = len(numbers), sum(numbers)
    made.amounts.add(total, lambda: f"sum of {name} over {count} rows")
    made.amounts.add(total / count, lambda: f"mean of {name} over {count} rows")
    ordered = sorted(numbers)
    middle = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2
    made.amounts.add(middle, lambda: f"median of {name} over {count} rows")


def leading(ledger: Ledger) -> Candidates:
    """Sums of the first and of the largest rows of columns, and their shares of the whole sum."""
    made = Candidates()
    for table in ledger.tables:
        for column in table.columns:
            ordered = sorted(column.numbers, reverse=True)
            for what, numbers in (("first", column.numbers), ("largest", ordered)):
                for place in range(2, min(MAX_LEADING, len(numbers) - 1) + 1):
                    head, name = sum(numbers[:place]), f"the {what} {place} of {column.name}"
                    made.amounts.add(head, _formula(f"sum of {name}"))
                    made.share(head, sum(numbers), name)
    return made.close()


def stretches(ledger: Ledger) -> Candidates:
    """Sums and means of rows that follow each other in short columns: quarters of twelve months."""
    made = Candidates()
    for table in ledger.tables:
        for column in table.columns:
            numbers = column.numbers
            if not 3 < len(numbers) <= MAX_STRETCHED:
                continue
            total = sum(numbers)
            for first in range(len(numbers) - 1):
                for last in range(first + 2, len(numbers) + 1):
                    part = sum(numbers[first:last])
                    rows = f"rows {first + 1} to {last} of {column.name}"
                    made.amounts.add(part, _formula(f"sum of {rows}"))
                    made.amounts.add(part / (last - first), _formula(f"mean of {rows}"))
                    made.share(part, total, rows)
    return made.close()


def _weighted(made: Candidates, table: Table) -> None:
    """Means of groups, weighted with the groups' sizes where a column counts them."""
    sizes = next((column for column in table.columns if column.name.lower() in COUNTS), None)
    if sizes is None or table.size > MAX_SHARED:
        return
    for column in table.columns:
        both = zip(column.values, sizes.values, strict=True)
        rows = [(v, n) for v, n in both if v is not None and n is not None]
        weight = sum(n for _, n in rows)
        if column is not sizes and len(rows) > 1 and weight > 0:
            mean = sum(v * n for v, n in rows) / weight
            made.amounts.add(mean, _formula(f"mean of {column.name} weighted with {sizes.name}"))


def shares(ledger: Ledger) -> Candidates:
    """What each cell is of its column's sum, and sums per row of any result."""
    made = Candidates()
    for table in ledger.tables:
        if table.size > MAX_SHARED:
            continue
        for column in table.columns:
            numbers = column.numbers
            total = sum(numbers)
            for cell in numbers:
                made.share(cell, total, f"sum of {column.name}")
            for size in filter(None, ledger.sizes):
                made.ratios.add(total / size, _formula("{} ÷ {} rows", total, size))
    return made.close()


def steps(ledger: Ledger) -> Candidates:
    """Each row compared with the one before it."""
    made = Candidates()
    for table in ledger.tables:
        for column in table.columns:
            for before, after in pairwise(column.numbers[:MAX_SHARED]):
                made.compare(after, before)
    return made.close()


def pairs(ledger: Ledger) -> Candidates:
    """All pairs of short columns, of one row's cells, and of single numbers."""
    made = Candidates()
    for table in ledger.tables:
        for column in table.columns:
            if 2 < len(column.numbers) <= MAX_PAIRS:
                _all_pairs(made, column.numbers)
        for row in range(min(table.size, len(table.labels), MAX_PAIRS)):
            cells = [v for column in table.columns if (v := column.values[row]) is not None]
            _all_pairs(made, cells[:MAX_PAIRS])
    singles = list(ledger.scalars.values())
    _all_pairs(made, singles[: 2 * MAX_PAIRS])
    _all_pairs(made, singles[:MAX_PAIRS], sums=True)
    return made.close()


def counts(ledger: Ledger) -> dict[int, Formula]:
    """How many rows have something in common: a sign, or a label."""
    made: dict[int, Formula] = {}
    for table in ledger.tables:
        for column in table.columns:
            for what, fits in _SIGNS:
                if found := sum(map(fits, column.numbers)):
                    made.setdefault(found, _formula(f"rows whose {column.name} is {what}"))
        labels = Counter(label for row in table.labels for label in row)
        for label, found in labels.most_common(MAX_SHARED):
            if found > 1:
                made.setdefault(found, _formula(f"rows with {label}"))
    return made


def _all_pairs(made: Candidates, numbers: Iterable[float], *, sums: bool = False) -> None:
    for first, second in combinations(numbers, 2):
        made.compare(first, second)
        if sums:
            made.add(first, second)


def _formula(text: str, *numbers: float) -> Formula:
    """Written only when it is asked for: names of columns may hold braces, numbers fill them."""
    return lambda: text.format(*map(shown, numbers)) if numbers else text


def _sum(numbers: Sequence[float]) -> Formula:
    return lambda: " + ".join(map(shown, numbers))
