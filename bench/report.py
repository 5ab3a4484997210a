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
        goal: what it should be; empty where there is none.
        met: whether it is; None where there is no goal.
        note: why a goal was missed, or what else to know.
    """

    what: str
    ours: str
    peer: str
    result: str
    goal: str = ""
    met: bool | None = None
    note: str = ""


def spread(values: list[float], unit: str, digits: int = 0) -> str:
    """The median with the lowest and highest value."""
    middle, low, high = (f"{x:,.{digits}f}" for x in (median(values), min(values), max(values)))
    return f"{middle} {unit} ({low}-{high})"


def table(rows: list[Row]) -> list[str]:
    """The rows as a Markdown table, and below it their notes."""
    verdict = {True: "met", False: "**missed**", None: ""}
    lines = ["| What | Leonidas | Beside | Result | Goal | |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {r.what} | {r.ours} | {r.peer} | {r.result} | {r.goal} | {verdict[r.met]} |"
        for r in rows
    ]
    notes = [f"- {row.what}: {row.note}" for row in rows if row.note]
    return [*lines, "", *notes] if notes else lines
