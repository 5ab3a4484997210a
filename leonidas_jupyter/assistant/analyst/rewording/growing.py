"""Growth and decline: "which state grew the most" between its first year and its last."""

import re
from collections.abc import Iterator
from dataclasses import replace

from leonidas_jupyter.assistant.analyst.column import NamedColumn
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.rephrase import named
from leonidas_jupyter.assistant.analyst.rewording.resolve import column_of, number_of
from leonidas_jupyter.assistant.analyst.rewording.wording import Wording

_MOVED = re.compile(
    r"^(?:which|what)\s+(?P<who>.+?)\s+(?:has\s+|have\s+)?(?P<verb>grew|grown|increased|risen"
    r"|rose|gained|improved|dropped|fell|fallen|declined|decreased|shrank|shrunk|lost)"
    r"\s+(?:by\s+)?(?:the\s+)?(?P<end>most|fastest|least)(?P<when>\s+(?:between|from"
    r"|since)\s+.+)?$",
    re.I,
)
_MOVED_IN = re.compile(
    r"^(?:which|what)\s+(?P<who>.+?)\s+(?:had|has|saw)\s+the\s+(?:biggest|largest|highest"
    r"|strongest|greatest)\s+(?P<verb>growth|increase|rise|gain|drop|fall|decline|decrease)"
    r"\s+(?:in|of)\s+(?P<column>.+?)(?P<when>\s+(?:between|from|since)\s+.+)?$",
    re.I,
)
_MOVED_WHERE = re.compile(
    r"^(?:in\s+)?(?:which|what)\s+(?P<who>.+?)\s+(?:did|has|have)\s+(?:the\s+)?(?P<column>.+?)\s+"
    r"(?P<verb>grow|grown|rise|risen|increase|increased|fall|fallen|drop|dropped|decline|declined"
    r"|decrease|decreased)\s+(?:the\s+)?(?P<end>most|fastest|least)"
    r"(?P<when>\s+(?:between|from|since)\s+.+)?$",
    re.I,
)
_MOVED_OF = re.compile(
    r"^(?:which|what)\s+(?P<who>\S+)\s+(?P<verb>grew|increased|rose|dropped|fell|declined"
    r"|decreased|shrank)\s+(?:the\s+)?(?P<end>most|fastest|least)\s+(?:in|by|in terms of)\s+"
    r"(?P<column>.+?)(?P<when>\s+(?:between|from|since)\s+.+)?$",
    re.I,
)
_DOWN = frozenset(
    {
        "dropped", "fell", "fallen", "declined", "decreased", "shrank", "shrunk", "lost", "drop",
        "fall", "decline", "decrease",
    }
)  # fmt: skip


def grown(wording: Wording) -> Iterator[Wording]:
    """Yield "which state grew the most" with its column and its first and last year."""
    for pattern in (_MOVED_WHERE, _MOVED_OF, _MOVED, _MOVED_IN):
        found = pattern.match(wording.text)
        if found is None or (found.groupdict().get("end") or "").lower() == "least":
            # "Increased the least" leaves open whether what fell is meant.
            continue
        who, column = _whose(found, wording.lexicon)
        if who is not None and column is None and found["who"].strip().count(" ") == 0:
            yield _which_grew(wording, who, found)
            continue
        span = _years(wording.lexicon)
        when = (found["when"] or "").strip()
        if who is None or column is None or (not when and span is None):
            continue
        notes = []
        if not when and span is not None:
            when = f"between {span[0]} and {span[1]}"
            notes.append(
                f"You named no years, so I compare the first, {span[0]}, with the last, {span[1]}."
            )
        verb = "fell" if found["verb"].lower() in _DOWN else "grew"
        by = named(who.name)
        yield wording.put(f"which {by}'s {named(column.name)} {verb} the most {when}", *notes)


def _which_grew(wording: Wording, who: NamedColumn, found: re.Match[str]) -> Wording:
    """Return the question back about which number it is that grew."""
    span = _years(wording.lexicon)
    when = (found["when"] or "").strip() or (f"between {span[0]} and {span[1]}" if span else "")
    verb = "fell" if found["verb"].lower() in _DOWN else "grew"
    asked = [
        f"which {named(who.name)}'s {named(column.name)} {verb} the most {when}"
        for column in wording.lexicon.columns
        if column.numeric and not column.key and "year" not in column.core
    ]
    return replace(wording, options=tuple(asked))


