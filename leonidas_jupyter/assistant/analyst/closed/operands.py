"""Columns that a calculation calls by what they mean: "brain weight divided by body weight".

Beside a word that calculates, a phrase that tells exactly one column of numbers is that column.
"""

import re
from collections.abc import Sequence

from leonidas_jupyter.assistant.analyst.closed.facts import Facts
from leonidas_jupyter.assistant.analyst.closed.signs import C, tidy
from leonidas_jupyter.assistant.analyst.closed.vocabulary import listed
from leonidas_jupyter.assistant.analyst.column import NamedColumn, same_word
from leonidas_jupyter.assistant.analyst.words import singular

_P = r"[^.,;:()=]{1,60}?"
_END = (
    r"(?=\s*(?:[.,;:()?]|$|\b(?:for|in\s+(?:each|every|the|a|all)|and\s+(?:find|report|calculate|compute|determine|then|"
    r"give|store|call|which|what|how|test|is|are|check)|as|that|which|where|of\s+each|of\s+every|relative|per|into|by|to\s+(?:create|get|obtain|form)|"
    r"is|are|was|were|has|have|then|when|if|among|across|within|using|called|named|multiplied|divided|times|minus|"
    r"plus|over|on|at|differ\w*|correlat\w*|relat\w*|together|\+|-|/|\*)\b))"
)
_SPOKEN = tuple(
    re.compile(pattern.replace("<A>", f"(?P<a>{_P})").replace("<B>", f"(?P<b>{_P})") + _END)
    for pattern in (
        r"\b(?:difference|gap|spread|differences)\s+(?:between|of|in)\s+<A>\s+(?:and|minus|from)\s+<B>",
        r"\bsubtract\w*\s+<A>\s+from\s+<B>",
        r"\bdivid(?:e|es|ing)\s+<A>\s+(?:by|with)\s+<B>",
        r"\bmultipl(?:y|ies|ying)\s+<A>\s+(?:by|with|and)\s+<B>",
        r"\b(?:ratio|quotient|proportion|percentage|share|fraction)\s+(?:of|between)\s+<A>\s+(?:to|over|in|divided\s+by|and)\s+<B>",
        r"\b(?:sum|product|total|mean|average)\s+of\s+<A>\s+(?:and|plus|times)\s+<B>",
        r"\b(?:add|adding|add\s+up|adding\s+up|summing|sum|sum\s+up|combine|combining|averaging)\s+<A>\s+(?:and|to|with|plus)\s+<B>",
        r"\b(?:as|of|is|by|from|be|=|the|compute|calculate|define|defined\s+as|:)\s+<A>\s+(?:divided\s+by|minus|times|multiplied\s+(?:by|with)|plus|over)\s+<B>",
        r"(?:^|\s)<A>\s+(?:divided\s+by|minus|multiplied\s+(?:by|with))\s+<B>",
    )
)
_INFIX = re.compile(r"=\s*(?P<all>[^;]*[-+*/÷×<>][^;]*)")
_MORE = re.compile(r"\b(?:and|then|multipl\w*|divid\w*|add\w*|subtract\w*|result)\b")
"""What shows that a phrase with a column's sign holds a further step of the calculation."""

_FILLERS = listed("around_operands")
_WITHOUT = frozenset({"significant", "significantly", "statistical", "statistically", "test"})


def spell_out(facts: Facts) -> None:
    """Put the columns' signs for phrases beside words that calculate, in the texts of ``facts``."""
    for at, text in enumerate(facts.texts):
        facts.texts[at] = _spelled(text, facts)


def _spelled(text: str, facts: Facts) -> str:
    for pattern in _SPOKEN:
        for match in reversed(list(pattern.finditer(text))):
            ahead = re.findall(r"\w+", text[: match.start()])[-2:]
            if not _WITHOUT & set(ahead):
                text = _replaced(text, match, facts)
    return text


def _replaced(text: str, match: re.Match[str], facts: Facts) -> str:
    """Return a text with both operands of a match as signs; as it was if one is none."""
    first, second = match["a"], match["b"]
    if any(re.search(C, phrase) and _MORE.search(phrase) for phrase in (first, second)):
        return text
    columns = [_told(first, second, facts), _told(second, first, facts)]
    if None in columns or columns[0] == columns[1]:
        return text
    changed = text
    for group, name in (("b", columns[1]), ("a", columns[0])):
        start, end = match.span(group)
        changed = f"{changed[:start]} {facts.marks.column_sign(str(name))} {changed[end:]}"
    return tidy(changed)


def _told(phrase: str, other: str, facts: Facts) -> str | None:
    """Return the column that an operand means; what the other one ends with may be its noun."""
    signs = re.findall(C, phrase)
    if len(signs) == 1:
        return facts.marks.column(signs[0])
    if signs or re.search(r"\d", phrase):
        return None
    words = _words(phrase)
    found = told_column(words, facts)
    if found is None and len(words) == 1:
        tail = _words(other)[1:]
        found = told_column([*words, *tail], facts) if tail else None
    return found


def _words(phrase: str) -> list[str]:
    return [word for word in re.findall(r"[a-z]+", phrase) if word not in _FILLERS]


def told_column(words: Sequence[str], facts: Facts) -> str | None:
    """Return the only column of numbers whose name says all that the words say."""
    if not words or len(words) > 5:
        return None
    scores = {}
    for column in facts.marks.lexicon.columns:
        if not (column.numeric or column.temporal or column.profile.type in ("text", "time")):
            continue
        score = _score(words, column)
        if score:
            scores[column.name] = score
    best = max(scores.values(), default=0)
    found = [name for name, score in scores.items() if score == best]
    return found[0] if len(found) == 1 else None


def _score(words: Sequence[str], column: NamedColumn) -> float:
    """Return how much of a name the words say; 0 where they say something else, too."""
    parts = [part for part in column.words if not part.isdigit()]
    met = 0
    for word in words:
        at = next((part for part in parts if _means(word, part)), None)
        if at is None:
            return _joined(words, column)
        met += 1
        if not _several(at, words):
            parts.remove(at)
    return met / (met + len([part for part in parts if len(part) > 2]))


def _several(part: str, words: Sequence[str]) -> bool:
    """Return whether a part of a name stands for several words: ``brainwt``."""
    return sum(1 for word in words if _abbreviated(word, part)) > 0 and len(words) > 1


def _joined(words: Sequence[str], column: NamedColumn) -> float:
    """Return 1 where the words, each cut short, are one part of the name: "brain weight"."""
    if len(words) < 2:
        return 0.0
    return float(any(_composed(tuple(words), part) for part in column.words if len(part) > 3))


def _composed(words: tuple[str, ...], part: str) -> bool:
    if not words:
        return not part
    for size in range(len(part), 1, -1):
        if _abbreviated(words[0], part[:size]) and _composed(words[1:], part[size:]):
            return True
    return False


def _means(word: str, part: str) -> bool:
    if singular(word) == singular(part) or same_word(word, part):
        return True
    if len(part) >= 3 and len(word) > len(part) and word.startswith(part):
        return True
    if len(part) < 5 or word[:3] != part[:3] or singular(word)[-1] != singular(part)[-1]:
        return False
    return _abbreviated(singular(word), singular(part))


def _abbreviated(word: str, part: str) -> bool:
    """Return whether letters are a word cut short: its first, and others of it in their order."""
    if not part or word[0] != part[0]:
        return False
    letters = iter(word)
    return all(letter in letters for letter in part)
