"""Lines of JSON that are all built alike, as columns of text, without a Python object per cell.

Objects with the same members in the same order, written without escapes and with the same spaces,
of which each value is a string, a number, a truth value or null: the places of the quotes say where
all cells are. Every byte is looked at, and lines of which one differs are left to the decoder.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leonidas_jupyter.data.jsonvalues import BROKEN, DECODER

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

WIDEST = 500
"""Members of lines that are read so; those of longer ones are as fast one line at a time."""

INTEGER = r"^(0|-?[1-9][0-9]{0,17})$"
"""An integer as Python writes it, that fits 64 bits."""

NUMBER = r"^(0|-?[1-9][0-9]{0,17}|-?(0|[1-9][0-9]*)(\.[0-9]+([eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+))$"
"""Such an integer, or a number of JSON with a fraction or an exponent."""

FRACTION = "[.eE]"
QUOTE, COLON, COMMA, OPEN, CLOSE, SPACE, FEED, RETURN = b'":,{} \n\r'


@dataclass
class FlatRows:
    """Rows as columns: their members' names, the cells' texts, and the types of the values.

    ``kinds`` are those of the decoder's values: ``bytes`` are numbers with a fraction.
    """

    names: list[str]
    texts: "list[pa.Array]"
    kinds: list[set[type]]

    def __len__(self) -> int:
        return len(self.texts[0])

    def part(self, start: int, count: int) -> "FlatRows":
        """Some of the rows."""
        return FlatRows(self.names, [text.slice(start, count) for text in self.texts], self.kinds)


def flat_rows(text: str) -> FlatRows | None:
    """The rows of whole lines, each with its end; None where they are not of that kind."""
    if "\\" in text or "\n" not in text:
        return None
    try:
        first = DECODER.decode(text[: text.index("\n")])
    except BROKEN:
        return None
    if not isinstance(first, dict) or not 0 < len(first) <= WIDEST:
        return None
    data = text.encode()
    spans = _spans(data, [name.encode() for name in first])
    return _columns(data, list(first), spans) if spans is not None else None


@dataclass
class _Spans:
    """Where the values are, by row and column; without their quotes where they are strings."""

    starts: "np.ndarray[Any, Any]"
    ends: "np.ndarray[Any, Any]"
    strings: "np.ndarray[Any, Any]"


def _spans(data: bytes, names: list[bytes]) -> _Spans | None:
    """The places of all values, if nothing but these differs from line to line."""
    import numpy as np

    signs = np.frombuffer(data, np.uint8)
    quotes, feeds = np.flatnonzero(signs == QUOTE), np.flatnonzero(signs == FEED)
    if len(quotes) % 2:
        return None
    opens, closes = quotes[::2], quotes[1::2]
    keys = np.flatnonzero(signs[closes + 1] == COLON)
    if len(keys) != len(names) * len(feeds):
        return None
    shape = (len(feeds), len(names))
    firsts = np.concatenate(([0], feeds[:-1] + 1))
    lasts = feeds - 1 - (signs[feeds[0] - 1] == RETURN)
    # A space or none behind each colon and before each member but the first, as in the first line.
    starts = closes[keys] + 2 + (signs[closes[keys[0]] + 2] == SPACE)
    spaced = len(names) > 1 and signs[opens[keys[1]] - 1] == SPACE
    ends = np.append(opens[keys[1:]], 0) - 1 - spaced
    ends.reshape(shape)[:, -1] = lasts
    strings = np.append(keys[1:], len(opens)) - keys == 2
    inner = keys[strings] + 1
    plain = (
        np.array_equal(opens[keys].reshape(shape)[:, 0], firsts + 1)
        and np.array_equal(np.append(keys[1:], len(opens)), keys + 1 + strings)
        and bool((ends > starts).all())
        and np.array_equal(opens[inner], starts[strings])
        and np.array_equal(closes[inner], ends[strings] - 1)
        and _alike(signs, names, opens[keys].reshape(shape) + 1, closes[keys].reshape(shape))
        and _framed(signs, firsts, lasts, feeds)
        and _parted(signs, starts, ends.reshape(shape)[:, :-1], int(spaced))
    )
    if not plain:
        return None
    strings = strings.reshape(shape)
    return _Spans(starts.reshape(shape) + strings, ends.reshape(shape) - strings, strings)


def _alike(
    signs: "np.ndarray[Any, Any]",
    names: list[bytes],
    starts: "np.ndarray[Any, Any]",
    ends: "np.ndarray[Any, Any]",
) -> bool:
    """Whether the members of every line have these names in this order."""
    for number, name in enumerate(names):
        begin = starts[:, number]
        if not bool((ends[:, number] - begin == len(name)).all()):
            return False
        if any(not bool((signs[begin + place] == sign).all()) for place, sign in enumerate(name)):
            return False
    return True


def _framed(
    signs: "np.ndarray[Any, Any]",
    firsts: "np.ndarray[Any, Any]",
    lasts: "np.ndarray[Any, Any]",
    feeds: "np.ndarray[Any, Any]",
) -> bool:
    """Whether each line begins and ends with a bracket, and behind it as the first one."""
    framed = (signs[firsts] == OPEN).all() and (signs[lasts] == CLOSE).all()
    returns = feeds[0] - lasts[0] == 1 or (signs[feeds - 1] == RETURN).all()
    return bool(framed and returns)


def _parted(
    signs: "np.ndarray[Any, Any]",
    starts: "np.ndarray[Any, Any]",
    ends: "np.ndarray[Any, Any]",
    spaced: int,
) -> bool:
    """Whether values stand between colons and commas with the same spaces in every line."""
    before = signs[starts - 1]
    parted = (before == before[0]).all() and before[0] in (COLON, SPACE)
    commas = (signs[ends] == COMMA).all() and (not spaced or (signs[ends + 1] == SPACE).all())
    return bool(parted and commas)


def _columns(data: bytes, names: list[str], spans: _Spans) -> FlatRows | None:
    """The cells at those places as columns; None where a value is of another kind."""
    import numpy as np
    import pyarrow as pa

    signs = np.frombuffer(data, np.uint8)
    rows, width = spans.starts.shape
    # Each value and what stands between it and the next: a text array over the lines themselves.
    edges = np.stack((spans.starts, spans.ends), 2).ravel().astype(np.int32)
    every = pa.StringArray.from_buffers(len(edges) - 1, pa.py_buffer(edges), pa.py_buffer(data))
    heads = np.where(spans.strings, QUOTE, signs[spans.starts])
    found = FlatRows(names, [], [])
    for number in range(width):
        places = (np.arange(rows, dtype=np.int64) * width + number) * 2
        missing = heads[:, number] == ord("n")
        texts = every.take(pa.array(places[~missing] if missing.any() else places))
        kinds = _kinds(
            texts, set(np.flatnonzero(np.bincount(heads[:, number])).tolist()) - {ord("n")}
        )
        if kinds is None or not _all_null(every, places[missing]):
            return None
        if missing.any():
            texts = every.take(pa.array(places, mask=missing))
        found.texts.append(texts)
        found.kinds.append(kinds)
    return found


def _all_null(every: "pa.Array", places: "np.ndarray[Any, Any]") -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    return not len(places) or pc.all(pc.equal(every.take(pa.array(places)), "null")).as_py()


def _kinds(texts: "pa.Array", heads: set[int]) -> set[type] | None:
    """The types of values that begin with these signs; None where they are of several kinds."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not heads:
        return set()
    if heads == {QUOTE}:
        return {str}
    if heads <= set(b"tf"):
        words = pc.is_in(texts, pa.array(["true", "false"]))
        return {bool} if pc.all(words).as_py() else None
    if QUOTE in heads:
        return None
    if pc.all(pc.match_substring_regex(texts.slice(0, 1), INTEGER)).as_py() and (
        pc.all(pc.match_substring_regex(texts, INTEGER)).as_py()
    ):
        return {int}
    if not pc.all(pc.match_substring_regex(texts, NUMBER)).as_py():
        return None
    fractions = pc.match_substring_regex(texts, FRACTION)
    return {bytes} if pc.all(fractions).as_py() else {int, bytes}
