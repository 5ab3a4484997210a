"""The matcher: cuts a question into spans, each with what it may mean for one frame."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product

from leonidas_jupyter.assistant.analyst.column import same_word
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon, ValueRef, at_its_end
from leonidas_jupyter.assistant.analyst.vocabulary import (
    EXACT,
    LOOSE,
    NEAR,
    Adjective,
    Meaning,
    vocabulary,
)
from leonidas_jupyter.assistant.analyst.words import Token

UNKNOWN = "_"
_LONGEST = 8
_MOST_READINGS = 32
# Words that hold a sentence together never stand for a cell's value unless quoted.
_STRUCTURE = frozenset("-poweh=&|,!0qBftalgRKJNPuW>@+HxX?")
# A column of exactly this name wins over these meanings of the word.
_YIELDS_TO_COLUMN = frozenset("-PguMkRaslhvJwzpI")
_INNER_FILLERS = frozenset({"of", "the", "per", "in", "a"})


@dataclass(frozen=True)
class Number:
    """A number of the question.

    ``year`` where it may be one, ``percent`` where a per cent sign followed.
    """

    value: float
    text: str
    year: bool = False
    percent: bool = False
    unit: str | None = None
    scale: float = 1


@dataclass(frozen=True)
class Span:
    """Tokens ``start:end`` of the question and what they mean."""

    start: int
    end: int
    text: str
    meaning: Meaning

    @property
    def kind(self) -> str:
        """The meaning's letter."""
        return self.meaning.kind


@dataclass(frozen=True)
class _Candidate:
    meaning: Meaning
    weight: float


def readings(
    tokens: Sequence[Token], lexicon: FrameLexicon, frame_names: Sequence[str]
) -> Iterator[list[Span]]:
    """Yield the ways to read the tokens, unknown ones as kind ``_``.

    The first is no better than the others.
    """
    cover = _best_cover(tokens, lexicon, frame_names)
    choices = [[(start, end, meaning) for meaning in meanings] for start, end, meanings in cover]
    for chosen in islice(product(*choices), _MOST_READINGS):
        yield [
            Span(start, end, " ".join(token.text for token in tokens[start:end]), meaning)
            for start, end, meaning in chosen
        ]


def _best_cover(
    tokens: Sequence[Token], lexicon: FrameLexicon, frame_names: Sequence[str]
) -> list[tuple[int, int, list[Meaning]]]:
    count = len(tokens)
    best: list[tuple[float, int, list[Meaning]]] = [(0.0, count, [])] * (count + 1)
    for start in range(count - 1, -1, -1):
        options = [(best[start + 1][0] - 3.0, start + 1, [Meaning(UNKNOWN)])]
        for end in range(start + 1, min(count, start + _LONGEST) + 1):
            found = _candidates(tokens, start, end, lexicon, frame_names)
            if found:
                weight = max(candidate.weight for candidate in found)
                kept = [
                    candidate.meaning for candidate in found if candidate.weight > weight - 0.25
                ]
                options.append((weight + best[end][0], end, kept))
        best[start] = max(options, key=lambda option: option[0])
    cover, at = [], 0
    while at < count:
        _, end, meanings = best[at]
        cover.append((at, end, meanings))
        at = end
    return cover


def _says_frame(tokens: Sequence[Token], at: int, lexicon: FrameLexicon) -> bool:
    """Return whether "in seattle" only says again what the table is called: seattle_weather."""
    before = tokens[at - 1].low if at else ""
    return before == "in" and tokens[at].low in lexicon.frame_words[:-1]


def _weight(base: float, length: int) -> float:
    return base * length + 0.4 * (length - 1)


