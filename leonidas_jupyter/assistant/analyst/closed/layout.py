"""The parts of a question that states the form of its answer: what is asked, and what to fill."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

NAME = re.compile(r"@(\w+)\s*\[([^\]\n]*)\]")
_LABEL = re.compile(
    r"^[\s{}*#>-]*(?:(?:the\s+)?(?:question|constraints?|format|(?:answer|output|response)\s+format"
    r"|requires?\s+output|required\s+output|output|answers?)\s*(?:\d+\s*)?[:\uff1a]\s*)+",
    re.I,
)
_RETURN = re.compile(
    r"^(?:return|give|provide|report)\s+(?:the\s+)?(?:\d+|two|three|four|five|six|following)\s+"
    r"(?:values?|answers?)\b.*",
    re.I,
)
_NUMBERED = re.compile(r"^[\s{}]*(?:\(?\d{1,2}\s*[.)]|[-*•])\s+|^[\s{}]*\(?\d{1,2}[.)]$")
_ABBREVIATED = "".join(
    rf"(?<!\b{word}\.)"
    for word in ("Inc", "Corp", "Ltd", "Co", "vs", "approx", "Dr", "Mr", r"e\.g", r"i\.e")
)
_SENTENCE = re.compile(rf"(?<=[.?!]){_ABBREVIATED}[\s}}]+(?=[\"'“\u2018(A-Z0-9@])|\n+")
_WORDS = {"no": 0, "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
_FRACTIONS = {"tenth": 1, "hundredth": 2, "thousandth": 3, "ten-thousandth": 4}
_COUNT = r"(\d|no|zero|one|two|three|four|five|six|first|second|third|fourth|fifth)"
_DECIMALS = re.compile(
    rf"\b{_COUNT}(?:st|nd|rd|th)?\s*(?:-\s*)?(?:decimals?|digits?\s+after|places?\b)"
    r"|\b(tenth|hundredth|(?:ten-)?thousandth)s?\b"
    r"|\b(?:nearest\s+(?:integer|whole)|whole\s+numbers?)"
    rf"|decimals?\s+(?:places?|points?)?\s*(?:of|=|:)?\s*{_COUNT}\b"
    rf"|\bround\w*\s+(?:\w+\s+)?(?:off\s+)?(?:to\s+)?{_COUNT}\b(?=\s*(?:[.,;)\]]|$|digits?\b|d\.?p|places?))"
    r"|\b(\d)\s*(?:dp\b|d\.p\.|digits?\b(?!\s+(?:code|number|year|integer)))",
    re.I,
)


@dataclass(frozen=True)
class Slot:
    """A name to fill: ``@name[placeholder]``, and what the form says about it."""

    name: str
    placeholder: str
    about: str
    decimals: int | None


@dataclass(frozen=True)
class ClosedForm:
    """A question with names to fill.

    ``sentences`` ask and constrain, those that only introduce the form left out. ``general`` is
    what the form says of all names at once; with ``lines`` each
    name has a line of its own.
    """

    sentences: tuple[str, ...]
    slots: tuple[Slot, ...]
    general: tuple[str, ...]
    lines: bool = False


def decimals_in(text: str) -> int | None:
    """Return the number of decimals that ``text`` asks for, if it does."""
    match = _DECIMALS.search(text)
    if match is None:
        return None
    said = next((each for each in match.groups() if each), "").lower()
    if not said:
        return 0
    if said.isdigit():
        return int(said)
    return (_WORDS | _ORDINALS | _FRACTIONS)[said]


def without_decimals(text: str) -> str:
    """Return ``text`` with the words that ask for decimals taken out."""
    return _DECIMALS.sub(" rounded ", text)


def read_closed_form(text: str) -> ClosedForm | None:
    """Return the parts of a question that states the form of its answer.

    None where it states none.
    """
    first = NAME.search(text)
    if first is None:
        return None
    head = [
        part
        for part in sentences(text[: first.start()])
        if not _RETURN.match(part) and not _ties(part)
    ]
    slots, general = _slots(text[first.start() :])
    whole = decimals_in(" ".join(general))
    asked = decimals_in(" ".join(head))
    default = whole if whole is not None else asked
    filled = tuple(slot if slot.decimals is not None else _with(slot, default) for slot in slots)
    last = [match.start() for match in NAME.finditer(text)][-1]
    lines = "\n" in text[first.start() : last]
    return ClosedForm(tuple(head), filled, tuple(general), lines)


_TIE = re.compile(
    r"(?:in\s+(?:the\s+)?case\s+of|in\s+the\s+event\s+of|if\s+there\s+(?:is|are)|should\s+there\s+be"
    r"|when\s+there\s+(?:is|are)|on|with|for)\s+(?:a\s+|an\s+|any\s+)*ties?\b"
    r"|ties\s+(?:are|should\s+be|must\s+be)\s+broken\b|break\s+ties\b|no\s+ties?\b",
    re.I,
)
_OF_SEVERAL = re.compile(r"\b(?:all|both|every|each|list|commas?|separated|several|tied)\b", re.I)


def _ties(sentence: str) -> bool:
    """Return whether a sentence only says which of several equal ones is named."""
    return _TIE.match(sentence) is not None and _OF_SEVERAL.search(sentence) is None


def _with(slot: Slot, decimals: int | None) -> Slot:
    return Slot(slot.name, slot.placeholder, slot.about, decimals)


def sentences(text: str) -> list[str]:
    """Return the sentences of ``text``, without labels ("Constraints:") and numbering."""
    found = []
    for part in _SENTENCE.split(text):
        bare, before = part.strip(" {}\t"), None
        while bare != before:
            before = bare
            bare = _NUMBERED.sub("", _LABEL.sub("", bare)).strip(" {}\t")
        if re.search(r"\w", bare):
            found.append(bare)
    return found


def _slots(form: str) -> tuple[list[Slot], list[str]]:
    """Return the names of the form, and its sentences that are about none of them."""
    found = list(dict.fromkeys(NAME.findall(form)))
    rest = NAME.sub("\n", form)
    placeholders = [placeholder for _, placeholder in found if _referable(placeholder)]
    names = [name for name, _ in found if name not in placeholders]
    about, general = _descriptions(rest, [*placeholders, *names])
    slots = []
    for name, placeholder in found:
        inline = "" if _referable(placeholder) else placeholder
        own = about.get(name, "") if name in names else ""
        said = " ".join([inline, about.get(placeholder, ""), own]).strip()
        slots.append(Slot(name, placeholder, said, decimals_in(said)))
    return slots, general


def _referable(placeholder: str) -> bool:
    words = len(placeholder.split())
    return 0 < words <= 4 and re.fullmatch(r"[\w %.'-]+", placeholder) is not None


def _descriptions(rest: str, placeholders: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Return what is said of each placeholder ("where "x" is …"), and what is said of none."""
    mentions = _mentions(rest, placeholders)
    if not mentions:
        return {}, sentences(rest)
    general = sentences(rest[: mentions[0][0]])
    about: dict[str, str] = {}
    group: list[str] = []
    for at, (_, end, placeholder) in enumerate(mentions):
        group.append(placeholder)
        until = mentions[at + 1][0] if at + 1 < len(mentions) else len(rest)
        between = rest[end:until]
        if re.fullmatch(
            r"[\s,&\"'`“”\u2018\u2019]*(?:and|or)?[\s,\"'`“”\u2018\u2019]*", between
        ) and at + 1 < len(mentions):
            continue
        own, *others = [part for part in _SENTENCE.split(between.strip()) if part.strip()] or [""]
        said, more = _about_it(own, others)
        for each in group:
            about[each] = f"{about.get(each, '')} {said}".strip()
        general += [part for one in more for part in sentences(one)]
        group = []
    return about, [part for part in general if len(part.split()) > 2]


