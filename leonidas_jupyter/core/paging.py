"""Pages with opaque cursors: where a listing goes on, never an offset."""

import base64
import binascii
import json
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from leonidas_jupyter.core.errors import invalid

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """Some items, and the cursor of the next page; null on the last one."""

    items: list[T]
    next: str | None = None


def encode_cursor(position: list[Any]) -> str:
    """A position (sort value, then key) as URL-safe text."""
    raw = json.dumps(position, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_cursor(cursor: str, length: int) -> list[Any]:
    """The position in a cursor.

    Raises:
        LeonidasError: ``invalid_request`` when the text is not a cursor of ``length`` values.
    """
    try:
        position = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        json.dumps(position, ensure_ascii=False).encode()  # no engine takes lone surrogates
    except (binascii.Error, ValueError, RecursionError) as error:
        raise invalid("The cursor is not one of ours; begin again without it.") from error
    scalars = (str, int, float, type(None))
    if not isinstance(position, list) or len(position) != length:
        raise invalid("The cursor belongs to another listing; begin again without it.")
    if not all(isinstance(value, scalars) for value in position):
        raise invalid("The cursor is not one of ours; begin again without it.")
    return position
