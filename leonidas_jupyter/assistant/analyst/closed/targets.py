"""Which column a name to fill is about: by its own words, or by the sentence that asks for it."""

import re
from collections.abc import Sequence
from functools import lru_cache

from leonidas_jupyter.assistant.analyst.closed.concepts import AGGREGATES, concept_in, pattern_of
from leonidas_jupyter.assistant.analyst.closed.facts import Facts
from leonidas_jupyter.assistant.analyst.closed.marks import CS, C
from leonidas_jupyter.assistant.analyst.words import fold, pieces, singular
from leonidas_jupyter.data.profile import ColumnProfile

_RELATED = re.compile(r"\bcorrelat\w*|\brelationship\b|\bassociat\w*|\brelated\b")
_BETWEEN = re.compile(rf"\b(?:between|of)\b[^.;]*?({C})[^.;]*?\b(?:and|with|to)\b[^.;]*?({C})")
_OTHERWISE_USED = re.compile(
    r"\b(?:group(?:ed|ing)?\s+by|for\s+each|in\s+each|of\s+each|per|by|each|every"
    rf"|across(?:\s+(?:different|all|the))*)\s+(?:unique\s+|values?\s+of\s+|the\s+)*({C})"
)


def columns_by_name(words: str, facts: Facts) -> tuple[list[str], str]:
    """Return the columns whose names stand in the words of a name, and the words left.

    ``mean_price`` → ``Price`` and ``mean``.
    """
    left = [fold(part) for part in re.split(r"[_\W]+", words) if part]
    ended = _ending(left, facts)
    if ended:
        return ended, ""
    found: list[str] = []
    names = [
        *facts.derived,
        *facts.marks.new,
        *(column.name for column in facts.marks.lexicon.columns),
    ]
    for name in sorted(dict.fromkeys(names), key=lambda each: -len(_parts(each))):
        spelled = "".join(_parts(name))
        if len(spelled) < 2 and not _letter(spelled, left, name, facts):
            continue
        if name not in facts.marks.columns and len(spelled) < 3:
            continue
        for size in range(len(left), 0, -1):
            at = next(
                (
                    at
                    for at in range(len(left) - size + 1)
                    if _same("".join(left[at : at + size]), spelled)
                ),
                None,
            )
            if at is not None and not (size == 1 and _common(left[at], name, facts)):
                found.append(name)
                del left[at : at + size]
                break
    return found, " ".join(left)


def _ending(left: Sequence[str], facts: Facts) -> list[str]:
    """Return the new column of which a whole name is the end: ``seat_share``, ``A_seat_share``."""
    found = [
        name
        for name in dict.fromkeys([*facts.derived, *facts.marks.new])
        if len(left) > 1 and _parts(name)[-len(left) :] == tuple(left)
    ]
    return found if len(found) == 1 else []


_OWN_LETTERS = frozenset("prtfnkdwuhz")
_OF_LETTERS = frozenset({"value", "values", "statistic", "stat", "squared", "score", "test", "2"})


def _letter(letter: str, words: Sequence[str], name: str, facts: Facts) -> bool:
    """Return whether one letter of a name is the column of that letter that the text names.

    "r" in ``mean_r`` is, in ``r_value`` it is a coefficient.
    """
    if name not in facts.marks.columns or len(words) < 2 or letter not in words:
        return False
    if letter not in _OWN_LETTERS:
        return True
    return not _OF_LETTERS & set(words) and words[-1] == letter and _statistic(words[:-1])


def _statistic(words: Sequence[str]) -> bool:
    """Return whether words call a statistic of one column: "mean", "std dev"."""
    concept = concept_in(" ".join(words))
    return concept is not None and concept.kind in AGGREGATES


@lru_cache(maxsize=8192)
def _parts(name: str) -> tuple[str, ...]:
    return tuple(pieces(name))


def _same(first: str, second: str) -> bool:
    return first == second or singular(first) == second or first == singular(second)