def _candidates(
    tokens: Sequence[Token], start: int, end: int, lexicon: FrameLexicon, frame_names: Sequence[str]
) -> list[_Candidate]:
    phrase = tokens[start:end]
    length = end - start
    if length == 1 and phrase[0].kind in ("number", "date"):
        return [_Candidate(_literal(phrase[0]), 1.0), *_columns(phrase, lexicon)]
    if length == 1 and phrase[0].kind == "ordinal":
        return [_Candidate(Meaning("I", phrase[0].text[:-2]), 1.0)]
    if length == 1 and phrase[0].kind == "quoted":
        return _quoted(phrase[0], lexicon)
    if any(token.kind == "quoted" for token in phrase):
        return []
    keywords = [] if phrase[0].kind == "number" else list(_keywords(phrase))
    columns = _columns(phrase, lexicon)
    exact = any(candidate.meaning.fit == EXACT for candidate in columns)
    if exact:
        keywords = [word for word in keywords if word.meaning.kind not in _YIELDS_TO_COLUMN]
    if length > 1 and _ends_in_column(phrase[-1], lexicon):
        # "mean value" of a table with a column "value" names that column.
        keywords = [word for word in keywords if word.meaning.kind != "A"]
    values = (
        []
        if any(word.meaning.kind in _STRUCTURE for word in keywords)
        else _values(phrase, lexicon)
    )
    frames = _frames(phrase, frame_names)
    if any(each.meaning.value in lexicon.called for each in frames):
        # "Which country" of a table of countries asks for a row.
        columns = [each for each in columns if not lexicon.column(each.meaning.value).key]
    if length == 1 and not (keywords or columns or values) and _says_frame(tokens, start, lexicon):
        return [_Candidate(Meaning("-"), 1.0)]
    return [
        *keywords,
        *columns,
        *values,
        *frames,
        *_adjectives(phrase, lexicon),
    ]


def _ends_in_column(token: Token, lexicon: FrameLexicon) -> bool:
    return any(column.words == token.pieces for column in lexicon.columns)


def _literal(token: Token) -> Meaning:
    if token.kind == "date":
        return Meaning("D", token.text)
    text = token.text.replace("$", "").replace("€", "").replace("£", "").replace(",", "")
    value = float(text)
    year = text.isdigit() and 1500 <= value <= 2100
    return Meaning("N", Number(value, text, year=year, unit="usd" if "$" in token.text else None))


def _keywords(phrase: Sequence[Token]) -> Iterator[_Candidate]:
    known = vocabulary()
    key = " ".join(token.low for token in phrase)
    for meaning in known.phrases.get(key, ()):
        yield _Candidate(meaning, _weight(1.0, len(phrase)))
    if len(phrase) == 1 and key in known.numbers:
        yield _Candidate(Meaning("N", Number(known.numbers[key], key)), 1.0)
    if len(phrase) == 1 and key in known.scales and key not in known.phrases:
        yield _Candidate(Meaning("#", known.scales[key]), 0.9)


def _columns(phrase: Sequence[Token], lexicon: FrameLexicon) -> list[_Candidate]:
    if any(token.kind == "symbol" and token.low not in "_-./()#%&:" for token in phrase):
        return []
    if phrase[0].kind == "symbol" or (phrase[-1].kind == "symbol" and phrase[-1].low not in ")#%"):
        return []
    words = [piece for token in phrase for piece in token.pieces]
    found = lexicon.fitting(words)
    if not found and len(phrase) > 2:
        inner = [
            word
            for at, word in enumerate(words)
            if at in (0, len(words) - 1) or word not in _INNER_FILLERS
        ]
        if len(inner) < len(words):
            found = [(column, fit) for column, fit in lexicon.fitting(inner) if fit >= NEAR]
    base = {EXACT: 1.2, NEAR: 1.1, LOOSE: 0.85}
    return [
        _Candidate(Meaning("C", column.name, fit), _weight(base[fit], len(phrase)))
        for column, fit in found
        if fit > LOOSE or len(words[0]) > 2
    ]


