"""Names of one kind that differ only in whom they are about: @mean_north and @mean_south.

Together they call values of one column, or years, which the text need not repeat; a condition that
only some of them call holds for those alone.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from leonidas_jupyter.assistant.analyst.closed.concepts import AGGREGATES
from leonidas_jupyter.assistant.analyst.closed.facts import Condition, Declined, Facts
from leonidas_jupyter.assistant.analyst.closed.grouping import group_called
from leonidas_jupyter.assistant.analyst.closed.wanted import Ask
from leonidas_jupyter.assistant.analyst.column import NamedColumn
from leonidas_jupyter.assistant.analyst.words import pieces

Groups = Mapping[str, Sequence[Condition]]

_OF_ALL = re.compile(r"\b(?:overall|all|total|entire|whole|both|together|combined|any)\b")
_REST = re.compile(r"\b(?:others?|rest|non|not|without|no)\b")
_YEAR = re.compile(r"(?<!\d)(1[6-9]\d\d|20\d\d)(?!\d|\s?s\b)")
_NEGATED = re.compile(
    r"\b(?:no|non|not|without)\s+(?!outl|miss|null|nan|dupl|zero|extr|impu|fill|remov|chang)([a-z]{2,})"
)
_WORD = re.compile(r"[a-z]+")
_KINDS = AGGREGATES | {"count", "share", "corr", "missing", "outlier_count", "p", ""}
_FEW = 40
_LEAST = 4


def families(asks: Sequence[Ask], facts: Facts) -> dict[str, list[Condition]]:
    """Give names that differ in a value of one column the rows of that value.

    Returns:
        the columns whose values are told apart, with the conditions for them.
    """
    found: dict[str, list[Condition]] = {}
    for family in _alike(asks):
        fitting = {
            column: called
            for column, called in _candidates(family, facts)
            if _tells_apart(family, called)
        }
        column = _chosen(list(fitting), facts)
        if column is None:
            continue
        for ask, one in zip(family, fitting[column], strict=True):
            if one is not None:
                ask.where = [*(each for each in ask.where if each.column != column), one]
                ask.columns = [name for name in ask.columns if name != column]
                found.setdefault(column, []).append(one)
                _spoken(one, facts)
    _single(asks, facts, set(found))
    return {column: list(dict.fromkeys(each)) for column, each in found.items()}


def _alike(asks: Sequence[Ask]) -> Iterator[list[Ask]]:
    """Yield the names that ask for one kind of figure, where there are several."""
    kinds: dict[str, list[Ask]] = {}
    for ask in asks:
        kind = ask.concept.kind if ask.concept else ""
        if ask.options:
            kinds.setdefault(str(ask.options), []).append(ask)
        elif kind in _KINDS:
            kinds.setdefault(kind, []).append(ask)
    yield from (family for family in kinds.values() if len(family) > 1)


def _candidates(
    family: Sequence[Ask], facts: Facts
) -> Iterator[tuple[str, list[Condition | None]]]:
    """Yield the columns whose values names may call, with what each of them calls."""
    lexicon = facts.marks.lexicon
    spoken = {one.column for one in facts.conditions}
    for column in lexicon.columns:
        if column.numeric and not column.flag and column.name not in facts.marks.columns:
            continue
        few = column.profile.distinct <= _FEW or column.name in spoken
        if not few and column.words[-1:] != ("year",):
            continue
        yield column.name, [_called(ask, column, facts) for ask in family]
    years = [_year(ask) for ask in family]
    if any(years):
        moments = [column for column in lexicon.columns if column.temporal]
        own = [column for column in lexicon.columns if column.words[-1:] == ("year",)]
        if len(moments) == 1 and not own:
            date = moments[0].name
            yield date, [_within(date, year) if year else None for year in years]


def _spoken(one: Condition, facts: Facts) -> None:
    """Note that the words by which the text calls a value are understood: herbivores, men."""
    own = {value for value in (str(one.value).casefold(), *one.words) if len(value) >= _LEAST}
    for at, match in facts.finds(_WORD):
        word = match.group()
        refs = facts.marks.lexicon.mentions([word])
        meant = any(ref.column == one.column and one.value in ref.values for ref in refs)
        if meant or any(word.startswith(value) for value in own):
            facts.use(at, match)


def _single(asks: Sequence[Ask], facts: Facts, told: set[str]) -> None:
    """Give a name the value that it and the text call, of a column of text that the text names."""
    told = told | {one.column for one in facts.conditions} | set(facts.groups)
    for column in facts.marks.lexicon.columns:
        if column.numeric or column.flag or column.name in told:
            continue
        if column.name not in facts.marks.columns or column.profile.distinct > _FEW:
            continue
        for ask in asks:
            one = group_called(_words(ask), column.name, facts)
            said = one and facts.says(rf"\b{re.escape(' '.join(one.words))}")
            if one is not None and said and not ask.options:
                ask.where.append(one)
                _spoken(one, facts)


def _called(ask: Ask, column: NamedColumn, facts: Facts) -> Condition | None:
    """Return the condition for the value of a column that a name calls, wholly or in part."""
    words = _words(ask)
    if column.words[-1:] == ("year",):
        year = _year(ask)
        return Condition(column.name, "==", int(year), (year,)) if year else None
    if column.flag or _of_yes_and_no(column):
        return _flagged(words, column)
    whole = group_called(words, column.name, facts)
    return whole or _meant(words, column, facts) or _in_part(words, column)


def _meant(words: str, column: NamedColumn, facts: Facts) -> Condition | None:
    """Return the value that a word of a name stands for: women, us."""
    found = {
        ref.values[0]: word
        for word in words.split()
        for ref in facts.marks.lexicon.mentions([word])
        if ref.column == column.name and len(ref.values) == 1
    }
    if len(found) != 1:
        return None
    value, word = next(iter(found.items()))
    return Condition(column.name, "==", value, (word,))


def _of_yes_and_no(column: NamedColumn) -> bool:
    """Return whether a column of text says yes or no."""
    return {each.casefold() for each in column.profile.categories or ()} == {"yes", "no"}


def _flagged(words: str, column: NamedColumn) -> Condition | None:
    """Return whether a name calls those that have a property, or the others."""
    said = column.words[-1]
    stem = re.escape(said[:_LEAST])
    own = re.search(rf"\b(?:{stem}|yes\b|true\b)", words) is not None
    rest = re.search(rf"{_REST.pattern}|\b(?:no|non|not){stem}", words) is not None
    if not own and not rest:
        return None
    value: bool | int | str = not rest if column.profile.type == "boolean" else int(not rest)
    if column.profile.type == "text":
        value = next(
            each
            for each in column.profile.categories or ()
            if each.casefold() == ("no" if rest else "yes")
        )
    return Condition(column.name, "==", value, ("not", said) if rest else (said,))


def _in_part(words: str, column: NamedColumn) -> Condition | None:
    """Return the only value of which a telling word stands in a name: adelie."""
    if column.numeric or column.profile.type == "boolean":
        return None
    listed = column.profile.categories or [str(top.value) for top in column.profile.top]
    said = {word for word in words.split() if len(word) >= _LEAST}
    found = [str(value) for value in listed if said & set(pieces(str(value)))]
    if len(found) != 1:
        found = [
            str(value)
            for value in listed
            if any(
                part.startswith(word) or (len(part) >= _LEAST and word.startswith(part))
                for word in said
                for part in pieces(str(value))
            )
        ]
    return Condition(column.name, "==", found[0], pieces(found[0])) if len(found) == 1 else None


def _words(ask: Ask) -> str:
    """Return the words of a name with figures and letters apart."""
    words = " ".join(pieces(ask.slot.name))
    return re.sub(r"(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])", " ", words)


def _year(ask: Ask) -> str:
    match = _YEAR.search(_words(ask))
    return match[1] if match else ""


def _within(date: str, year: str) -> Condition:
    return Condition(date, "between", (f"{year}-01-01", f"{year}-12-31T23:59:59"), (year,))


def _tells_apart(family: Sequence[Ask], called: Sequence[Condition | None]) -> bool:
    """Return whether all names call different values, but for those about everything."""
    values = [str(one.value) for one in called if one is not None]
    if len(values) < 2 or len(set(values)) < 2:
        return False
    silent = [ask for ask, one in zip(family, called, strict=True) if one is None]
    return all(_OF_ALL.search(_words(ask)) or _differs(ask, family) for ask in silent)


def _differs(ask: Ask, family: Sequence[Ask]) -> bool:
    """Return whether a name is about columns of its own."""
    return bool(ask.columns) and all(
        set(ask.columns) != set(other.columns) for other in family if other is not ask
    )


def _chosen(columns: Sequence[str], facts: Facts) -> str | None:
    """Return the column that the text speaks of, or the only one."""
    spoken = {one.column for one in facts.conditions} | set(facts.groups)
    for known in (spoken, set(facts.marks.columns)):
        found = [name for name in columns if name in known]
        if len(found) == 1:
            return found[0]
    return columns[0] if len(columns) == 1 else None


def set_apart(asks: Sequence[Ask], everywhere: list[Condition]) -> None:
    """Let a condition that some of several like names call hold for those, and not for the rest."""
    for condition in list(everywhere):
        callers = [ask for ask in asks if _calls(ask, condition)]
        likened = [
            ask
            for ask in asks
            if ask not in callers and any(_same_figure(ask, other) for other in callers)
        ]
        if not likened:
            continue
        for ask in likened:
            _told_from(ask, callers)
        everywhere.remove(condition)
        for ask in asks:
            if ask not in likened:
                ask.where.append(condition)


def check_negations(asks: Sequence[Ask]) -> None:
    """Check that "no" in a name has been read: before what is no column's, it turns rows round."""
    for ask in asks:
        match = None if ask.options else _NEGATED.search(_words(ask))
        told = [*ask.columns, *(text for one in ask.where for text in _said(one))]
        parts = {part[:_LEAST] for text in told for part in pieces(text)}
        if match and match[1][:_LEAST] not in parts:
            raise Declined(f"I do not understand which rows @{ask.slot.name} is about.")


def _said(one: Condition) -> tuple[str, ...]:
    """Return the texts by which a condition may be called."""
    return (one.column, str(one.value), *one.words)


def _told_from(ask: Ask, callers: Sequence[Ask]) -> None:
    """Check that a name without a condition speaks of all rows, and not of others of its own."""
    words = _words(ask)
    own = set(words.split()) - {word for other in callers for word in _words(other).split()}
    if own and not _OF_ALL.search(words):
        raise Declined(f"I do not understand which rows @{ask.slot.name} is about.")


def _calls(ask: Ask, condition: Condition) -> bool:
    words = f" {_words(ask)} "
    return bool(condition.words) and all(
        (f" {word[:6]}" if len(word) > 1 else f" {word} ") in words for word in condition.words
    )


def _same_figure(first: Ask, second: Ask) -> bool:
    if first.options or second.options or first.columns != second.columns:
        return False
    kinds = {ask.concept.kind if ask.concept else "" for ask in (first, second)}
    return len(kinds) == 1 or ("" in kinds and bool(first.columns) and kinds <= {"", "mean"})
