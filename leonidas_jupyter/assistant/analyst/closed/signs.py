"""Signs that stand for columns and quoted texts in a marked text, and what is plain about them."""

import re

from leonidas_jupyter.assistant.analyst.closed.vocabulary import listed

C = "[\ue100-\uefff]"
"""A pattern for one column."""

L = "[\uf000-\uf7ff]"
"""A pattern for one quoted text that is no column."""

CS = rf"{C}(?:(?:\s*(?:,|/|&|\band\b|\bor\b|\bversus\b|\bvs\b)\s*)+(?:the\s+)?{C})*"
"""A pattern for one or more columns."""

_PLAIN = r"(?!(?:and|or|of|to|in|by|per|with|from|for|than|vs|versus|on|at|as)\b)[a-z]+"
"""A word that may stand between a description and the column in brackets that it describes."""

_NOUN = r"(?:columns?|variables?|features?|fields?|attributes?)"
_TIDY = (
    (
        re.compile(
            rf"\b(?:the\s+)?(?:values?\s+(?:of|in|from|for)\s+)?(?:the\s+)?{_NOUN}\s*,?\s*(?={C})",
            re.I,
        ),
        "",
    ),
    (re.compile(rf"({C})\s*(?:'s|\u2019s)"), r"\1 "),
    (re.compile(rf"({C})\s+(?:data\s+)?{_NOUN}\b", re.I), r"\1"),
    (re.compile(rf"(?:{C}\s+(?:{_PLAIN}\s+)?)+\(\s*({C})\s*\)"), r"\1"),
    (re.compile(rf"\(\s*({C})\s*\)"), r"\1"),
    (re.compile(rf"({C})(\s*\1)+"), r"\1"),
    (re.compile(rf"({C})\s+(?:prices?|values?|readings?)(?=\s*[-+*/)=])", re.I), r"\1"),
    (re.compile(r"[ \t]+"), " "),
)


_DESCRIBED = re.compile(rf"((?:[^\W\d_][\w-]*\s+){{1,4}})\(\s*(?:column\s+)?{C}\s*\)")
_JOINING = listed("before_descriptions")
"""Words before which a description in front of a column in brackets ends."""


def described_in(text: str) -> set[str]:
    """Return the words that only describe a column named behind them in brackets.

    "The rural population share (RUR)" has ``rural``, ``population`` and ``share``.
    """
    found: set[str] = set()
    for match in _DESCRIBED.finditer(text):
        for word in reversed(match[1].lower().split()):
            if word in _JOINING:
                break
            found.add(word)
    return found


def tidy(text: str) -> str:
    """Return a marked text without the nouns that only say that a column is one."""
    before = None
    while before != text:
        before = text
        for pattern, replacement in _TIDY:
            text = pattern.sub(replacement, text)
    return text.strip()
