"""Which column a model shall predict, and from which: by their parts in a text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from leonidas_jupyter.assistant.analyst.closed.facts import Declined, Facts
from leonidas_jupyter.assistant.analyst.closed.marks import CS, C
from leonidas_jupyter.assistant.analyst.column import same_word
from leonidas_jupyter.assistant.analyst.words import fold

_IS = r"(?:\s+(?:is|are|be|should\s+be|will\s+be|being|:|=|include|such\s+as|namely)|\s*[:=])?"
_TARGETS = r"(?:dependent|target|response|outcome|output|label)"
_INPUTS = r"(?:independent|explanatory|predictor|input|feature|regressor|covariate)s?"
_NOUN = r"(?:\s+(?:variables?|columns?|features?|values?))?"
_CUES = (
    (
        "target",
        2,
        re.compile(
            rf"\b{_TARGETS}(?:\s+or\s+{_TARGETS})?{_NOUN}(?:\s+for\s+[^.;,]*?)?{_IS}(?=\s|\()"
        ),
    ),
    ("features", 2, re.compile(rf"\b{_INPUTS}{_NOUN}(?:\s+for\s+[^.;,]*?)?{_IS}(?=\s|\()")),
    (
        "target",
        1,
        re.compile(
            r"\b(?:predict(?:s|ing|ed)?|predictions?\s+(?:of|for)|forecast(?:s|ing)?|explain(?:s|ing)?"
            r"|estimat(?:e|es|ing)|classify(?:ing)?|regress(?:ing|es)?|regression\s+(?:model\s+)?(?:of|for)"
            r"|classifier\s+(?:of|for)|line\s+(?:of|for)|model\s+(?:of|for)|tells?|distinguish(?:es)?"
            r"|separates?)\b"
        ),
    ),
    (
        "features",
        1,
        re.compile(
            r"\b(?:from|based\s+(?:up)?on|using|with|on|by|as\s+a\s+function\s+of|given|in\s+terms\s+of)\b"
        ),
    ),
)  # fmt: skip
_AS = re.compile(
    rf"({CS})\s*(?:as|is|are|being|be|serves?\s+as|used\s+as)\s+(?:the\s+|its\s+|an?\s+|our\s+)*"
    rf"(?:(?P<target>{_TARGETS})|(?P<features>{_INPUTS}))\b"
)
_REST = re.compile(
    r"\ball\s+(?:of\s+)?(?:the\s+)?(?:other|remaining)\s+(?:numeric\w*\s+)?(?:columns?|variables?|features?)\b"
)
_OPEN = re.compile(r"\betc\b|\band so on\b|\band other\b")
_DOES = re.compile(
    r"^\s*(?:then\s+|finally\s+)?(?:train|split|evaluat|report|fit|test|us|comput|calculat|predict"
    r"|determin|assess|find|giv|what|which|how|is|are|state|provid|check|standardi|scal)"
)
_EMPTY = re.compile(r"^[\W\d]*(?:(?:the|its|an?|of|both|rest|all|rows?|no|split)\b[\W\d]*)*$")
_NEVER = frozenset(
    ("model", "regression", "feature", "target", "set", "test", "train", "data", "value", "values",
     "number", "error", "split", "index", "state", "seed", "score", "line")
)  # fmt: skip


@dataclass
class Roles:
    """What is predicted (``target``) from what (``features``), with how clearly that is said."""

    target: dict[int, list[str]] = field(default_factory=dict)
    features: dict[int, list[str]] = field(default_factory=dict)
    open: set[int] = field(default_factory=set)

    def add(self, role: str, strength: int, names: list[str]) -> None:
        """Note columns of a role."""
        own = getattr(self, role).setdefault(strength, [])
        own += [name for name in names if name not in own]

    def settled(self) -> tuple[list[str], list[str]]:
        """Return the target and the features, the clearest words counting.

        There are no features where a part of their list names none.
        """
        target = self.target.get(2) or self.target.get(1) or []
        for strength in (2, 1):
            features = [name for name in self.features.get(strength, []) if name not in target]
            if features:
                return target, [] if strength in self.open else features
        return target, []


def roles(facts: Facts) -> tuple[str | None, list[str]]:
    """Return the target, if the text names it, and the features.

    Raises:
        Declined: it names none, or leaves some of them open.
    """
    if any(_OPEN.search(text) and re.search(_INPUTS, text) for text in facts.texts):
        raise Declined("It does not name all columns from which the model shall predict.")
    first: list[str] = []
    for loosely, texts in enumerate((facts.texts, facts.loose)):
        found = _roles(facts, texts, loosely=bool(loosely))
        target, features = found.settled()
        if len(target) > 1 and found.target.get(2) and len(found.target[2]) > 1:
            target = [name for name in found.target.get(1, []) if name in target] or target
        if not features and facts.says(_REST.pattern) and len(target) == 1:
            own = facts.marks.lexicon.columns
            features = [one.name for one in own if one.numeric and one.name != target[0]]
        if features and len(target) == 1:
            return target[0], features
        first = first or (features if not target else [])
    if first:
        return None, first
    raise Declined("I do not know what the regression shall predict from what.")


def _roles(facts: Facts, texts: list[str], *, loosely: bool) -> Roles:
    found = Roles()
    for at, said in enumerate(texts):
        text = spelled_out(_these(said, texts[:at]), facts)
        if not any(pattern.search(text) for pattern in (_AS, *(cue for _, _, cue in _CUES[:3]))):
            continue
        for match in _AS.finditer(text):
            role = "target" if match["target"] else "features"
            found.add(role, 2, facts.marks.columns_in(match[1]))
        text = _AS.sub(" ; ", text)
        for role, strength, span in _spans(text):
            names, whole = _listed(span, facts, role, loosely=loosely)
            if names:
                found.add(role, strength, names)
            if names and not whole and role == "features":
                found.open.add(strength)
    return found


_THESE = re.compile(
    r"\b(?:these|those|them)\b(?:\s+(?:columns?|variables?|features?))?(?=\s+as\s+(?:the\s+)?"
    rf"{_INPUTS}\b)"
)


def _these(text: str, before: list[str]) -> str:
    """Return a sentence with the columns of the last one that names some for "these"."""
    named = next((re.findall(C, said) for said in reversed(before) if re.search(C, said)), [])
    return _THESE.sub(" , ".join(dict.fromkeys(named)), text) if named else text


def _spans(text: str) -> Iterator[tuple[str, int, str]]:
    """Yield the stretches of a sentence that belong to a cue, up to the next one."""
    cues = sorted(
        (match.start(), match.end(), role, strength)
        for role, strength, pattern in _CUES
        for match in pattern.finditer(text)
    )
    cues = [cue for at, cue in enumerate(cues) if not any(other[1] > cue[0] for other in cues[:at])]
    for at, (_, end, role, strength) in enumerate(cues):
        stop = cues[at + 1][0] if at + 1 < len(cues) else len(text)
        yield role, strength, re.split(r"[;.]\s|[;.]$|\bover\b|\bto\b", text[end:stop])[0]


def _listed(span: str, facts: Facts, role: str, *, loosely: bool) -> tuple[list[str], bool]:
    """Return the columns of a stretch, and whether each of its parts names one."""
    if role == "target":
        named = facts.marks.columns_in(span)[:1]
        close = _closest(re.split(r",", span)[0], facts) if loosely and not named else None
        return [close] if close else named, True
    names: list[str] = []
    for part in re.split(r",|\band\b|\bas\s+well\s+as\b|\bplus\b", span):
        if re.search(C, part):
            names += facts.marks.columns_in(part)
            continue
        if _EMPTY.match(part):
            continue
        if _DOES.match(part):
            break
        close = _closest(part, facts) if loosely else None
        if close is None:
            return names, False
        names.append(close)
    return list(dict.fromkeys(names)), True


def _closest(said: str, facts: Facts) -> str | None:
    """Return the column of numbers of whose name most words, and the greatest part, stand here."""
    words = [fold(word) for word in re.findall(r"[a-z]{3,}|\d+", said)]
    scores: dict[tuple[int, float], list[str]] = {}
    for column in facts.marks.lexicon.columns:
        if not column.numeric:
            continue
        parts = [part for part in column.words if len(part) > 2] or list(column.words)
        met = sum(any(_meet(part, word) for word in words) for part in parts)
        scores.setdefault((met, met / len(parts)), []).append(column.name)
    best = max(scores, default=(0, 0.0))
    return scores[best][0] if best[1] >= _HALF and len(scores[best]) == 1 else None


_HALF = 0.5


def _meet(part: str, word: str) -> bool:
    return same_word(part, word) or (
        len(part) >= 3 and (word.startswith(part) or part.startswith(word))
    )


def spelled_out(text: str, facts: Facts) -> str:
    """Return a sentence with everyday words marked that are a column's whole name."""
    for column in facts.marks.lexicon.columns:
        name = fold(column.name).strip()
        if not name.isalpha() or len(name) < 2 or name in _NEVER:
            continue
        if re.search(rf"(?<![\w-]){name}(?![\w-])", text):
            text = re.sub(
                rf"(?<![\w-]){name}(?![\w-])", f" {facts.marks.column_sign(column.name)} ", text
            )
    return text
