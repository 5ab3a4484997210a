"""Vega-Lite specifications (version 5, without data): fields are the columns of a query's result.

Fields are written as the result names them; the chart tool escapes what Vega-Lite would read
as a path.

The grammar is that of https://vega.github.io/schema/vega-lite/v5.json.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
Spec = dict[str, Any]
WIDTH, HEIGHT = 420, 260
_BAR, _WIDEST = 18, 900
_LONG_NAME, _MANY, _FEW = 12, 12, 6
_DATES = {"month": "%b %Y"}


@dataclass(frozen=True)
class Look:
    """What is known of a chart's data before it is queried.

    ``titles`` are readable names of columns; ``count`` and ``longest`` the number of categories
    and the length of the longest in characters; ``ranked`` sorts bars by value; ``part`` is the
    part of a date that the categories are.
    """

    titles: Mapping[str, str] = field(default_factory=dict)
    count: int = 0
    longest: int = 0
    ranked: bool = False
    part: str | None = None

    @property
    def horizontal(self) -> bool:
        """Whether bars lie, for their names would not fit under them."""
        return self.ranked and (self.longest > _LONG_NAME or self.count > _MANY)

    def axis(self, name: str, kind: str, **more: object) -> Spec:
        """Return the encoding of a column with its title in words."""
        return {"field": name, "type": kind, "title": self.titles.get(name, name), **more}


def _chart(mark: object, encoding: Spec, width: int = WIDTH, height: int = HEIGHT) -> Spec:
    return {
        "$schema": SCHEMA,
        "width": width,
        "height": height,
        "mark": mark,
        "encoding": encoding,
    }


def bar(category: str, value: str, look: Look, color: str | None = None) -> Spec:
    """Return a bar chart of ``value`` by ``category``, the tallest first where ``look.ranked``."""
    across, up, offset = ("y", "x", "yOffset") if look.horizontal else ("x", "y", "xOffset")
    order = f"-{up}" if look.ranked and not color else None
    straight = look.count <= _FEW and look.longest <= _LONG_NAME
    turned = {"axis": {"labelAngle": 0}} if straight and not look.horizontal else {}
    shown = [look.axis(category, "nominal"), look.axis(value, "quantitative")]
    encoding: Spec = {
        across: look.axis(category, "nominal", sort=order, **turned),
        up: look.axis(value, "quantitative"),
        "tooltip": shown,
    }
    if color:
        encoding["color"] = look.axis(color, "nominal")
        encoding[offset] = {"field": color}
        shown.insert(1, look.axis(color, "nominal"))
    room = min(max(look.count * _BAR, HEIGHT if not look.horizontal else 90), _WIDEST)
    if look.horizontal:
        return _chart("bar", encoding, height=room)
    return _chart("bar", encoding, width=max(WIDTH, room))


def line(x: str, value: str, kind: str, look: Look, color: str | None = None) -> Spec:
    """Return a line of ``value`` over ``x``.

    Whose type is ``kind`` (temporal, ordinal or quantitative).
    """
    timed: Spec = {}
    if kind == "temporal":
        # Days are read as UTC; on a local scale they would move to the day before.
        timed = {"scale": {"type": "utc"}}
        if look.part in _DATES:
            timed["axis"] = {"format": _DATES[look.part]}
    encoding: Spec = {
        "x": look.axis(x, kind, **timed),
        "y": look.axis(value, "quantitative", scale={"zero": False}),
    }
    if color:
        encoding["color"] = look.axis(color, "nominal")
    return _chart({"type": "line", "point": look.count <= 60, "tooltip": True}, encoding)


def scatter(x: str, y: str, color: str | None = None) -> Spec:
    """Return points of two numeric columns."""
    look = Look()
    encoding: Spec = {
        "x": look.axis(x, "quantitative", scale={"zero": False}),
        "y": look.axis(y, "quantitative", scale={"zero": False}),
    }
    if color:
        encoding["color"] = look.axis(color, "nominal")
    return _chart({"type": "point", "tooltip": True, "opacity": 0.7}, encoding)


def histogram(low: str, high: str, count: str, title: str, color: str | None = None) -> Spec:
    """Return bars from ``low`` to ``high`` that are ``count`` tall; colours lie over each other."""
    encoding: Spec = {
        "x": {"field": low, "type": "quantitative", "title": title, "bin": {"binned": True}},
        "x2": {"field": high},
        "y": {"field": count, "type": "quantitative", "title": "rows"},
    }
    mark: Spec = {"type": "bar", "tooltip": True}
    if color:
        encoding["color"] = Look().axis(color, "nominal")
        encoding["y"]["stack"] = None
        mark["opacity"] = 0.5
    return _chart(mark, encoding)


def box(value: str, category: str | None = None) -> Spec:
    """Return box plots of ``value``; whiskers reach to 1.5 times the interquartile range."""
    look = Look()
    encoding: Spec = {"y": look.axis(value, "quantitative", scale={"zero": False})}
    if category:
        encoding["x"] = look.axis(category, "nominal")
    return _chart({"type": "boxplot", "extent": 1.5}, encoding)


def pie(category: str, value: str, look: Look) -> Spec:
    """Return a pie of ``value`` by ``category``."""
    encoding = {
        "theta": look.axis(value, "quantitative"),
        "color": look.axis(category, "nominal", sort=None),
    }
    return _chart({"type": "arc", "tooltip": True}, encoding, width=HEIGHT)
