"""Which Vega-Lite a chart may hold: an allow-list, far stricter than the format's own schema.

Source of the format: https://vega.github.io/vega-lite/docs/ (version 5). Its schema lets
``data.url``, image marks, ``href`` and ``url`` channels, expressions and input bindings through;
here only what is named below passes, and data come from the query alone.
"""

from collections.abc import Collection, Mapping
from typing import Any


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MARKS = _words(
    "arc area bar boxplot circle errorband errorbar line point rect rule square text tick trail"
)
MARK_PROPERTIES = _words(
    "type align angle binSpacing blend box clip color cornerRadius cornerRadiusEnd dx dy extent "
    "fill fillOpacity filled fontSize fontWeight innerRadius interpolate line median opacity "
    "orient outerRadius outliers padAngle point radius rule shape size stroke strokeCap strokeDash "
    "strokeOpacity strokeWidth tension thickness ticks tooltip width"
)
CHANNELS = _words(
    "angle color column detail facet fill fillOpacity opacity order radius radius2 row shape size "
    "stroke strokeDash strokeOpacity strokeWidth text theta theta2 tooltip x x2 xError xError2 "
    "xOffset y y2 yError yError2 yOffset"
)
CHANNEL_PROPERTIES = _words(
    "aggregate axis band bandPosition bin columns datum field format formatType header legend "
    "scale sort spacing stack timeUnit title type value"
)
NESTED_PROPERTIES: Mapping[str, frozenset[str]] = {
    "axis": _words(
        "domain format formatType grid labelAngle labelLimit labelOverlap labels offset orient "
        "tickCount tickMinStep ticks title titleAngle values zindex"
    ),
    "legend": _words(
        "columns direction format formatType orient symbolLimit symbolType tickCount title type "
        "values"
    ),
    "scale": _words(
        "align base clamp constant domain domainMax domainMid domainMin exponent interpolate nice "
        "padding paddingInner paddingOuter range rangeMax rangeMin reverse round scheme type "
        "zero"
    ),
    "bin": _words("anchor base binned divide extent maxbins minstep nice step steps"),
    "sort": _words("encoding field op order"),
    "header": _words("format formatType labels orient title"),
    "timeUnit": _words("maxbins step unit utc"),
}
TYPES = _words("quantitative temporal ordinal nominal")
TOP = _words("mark encoding layer title width height resolve $schema")
SHARING = _words("shared independent")
UNIT = _words("mark encoding")
MAX_LAYERS = 8
MAX_TEXT = 300
MAX_ITEMS = 500


