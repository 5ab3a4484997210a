"""What IPython would misread in our lines: a question mark at their end, a cell of one line."""

import re

_QUESTION = re.compile(r"(?P<before>\s*(?:[^\"'%#]*=\s*)?)%leonidas\s+(?P<line>\S.*\?)\s*$")
_CELL = re.compile(r"%%leonidas\s+\S")


def protect(lines: list[str]) -> list[str]:
    """A cell's lines as IPython reads them rightly.

    A line that ends in ``?`` asks IPython for help on its last word, and a cell magic without
    further lines is an error: ``%leonidas ask How many?`` and ``%%leonidas How many?`` are neither.
    """
    if lines and lines[0].startswith("%%"):
        if _CELL.match(lines[0]) and not any(line.strip() for line in lines[1:]):
            return [lines[0].rstrip("\n") + "\n", "\n"]
        return lines
    return [_protected("".join(lines[:i]), line) for i, line in enumerate(lines)]


def _protected(before: str, line: str) -> str:
    asked = _QUESTION.match(line)
    within_text = any(before.count(quotes) % 2 for quotes in ('"""', "'''"))
    if asked is None or within_text:
        return line
    return f"{asked['before']}get_ipython().run_line_magic('leonidas', {asked['line']!r})\n"
