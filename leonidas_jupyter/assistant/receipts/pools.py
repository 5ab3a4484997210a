# ruff: noqa: RUF001 - answers are written with signs for minus, times, alpha
"""Candidates for a number by their size, and how likely a match with them is a coincidence.

With ``n`` candidates between half and twice a number ``x``, ``n · 2h / 1.5x`` of them fall within
``h`` of it by chance, were they spread evenly.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Formula = Callable[[], str]
Kind = Literal["", "change", "rest"]
"""Which words a share goes with: "of", "more than", or what is left of it."""

Candidate = tuple[float, Formula, Kind]


def shown(value: float) -> str:
    """A number in a formula: whole as it is, else six significant digits."""
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.2f}"


@dataclass
class Pool:
    """Candidates of one kind by their size."""

    found: list[Candidate] = field(default_factory=list)
    sizes: list[float] = field(default_factory=list)

    def add(self, value: float, formula: Formula, kind: Kind = "") -> None:
        """Take a candidate; its sign does not matter."""
        self.found.append((abs(value), formula, kind))

    def close(self) -> None:
        """Put them in order, once all are in; of equal ones the first stays."""
        first: dict[tuple[float, Kind], Candidate] = {}
        for candidate in self.found:
            first.setdefault((float(f"{candidate[0]:.12g}"), candidate[2]), candidate)
        self.found = sorted(first.values(), key=lambda candidate: candidate[0])
        self.sizes = [size for size, *_ in self.found]

    def expected(self, value: float, half: float) -> float:
        """How many would lie within ``half`` of ``value`` by chance."""
        if value <= 0:
            return float(len(self.sizes))
        around, last = 0, -1.0
        for size in self.sizes[bisect_left(self.sizes, value / 2) :]:
            if size > value * 2:
                break
            if size - last > half:  # what lies as close as that is one candidate, not two
                around, last = around + 1, size
        return around * 2 * half / (1.5 * value)

    def nearest(self, value: float, half: float, kind: Kind = "") -> Candidate | None:
        """The closest candidate of a kind within ``half`` of ``value``; else of any kind."""
        slack = half + value * 1e-12
        first = bisect_left(self.sizes, value - slack)
        within = self.found[first : bisect_right(self.sizes, value + slack)]
        if not within:
            return None
        return min(within, key=lambda each: (each[2] != kind, abs(each[0] - value)))


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
        self.amounts.add(first - second, lambda: f"{shown(first)} − {shown(second)}")
        if all(each.is_integer() and 1000 <= each < 3000 for each in (first, second)):
            span = f"{int(min(first, second))} to {int(max(first, second))}"
            self.amounts.add(abs(first - second) + 1, lambda: f"years from {span}")
        for above, below in ((first, second), (second, first)):
            if below:
                self._ratio(above, below)

    def add(self, first: float, second: float) -> None:
        """Add the sum of two numbers."""
        self.amounts.add(first + second, lambda: f"{shown(first)} + {shown(second)}")

    def share(self, part: float, whole: float, of: str = "") -> None:
        """Add what a part is of a whole, and the rest of it."""
        if not 0 <= part <= whole or not whole:
            return

        def formula() -> str:
            return f"{shown(part)} ÷ {shown(whole)}" + (f" ({of})" if of else "")

        self.shares.add(part / whole, formula)
        self.shares.add(1 - part / whole, lambda: f"1 − {formula()}", "rest")

    def square(self, value: float) -> None:
        """Add the square of a correlation: the share of the variance that it explains."""
        if 0 < abs(value) < 1:
            self.amounts.add(value**2, lambda: f"{shown(value)}²")

    def rest(self, value: float) -> None:
        """Add what is left of a share, told as 0.37 or as 37."""
        if 0 < value < 1:
            self.shares.add(1 - value, lambda: f"1 − {shown(value)}", "rest")

    def _ratio(self, above: float, below: float) -> None:
        def change() -> str:
            return f"({shown(above)} − {shown(below)}) ÷ {shown(below)}"

        self.ratios.add(above / below, lambda: f"{shown(above)} ÷ {shown(below)}")
        if 0 < above / below < 1:
            self.shares.add(above / below, lambda: f"{shown(above)} ÷ {shown(below)}")
        self.shares.add((above - below) / below, change, "change")
