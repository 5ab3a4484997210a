"""A measured row, and the table that is printed and kept."""

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Row:
    """One measurement beside its peer.

    Attributes:
        what: what was measured.
        ours: the figure with Leonidas.
        peer: the peer and its figure in the same run.
        result: the difference or ratio.
        goal: what it should be; None where there is no goal.
    """

    what: str
    ours: str
    peer: str
    result: str
    goal: "Goal | None" = None


@dataclass(frozen=True)
class Goal:
    """What a figure should be, and what it is.

    Attributes:
        value: the figure.
        limit: what it should not pass.
        unit: of both.
        least: whether the limit is the least that it should be; else it is the most.
        broken: what else is wrong, in words; empty when nothing is.
        why: what a miss would come from.
    """

    value: float
    limit: float
    unit: str = ""
    least: bool = False
    broken: str = ""
    why: str = ""

    @property
    def met(self) -> bool:
        """Whether the figure is on the right side of the limit."""
        right = self.value >= self.limit if self.least else self.value <= self.limit
        return right and not self.broken

    def __str__(self) -> str:
        """The goal as the table shows it."""
        return f"{'≥' if self.least else '≤'} {self.limit:g}{self.unit}"

    def missed_by(self) -> str:
        """By how much, and why."""
        off = f"missed by {abs(self.value - self.limit):.3g}{self.unit}"
        return ". ".join(filter(None, [self.broken or off, self.why])) + "."


def spread(values: list[float], unit: str, digits: int = 0) -> str:
    """The median with the lowest and highest value."""
    middle, low, high = (f"{x:,.{digits}f}" for x in (median(values), min(values), max(values)))
    return f"{middle} {unit} ({low}-{high})"


def table(rows: list[Row]) -> list[str]:
    """The rows as a Markdown table, and below it their notes."""
    lines = ["| What | Leonidas | Beside | Result | Goal | |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {r.what} | {r.ours} | {r.peer} | {r.result} | {r.goal or ''} | {_verdict(r.goal)} |"
        for r in rows
    ]
    notes = [
        f"- {row.what}: {row.goal.missed_by()}" for row in rows if row.goal and not row.goal.met
    ]
    return [*lines, "", *notes] if notes else lines


def _verdict(goal: Goal | None) -> str:
    if goal is None:
        return ""
    return "met" if goal.met else "**missed**"