_PERCENT = re.compile(
    r"^(?:by\s+)?(?:what|how many|how much)(?:\s+(?:percent(?:age)?|%))?\s+(?:did|has|have"
    r"|does)\s+(?P<who>.+?)\s+"
    r"(?:grow|grown|increase|increased|rise|risen|change|changed|fall|fallen|drop|dropped"
    r"|decrease|decreased|decline|declined)"
    r"\s+(?P<when>(?:from|between)\s+.+)$",
    re.I,
)


def grown_by(wording: Wording) -> Iterator[Wording]:
    """Yield "by what percent did Ohio's output grow from 1970 to 1986" as a growth."""
    found = _PERCENT.match(wording.text)
    if found is None:
        return
    who = found["who"].replace("\u2019", "'")
    for whose, said in ((who.partition("'s ")[0], who.partition("'s ")[2]), _last_words(who)):
        number = number_of(said, wording.lexicon) if said else None
        if number is not None:
            yield wording.put(f"growth of {named(number.name)} {found['when']} for {whose}".strip())
    number = number_of(who, wording.lexicon)
    if number is not None:
        yield wording.put(f"growth of {named(number.name)} {found['when']}")


_CHANGED = re.compile(
    r"^(?:did|has|have|how (?:did|has|have|much (?:did|has|have)))\s+(?:the\s+)?(?P<column>.+?)\s+"
    r"(?:grow|grown|rise|risen|increase|increased|fall|fallen|drop|dropped|decline|declined"
    r"|decrease|decreased|change|changed|develop|developed)"
    r"(?P<where>\s+(?:in|for|of)\s+\D+?)?(?P<when>\s+(?:between|from)\s+\d.+)?(?:\s+over time)?$",
    re.I,
)


def changed_in(wording: Wording) -> Iterator[Wording]:
    """Yield "how has income changed in Japan" as its growth from the first year to the last."""
    found = _CHANGED.match(wording.text)
    number = number_of(found["column"], wording.lexicon) if found else None
    span = _years(wording.lexicon)
    if found is None or number is None or (span is None and not found["when"]):
        return
    when, notes = (found["when"] or "").strip(), []
    if not when and span is not None:
        when = f"from {span[0]} to {span[1]}"
        notes = [f"You named no years, so I compare the first, {span[0]}, and the last, {span[1]}."]
    where = re.sub(r"^\s+(?:in|of)\s+", " for ", found["where"] or "")
    yield wording.put(f"growth of {named(number.name)} {when}{where}", *notes)


_DRAWN = re.compile(
    r"^(?:an?\s+|the\s+)?(?:line chart|line plot|line graph|chart|plot|graph|trend|evolution)\s+"
    r"(?:of\s+)?(?:the\s+)?(?P<column>.+?)\s+(?:for|in|of)\s+(?P<where>\D+)$",
    re.I,
)


def drawn(wording: Wording) -> Iterator[Wording]:
    """Yield "line chart of the price for Spain" as one over time."""
    found = _DRAWN.match(wording.text)
    number = number_of(found["column"], wording.lexicon) if found else None
    if found is not None and number is not None and _years(wording.lexicon) is not None:
        name = named(number.name)
        yield wording.put(
            f"line chart of average {name} over time for {found['where']}",
            f"I take the mean of `{number.name}` over time.",
        )


def _last_words(text: str) -> tuple[str, str]:
    """Return "gsp in Ohio" as Ohio and gsp."""
    said, _, whose = text.partition(" in ")
    return (whose, said) if whose else ("", "")


def _whose(
    found: re.Match[str], lexicon: FrameLexicon
) -> tuple[NamedColumn | None, NamedColumn | None]:
    who, said = found["who"], found.groupdict().get("column")
    if said is None and re.search(r"['\u2019]s?\s|\s", who):
        whose, _, said = (
            who.replace("\u2019", "'").replace("'s ", "\t").replace("s' ", "s\t").partition("\t")
        )
        if not said:
            whose, _, said = who.partition(" ")
        who = whose
    group = column_of(who, lexicon)
    if said:
        return group, number_of(said, lexicon)
    numbers = [
        column
        for column in lexicon.columns
        if column.numeric and not column.key and "year" not in column.core
    ]
    return group, numbers[0] if len(numbers) == 1 else None


def _years(lexicon: FrameLexicon) -> tuple[int, int] | None:
    for column in lexicon.columns:
        low, high = column.profile.min, column.profile.max
        if column.temporal and low and high and str(low)[:4] != str(high)[:4]:
            return int(str(low)[:4]), int(str(high)[:4])
        if (
            column.numeric
            and column.core == ("year",)
            and isinstance(low, int)
            and isinstance(high, int)
        ):
            return low, high
    return None