def _common(word: str, name: str, facts: Facts) -> bool:
    """Return whether a word of a name is more likely a statistic than a column nobody named."""
    return name not in facts.marks.columns and word in {
        "mean", "median", "count", "max", "min", "std", "range", "sum", "total", "number", "value",
        "type", "name", "year", "date", "result", "level", "class", "index", "rate", "change", "id",
        "high", "low", "score", "day", "month", "time", "test", "coefficient", "outliers",
    }  # fmt: skip


def free_columns(text: str, facts: Facts) -> list[str]:
    """Return the columns of a sentence that are neither its groups nor its conditions."""
    bound = {facts.marks.column(match[1]) for match in _OTHERWISE_USED.finditer(text)}
    bound |= {condition.column for condition in facts.conditions}
    return [name for name in facts.marks.columns_in(text) if name not in bound]


def targets(kind: str, facts: Facts, numeric: bool = True, *, loose: bool = False) -> list[str]:
    """Return the columns that sentences with the words of a kind of figure are about."""
    pattern = pattern_of(kind)
    near: list[str] = []
    texts = facts.loose if loose else facts.texts
    for text in texts:
        for match in pattern.finditer(text):
            after = re.match(
                rf"[^.;]*?(?:of|for|in|from|on)\s+[^.;{_signs()}]*?({CS})", text[match.end() :]
            )
            if after:
                near += [
                    name for name in free_columns(after[1], facts) if _fits(name, facts, numeric)
                ]
    if near:
        return numbers_first(near, facts) if numeric else list(dict.fromkeys(near))
    said = [
        name
        for text in texts
        if pattern.search(text)
        for name in free_columns(text, facts)
        if _fits(name, facts, numeric)
    ]
    return numbers_first(said, facts) if numeric else list(dict.fromkeys(said))


def _signs() -> str:
    return "\ue100-\uefff"


def _fits(name: str, facts: Facts, numeric: bool) -> bool:
    known = facts.marks.lexicon.by_name.get(name)
    if not numeric or known is None or known.numeric or name in facts.derived:
        return True
    return (
        known.profile.type in ("time", "boolean")
        or looks_like_clock(known.profile)
        or looks_numeric(known.profile)
    )


def numbers_first(names: Sequence[str], facts: Facts) -> list[str]:
    """Return the columns of numbers; if there are none, those of text that may be read as such."""
    own = facts.marks.lexicon.by_name
    typed = [name for name in names if name not in own or own[name].numeric]
    return list(dict.fromkeys(typed or names))


def mentioned(facts: Facts, numeric: bool = True, *, loose: bool = False) -> list[str]:
    """Return all columns of the sentences that no group, condition or derivation has for itself."""
    inputs = _inputs(facts)
    found = [
        name
        for text in (facts.loose if loose else facts.texts)
        for name in free_columns(text, facts)
    ]
    fitting = [name for name in dict.fromkeys(found) if _fits(name, facts, numeric)]
    without = [name for name in fitting if name not in inputs]
    return numbers_first(without or fitting, facts) if numeric else without or fitting


def spelled_apart(facts: Facts) -> list[str]:
    """Return the columns of numbers whose words stand in one sentence in any order.

    "total sleep time" → ``sleep_total``.
    """
    found = []
    for text in facts.texts:
        said = {singular(word) for word in re.findall(r"[a-z]+", text)}
        for column in facts.marks.lexicon.columns:
            parts = {singular(part) for part in column.core}
            if column.numeric and len(parts) > 1 and parts <= said:
                found.append(column.name)
    return list(dict.fromkeys(found))


def _inputs(facts: Facts) -> set[str]:
    return {name for expression in facts.derived.values() for name in names_in(expression)}


def names_in(expression: object) -> set[str]:
    """Return the columns in a recipe's expression or condition."""
    if isinstance(expression, str):
        return {expression}
    if isinstance(expression, dict):
        skipped = (
            {"op", "unit", "part", "value"}
            if "left" in expression
            else {"op", "unit", "part", "how"}
        )
        return set().union(
            *(names_in(value) for key, value in expression.items() if key not in skipped)
        )
    if isinstance(expression, list):
        return set().union(*(names_in(value) for value in expression)) if expression else set()
    return set()