def _values(phrase: Sequence[Token], lexicon: FrameLexicon) -> list[_Candidate]:
    words = [piece for token in phrase for piece in token.pieces]
    if not words or phrase[0].kind == "symbol" or phrase[-1].kind == "symbol":
        return []
    short = len("".join(words)) < 3 and not all(token.text.isupper() for token in phrase)
    found = lexicon.mentions(words)
    if not found:
        return []
    return [_Candidate(Meaning("V", found), _weight(1.0, len(phrase)) - (0.3 if short else 0.0))]


def _quoted(token: Token, lexicon: FrameLexicon) -> list[_Candidate]:
    columns = [column for column in lexicon.columns if column.name == token.text] or [
        column for column, fit in lexicon.fitting(token.pieces) if fit >= NEAR
    ]
    found = [_Candidate(Meaning("C", column.name), 2.0) for column in columns]
    if found:
        return found
    refs = lexicon.mentions(token.pieces) if token.pieces else ()
    if refs:
        return [_Candidate(Meaning("V", refs), 2.0)]
    return [_Candidate(Meaning("Q", token.text), 1.5)]


def _frames(phrase: Sequence[Token], frame_names: Sequence[str]) -> list[_Candidate]:
    words = [piece for token in phrase for piece in token.pieces]
    if not words or "symbol" in (phrase[0].kind, phrase[-1].kind):
        return []
    joined = "".join(words)
    found = []
    for name in frame_names:
        parts = name.split("_")
        alike = len(parts) == len(words) and all(map(same_word, words, parts))
        if joined == "".join(parts) or alike:
            found.append(_Candidate(Meaning("F", name), _weight(1.05, len(phrase))))
    return found


def _adjectives(phrase: Sequence[Token], lexicon: FrameLexicon) -> list[_Candidate]:
    """Read "heaviest", "longest bill", "older than".

    An adjective with the column that it measures.
    """
    known = vocabulary().phrases
    found = list(_noun_first(phrase, lexicon))
    for cut in range(1, len(phrase) + 1):
        key = " ".join(token.low for token in phrase[:cut])
        beside = [piece for token in phrase[cut:] for piece in token.pieces]
        if cut < len(phrase) and not beside:
            continue
        for meaning in known.get(key, ()):
            if (
                meaning.kind not in "SY"
                or not meaning.value.measures
                or (meaning.kind == "Y" and beside)
            ):
                continue
            found.extend(_measured(meaning, beside, lexicon, len(phrase)))
    return found


def _noun_first(phrase: Sequence[Token], lexicon: FrameLexicon) -> Iterator[_Candidate]:
    """Read "flipper longer than"."""
    for cut in range(1, len(phrase)):
        key = " ".join(token.low for token in phrase[cut:])
        beside = [piece for token in phrase[:cut] for piece in token.pieces]
        for meaning in vocabulary().phrases.get(key, ()):
            if meaning.kind == "Y" and beside and phrase[0].kind == "word":
                yield from _measured(meaning, beside, lexicon, len(phrase))


def _measured(
    meaning: Meaning, beside: Sequence[str], lexicon: FrameLexicon, length: int
) -> Iterator[_Candidate]:
    adjective: Adjective = meaning.value
    for column in at_its_end(lexicon.measured_by(adjective.measures, beside), adjective.descending):
        kind = "1" if meaning.kind == "S" else "2"
        yield _Candidate(
            Meaning(kind, (column.name, adjective.descending), LOOSE), _weight(1.15, length)
        )


def with_word(tokens: Sequence[Token], at: int, word: str) -> list[Token]:
    """Return the tokens with the one at ``at`` read as ``word``."""
    changed = replace(tokens[at], low=word, pieces=(word,))
    return [*tokens[:at], changed, *tokens[at + 1 :]]


def refs_of(span: Span) -> tuple[ValueRef, ...]:
    """Return the values that a ``V`` span may stand for."""
    refs: tuple[ValueRef, ...] = span.meaning.value
    return refs
