"""Physical lines of a text."""

import re


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
