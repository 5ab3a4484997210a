"""Comparisons as people put them: "do men earn more than women", "who tips best, A or B"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from leonidas_jupyter.assistant.analyst.column import NamedColumn
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon, ValueRef
from leonidas_jupyter.assistant.analyst.rephrase import named
from leonidas_jupyter.assistant.analyst.rewording.phrasebook import phrasebook
from leonidas_jupyter.assistant.analyst.rewording.resolve import (
    bare,
    column_of,
    flag_of,
    measures,
    number_of,
    sized_by,
    value_of,
    verb_column,
)
from leonidas_jupyter.assistant.analyst.rewording.wording import Wording

_SURE = re.compile(
    r",?\s*\b(?:statistically\s+)?significantly?\b,?|\bstatistically\b|\bby chance\b", re.I
)
_PADDING = re.compile(
    r"\b(?:really|actually|much|a lot|far|usually|typically|generally|on average|tend to|have|has|"
    r"had|get|gets|got|an?|the|any|in general|be|being|bit)\b\s*",
    re.I,
)
_THAN = re.compile(
    r"^(?:is|are|was|were|do|does|did|has|have|had)\s+(?P<before>.+?)\s+than\s+"
    r"(?P<other>.+?)(?:\s+(?:in|by|on|in terms of)\s+(?P<column>[^,]+))?$",
    re.I,
)
_OF_EACH = re.compile(
    r"^(?:is|are|was|were)\s+(?:the\s+)?(?:average\s+|mean\s+|typical\s+)?(?P<column>.+?)\s+"
    r"(?:of|for|among|in)\s+"
    r"(?P<one>.+?)\s+(?P<how>higher|lower|larger|smaller|bigger|greater)\s+than\s+(?:(?:that"
    r"|those|the one)\s+)?"
    r"(?:(?:of|for|among|in)\s+)?(?P<other>.+)$",
    re.I,
)
_MAKES = re.compile(
    r"^(?:does|do|did)\s+(?:having\s+|being\s+)?(?:an?\s+|the\s+)?(?P<one>.+?)\s+make\s+"
    r"(?:an?\s+|the\s+)?\S+\s+(?P<how>.+)$",
    re.I,
)
_ALONE = re.compile(r"^(?:is|are|was|were|do|does|did|has|have|had)\s+(?P<before>.+)$", re.I)
_WHICH = re.compile(
    r"^(?:who|which(?: one)?|what|which of them)\s+(?:is|are|was|were)?\s*(?P<how>.+?)\s*[,:]\s*"
    r"(?P<one>.+?)\s+or\s+(?P<other>.+)$",
    re.I,
)
_MUCH = re.compile(
    r"^how much\s+(?P<how>.+?)\s+(?:is|are|was|were|do|does|did)\s+(?P<one>.+?)(?:\s+than\s+"
    r"(?P<other>.+))?$",
    re.I,
)
_REST = re.compile(
    r"^(?:the\s+)?(?:others?|rest|everyone else|everybody else|all others|other (?:rows|ones"
    r"|people)"
    r"|the others|those without(?: it)?|without(?: it)?|non.*)$",
    re.I,
)
_ANY_SIZE = frozenset({"big", "bigger", "large", "larger", "small", "smaller", "greater", "great"})
_DEGREES = {
    "more": False, "less": True, "higher": False, "lower": True, "bigger": False,
    "larger": False, "longer": False, "shorter": True, "faster": False, "slower": True,
    "greater": False, "smaller": True, "better": False, "worse": True, "fewer": True,
    "most": False, "best": False, "least": True, "worst": True, "highest": False,
    "lowest": True,
}  # fmt: skip


@dataclass(frozen=True)
class _Size:
    """What is compared: a column, whether the lower is meant, whether "best" was said.

    ``both`` asks for the means side by side rather than for a yes or no.
    """

    column: NamedColumn
    low: bool
    valued: bool = False
    both: bool = False


def sized(how: str, said: str | None, lexicon: FrameLexicon) -> _Size | None:
    """Return what "heavier", "earn more", "a higher salary" compares; ``said`` names a column."""
    text = " ".join(_PADDING.sub(" ", how).split()).lower()
    given = number_of(said, lexicon) if said else None
    if said and given is None:
        return None
    adjective = phrasebook().adjectives.get(text)
    if adjective is not None:
        column = given or sized_by(adjective, lexicon)
        if given is not None and text not in _ANY_SIZE and not measures(adjective, given):
            # "Heavier in bill length" is no question about either.
            return None
        return _Size(column, adjective.low) if column else None
    words = text.split()
    degrees = [word for word in words if word in _DEGREES]
    if len(degrees) != 1:
        return None
    low, valued = _DEGREES[degrees[0]], degrees[0] in ("better", "worse", "best", "worst")
    rest = " ".join(word for word in words if word not in degrees)
    if not rest:
        return _Size(given, low, valued) if given else None
    if given is not None:
        return None
    column = verb_column(rest, lexicon) or number_of(rest, lexicon)
    return _Size(column, low, valued) if column else None


def compared(wording: Wording) -> Iterator[Wording]:
    """Yield "do men earn more than women" as a question about two means, or a test of them."""
    sure = _SURE.search(wording.text) is not None
    plain = wording.put(_SURE.sub(" ", wording.text))
    for one, other, size in _asked(plain):
        yield from _put(plain, one, other, size, sure)


def _asked(wording: Wording) -> Iterator[tuple[str, str, _Size]]:
    """Yield who is compared with whom, and how, for the first form that the question has."""
    text, lexicon = wording.text, wording.lexicon
    for pattern in (_WHICH, _OF_EACH, _MAKES, _MUCH):
        found = pattern.match(text)
        said = found.groupdict() if found else {}
        size = sized(said["how"], said.get("column"), lexicon) if found else None
        if size is not None:
            one = re.sub(r"^rows?\s+with\s+", "", said["one"])
            yield one, said.get("other") or "others", replace(size, both=pattern is _WHICH)
            return
    for pattern in (_THAN, _ALONE):
        found = pattern.match(text)
        if found is not None:
            said = found.groupdict()
            for one, size in _cuts(said["before"], said.get("column"), lexicon):
                yield one, said.get("other") or "others", size
            return


def _cuts(before: str, said: str | None, lexicon: FrameLexicon) -> Iterator[tuple[str, _Size]]:
    """Yield who is compared and how, wherever the words can be cut so."""
    words = before.split()
    for at in range(1, len(words)):
        size = sized(" ".join(words[at:]), said, lexicon)
        one = " ".join(words[:at])
        known = value_of(one, lexicon) or flag_of(one, lexicon) or column_of(one, lexicon)
        if size is not None and known is not None:
            yield one, size
            return


def _put(wording: Wording, one: str, other: str, size: _Size, sure: bool) -> Iterator[Wording]:
    lexicon, name = wording.lexicon, named(size.column.name)
    notes = [f"I compare the means of `{size.column.name}`."]
    if size.valued:
        notes.append("I took “best” as the highest and “worst” as the lowest.")
    first, second = value_of(one, lexicon), value_of(other, lexicon)
    if first and second and first.column == second.column:
        yield _pair(wording, first, second, size, sure).put_notes(notes)
        return
    split = flag_of(one, lexicon) or (_flag(column_of(one, lexicon)))
    rest = _REST.match(bare(other)) is not None or flag_of(other, lexicon) is not None
    if first is not None and split is None and rest:
        split = lexicon.column(first.column)
        notes.append(f"I show every `{split.name}` for comparison.")
    if split is None or not rest:
        return
    by = named(split.name)
    text = f"does {name} differ significantly by {by}" if sure else f"average {name} by {by}"
    yield wording.put(text).put_notes(notes)


def _flag(column: NamedColumn | None) -> NamedColumn | None:
    return column if column is not None and column.profile.type == "boolean" else None


def _pair(wording: Wording, first: ValueRef, second: ValueRef, size: _Size, sure: bool) -> Wording:
    one, other, name = first.values[0], second.values[0], named(size.column.name)
    if sure:
        return wording.put(
            f'is there a significant difference in {name} between "{one}" and "{other}"'
        )
    if size.both:
        return wording.put(f'difference in average {name} between "{one}" and "{other}"')
    how = "lower" if size.low else "higher"
    return wording.put(f'is the average {name} of "{one}" {how} than that of "{other}"')