class NotAChart(Exception):
    """The specification holds what a chart may not hold; ``sentence`` names it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def checked(spec: Mapping[str, Any], columns: Collection[str]) -> dict[str, Any]:
    """The specification rebuilt from what the allow-list knows, its fields tied to ``columns``.

    Raises:
        NotAChart: it holds anything else, or names a column that the query does not give.
    """
    _only(spec, TOP, "the specification")
    clean: dict[str, Any] = {}
    if "layer" in spec:
        layers = spec["layer"]
        if not isinstance(layers, list) or not 1 <= len(layers) <= MAX_LAYERS:
            raise NotAChart(f"layer takes a list of 1 to {MAX_LAYERS} marks with their encodings.")
        clean["layer"] = [_unit(layer, columns) for layer in layers]
        if "encoding" in spec:
            clean["encoding"] = _encoding(spec["encoding"], columns)
    else:
        clean |= _unit({name: spec[name] for name in UNIT if name in spec}, columns)
    for name in ("width", "height"):
        if name in spec:
            clean[name] = _size(spec[name], name)
    if "title" in spec:
        clean["title"] = _plain(spec["title"], "title")
    if "resolve" in spec:
        clean["resolve"] = _resolve(spec["resolve"])
    return clean


def _unit(spec: object, columns: Collection[str]) -> dict[str, Any]:
    unit = _object(spec, "a layer")
    _only(unit, UNIT, "a layer")
    if "mark" not in unit:
        raise NotAChart("The chart needs a mark, such as bar, line or point.")
    clean: dict[str, Any] = {"mark": _mark(unit["mark"])}
    if "encoding" in unit:
        clean["encoding"] = _encoding(unit["encoding"], columns)
    return clean


def _mark(mark: object) -> dict[str, Any]:
    properties = {"type": mark} if isinstance(mark, str) else _object(mark, "mark")
    if not _is_one_of(properties.get("type"), MARKS):
        raise NotAChart(f"The mark must be one of: {', '.join(sorted(MARKS))}.")
    _only(properties, MARK_PROPERTIES, "mark")
    return {name: _style(value, f"mark.{name}") for name, value in properties.items()}


def _encoding(encoding: object, columns: Collection[str]) -> dict[str, Any]:
    channels = _object(encoding, "encoding")
    _only(channels, CHANNELS, "encoding")
    return {name: _channel(name, value, columns) for name, value in channels.items()}


def _channel(name: str, value: object, columns: Collection[str]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list):  # tooltip, detail and order take several fields
        if len(value) > MAX_ITEMS:
            raise NotAChart(f"encoding.{name} holds too many fields.")
        return [_definition(name, item, columns) for item in value]
    return _definition(name, value, columns)


def _definition(name: str, value: object, columns: Collection[str]) -> dict[str, Any]:
    where = f"encoding.{name}"
    given = _object(value, where)
    _only(given, CHANNEL_PROPERTIES, where)
    if not _is_one_of(given.get("type", "nominal"), TYPES):
        raise NotAChart(f"{where}.type must be one of: {', '.join(sorted(TYPES))}.")
    clean = {
        key: _nested(key, item, f"{where}.{key}", columns)
        for key, item in given.items()
        if key != "field"
    }
    if "field" in given:
        clean["field"] = field_path(given["field"], columns, where)
        # The escaped path would be shown otherwise.
        if clean["field"] != given["field"]:
            clean.setdefault("title", given["field"])
    return clean


def field_path(name: object, columns: Collection[str], where: str) -> str:
    """A column's name as Vega-Lite reads it: dots, brackets and backslashes are escaped.

    Raises:
        NotAChart: the query gives no such column.
    """
    if not isinstance(name, str) or name not in columns:
        known = ", ".join(columns)
        raise NotAChart(f"{where}: the query gives no column {name!r}; it gives: {known}.")
    return "".join("\\" + char if char in "\\.[]'\"" else char for char in name)


def _nested(key: str, value: object, where: str, columns: Collection[str]) -> Any:  # noqa: ANN401
    if not isinstance(value, dict):
        return _plain(value, where)
    if key not in NESTED_PROPERTIES:
        raise NotAChart(f"{where} takes a single value.")
    _only(value, NESTED_PROPERTIES[key], where)
    return {
        name: field_path(item, columns, where) if name == "field" else _plain(item, where)
        for name, item in value.items()
    }


def _style(value: object, where: str) -> Any:  # noqa: ANN401 - JSON
    """A mark's property: plain, or one level of plain properties (``point``, ``box`` …)."""
    if not isinstance(value, dict):
        return _plain(value, where)
    _only(value, MARK_PROPERTIES, where)
    return {name: _plain(item, where) for name, item in value.items()}


def _resolve(value: object) -> dict[str, Any]:
    groups = _object(value, "resolve")
    _only(groups, frozenset(("scale", "axis", "legend")), "resolve")
    clean: dict[str, Any] = {}
    for group, choices in groups.items():
        _only(_object(choices, "resolve"), CHANNELS, "resolve")
        if not all(_is_one_of(choice, SHARING) for choice in choices.values()):
            raise NotAChart("resolve takes shared or independent.")
        clean[group] = dict(choices)
    return clean


def _size(value: object, name: str) -> Any:  # noqa: ANN401 - JSON
    if value == "container":
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and 10 <= value <= 4000:
        return value
    raise NotAChart(f'{name} takes 10 to 4000 pixels, or "container".')


def _plain(value: object, where: str) -> Any:  # noqa: ANN401 - JSON
    """A value without structure, or a list of such."""
    if isinstance(value, list) and len(value) <= MAX_ITEMS:
        return [_scalar(item, where) for item in value]
    return _scalar(value, where)


def _scalar(value: object, where: str) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        # url(…) in a fill or stroke would be fetched by an SVG renderer.
        if len(value) > MAX_TEXT or "url(" in value.lower().replace(" ", ""):
            raise NotAChart(f"{where} holds a text that is too long, or a URL.")
        return value
    if value is None or isinstance(value, bool | int | float):
        return value
    raise NotAChart(f"{where} takes plain values.")


def _object(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise NotAChart(f"{where} takes an object.")
    return value


def _is_one_of(value: object, allowed: Collection[str]) -> bool:
    return isinstance(value, str) and value in allowed


def _only(given: Mapping[str, Any], allowed: Collection[str], where: str) -> None:
    for name in given:
        if name not in allowed:
            shown = str(name)[:40]
            raise NotAChart(f"{shown!r} cannot stand in {where} here.")
