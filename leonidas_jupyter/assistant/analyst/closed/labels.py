"""Labels of classes that stand without quotes: "budget (up to 15), mid (above 15 and up to 25)"."""

import re
from collections.abc import Collection, Sequence

from leonidas_jupyter.assistant.analyst.closed.classes import BOUNDS
from leonidas_jupyter.assistant.analyst.closed.facts import Facts
from leonidas_jupyter.assistant.analyst.closed.marks import C, L
from leonidas_jupyter.assistant.analyst.closed.vocabulary import listed
from leonidas_jupyter.assistant.analyst.words import pieces

_LABEL = r"(?P<label>[a-z][a-z_-]*(?:\s[a-z][a-z_-]*){0,2})"
_AHEAD = (
    re.compile(
        rf"{_LABEL}\s*(?:\(|:|=|→|->|-)\s*(?:{C}\s*)?(?:is\s+|are\s+|of\s+|from\s+|ages?\s+)?$"
    ),
    re.compile(
        rf"{_LABEL}\s+(?:if|for|when|where|is|are|means?|with|includes?|covers?|being)\s+"
        rf"(?:(?:its|the|their|a|an|with|of|is|are|has|have|at|values?|[a-z]+s|{C})\s*){{0,5}}$"
    ),
)
_BEHIND = re.compile(
    rf"^\s*(?:[a-z]+\s+){{0,2}}?(?:{C}\s*)?(?:\(|:|=|→|->|\bas\b|\bis\b|\bare\b)\s*(?:considered\s+|labell?ed\s+"
    rf"|called\s+|named\s+|classified\s+)?(?:as\s+)?{_LABEL}\s*(?=\)|,|;|\.|\band\b|\bor\b|$)"
)
_REST = (
    re.compile(
        rf"{_LABEL}\s+(?:otherwise|for\s+(?:all\s+)?(?:the\s+)?(?:rest|others?|remaining|everything)"
        r"|(?:is|are|means)\s+(?:all\s+)?(?:the\s+)?(?:rest|others?|remaining|everything))\b"
    ),
    re.compile(
        r"\b(?:otherwise|else|the\s+(?:rest|others?|remaining)|everything\s+(?:else|between|in\s+between))"
        rf"\s*(?:,|:)?\s*(?:as|is|are|it\s+is|they\s+are)?\s*{_LABEL}\s*(?=\)|,|;|\.|$)"
    ),
)
_JOINING = listed("around_labels")
_CLASSES = re.compile(
    r"\b(?:categor\w*|class\w*|groups?|bins?|binn\w+|label\w*|levels?|bands?|brackets?|tiers?|segments?|split\w*"
    r"|divid\w+|call\w*|seasons?|periods?)\b"
)
_FEWEST = 2

Span = tuple[int, int, str]


def sign_labels(facts: Facts, slots: Collection[str]) -> None:
    """Put signs for the labels beside limits, where a text sorts values into classes.

    Args:
        facts: what is read; its texts are changed.
        slots: the words of the names to fill.
    """
    for at, text in enumerate(facts.texts):
        if len(re.findall(L, text)) >= _FEWEST or not BOUNDS.search(text):
            continue
        found = _labels(text, facts)
        names = {label for _, _, label in found}
        told = {name for name in names if set(pieces(name)) & set(slots)}
        wanted = _CLASSES.search(text) is not None
        if (
            len(names) < _FEWEST
            or len(names) != len(found)
            or not (told if wanted else told == names)
        ):
            continue
        for start, end, label in sorted(found, reverse=True):
            text = f"{text[:start]} {facts.marks.label_sign(label)} {text[end:]}"
        facts.texts[at] = " ".join(text.split())


def _labels(text: str, facts: Facts) -> list[Span]:
    bounds = [match.span() for match in BOUNDS.finditer(text)]
    ahead: list[Span] = []
    behind: list[Span] = []
    for number, (start, end) in enumerate(bounds):
        begin = bounds[number - 1][1] if number else 0
        stop = bounds[number + 1][0] if number + 1 < len(bounds) else len(text)
        ahead += _first([pattern.search(text[begin:start]) for pattern in _AHEAD], begin)
        behind += _first([_BEHIND.search(text[end:stop])], end)
    rest = [span for pattern in _REST for span in _first([pattern.search(text)], 0)][:1]
    found = max((ahead, behind), key=len)
    found = [*found, *(one for one in rest if all(one[2] != other[2] for other in found))]
    names = {column.name.lower() for column in facts.marks.lexicon.columns}
    return [one for one in dict.fromkeys(found) if one[2] not in names]


def _first(matches: Sequence[re.Match[str] | None], offset: int) -> list[Span]:
    for match in matches:
        if match is None:
            continue
        words = list(re.finditer(r"[a-z][\w-]*", match["label"]))
        while words and words[0].group() in _JOINING:
            words = words[1:]
        kept = words
        for at, word in enumerate(words):
            if word.group() in _JOINING:
                kept = words[at + 1 :]
        if not kept or kept[-1].group() in listed("statistical") | _JOINING:
            continue
        start = offset + match.start("label")
        said = match["label"][kept[0].start() : kept[-1].end()]
        return [(start + kept[0].start(), start + kept[-1].end(), said)]
    return []
