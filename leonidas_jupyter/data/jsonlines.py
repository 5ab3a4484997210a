"""A JSON value per line, many lines decoded at once: what a line costs is then its values alone.

Between two lines stands a word that nobody can guess. Where it comes back between every two values
of the whole, each line is one value and nothing else, just as if it had been decoded by itself.
"""

import secrets
from collections.abc import Iterator
from contextlib import suppress
from io import TextIOWrapper
from typing import Any

from leonidas_jupyter.data.errors import UnreadableFile
from leonidas_jupyter.data.jsonflat import FlatRows, flat_rows
from leonidas_jupyter.data.jsonvalues import BETWEEN, BROKEN, DECODER, BrokenLines, value_of
from leonidas_jupyter.data.lines import MAX_LINE

CHUNK = 1 << 21
"""Characters of lines that are decoded together, and a line more."""

TOGETHER = 10_000
"""Lines that are decoded together: short ones need more memory as values than as text."""

TRIES = 4
"""After so many times in vain, one after the other, lines are no longer tried as alike."""

FEW = 16
"""So many lines are decoded one by one where one of them is broken."""


def values_of_lines(handle: TextIOWrapper, broken: BrokenLines) -> Iterator[list[Any] | FlatRows]:
    """The values of the lines, many at a time; ``broken`` hears of lines that have none.

    The first ones come as values, so that the file may be told by them.

    Raises:
        UnreadableFile: a line is too long.
    """
    word = secrets.token_hex(16)
    vain = 0
    for first, text in _chunks(handle):
        flat = flat_rows(text) if first > 1 and vain < TRIES else None
        if flat is not None:
            vain = 0
            yield flat
            continue
        vain += first > 1
        lines = text.split("\n")
        for start in range(0, len(lines), TOGETHER):
            yield _decoded(first + start, lines[start : start + TOGETHER], word, broken)


def _chunks(handle: TextIOWrapper) -> Iterator[tuple[int, str]]:
    """Whole lines with their ends, many at a time, and the number of the first of them."""
    number, held = 1, ""
    while chunk := handle.read(CHUNK):
        text = held + chunk
        end = text.rfind("\n") + 1
        if end and text.index("\n") >= MAX_LINE:
            raise _too_long(number)
        lines, held = text[:end], text[end:]
        if lines:
            yield number, lines
        number += lines.count("\n")
        if len(held) > MAX_LINE:
            raise _too_long(number)
    yield number, held


def _too_long(number: int) -> UnreadableFile:
    return UnreadableFile(
        f"Line {number:,} is longer than {MAX_LINE // 2**20} Mi characters: "
        "check the file's line ends and quotes."
    )


def _decoded(number: int, lines: list[str], word: str, broken: BrokenLines) -> list[Any]:
    """The values of lines from that number on; halved again and again around broken ones."""
    texts = [text for line in lines if (text := line.strip(BETWEEN))]
    if not texts:
        return []
    values: list[Any] = []
    with suppress(*BROKEN):
        values = DECODER.decode("[" + f',"{word}",'.join(texts) + "]")
    if len(values) == 2 * len(texts) - 1 and values[1::2].count(word) == len(texts) - 1:
        return values[::2]
    if len(lines) <= FEW:
        return _one_by_one(number, lines, broken)
    half = len(lines) // 2
    values = _decoded(number, lines[:half], word, broken)
    return values + _decoded(number + half, lines[half:], word, broken)


def _one_by_one(number: int, lines: list[str], broken: BrokenLines) -> list[Any]:
    values = []
    for place, line in enumerate(lines, number):
        if not line.strip(BETWEEN):
            continue
        try:
            values.append(value_of(line))
        except BROKEN:
            broken.add(place, line)
    return values
