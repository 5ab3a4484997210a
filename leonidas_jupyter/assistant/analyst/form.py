"""The form that a question asks its answer in: how many decimals."""

import re
from dataclasses import dataclass

_WORDS = {"no": 0, "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_COUNT = r"(?P<count>\d|no|zero|one|two|three|four|five|six)"
_PLACES = (
    r"(?:decimal\s+(?:places?|points?|digits?)|decimals?|places?"
    r"|digits?\s+after\s+the\s+(?:decimal\s+)?point)"
)
_LEAD = (
    r"[,;]?\s*(?:and\s+|please\s+|then\s+)*(?:round(?:ed|ing)?|give|correct|accurate"
    r"|report(?:ed)?|with|to|up\s+to|using|show(?:n)?|precise)?"
)
_OBJECT = (
    r"(?:\s+(?:it|them|this|that|off|your\s+answers?"
    r"|the\s+(?:answers?|results?|values?|numbers?)))*"
)
_ROUNDED = re.compile(
    rf"{_LEAD}{_OBJECT}\s*(?:to|with|at|up\s+to)?\s*(?:the\s+)?\b{_COUNT}\s+{_PLACES}\b", re.I
)
_WHOLE = re.compile(
    r"[,;]?\s*(?:and\s+|please\s+)*round(?:ed)?\s*(?:it|off|up)?\s*to\s+(?:the\s+)?(?:nearest\s+)?(?:whole\s+number|integer|whole)\b",
    re.I,
)


@dataclass(frozen=True)
class Form:
    """What is left of the question when its form is taken out.

    And how many decimals numbers shall have.
    """

    question: str
    decimals: int | None


def read_form(question: str) -> Form:
    """Return the question without the words on rounding, and the decimals that they ask for."""
    match = _ROUNDED.search(question)
    if match:
        count = match.group("count").lower()
        decimals = int(count) if count.isdigit() else _WORDS[count]
        return Form(question[: match.start()] + " " + question[match.end() :], decimals)
    match = _WHOLE.search(question)
    if match:
        return Form(question[: match.start()] + " " + question[match.end() :], 0)
    return Form(question, None)
