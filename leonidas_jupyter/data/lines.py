"""Physical lines of a text."""

import io
import re
from collections.abc import Iterator

from leonidas_jupyter.data.errors import UnreadableFile

MAX_LINE = 1 << 25
"""Longest line, in characters; a cell may be as long."""


def line_end_of(text: str) -> str:
    """The line end; ``any`` where they are mixed."""
    both = text.count("\r\n")
    feeds, returns = text.count("\n") - both, text.count("\r") - both
    total = both + feeds + returns
    if returns > 0.2 * total:
        return "\r" if returns == total else "any"
    return "\r\n" if both > feeds else "\n"


def split_lines(text: str, newline: str) -> list[str]:
    """Lines with their ends; none after a last line end."""
    if newline == "any":
        return re.findall("[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+", text)
    end = "\r" if newline == "\r" else "\n"
    *lines, last = text.split(end)
    return [line + end for line in lines] + ([last] if last else [])


def without_end(line: str) -> str:
    """A physical line without the line feed, carriage return, or both, that end it."""
    return line.removesuffix("\n").removesuffix("\r")


def line_ends(text: str) -> int:
    """How many line feeds and carriage returns a text holds."""
    return text.count("\n") + text.count("\r")


def physical_lines(handle: io.TextIOWrapper, newline: str) -> Iterator[str]:
    """Lines with their ends.

    Raises:
        UnreadableFile: one is longer than ``MAX_LINE`` characters.
    """
    if newline in ("\n", "\r\n"):
        handle.reconfigure(newline="\n")
    elif newline == "\r":
        handle.reconfigure(newline="\r")
    number = 0
    while line := handle.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise UnreadableFile(
                f"Line {number:,} is longer than {MAX_LINE // 2**20} Mi characters: "
                "check the file's line ends and quotes."
            )
        yield line