def _about_it(own: str, others: Sequence[str]) -> tuple[str, list[str]]:
    """Return a description with the remarks after it that still belong to it, and the rest."""
    said, rest = own.lstrip(" \"'`”\u2019,").rstrip(" ,"), []
    for other in others:
        if re.match(r"(?:it|this|the (?:value|string|number|list))\b", other.strip(), re.I):
            said += " " + other.strip()
        else:
            rest.append(other)
    said = re.sub(r"[\s,]*(?:\b(?:and|where)\b)?[\s,“\u2018`]*$", "", said)
    for quote in ('"', "'"):
        # An opening quote belongs to what is described next.
        if said.endswith(quote) and said.count(quote) % 2:
            said = re.sub(r"[\s,]*(?:\b(?:and|where)\b)?[\s,]*$", "", said[:-1])
    return said, rest


def _mentions(rest: str, placeholders: Sequence[str]) -> list[tuple[int, int, str]]:
    """Return where placeholders stand, quoted, or bare before a verb or another of them."""
    found: list[tuple[int, int, str]] = []
    for placeholder in dict.fromkeys(placeholders):
        quoted = re.escape(placeholder)
        pattern = re.compile(
            rf"[\"'`“\u2018]{quoted}[\"'`”\u2019]|(?<![\w\"'`]){quoted}(?=\s*(?:,|and\b|is\b|are\b"
            r"|should\b|represents?\b"
            r"|denotes?\b|will\b|must\b|indicates?\b|refers?\b|:))"
        )
        found += [(match.start(), match.end(), placeholder) for match in pattern.finditer(rest)]
    return sorted(found)
