"""Names of new columns that stand without quotes: "price spread = high - low", "define X as …"."""

import re
from collections.abc import Iterator

from leonidas_jupyter.assistant.analyst.closed.align import spelled_in, told_by
from leonidas_jupyter.assistant.analyst.closed.vocabulary import listed
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.words import fold, pieces

_NAME = r"(?P<name>[A-Za-z][\w.]*(?:[ -][A-Za-z][\w.]*){0,4})"
_EQUALS = re.compile(
    r"(?:^|[.;:,(\n]\s*|\b(?:where|with|define|let|use|compute|create|calculate|as|and)\s+)\s*"
    r"(?:the\s+|a\s+|an\s+|new\s+)*"
    rf"{_NAME}\s*(?:\([^()]{{0,30}}\)\s*)?=(?!=)\s*(?P<formula>[^;\n]+)"
)
_DEFINED = re.compile(
    rf"\b(?:[Dd]efin|[Cc]omput|[Cc]alculat|[Cc]reat|[Dd]eriv)\w*\s+(?:the\s+|a\s+|an\s+|new\s+)*{_NAME}\s+as\s+"
    rf"(?P<formula>[^.;\n]+)|\b{_NAME.replace('name', 'name2')}\s+is\s+"
    r"(?:defined|computed|calculated)\s+as\s+(?P<formula2>[^.;\n]+)"
)
_OPERATION = re.compile(
    r"[-+*/÷×\u2212<>]|\b(?:minus|plus|times|divided|multiplied|if|when|log\w*|sqrt|ratio|difference"
    r"|sum|product|average|mean|per|quotient|percentage|number|length)\b"
)
_COMPARED = re.compile(r"\s*(?:(?:and|or|using|with|versus|vs|to|against)\b|[,.;)]|$)")
"""What stands behind "=" where a quoted value was: "the groups kind = 'A' and kind = 'B'"."""

_CLASSES = re.compile(
    r"\b(?:bins?|groups?|categor\w+|classes|levels|labels?|values?|types?|parts?|halves)\b[^.;]{0,60}?"
    r"\b(?:called|named|labell?ed|titled)\b[^.;]*$",
    re.I,
)
_ARTICLES = listed("before_names")
_NO_NAMES = listed("no_new_names")


def names_defined(text: str, lexicon: FrameLexicon) -> Iterator[str]:
    """Yield the names that a sentence defines by a formula of columns."""
    for pattern in (_EQUALS, _DEFINED):
        for match in pattern.finditer(text):
            found = match.groupdict()
            name = found["name"] or found.get("name2") or ""
            formula = re.split(r"\.\s", found["formula"] or found.get("formula2") or "")[0]
            if _COMPARED.match(found["formula"] or ""):
                continue
            name = _bare(name)
            if name and _OPERATION.search(formula) and _of_columns(formula, lexicon):
                yield name


def _bare(name: str) -> str:
    """Return a name without articles; nothing where it is none."""
    words = name.split()
    while words and words[0].lower() in _ARTICLES:
        words = words[1:]
    while words and words[-1].lower() in _ARTICLES:
        words = words[:-1]
    said = " ".join(words)
    if len(said) < 2 or {word.lower() for word in re.split(r"[ -]", said)} & _NO_NAMES:
        return ""
    return said


def _of_columns(formula: str, lexicon: FrameLexicon) -> bool:
    """Return whether a formula names a column."""
    exact = any(
        re.search(rf"(?<!\w){re.escape(column.name)}(?!\w)", formula) for column in lexicon.columns
    )
    return (
        exact
        or bool(spelled_in(formula, lexicon.columns))
        or any(told_by(fold(word), lexicon.columns) for word in re.findall(r"[A-Za-z]+", formula))
    )


def in_words(name: str) -> re.Pattern[str]:
    """Return a pattern of a new column's name as it is spoken: "temp range" for ``temp_range``."""
    return re.compile(
        r"(?<![\w@])" + r"[\s_-]+".join(re.escape(part) for part in pieces(name)) + r"(?![\w])",
        re.IGNORECASE,
    )


def labels_class(before: str, after: str) -> bool:
    """Return whether a quoted text is the label of a class rather than a column's name."""
    if re.search(r":\s*$", before):
        return re.match(r"\s*(?:for|if|when|where|\()", after) is not None
    column = re.search(r"\b(?:columns?|features?|variables?|attributes?)\b[^.;]*$", before, re.I)
    return column is None and _CLASSES.search(before) is not None
