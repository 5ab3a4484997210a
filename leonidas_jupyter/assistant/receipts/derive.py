"""Numbers that follow from results in one step: which formula a figure of an answer may have.

Whether a match can be a coincidence is estimated from how many candidates lie around the figure:
with ``n`` of them between half and twice its size, ``n · 2h / 1.5x`` fall within ``h`` of ``x`` by
chance. A formula counts only where that expectation is small (``LIMITS``), so that large results
back no arbitrary number.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise

from leonidas_jupyter.assistant.receipts.ledger import Ledger, Table

Formula = Callable[[], str]
Candidate = tuple[float, Formula]

MAX_NAMED = 8
"""Rows named in an answer that are compared with each other."""

MAX_PAIRS = 12
"""Values of a column that are all compared with each other."""

MAX_SHARED = 200
"""Rows whose shares of their column's sum are looked at."""

MAX_LEADING = 10
"""First rows that are added up."""

LIMITS = {1: 0.15, 2: 0.15, 3: 0.06}
FEW = 0.012
"""Chance matches that are borne, by significant digits of the figure; ``FEW`` for more digits."""

CLOSE = 3.0
"""How much more is borne where the figure's text names the rows or tells the operands."""


@dataclass
class Pool:
    """Candidates of one kind by their size."""

    found: list[Candidate] = field(default_factory=list)
    sizes: list[float] = field(default_factory=list)

    def close(self) -> "Pool":
        """Put them in order, once all are in; of equal ones the first stays."""
        first: dict[float, Candidate] = {}
        for candidate in self.found:
            first.setdefault(float(f"{candidate[0]:.12g}"), candidate)
        self.found = sorted(first.values(), key=lambda candidate: candidate[0])
        self.sizes = [value for value, _ in self.found]
        return self

    def expected(self, value: float, half: float) -> float:
        """How many would lie within ``half`` of ``value`` by chance."""
        if value <= 0:
            return float(len(self.sizes))
        around = bisect_right(self.sizes, value * 2) - bisect_left(self.sizes, value / 2)
        return around * 2 * half / (1.5 * value)

    def nearest(self, value: float, half: float) -> Candidate | None:
        """The candidate closest to ``value``, where one is within ``half``."""
        slack = half + value * 1e-12
        first = bisect_left(self.sizes, value - slack)
        last = bisect_right(self.sizes, value + slack)
        within = self.found[first:last]
        return min(within, key=lambda each: abs(each[0] - value)) if within else None


@dataclass
class Candidates:
    """What one step gives: amounts (sums, differences), ratios, and shares (0.37 for 37 %)."""

    amounts: Pool = field(default_factory=Pool)
    ratios: Pool = field(default_factory=Pool)
    shares: Pool = field(default_factory=Pool)

    def close(self) -> "Candidates":
        """Ready to be searched."""
        for pool in (self.amounts, self.ratios, self.shares):
            pool.close()
        return self

    def compare(self, first: float, second: float) -> None:
        """Add what two numbers have to do with each other."""
        if first == second:
            return
        difference = abs(first - second)
        self.amounts.found.append((difference, lambda: f"{shown(first)} − {shown(second)}"))  # noqa: RUF001
        for above, below in ((first, second), (second, first)):
            if below:
                self._ratio(above, below)

    def _ratio(self, above: float, below: float) -> None:
        ratio = above / below
        self.ratios.found.append((abs(ratio), lambda: f"{shown(above)} ÷ {shown(below)}"))
        if 0 < ratio < 1:
            self.shares.found.append((ratio, lambda: f"{shown(above)} ÷ {shown(below)}"))
        change = abs((above - below) / below)
        self.shares.found.append(
            (change, lambda: f"({shown(above)} − {shown(below)}) ÷ {shown(below)}")  # noqa: RUF001
        )

    def add(self, first: float, second: float) -> None:
        """Add the sum of two numbers."""
        self.amounts.found.append(
            (abs(first + second), lambda: f"{shown(first)} + {shown(second)}")
        )

    def share(self, part: float, whole: float, formula: Formula) -> None:
        """Add what a part is of a whole, and the rest of it."""
        if whole:
            self.shares.found.append((abs(part / whole), formula))
            self.shares.found.append((abs(1 - part / whole), lambda: f"1 − {formula()}"))  # noqa: RUF001


def shown(value: float) -> str:
    """A number in a formula: whole as it is, else six significant digits."""
    if value.is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.2f}"


def told(operands: Sequence[float]) -> Candidates:
    """What follows from numbers that the text around a figure tells."""
    made = Candidates()
    for first, second in combinations(operands, 2):
        made.compare(first, second)
        made.add(first, second)
    for operand in operands:
        _rest(made, operand)
    for size in range(3, len(operands) + 1):
        some = operands[:size]
        made.amounts.found.append((abs(sum(some)), lambda some=some: " + ".join(map(shown, some))))  # type: ignore[misc]
    return made.close()


