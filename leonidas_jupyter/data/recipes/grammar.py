"""The shapes of recipes in short, for models: every op with its fields, one line each.

It is made of the shapes themselves, so it cannot say anything else than they do. Their JSON schema
says the same in forty times the text.
"""

import types
from functools import cache
from typing import Annotated, Any, ForwardRef, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from leonidas_jupyter.data.recipes.expressions import Column, Compare, Condition, Expression
from leonidas_jupyter.data.recipes.measures import Measure, Measured
from leonidas_jupyter.data.recipes.outputs import AnyOutput
from leonidas_jupyter.data.recipes.shape import Shape
from leonidas_jupyter.data.recipes.steps import AnyStep

MAX_DEFAULT = 20
OF_EVERY_OUTPUT = frozenset(("name", "after", "where"))
WRITTEN_ONCE = frozenset(Measured.model_fields)


@cache
def grammar_of_steps() -> str:
    """Steps, and the expressions, conditions and statistics that stand in them."""
    lines = ["Each on the table of the one before:", *_lines(AnyStep)]
    lines.append('expr, a column as "name", a number, {"op": "constant", "value": "a text"}, or:')
    lines += _lines(Expression)
    lines += ["cond:", *_lines(Condition)]
    lines.append(f"S stands for: {_fields(Measured, frozenset())}")
    lines.append("measure: {name: text, S, column?: text}")
    return "\n".join(lines)


@cache
def grammar_of_outputs() -> str:
    """Outputs, and how their figures are called."""
    heading = (
        "Each also with name: text, and optionally where: cond (these rows only) and after: n "
        "(taken after n steps, 0 is before all). After → stands what follows the name in the "
        "results, such as name_p; else it is the name alone:"
    )
    return "\n".join([heading, *_lines(AnyOutput, OF_EVERY_OUTPUT)])


def _lines(union: Any, hidden: frozenset[str] = frozenset()) -> list[str]:  # noqa: ANN401
    return [_line(shape, hidden) for shape in shapes_of(union)]


def shapes_of(union: Any) -> list[type[Shape]]:  # noqa: ANN401 - a typing construct
    """The shapes of a discriminated union."""
    inner = get_args(union)[0] if get_origin(union) is Annotated else union
    return list(get_args(inner))


def ops_of(shape: type[Shape]) -> tuple[str, ...]:
    """What stands as ``op`` in a shape."""
    return get_args(shape.model_fields["op"].annotation)


def _line(shape: type[Shape], hidden: frozenset[str]) -> str:
    if issubclass(shape, Measured):
        hidden |= WRITTEN_ONCE
    fields = _fields(shape, hidden)
    if issubclass(shape, Measured):
        fields = f"S, {fields}"
    parts = getattr(shape, "PARTS", ())
    gives = f" → {' '.join('_' + part for part in parts)}" if parts else ""
    return f"{'|'.join(ops_of(shape))}({fields}){gives}"


def _fields(shape: type[Shape], hidden: frozenset[str]) -> str:
    return ", ".join(
        _field(name, field)
        for name, field in shape.model_fields.items()
        if name != "op" and name not in hidden
    )


def _field(name: str, field: FieldInfo) -> str:
    kind = _kind(field.annotation)
    if field.is_required():
        return f"{name}: {kind}"
    default = field.default
    if isinstance(default, bool | int | float | str) and 0 < len(str(default)) <= MAX_DEFAULT:
        written = str(default).lower() if isinstance(default, bool) else default
        return f"{name}: {kind} = {written}"
    return f"{name}?: {kind}"


def _kind(annotation: Any) -> str:  # noqa: ANN401 - a typing construct
    named = annotation.__forward_arg__ if isinstance(annotation, ForwardRef) else annotation
    if isinstance(named, str):
        return {"Expression": "expr", "Condition": "cond"}[named]
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(inner[0])
    if origin is Literal:
        return "|".join(str(each) for each in inner)
    if origin is list:
        return f"[{_kind(inner[0])}]"
    if origin is dict:
        return "{text: value}"
    if origin in (Union, types.UnionType):
        return _choice([each for each in inner if each is not type(None)])
    if isinstance(annotation, type) and issubclass(annotation, Shape):
        return "measure" if annotation is Measure else "{old, new}"
    return {str: "text", int: "int", float: "number", bool: "true|false"}[annotation]


def _choice(inner: list[Any]) -> str:
    if Column in inner:
        return "expr"
    if Compare in inner:
        return "cond"
    if bool in inner and str in map(_plain, inner):
        return "value"
    return "|".join(dict.fromkeys(map(_kind, inner)))


def _plain(annotation: Any) -> Any:  # noqa: ANN401 - a typing construct
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
