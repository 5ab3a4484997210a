"""Markdown that is safe to show in a trusted notebook, whatever a model or a file's cells say.

A notebook renders what its own kernel outputs without sanitising it: raw HTML in an answer would
run. Here no tag opens, no image loads, and links lead to the web or nowhere. The rules look at the
characters alone, never at where code begins or ends: a second opinion on that could be fooled. No
replacement begins with a backslash, which one that stands before it would take the effect from.
"""

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_IMAGE = re.compile(r"!(?=\[)")
_LINK = re.compile(r"\](?=\((?!\s*<?(?:https?://|#)))", re.IGNORECASE)
_DEFINITION = re.compile(r"\](?=:(?!\s*<?https?://))", re.IGNORECASE)


def safe(text: str) -> str:
    """The text with its Markdown, without HTML, images, and links that could run code."""
    text = _TAG.sub("&lt;", text)
    text = _IMAGE.sub("!\\\\", text)
    text = _LINK.sub("]\\\\", text)
    return _DEFINITION.sub("]\\\\", text)


def for_terminal(text: str) -> str:
    """The text without characters that a terminal would obey instead of showing them.

    A cell of a file may hold escape sequences (ECMA-48), which could set the window's title or
    fill the clipboard. As many characters come back as were given.
    """
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def fenced(code: str, language: str) -> str:
    """A code block, whose fence no line of the code can close (CommonMark 0.31, section 4.5)."""
    longest = max((len(run) for run in re.findall(r"`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{code.strip()}\n{fence}"