def named(ledger: Ledger, text: str) -> Candidates:
    """What follows from the rows that a text (in lower case) names by their labels."""
    made = Candidates()
    for table in ledger.tables:
        rows = list(_named_rows(table, text))[:MAX_NAMED]
        for column in table.columns:
            cells = [v for row in rows if (v := column.values[row]) is not None]
            for first, second in combinations(cells, 2):
                made.compare(first, second)
                made.add(first, second)
            total = sum(column.numbers)
            for cell in cells:
                made.share(cell, total, _share(cell, total, column.name))
        for row in rows:
            cells = [v for column in table.columns if (v := column.values[row]) is not None]
            for first, second in combinations(cells[:MAX_NAMED], 2):
                made.compare(first, second)
    return made.close()


def _named_rows(table: Table, text: str) -> Iterator[int]:
    if table.size > MAX_SHARED * 5:
        return
    for number, labels in enumerate(table.labels):
        if labels and any(len(label) > 2 and label in text for label in labels):
            yield number


def totals(ledger: Ledger) -> Candidates:
    """Sums, means and sums of the first rows of columns, and what is left of single shares."""
    made = Candidates()
    for table in ledger.tables:
        for column in table.columns:
            _column_totals(made, column.name, column.numbers)
    for value in ledger.scalars.values():
        _rest(made, value)
    return made.close()


def _column_totals(made: Candidates, name: str, numbers: Sequence[float]) -> None:
    count, total = len(numbers), sum(numbers)
    if count < 2:
        return
    made.amounts.found.append((abs(total), lambda: f"sum of {name} over {count} rows"))
    made.amounts.found.append((abs(total / count), lambda: f"mean of {name} over {count} rows"))
    head = 0.0
    for place, number in enumerate(numbers[:MAX_LEADING], 1):
        head += number
        if 1 < place < count:
            made.amounts.found.append((abs(head), _first(name, place)))
            made.share(head, total, _first_share(name, place))
    ordered = sorted(numbers)
    middle = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2
    made.amounts.found.append((abs(middle), lambda: f"median of {name} over {count} rows"))


def counts(ledger: Ledger) -> dict[int, Formula]:
    """How many rows have something in common: a sign, or a label."""
    made: dict[int, Formula] = {}
    for table in ledger.tables:
        for column in table.columns:
            for what, some in _COUNTS:
                if found := sum(map(some, column.numbers)):
                    made.setdefault(found, _count(column.name, what))
        labels = Counter(label for row in table.labels for label in row)
        for label, found in labels.most_common(MAX_SHARED):
            if found > 1:
                made.setdefault(found, _count("", label))
    return made


_COUNTS: tuple[tuple[str, Callable[[float], bool]], ...] = (
    ("above 0", lambda number: number > 0),
    ("below 0", lambda number: number < 0),
    ("that are 0", lambda number: number == 0),
)


def _count(name: str, what: str) -> Formula:
    return lambda: f"rows with {name} {what}".replace("  ", " ")


def shares(ledger: Ledger) -> Candidates:
    """What each cell is of its column's sum, and single numbers of single numbers."""
    made = Candidates()
    for table in ledger.tables:
        if table.size > MAX_SHARED:
            continue
        for column in table.columns:
            total = sum(column.numbers)
            for cell in column.numbers:
                made.share(cell, total, _share(cell, total, column.name))
            for size in ledger.sizes:
                made.ratios.found.append((abs(total / size), _per(total, size))) if size else None
    return made.close()


def neighbours(ledger: Ledger) -> Candidates:
    """Each row compared with the one before it; the last with the first, most with least."""
    made = Candidates()
    for table in ledger.tables:
        for column in table.columns:
            numbers = column.numbers
            if len(numbers) < 2:
                continue
            made.compare(numbers[-1], numbers[0])
            made.compare(max(numbers), min(numbers))
            for before, after in pairwise(numbers[:MAX_SHARED]):
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
    _all_pairs(made, list(ledger.scalars.values())[: 2 * MAX_PAIRS])
    return made.close()


def _all_pairs(made: Candidates, numbers: Iterable[float]) -> None:
    for first, second in combinations(numbers, 2):
        made.compare(first, second)


def _rest(made: Candidates, value: float) -> None:
    if 0 < value < 1:
        made.shares.found.append((1 - value, lambda: f"1 − {shown(value)}"))  # noqa: RUF001
    if 0 < value < 100:
        made.shares.found.append((1 - value / 100, lambda: f"100 − {shown(value)}"))  # noqa: RUF001


def _share(part: float, whole: float, name: str) -> Formula:
    return lambda: f"{shown(part)} ÷ {shown(whole)} (sum of {name})"


def _first(name: str, place: int) -> Formula:
    return lambda: f"sum of the first {place} of {name}"


def _first_share(name: str, place: int) -> Formula:
    return lambda: f"first {place} of {name} ÷ their sum"


def _per(total: float, size: int) -> Formula:
    return lambda: f"{shown(total)} ÷ {size} rows"
