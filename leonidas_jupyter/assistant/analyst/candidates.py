"""What the words of a question may mean for one frame, and how much each meaning weighs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leonidas_jupyter.assistant.analyst.column import same_word
from leonidas_jupyter.assistant.analyst.lexicon import (
    PEOPLE,
    TALLIES,
    FrameLexicon,
    at_its_end,
)
from leonidas_jupyter.assistant.analyst.vocabulary import (
    EXACT,
    LOOSE,
    NEAR,
    Adjective,
    Meaning,
    vocabulary,
)
from leonidas_jupyter.assistant.analyst.words import Token, singular

# Words that hold a sentence together never stand for a cell's value unless quoted.
_STRUCTURE = frozenset("-poweh=&|,!0qBftalgRKJNPuW>@+HxX?")
# A column of exactly this name wins over these meanings of the word.
_YIELDS_TO_COLUMN = frozenset("-PguMkRaslhvJwzpIΞλ")
# "Complete", "negative" are a cell's own where a table has them.
_YIELDS_TO_VALUE = frozenset("Ξλ")
_CONNECTIVES = frozenset({"from", "of", "by", "in", "to", "for", "with", "per", "at", "on"})
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
class Candidate:
    """One meaning and its weight; of two, the heavier is taken."""

    meaning: Meaning
    weight: float


def _says_frame(tokens: Sequence[Token], at: int, lexicon: FrameLexicon) -> bool:
    """Return whether "in seattle" only says again what the table is called: seattle_weather."""
    before = tokens[at - 1].low if at else ""
    return before == "in" and tokens[at].low in lexicon.frame_words[:-1]


def _weight(base: float, length: int) -> float:
    return base * length + 0.4 * (length - 1)


def candidates(
    tokens: Sequence[Token], start: int, end: int, lexicon: FrameLexicon, frame_names: Sequence[str]
) -> list[Candidate]:
    """Return what the tokens ``start:end`` may mean together; nothing where they mean nothing."""
    phrase = tokens[start:end]
    length = end - start
    if length == 1 and phrase[0].kind in ("number", "date"):
        return [Candidate(_literal(phrase[0]), 1.0), *_columns(phrase, lexicon)]
    if length == 1 and phrase[0].kind == "ordinal":
        return [Candidate(Meaning("I", phrase[0].text[:-2]), 1.0)]
    if length == 1 and phrase[0].kind == "quoted":
        return _quoted(phrase[0], lexicon)
    if any(token.kind == "quoted" for token in phrase):
        return []
    columns = _columns(phrase, lexicon)
    keywords = _kept_keywords(tokens, start, end, columns, lexicon)
    values = (
        []
        if any(word.meaning.kind in _STRUCTURE for word in keywords)
        else _values(phrase, lexicon)
    )
    if values:
        keywords = [word for word in keywords if word.meaning.kind not in _YIELDS_TO_VALUE]
    frames = _frames(phrase, frame_names, loosely=not columns)
    if any(each.meaning.value in lexicon.called for each in frames):
        # "Which country" of a table of countries asks for a row.
        columns = [each for each in columns if not lexicon.column(each.meaning.value).key]
    if length == 1 and not (keywords or columns or values) and _says_frame(tokens, start, lexicon):
        return [Candidate(Meaning("-"), 1.0)]
    return [
        *keywords,
        *columns,
        *values,
        *frames,
        *_adjectives(phrase, lexicon),
    ]


def _kept_keywords(
    tokens: Sequence[Token],
    start: int,
    end: int,
    columns: Sequence[Candidate],
    lexicon: FrameLexicon,
) -> list[Candidate]:
    """Return the vocabulary's meanings of a phrase, without those that a column's name has."""
    phrase = tokens[start:end]
    found = [] if phrase[0].kind == "number" else list(_keywords(phrase))
    yielding: set[str] = set()
    if start and len(phrase) == 1 and phrase[0].text == "A" and lexicon.mentions(("a",)):
        # "between group A and B": no article is written so in mid-sentence.
        yielding.add("-")
    if len(phrase) == 1 and phrase[0].low == "us" and _country(tokens, start, lexicon):
        yielding.add("-")
    if any(candidate.meaning.fit == EXACT for candidate in columns):
        yielding |= _YIELDS_TO_COLUMN
    if lexicon.tally is not None and _tallied(tokens, start, end):
        # "total count", "average count" of a table with a column "count" names that column.
        yielding.add("H")
    if len(phrase) > 1 and _ends_in_column(phrase[-1], lexicon):
        # "mean value" of a table with a column "value" names that column.
        yielding.add("A")
    if len(phrase) == 1 and phrase[0].low in PEOPLE and not columns and lexicon.of_people:
        found.append(Candidate(Meaning("R", "row"), 1.0))
    return [word for word in found if word.meaning.kind not in yielding]


_GIVING = frozenset({"tell", "show", "give", "let", "for", "to", "of", "help", "gives", "tells"})


def _country(tokens: Sequence[Token], at: int, lexicon: FrameLexicon) -> bool:
    """Return whether "us" is the country, where a column has it: never so in "tell us"."""
    before, last = tokens[at - 1].low if at else "", at + 1 == len(tokens)
    given = before in _GIVING and (last or before not in ("of", "for", "to"))
    return bool(lexicon.mentions(("us",))) and not given


def _tallied(tokens: Sequence[Token], start: int, end: int) -> bool:
    """Return whether a phrase, with the aggregate before it, holds a word for a column of counts.

    "count of rows" and "row count" count the rows all the same.
    """
    if not any(token.low in TALLIES for token in tokens[start:end]):
        return False
    known = vocabulary().phrases
    counted = any(
        meaning.kind == "R" or token.low.startswith(("row", "record"))
        for token in tokens[start : end + 1]
        for meaning in known.get(token.low, ())
    )
    before = known.get(tokens[start - 1].low, ()) if start else ()
    return not counted and (end - start > 1 or any(meaning.kind == "A" for meaning in before))


def _ends_in_column(token: Token, lexicon: FrameLexicon) -> bool:
    return any(column.words == token.pieces for column in lexicon.columns)


def _literal(token: Token) -> Meaning:
    if token.kind == "date":
        return Meaning("D", token.text)
    text = token.text.replace("$", "").replace("€", "").replace("£", "").replace(",", "")
    value = float(text)
    year = text.isdigit() and 1500 <= value <= 2100
    return Meaning("N", Number(value, text, year=year, unit="usd" if "$" in token.text else None))


def _keywords(phrase: Sequence[Token]) -> Iterator[Candidate]:
    known = vocabulary()
    key = " ".join(token.low for token in phrase)
    for meaning in known.phrases.get(key, ()):
        yield Candidate(meaning, _weight(1.0, len(phrase)))
    if len(phrase) == 1 and key in known.numbers:
        yield Candidate(Meaning("N", Number(known.numbers[key], key)), 1.0)
    if len(phrase) == 1 and key in known.scales and key not in known.phrases:
        yield Candidate(Meaning("#", known.scales[key]), 0.9)


def _columns(phrase: Sequence[Token], lexicon: FrameLexicon) -> list[Candidate]:
    if any(token.kind == "symbol" and token.low not in "_-./()#%&:" for token in phrase):
        return []
    if phrase[0].kind == "symbol" or (phrase[-1].kind == "symbol" and phrase[-1].low not in ")#%"):
        return []
    words = [piece for token in phrase for piece in token.pieces]
    found = lexicon.fitting(words)
    if len(words) > 1 and {words[0], words[-1]} & _CONNECTIVES:
        # "candidates from" is no part of "Contributions from candidate".
        found = [(column, fit) for column, fit in found if fit == EXACT]
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
        Candidate(Meaning("C", column.name, fit), _weight(base[fit], len(phrase)))
        for column, fit in found
        if fit > LOOSE or len(words[0]) > 2
    ]


def _values(phrase: Sequence[Token], lexicon: FrameLexicon) -> list[Candidate]:
    words = [piece for token in phrase for piece in token.pieces]
    if not words or phrase[0].kind == "symbol" or phrase[-1].kind == "symbol":
        return []
    short = len("".join(words)) < 3 and not all(token.text.isupper() for token in phrase)
    found = lexicon.mentions(words)
    if not found:
        return []
    return [Candidate(Meaning("V", found), _weight(1.0, len(phrase)) - (0.3 if short else 0.0))]


def _quoted(token: Token, lexicon: FrameLexicon) -> list[Candidate]:
    columns = [column for column in lexicon.columns if column.name == token.text] or [
        column for column, fit in lexicon.fitting(token.pieces) if fit >= NEAR
    ]
    found = [Candidate(Meaning("C", column.name), 2.0) for column in columns]
    if found:
        return found
    refs = lexicon.mentions(token.pieces) if token.pieces else ()
    if refs:
        return [Candidate(Meaning("V", refs), 2.0)]
    return [Candidate(Meaning("Q", token.text), 1.5)]


def _frames(
    phrase: Sequence[Token], frame_names: Sequence[str], *, loosely: bool
) -> list[Candidate]:
    """Return the frames of this name; ``loosely`` also by synonyms, where no column has them."""
    words = [piece for token in phrase for piece in token.pieces]
    if not words or "symbol" in (phrase[0].kind, phrase[-1].kind):
        return []
    joined = "".join(words)
    found = []
    for name in frame_names:
        parts = name.split("_")
        alike = len(parts) == len(words) and all(map(same_word, words, parts))
        alike = alike and (loosely or [*map(singular, words)] == [*map(singular, parts)])
        if joined == "".join(parts) or alike:
            found.append(Candidate(Meaning("F", name), _weight(1.05, len(phrase))))
    return found


def _adjectives(phrase: Sequence[Token], lexicon: FrameLexicon) -> list[Candidate]:
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


def _noun_first(phrase: Sequence[Token], lexicon: FrameLexicon) -> Iterator[Candidate]:
    """Read "flipper longer than"."""
    for cut in range(1, len(phrase)):
        key = " ".join(token.low for token in phrase[cut:])
        beside = [piece for token in phrase[:cut] for piece in token.pieces]
        for meaning in vocabulary().phrases.get(key, ()):
            if meaning.kind == "Y" and beside and phrase[0].kind == "word":
                yield from _measured(meaning, beside, lexicon, len(phrase))


def _measured(
    meaning: Meaning, beside: Sequence[str], lexicon: FrameLexicon, length: int
) -> Iterator[Candidate]:
    adjective: Adjective = meaning.value
    for column in at_its_end(lexicon.measured_by(adjective.measures, beside), adjective.descending):
        kind = "1" if meaning.kind == "S" else "2"
        yield Candidate(
            Meaning(kind, (column.name, adjective.descending), LOOSE), _weight(1.15, length)
        )
