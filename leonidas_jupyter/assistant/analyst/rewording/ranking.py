"""Ranks and sizes as people ask: "which rank earns the most", "how old is the average student"."""

import re
from collections.abc import Iterator

from leonidas_jupyter.assistant.analyst.labels import names_rows
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.rephrase import named
from leonidas_jupyter.assistant.analyst.rewording.comparing import sized
from leonidas_jupyter.assistant.analyst.rewording.phrasebook import phrasebook
from leonidas_jupyter.assistant.analyst.rewording.resolve import (
    bare,
    column_of,
    flag_of,
    number_of,
    sized_by,
    value_of,
    verb_column,
)
from leonidas_jupyter.assistant.analyst.rewording.wording import Wording

_END = r"(?P<end>most|highest|largest|biggest|greatest|least|lowest|smallest|fewest)"
_LOW = frozenset({"least", "lowest", "smallest", "fewest"})
_WHICH_DOES = re.compile(
    r"^(?:which|what)\s+(?P<group>.+?)\s+(?:(?:is|are|was|were)\s+)?(?P<how>(?:the\s+)?(?:most|least)\s+\w+$|\S+(?:\s+"
    r"(?:the\s+)?(?:most|more|best|least|less|worst"
    r"|highest|lowest))?)$",
    re.I,
)
_WITH_THE = re.compile(
    rf"^(?:(?:which|what|the|list|show)\s+)*rows?\b(?P<cond>.*?)\s+(?:with|has|had|have"
    rf"|having)\s+(?:the\s+)?{_END}\s+(?P<column>.+?)"
    r"(?P<more>\s+(?:in|where|of|from|among|for)\s+.+)?$",
    re.I,
)
_BY = re.compile(
    r"^(?:(?:which|what)\s+(?:is|are|was|were)\s+)?(?:the\s+)?(?P<end>biggest|largest|highest"
    r"|top|best|smallest|lowest|most important|leading)\s+(?P<noun>\w+)"
    r"(?P<cond>\s+(?:in|where|of|from|among)\s+.+?)?\s+(?:by|in terms of|measured by"
    r"|according to)\s+(?P<column>.+)$",
    re.I,
)
_TOP = re.compile(
    r"^(?:the\s+)?(?P<side>top|bottom)\s+(?P<count>\d+)\s+(?P<column>[\w.\s]+)$", re.I
)
_HOW = re.compile(
    r"^how\s+(?P<how>\w+)\s+(?:is|are|was|were|do|does|did)\s+(?P<who>.+?)(?:\s+on average)?$", re.I
)
_DOES = re.compile(
    r"^(?:what|how much)\s+(?:does|do|did)\s+(?P<who>.+?)\s+(?P<verb>\w+)(?:\s+on average)?$", re.I
)
_AVERAGE_ROW = re.compile(
    r"^(?:an?|the)?\s*(?:(?:average|typical|mean|median)\s+)?rows?\b|^(?:people|they|it)\b", re.I
)
_TYPICAL_ONE = re.compile(r"^(?:the|an?)\s+(?:average|typical|mean|median)\s+(?P<noun>\w+)$", re.I)
_SUPERLATIVE = re.compile(
    r"^(?:(?:who|which rows?|what rows?)\s+(?:is|are|was|were)\s+|(?:on\s+)?which row\s+)?"
    r"(?:the\s+)?(?P<how>(?:most |least )?\w+)"
    r"\s*(?:days?|rows?|one|person)?(?P<cond>\s+(?:in|where|of|from|among|with)\s+.+)?$",
    re.I,
)
_AVERAGED = "You named no aggregate, so I take the mean."


def ranked(wording: Wording) -> Iterator[Wording]:
    """Yield questions about who or what has most of something in plain words."""
    yield from _groups(wording)
    yield from _rows(wording)
    found = _TOP.match(wording.text)
    number = number_of(found["column"], wording.lexicon) if found else None
    if found is not None and number is not None:
        yield wording.put(f"{found['side']} {found['count']} rows by {named(number.name)}")


_LISTED_TOP = re.compile(
    r"^(?:how many|number of|count of)\s+\w+\s+(?:are there\s+)?(?:per|by|in each)\s+(?P<group>.+?)"
    r",?\s+(?:only\s+)?(?:the\s+)?top\s+(?P<count>\d+)$",
    re.I,
)


def listed_top(wording: Wording) -> Iterator[Wording]:
    """Yield "how many airports per state, top 10" as the states with the most rows."""
    found = _LISTED_TOP.match(wording.text)
    group = column_of(found["group"], wording.lexicon) if found else None
    if found is not None and group is not None:
        yield wording.put(f"top {found['count']} {named(group.name)} by number of rows")


def _groups(wording: Wording) -> Iterator[Wording]:
    found = _WHICH_DOES.match(wording.text)
    group = column_of(found["group"], wording.lexicon) if found else None
    if found is None or group is None or group.numeric:
        return
    size = sized(found["how"], None, wording.lexicon)
    superlative = re.search(r"(?:st|most)\b", found["how"], re.I)
    if size is not None and size.column != group and superlative:
        end = "lowest" if size.low else "highest"
        asked = f"which {named(group.name)} has the {end} average {named(size.column.name)}"
        yield wording.put(asked, _AVERAGED)