def pair(facts: Facts, own: Sequence[str]) -> list[str]:
    """Return the two columns whose relationship is asked for, or not two where it is unclear."""
    if len(own) == 2:
        return list(own)
    for loose in (False, True):
        found = _pair(facts, own, loose=loose)
        if len(found) == 2:
            return found
    return []


def _pair(facts: Facts, own: Sequence[str], *, loose: bool) -> list[str]:
    pairs: list[tuple[str, ...]] = []
    split = {name for each in facts.classes for name in names_in(facts.derived[each])}
    for text in facts.loose if loose else facts.texts:
        match = _RELATED.search(text)
        if match is None:
            continue
        between = _BETWEEN.search(text[match.start() :])
        if between and split & set(facts.marks.columns_in(" ".join(between.groups()))):
            continue
        names = (
            facts.marks.columns_in(" ".join(between.groups()))
            if between
            else free_columns(text, facts)
        )
        told = {one.column for one in facts.conditions} | set(facts.groups)
        if set(names) & told:
            continue
        pairs += _side_by_side(text, facts) if own else []
        if len(names) == 2:
            pairs.append(tuple(names))
    distinct = list({frozenset(each): each for each in pairs}.values())
    if len(own) == 1:
        distinct = [each for each in distinct if own[0] in each] or distinct
        new = [name for name in facts.derived if name not in own]
        if not pairs and len(new) == 1 and any(_ITS.search(text) for text in facts.texts):
            return [new[0], own[0]]
    if len(distinct) == 1:
        return list(distinct[0])
    if len(distinct) > 1:
        return []
    whole = [name for name in mentioned(facts, loose=loose) if name not in split]
    return whole if len(whole) == 2 else []


def _side_by_side(text: str, facts: Facts) -> list[tuple[str, ...]]:
    """Return each two columns of "of C and D, and of C and E", "of C with D and with E"."""
    found: list[tuple[str, ...]] = []
    for match in _BESIDE.finditer(text):
        first, *others = facts.marks.columns_in(match.group())
        found += [(first, other) for other in others if other != first]
    return found


_ITS = re.compile(r"\bits\s+(?:\w+\s+){0,2}?correlations?\s+with\b")
_BESIDE = re.compile(
    rf"{C}\s*(?:and|to|vs|versus)\s*(?:the\s+)?{C}|{C}\s*,?\s*(?:with\s+(?:the\s+)?{C}\s*(?:,|and)*\s*)+"
)


def nearest(words: str, found: Sequence[str]) -> str | None:
    """Return the column whose name has most words in common with a name, if one has."""
    said = [singular(word) for word in re.findall(r"[a-z]+|\d+", words)]
    scores = {name: sum(_meets(part, said) for part in pieces(name)) for name in found}
    best = max(scores.values(), default=0)
    top = [name for name, score in scores.items() if score == best]
    return top[0] if best and len(top) == 1 else None


def _meets(part: str, said: Sequence[str]) -> bool:
    return any(
        word == singular(part)
        or (len(word) >= 3 and len(part) >= 3 and (word.startswith(part) or part.startswith(word)))
        for word in said
    )


_FIGURE = re.compile(r"[\s$€£]*[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?\s*%?\s*")


def looks_numeric(profile: ColumnProfile) -> bool:
    """Return whether a text column's commonest values are nearly all written numbers."""
    seen = [str(top.value) for top in profile.top] or list(profile.categories or [])
    fitting = [value for value in seen if _FIGURE.fullmatch(value)]
    return len(seen) > 0 and len(fitting) >= 0.8 * len(seen)


def looks_like_clock(profile: ColumnProfile) -> bool:
    """Return whether a text column's commonest values are lengths of time such as 00:04:12."""
    seen = [str(top.value) for top in profile.top] or list(profile.categories or [])
    return len(seen) > 0 and all(re.fullmatch(r"\s*\d+:\d\d(?::\d\d)?\s*", value) for value in seen)
