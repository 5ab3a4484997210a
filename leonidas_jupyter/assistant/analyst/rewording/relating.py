"""How two columns go together, as people ask: "does X affect Y", "is X different between Ys"."""

import re
from collections.abc import Iterator
from dataclasses import replace

from leonidas_jupyter.assistant.analyst.column import NamedColumn
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.rephrase import named
from leonidas_jupyter.assistant.analyst.rewording.phrasebook import phrasebook
from leonidas_jupyter.assistant.analyst.rewording.resolve import (
    column_of,
    flag_of,
    kind_of,
    number_of,
    sized_by,
    value_of,
)
from leonidas_jupyter.assistant.analyst.rewording.wording import Wording

_ACTS = (
    r"(?:affects?|influences?|impacts?|matters? (?:for|to)|predicts?|explains?|drives?|determines?"
    r"|correlates? (?:with|to)|depends? (?:up)?on|relates? to|have an? (?:effect|influence"
    r"|impact) on"
    r"|has an? (?:effect|influence|impact) on|makes? a difference (?:to|in|for)|(?:go(?:es)? "
    r"(?:up|down)|rises?|increases?"
    r"|grows?|falls?|drops?|decreases?|declines?|improves?|changes?|varies|vary) (?:with|as"
    r"|when|together with))"
)
_BEINGS = (
    r"(?:related to|dependent (?:up)?on|driven by|linked (?:to|with)|affected by|influenced by"
    r"|determined by|associated with|correlated (?:to|with)|connected (?:to|with)|tied to)"
)
_TIES = (
    r"(?:relationship|relation|link|connection|association|correlation|dependence|dependency|effect"
    r"|influence|impact|interplay)"
)
_SURE = re.compile(
    r",?\s*\b(?:statistically\s+)?significant(?:ly)?\b,?|\bstatistically\b|\breally\b|\bactually\b",
    re.I,
)
_PATTERNS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        rf"^(?:how\s+)?(?:does|do|did)\s+(?P<one>.+?)\s+{_ACTS}\s+(?P<other>.+?)(?:\s+(?:goes?"
        rf"|rises?|increases?|grows?|decreases?|falls?)(?:\s+(?:up|down))?)?$",
        rf"^(?:how\s+)?(?:is|are|was|were)\s+(?P<one>.+?)\s+(?:much\s+"
        rf"|strongly\s+)?{_BEINGS}\s+(?P<other>.+)$",
        rf"^(?:is there|are there|was there|what is|what's|show|describe|how strong is)?\s*"
        rf"(?:any|an?|the|some)?\s*{_TIES}s?\s+(?:between|of)\s+(?P<one>.+?)\s+(?:and|on|with"
        rf"|to)\s+(?P<other>.+)$",
    )
)
_GROUPS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        r"^(?:is|are|was|were|does|do|did)\s+(?P<one>.+?)\s+(?:different|differ|differs|vary"
        r"|varies|change|changes)\s+(?:between|across|among|amongst|by|for|with"
        r"|depending on)\s+(?:the\s+)?(?:different\s+)?(?P<other>.+)$",
        r"^(?:is there|are there|was there|were there)?\s*(?:any|an?)?\s*differences?\s+(?:in"
        r"|of)\s+(?P<one>.+?)\s+(?:between|across|among|amongst|by|for)\s+(?:the\s+)?"
        r"(?:different\s+)?(?P<other>.+)$",
    )
)
_DRIVERS = re.compile(
    r"^(?:what|which (?:column|variable|factor|thing|feature)s?)\s+(?:most\s+)?(?:drives?"
    r"|affects?|influences?|impacts?"
    r"|explains?|determines?|matters?(?: most)? for|predicts?|is (?:most )?related to|goes with"
    r"|go with)\s+(?P<one>.+?)"
    r"(?:\s+(?:the\s+)?most)?$",
    re.I,
)
_BOTH = re.compile(
    r"^(?:are|is)\s+(?P<first>\w+)\s+(?P<noun>\S+)\s+(?:also\s+)?(?P<second>(?:more |less )?\w+)$",
    re.I,
)
_CAUSE = "I took it as what goes together, which is not cause."


def related(wording: Wording) -> Iterator[Wording]:
    """Yield "does X affect Y" as a correlation, a test of groups or of independence."""
    plain = wording.put(_SURE.sub(" ", wording.text))
    for pattern in _PATTERNS:
        found = pattern.match(plain.text)
        if found is not None:
            one, other = _any(found["one"], wording.lexicon), _any(found["other"], wording.lexicon)
            if one is not None and other is not None and one != other:
                yield from _tied(plain, one, other)


