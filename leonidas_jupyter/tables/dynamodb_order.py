"""Values as DynamoDB keys: texts that sort, byte by byte, as the values do.

DynamoDB refuses empty keys and orders texts by their UTF-8 bytes, as Python orders code points.
"""

import struct

from leonidas_jupyter.tables.rows import Column, Kind, Scalar

MAX_PARTITION = 2048
MAX_SORT = 1024
"""The most bytes of a partition and of a sort key (AWS, *Quotas in Amazon DynamoDB*)."""


class KeyTooLong(ValueError):
    """What would be a key is longer than a key can be, so nothing stands there."""

    def __init__(self, most: int) -> None:
        super().__init__(f"A key of more than {most} bytes cannot be stored.")


_RESERVED = "\0"
_WIDTH = 16
_END = "#"
_PAST = "$"
_TEXT_END = "\0\1"
_TEXT_PAST = "\0\2"


def reserved(name: str) -> str:
    """A key that no item has: ``escape`` gives none that begins like it."""
    return _RESERVED + name


def escape(text: str) -> str:
    """A text that is never empty, sorts as it did, and leaves reserved keys free."""
    return _RESERVED + text if text[:1] in ("", _RESERVED) else text


def unescape(text: str) -> str:
    """What ``escape`` was given."""
    return text[1:] if text.startswith(_RESERVED) else text


def _integer(value: int) -> str:
    return f"{value + (1 << 63):0{_WIDTH}x}"


def _real(value: float) -> str:
    """The bits of a number, turned so that they sort as numbers; both zeros are one."""
    (bits,) = struct.unpack(">Q", struct.pack(">d", value + 0.0))
    flipped = ~bits & (1 << 64) - 1 if bits >> 63 else bits | 1 << 63
    return f"{flipped:0{_WIDTH}x}"


def _encode(column: Column, value: Scalar) -> tuple[str, str, str]:
    """A value, what ends it, and what sorts behind everything that begins with the two."""
    if column.kind is Kind.TEXT:
        return str(value).replace("\0", "\0\2"), _TEXT_END, _TEXT_PAST
    if column.kind is Kind.TIME:
        return str(value), _END, _PAST
    number = _integer(int(value or 0)) if column.kind is Kind.INTEGER else _real(float(value or 0))
    return number, _END, _PAST


def position(columns: list[Column], values: list[Scalar]) -> str:
    """Where values stand in the order of their columns, as one text.

    Raises:
        KeyTooLong: it would be longer than a sort key can be.
    """
    parts = [_encode(column, value) for column, value in zip(columns, values, strict=True)]
    text = "".join(value + end for value, end, _ in parts)
    return within(text, MAX_SORT)


def lower(column: Column, value: Scalar) -> str:
    """What no position that begins with a value of the column, or a greater one, sorts before."""
    text, end, _ = _encode(column, value)
    return within(text + end, MAX_SORT)


def upper(column: Column, value: Scalar) -> str:
    """What every position that begins with a value of the column, or a lesser one, sorts before."""
    text, _, past = _encode(column, value)
    return within(text + past, MAX_SORT)


def within(text: str, most: int) -> str:
    """The text. Raises KeyTooLong."""
    if len(text) > most or len(text.encode()) > most:
        raise KeyTooLong(most)
    return text
