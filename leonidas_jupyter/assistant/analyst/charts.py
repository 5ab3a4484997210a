"""Vega-Lite specifications (version 5, without data): fields are the columns of a query's result.

Fields are written as the result names them; the chart tool escapes what Vega-Lite would read
as a path.

The grammar is that of https://vega.github.io/schema/vega-lite/v5.json.
"""

from typing import Any

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
Spec = dict[str, Any]


def _axis(name: str, kind: str, **more: object) -> Spec:
    return {"field": name, "type": kind, "title": name, **more}


def bar(category: str, value: str, color: str | None = None) -> Spec:
    """Return a bar chart of ``value`` by ``category`` in the order of the rows."""
    encoding: Spec = {
        "x": _axis(category, "nominal", sort=None),
        "y": _axis(value, "quantitative"),
        "tooltip": [_axis(category, "nominal"), _axis(value, "quantitative")],
    }
    if color:
        encoding["color"] = _axis(color, "nominal")
        encoding["xOffset"] = {"field": color}
    return {"$schema": SCHEMA, "mark": "bar", "encoding": encoding}


def line(x: str, value: str, kind: str, color: str | None = None) -> Spec:
    """Return a line of ``value`` over ``x``.

    Whose type is ``kind`` (temporal, ordinal or quantitative).
    """
    encoding: Spec = {"x": _axis(x, kind), "y": _axis(value, "quantitative", scale={"zero": False})}
    if color:
        encoding["color"] = _axis(color, "nominal")
    return {
        "$schema": SCHEMA,
        "mark": {"type": "line", "point": True, "tooltip": True},
        "encoding": encoding,
    }


def scatter(x: str, y: str, color: str | None = None) -> Spec:
    """Return points of two numeric columns."""
    encoding: Spec = {
        "x": _axis(x, "quantitative", scale={"zero": False}),
        "y": _axis(y, "quantitative", scale={"zero": False}),
    }
    if color:
        encoding["color"] = _axis(color, "nominal")
    return {"$schema": SCHEMA, "mark": {"type": "point", "tooltip": True}, "encoding": encoding}


def histogram(low: str, high: str, count: str, title: str) -> Spec:
    """Return bars from ``low`` to ``high`` that are ``count`` tall."""
    return {
        "$schema": SCHEMA,
        "mark": {"type": "bar", "tooltip": True},
        "encoding": {
            "x": {"field": low, "type": "quantitative", "title": title, "bin": {"binned": True}},
            "x2": {"field": high},
            "y": {"field": count, "type": "quantitative", "title": "rows"},
        },
    }


def box(value: str, category: str | None = None) -> Spec:
    """Return box plots of ``value``; whiskers reach to 1.5 times the interquartile range."""
    encoding: Spec = {"y": _axis(value, "quantitative", scale={"zero": False})}
    if category:
        encoding["x"] = _axis(category, "nominal")
    return {"$schema": SCHEMA, "mark": {"type": "boxplot", "extent": 1.5}, "encoding": encoding}


def pie(category: str, value: str) -> Spec:
    """Return a pie of ``value`` by ``category``."""
    return {
        "$schema": SCHEMA,
        "mark": {"type": "arc", "tooltip": True},
        "encoding": {
            "theta": _axis(value, "quantitative"),
            "color": _axis(category, "nominal", sort=None),
        },
    }