def _any(text: str, lexicon: FrameLexicon) -> NamedColumn | None:
    return column_of(text, lexicon) or flag_of(text, lexicon)


def _few(column: NamedColumn) -> bool:
    return column.profile.type in ("text", "boolean")


def _tied(wording: Wording, one: NamedColumn, other: NamedColumn) -> Iterator[Wording]:
    first, second = named(one.name), named(other.name)
    if one.numeric and other.numeric:
        yield wording.put(f"correlation between {first} and {second}", _CAUSE)
    elif _few(one) and _few(other):
        yield wording.put(f"are {first} and {second} independent", _CAUSE)
    elif one.numeric and _few(other):
        yield wording.put(f"does {first} differ significantly by {second}", _CAUSE)
    elif other.numeric and _few(one):
        yield wording.put(f"does {second} differ significantly by {first}", _CAUSE)


def differing(wording: Wording) -> Iterator[Wording]:
    """Yield "is X significantly different between Ys" as a test, or as means where it is not."""
    sure = "significan" in wording.text.lower() or "statistical" in wording.text.lower()
    plain = wording.put(_SURE.sub(" ", wording.text))
    lexicon = wording.lexicon
    for pattern in _GROUPS:
        found = pattern.match(plain.text)
        number = number_of(found["one"], lexicon) if found else None
        if found is None or number is None:
            continue
        name = named(number.name)
        kinds = kind_of(found["other"], lexicon)
        if kinds is not None:
            by = named(kinds.name)
            asked = (
                f"does {name} differ significantly by {by}" if sure else f"average {name} by {by}"
            )
            yield plain.put(asked, "" if sure else f"I compare the means of `{number.name}`.")
        sides = re.split(r"\s+(?:and|or|vs\.?|versus)\s+", found["other"])
        values = [value_of(side, lexicon) for side in sides]
        if len(values) == 2 and values[0] and values[1] and values[0].column == values[1].column:
            pair = f'between "{values[0].values[0]}" and "{values[1].values[0]}"'
            what = f"significant difference in {name}" if sure else f"difference in average {name}"
            yield plain.put(f"is there a {what} {pair}" if sure else f"{what} {pair}")


_WHICH_DIFFER = re.compile(
    r"^(?:what|which(?: ones?| columns?| variables?| of them)?)\s+(?:is|are|differs?|vary"
    r"|varies)\s*(?:most\s+)?(?:different\s+)?"
    r"(?:between|across|among|by|for)\s+(?:the\s+)?(?P<other>.+)$",
    re.I,
)


def which_differ(wording: Wording) -> Iterator[Wording]:
    """Yield, for "which is different between species", a question for each number."""
    sure = "significan" in wording.text.lower()
    found = _WHICH_DIFFER.match(wording.put(_SURE.sub(" ", wording.text)).text)
    kinds = kind_of(found["other"], wording.lexicon) if found else None
    if kinds is None:
        return
    by = named(kinds.name)
    numbers = [
        named(each.name) for each in wording.lexicon.columns if each.numeric and not each.key
    ]
    asked = "does {} differ significantly by {}" if sure else "average {} by {}"
    yield replace(wording, options=tuple(asked.format(name, by) for name in numbers))


def driven(wording: Wording) -> Iterator[Wording]:
    """Yield "what drives X the most" as what correlates most with it."""
    found = _DRIVERS.match(wording.text)
    number = number_of(found["one"], wording.lexicon) if found else None
    if number is not None:
        yield wording.put(f"what correlates most with {named(number.name)}", _CAUSE)


def both_ways(wording: Wording) -> Iterator[Wording]:
    """Yield "are bigger lots pricier" as the correlation of the two columns."""
    found = _BOTH.match(wording.text)
    if found is None:
        return
    adjectives, lexicon = phrasebook().adjectives, wording.lexicon
    first, second = adjectives.get(found["first"].lower()), adjectives.get(found["second"].lower())
    if first is None or second is None:
        return
    one = number_of(found["noun"], lexicon) or sized_by(first, lexicon)
    other = sized_by(second, lexicon)
    if one is not None and other is not None and one != other:
        asked = f"correlation between {named(one.name)} and {named(other.name)}"
        yield wording.put(asked, _CAUSE)
