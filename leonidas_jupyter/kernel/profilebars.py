"""Small histograms: as SVG that fits light and dark pages, and as blocks of text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

from leonidas_jupyter.kernel.profiletext import number_text

WIDTH, HEIGHT = 120, 26
"""Of a histogram, in CSS pixels."""

MOST_BARS = 20
BLOCKS = " ▁▂▃▄▅▆▇█"
_FILL = "var(--jp-brand-color1,#3b82d6)"
_REST = "var(--jp-layout-color4,#8a8f98)"
_BASE = "var(--jp-border-color1,rgba(128,128,128,.5))"


@dataclass(frozen=True)
class Bar:
    """One bar: what it stands for, and how many rows; ``whole`` ones stand for single values."""

    label: str
    count: int
    whole: bool = False


def bars_of(column: Mapping[str, Any]) -> list[Bar]:
    """A column's histogram, or its most common values; nothing where each stands once."""
    dated = column["type"] in ("date", "datetime")
    if bins := column.get("histogram"):
        return [
            Bar(f"{_edge(bin_['low'], dated)} … {_edge(bin_['high'], dated)}", bin_["count"])
            for bin_ in bins[:MOST_BARS]
        ]
    top = (column.get("top") or [])[:MOST_BARS]
    if not top or top[0]["count"] < 2:
        return []
    return [Bar(number_text(each["value"]) or "(empty)", each["count"], whole=True) for each in top]


def _edge(value: float, dated: bool) -> str:
    if not dated:
        return number_text(value)
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value)
    return moment.strftime("%Y-%m-%d")


def bars_html(bars: Sequence[Bar], name: str) -> str:
    """The bars as inline SVG with their counts as tooltips; no script, no style sheet."""
    if not bars:
        return ""
    highest = max(max(bar.count for bar in bars), 1)
    step = WIDTH / max(len(bars), 5)
    gap = 1 if len(bars) > 8 else 2
    drawn = []
    for number, bar in enumerate(bars):
        # What there is stays visible beside what there is much of.
        height = max(round((HEIGHT - 2) * bar.count / highest, 1), 1.0) if bar.count else 0
        drawn.append(
            f'<rect x="{number * step:.1f}" y="{HEIGHT - 1 - height:.1f}" '
            f'width="{step - gap:.1f}" height="{height:.1f}" '
            f'style="fill:{_REST if bar.whole else _FILL}">'
            f"<title>{escape(bar.label)}: {bar.count:,}</title></rect>"
        )
    return (
        f'<svg role="img" aria-label="{escape(f"Distribution of {name}")}" width="{WIDTH}" '
        f'height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">{"".join(drawn)}'
        f'<rect x="0" y="{HEIGHT - 1}" width="{WIDTH}" height="1" style="fill:{_BASE}"/></svg>'
    )


def bars_text(bars: Sequence[Bar]) -> str:
    """The bars as one line of block characters."""
    highest = max((bar.count for bar in bars), default=0)
    if not highest:
        return ""
    most = len(BLOCKS) - 1
    return "".join(
        BLOCKS[max(1, round(most * bar.count / highest)) if bar.count else 0] for bar in bars
    )
