"""What short texts that people write may hold: names, titles, descriptions."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

BIDI_CONTROLS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
"""Characters that change the direction in which text around them is shown (UAX #9)."""

_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})


def unprintable(text: str, allowed: str = "") -> bool:
    """Whether it holds control characters, line separators, lone surrogates or direction marks."""
    return any(
        char not in allowed
        and (unicodedata.category(char) in _UNPRINTABLE or char in BIDI_CONTROLS)
        for char in text
    )


def _one_line(text: str) -> str:
    if unprintable(text):
        raise PydanticCustomError(
            "plain_text", "It holds control characters or line breaks; leave them out."
        )
    return text


def _lines(text: str) -> str:
    if unprintable(text, allowed="\n\r\t"):
        raise PydanticCustomError("plain_text", "It holds control characters; leave them out.")
    return text


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=120),
    AfterValidator(_one_line),
]
"""A name: 1 to 120 characters on one line, without white space around it."""

Title = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200), AfterValidator(_one_line)
]
"""A title: up to 200 characters on one line; may be empty."""

Description = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=4000), AfterValidator(_lines)
]
"""A description: up to 4,000 characters over any number of lines; may be empty."""


def byte_words(number: int) -> str:
    """A number of bytes in words, with the units of the SI: ``3.1 GB``."""
    amount = float(number)
    for unit in ("bytes", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.3g} {unit}"
        amount /= 1000
    return f"{amount:.3g} GB"