def _names_rows(found: re.Match[str], lexicon: FrameLexicon) -> bool:
    """Return whether the noun of a ranking stands for rows: "row", or a column that names each."""
    noun = found.groupdict().get("noun")
    if noun is None or noun.lower() in ("row", "rows"):
        return True
    column = column_of(noun, lexicon)
    return column is not None and names_rows(column, lexicon)


def _rows(wording: Wording) -> Iterator[Wording]:
    text, lexicon = wording.text, wording.lexicon
    for pattern in (_WITH_THE, _BY):
        found = pattern.match(text)
        number = number_of(found["column"], lexicon) if found else None
        if found is None or number is None or not _names_rows(found, lexicon):
            continue
        more = found.groupdict().get("more") or ""
        end = "lowest" if found["end"].lower() in _LOW else "highest"
        yield wording.put(f"{end} {named(number.name)} {found['cond'] or ''} {more}")
    found = _SUPERLATIVE.match(text)
    measured = phrasebook().adjectives.get(found["how"].lower()) if found else None
    number = sized_by(measured, lexicon)
    if (
        found is not None
        and measured is not None
        and number is not None
        and found["how"].lower().endswith("st")
    ):
        end = "lowest" if measured.low else "highest"
        yield wording.put(
            f"{end} {named(number.name)} {found['cond'] or ''}",
            f"I read “{found['how']}” as the {end} `{number.name}`.",
        )


_HOLDS = re.compile(
    r"^how (?:many|much)\s+(?P<column>.+?)\s+(?:does|do|did|has|is in)\s+(?:the|an?)\s+"
    r"(?:average|typical|mean)\s+\w+(?:\s+(?:have|has|take|takes|hold|contain|get|carry|seat))?$",
    re.I,
)


def typical(wording: Wording) -> Iterator[Wording]:
    """Yield "how old is the average student", "what does a row cost" as a mean."""
    holds = _HOLDS.match(wording.text)
    held = number_of(holds["column"], wording.lexicon) if holds else None
    if held is not None:
        yield wording.put(f"average {named(held.name)}")
    for pattern in (_HOW, _DOES):
        found = pattern.match(wording.text)
        if found is None:
            continue
        said = found.groupdict()
        number = (
            sized_by(phrasebook().adjectives.get(said["how"].lower()), wording.lexicon)
            if said.get("how")
            else verb_column(str(said.get("verb")), wording.lexicon)
        )
        if number is None:
            continue
        rest = _AVERAGE_ROW.sub("", found["who"]).strip()
        typical_one = _TYPICAL_ONE.match(found["who"])
        if typical_one and not value_of(typical_one["noun"], wording.lexicon):
            rest = ""
        who = f" {rest}" if rest != found["who"].strip() else f" of {bare(rest)}"
        word = "median" if "typical" in found["who"] or "median" in found["who"] else "average"
        note = _AVERAGED if word == "average" else "I read “typical” as the median."
        yield wording.put(f"{word} {named(number.name)}{who if rest else ''}", note)


_HAVING = re.compile(
    r"\b(?:rows?|ones|those)\s+(?P<verb>that have|which have|have|has|had|with|having)\s+"
    r"(?:an?\s+|the\s+)?(?P<column>\"[^\"]+\"|[\w.]+)(?=$|\s+(?:and|by|in|where|per)\b)",
    re.I,
)


def having(wording: Wording) -> Iterator[Wording]:
    """Yield "rows with a garage" as those where the count of garages is not zero."""
    found = _HAVING.search(wording.text)
    column = column_of(found["column"], wording.lexicon) if found else None
    if found is None or column is None:
        return
    profile, name = column.profile, named(column.name)
    counted = profile.type == "integer" and profile.min == 0 and profile.distinct <= 20
    if counted and not column.flag:
        text = f"rows with {name} more than 0"
        note = f"I read “{found.group()}” as `{column.name}` above 0."
        yield wording.put(wording.text[: found.start()] + text + wording.text[found.end() :], note)


_NOUNS = re.compile(
    r"(?<![\w\"])(?P<noun>[A-Za-z]+s)(?![\w\"])(?!\s+(?:more|higher|lower|than))", re.I
)


def flagged(wording: Wording) -> Iterator[Wording]:
    """Yield "pulse of smokers" as the rows where the yes/no column says yes."""
    for found in _NOUNS.finditer(wording.text):
        column = flag_of(found["noun"], wording.lexicon)
        if column is not None:
            text = wording.text[: found.start()] + f"rows that are {named(column.name)}"
            yield wording.put(text + wording.text[found.end() :])


_PLACED = re.compile(r"\b(?:in|within|near|on|inside)\s+(?:the\s+|an?\s+)?(?P<noun>[\w.\"]+)", re.I)


def placed(wording: Wording) -> Iterator[Wording]:
    """Yield "in the preferred area" as the rows where the yes/no column says yes."""
    for found in _PLACED.finditer(wording.text):
        column = column_of(found["noun"], wording.lexicon)
        if column is not None and column.profile.type == "boolean":
            text = wording.text[: found.start()] + f"with {named(column.name)}"
            yield wording.put(text + wording.text[found.end() :])
