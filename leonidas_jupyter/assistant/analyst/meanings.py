"""Questions about what a column's name means: "what does perc mean?" asks for no mean."""

import re

_COLUMN = r"(?:(?:the|a)\s+)?(?:(?:column|field|variable|feature|word|term)\s+)?"
_ASKED = tuple(
    re.compile(pattern.format(what=_COLUMN + r"(?P<what>\S.*?)"), re.I)
    for pattern in (
        r"(?:and\s+)?what\s+(?:does|do)\s+{what}"
        r"(?:\s+(?:column|field|variable))?\s+(?:mean|stand\s+for|represent|signify|refer\s+to)",
        r"what\s+is\s+(?:the\s+meaning\s+of|meant\s+by)\s+{what}",
        r"(?:the\s+)?(?:meaning|definition)\s+of\s+{what}",
        r"(?:please\s+)?(?:define|explain)\s+{what}(?:\s+(?:column|field|variable))?",
    )
)


def meaning_of(question: str) -> str | None:
    """Return the name whose meaning ``question`` asks for; None where it asks something else."""
    text = " ".join(question.split()).strip(" ?!.")
    for pattern in _ASKED:
        found = pattern.fullmatch(text)
        if found is not None:
            return re.sub(r"^\W+|\W+$", "", found["what"])
    return None


def unexplained(name: str, described: str) -> str:
    """Return the answer: that the table does not say it, and what the column holds."""
    return f"The table does not say what `{name}` means; this is what it holds.\n\n{described}"
