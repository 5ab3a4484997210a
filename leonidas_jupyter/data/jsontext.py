"""Decoded JSON values as text, their digits as they were read."""

import json
from decimal import Decimal, InvalidOperation
from typing import Any

ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def is_double(text: str) -> bool:
    """Whether a double's shortest decimal is this number."""
    shortest = repr(float(text))
    if shortest == text:
        return True
    try:
        return Decimal(shortest) == Decimal(text)
    except InvalidOperation:
        return False


def digits(number: int) -> bytes:
    """An integer as the bytes that numbers with a fraction come as."""
    return str(number).encode()


def number_text(text: str) -> str:
    """A number as ``Decimal`` writes it; as it stands if its exponent is beyond that."""
    try:
        return str(Decimal(text))
    except InvalidOperation:
        return text


def cell_text(value: Any) -> str:  # noqa: ANN401 - any JSON
    """A cell as text; most are no nested values, for which an encoder is slow."""
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is bytes:
        return number_text(value.decode())
    return str(value) if kind is int else json_text(value)


def json_text(value: Any) -> str:  # noqa: ANN401 - any JSON
    """A value as JSON text, its numbers as exact as they were read."""
    try:
        return ENCODER.encode(value)
    except TypeError:  # a number with a fraction is in it
        pass
    if isinstance(value, bytes):
        return number_text(value.decode())
    if isinstance(value, dict):
        members = (f"{json_text(name)}:{json_text(item)}" for name, item in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(json_text, value)) + "]"
    return str(value)
