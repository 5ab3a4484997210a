"""Questions for the row or the group that leads: "which C has the highest mean D?"."""

import re

from leonidas_jupyter.assistant.analyst.closed.concepts import pattern_of
from leonidas_jupyter.assistant.analyst.closed.entities import asked_entity
from leonidas_jupyter.assistant.analyst.closed.extremes import (
    HIGHEST,
    LOWEST,
    Superlative,
    superlatives,
)
from leonidas_jupyter.assistant.analyst.closed.facts import Facts
from leonidas_jupyter.assistant.analyst.closed.marks import C
from leonidas_jupyter.assistant.analyst.closed.spoken import (
    Leader,
    measuring,
    most_of,
    said_statistic,
    spoken,
)
from leonidas_jupyter.assistant.analyst.closed.wanted import Ask
from leonidas_jupyter.assistant.analyst.words import pieces, singular

_OFTEN = re.compile(
    r"\b(?:most|least)\s+(?:common(?:ly)?|frequent(?:ly)?|often|popular|occurr\w+)\b"
    r"|\b(?:occurs?|appears?|happen\w*|recorded|chosen|listed|used)\s+(?:the\s+)?(?:most|least)\b"
)
_MOST = re.compile(
    r"\b(?:the\s+|did\s+)?(?P<word>most|fewest|least)\s+(?!of\b|likely\b|recent\b)(?P<what>[a-z]+)"
)
_NUMBER = re.compile(
    rf"\b(?:(?P<high>{HIGHEST})|(?P<low>{LOWEST}))\s+(?:number|count|amount)\s+of\s+(?!{C})"
    r"|\b(?:number|count)\s+of\s+[\w ]{2,20}\s+(?:is\s+|was\s+)?(?:the\s+)?"
    rf"(?:(?P<high2>{HIGHEST})|(?P<low2>{LOWEST}))\b"
)
_BEHIND = re.compile(
    rf"({C})\s+(?:(?:is|was|were|are|at|its|the|value|reach\w*|ever)\s+)*(?:(?P<high>highest|largest"
    r"|greatest|maximum|maximal|biggest)|(?P<low>lowest|smallest|minimum|minimal|least))\b"
)
_DOWN = re.compile(rf"\b(?:{LOWEST}|least|low|bottom|slowest|cheapest|youngest|weakest|coldest)\b")
_UP = re.compile(rf"\b(?:{HIGHEST}|most|high|top|best|fastest|oldest|strongest|hottest|busiest)\b")


def leaders(facts: Facts) -> list[Leader]:
    """Return what the text asks for by superlatives, where it tells of what."""
    who = asked_entity(facts)
    counted = _counted(facts, sure=True) if who is not None else []
    if counted and who is not None:
        return [Leader(who, None, "rows", smallest) for smallest in counted]
    found = [_leader(facts, one, who) for one in _all(facts)]
    kept = [one for one in found if one is not None]
    if not kept and who is not None:
        kept = spoken(facts, who)
    if not kept and who is not None:
        kept = most_of(facts, who)
    if not kept and who is not None:
        kept = [Leader(who, None, "rows", smallest) for smallest in _counted(facts)]
    return list(dict.fromkeys(kept))


def _all(facts: Facts) -> list[Superlative]:
    found = superlatives(facts)
    for at, match in facts.finds(_BEHIND):
        one = Superlative(facts.marks.column(match[1]), bool(match["low"]), None)
        facts.use(at, match)
        if all(other.column != one.column for other in found):
            found.append(one)
    both = " ".join(facts.texts)
    if len(found) == 1 and re.search(
        rf"\band\s+(?:which\s+)?(?:\w+\s+){{0,3}}?(?:the\s+)?{LOWEST}\b", both
    ):
        found.append(Superlative(found[0].column, True, found[0].statistic))
    elif (
        len(found) == 1
        and found[0].smallest
        and re.search(rf"\band\s+(?:which\s+)?(?:\w+\s+){{0,3}}?(?:the\s+)?{HIGHEST}\b", both)
    ):
        found.append(Superlative(found[0].column, False, found[0].statistic))
    return found


def _leader(facts: Facts, one: Superlative, who: str | None) -> Leader | None:
    entity = who if who != one.column else None
    if entity is None:
        return None
    statistic = one.statistic or said_statistic(facts, one.column, entity)
    return Leader(entity, one.column, statistic, one.smallest)


def _counted(facts: Facts, *, sure: bool = False) -> list[bool]:
    """Return whether the fewest rows are asked for, for each way in which a text counts them."""
    found = []
    for at, text in enumerate(facts.texts):
        often, number = _OFTEN.search(text), _NUMBER.search(text)
        most = None if sure else _MOST.search(text)
        if number:
            found.append(bool(number["low"] or number["low2"]))
        elif often:
            found.append("least" in often.group())
        elif most and most["what"] not in ("likely", "significant", "important"):
            found.append(most["word"] != "most")
        for match in (often, number, most):
            if match:
                facts.use(at, match)
    return list(dict.fromkeys(found))


def direction(words: str) -> bool | None:
    """Return whether the words of a name ask for the least; None where they say neither."""
    down, up = bool(_DOWN.search(words)), bool(_UP.search(words))
    if not down and not up:
        descending = measuring(words)
        return None if descending is None else not descending
    return None if down == up else down


def about_all(ask: Ask, kind: str, facts: Facts) -> bool:
    """Return whether a name asks for a figure of all rows beside that of the leader."""
    if direction(ask.words) is not None or kind in ("max", "min", ""):
        return False
    if re.search(r"\b(?:overall|all|entire|whole)\b", ask.words):
        return True
    return facts.says(rf"(?:{pattern_of(kind).pattern})[^.;?,]{{0,30}}?{_OF_ALL}")


_OF_ALL = r"\b(?:(?:of|over|across|among|for)\s+(?:all|the\s+(?:whole|entire))|overall|in\s+all)\b"


def speaks_of(words: str, entity: str) -> bool:
    """Return whether the words of a name speak of the values of a column."""
    said = {singular(word) for word in re.findall(r"[a-z]+", words) if not word.endswith("est")}
    return any(
        singular(part) in said
        or any(
            len(word) > 3 and (part.startswith(word) or part.endswith(word[:4])) for word in said
        )
        for part in pieces(entity)
        if len(part) > 2
    )


_TOP = re.compile(
    r"\b(?:top|bottom|which|the)\s+(?P<n>\d{1,2}|two|three|four|five|six|seven|eight|nine|ten)\b"
)
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}


def read_top(facts: Facts) -> None:
    """Note how many of those that lead are asked for."""
    for at, match in facts.finds(_TOP):
        text = facts.texts[at]
        if match.group().startswith(("top", "bottom")) or re.search(
            rf"\b(?:{HIGHEST}|{LOWEST}|most|least|common|frequent)\b", text
        ):
            said = match["n"]
            facts.top = int(said) if said.isdigit() else _WORDS.index(said)
            facts.use(at, match)
            facts.kinds.add("top")
            return


def place_of(words: str, placeholder: str) -> int:
    """Return which of those that lead a name asks for: 1 for the first."""
    words = re.sub(r"\b(?:top|bottom)\s+\d+", " ", words)
    for word, place in _ORDINALS.items():
        if re.search(rf"\b{word}\b", f"{words} {placeholder}"):
            return place
    digits = re.search(r"(?:^|[^\d])(\d)(?:st|nd|rd|th)?$", words) or re.search(
        r"(?:^|[^\d])(\d)(?:st|nd|rd|th)?$", placeholder
    )
    return int(digits[1]) if digits else 1
