"""One question read against one frame: all ways to read it that account for every word."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from leonidas_jupyter.assistant.analyst import gate
from leonidas_jupyter.assistant.analyst.doubts import ask_back
from leonidas_jupyter.assistant.analyst.form import read_form
from leonidas_jupyter.assistant.analyst.formula import with_formula
from leonidas_jupyter.assistant.analyst.lexicon import PEOPLE, FrameLexicon
from leonidas_jupyter.assistant.analyst.operations.base import Operation
from leonidas_jupyter.assistant.analyst.plan import PlannedCall
from leonidas_jupyter.assistant.analyst.question import Ambiguous, Question, Unfit
from leonidas_jupyter.assistant.analyst.spans import UNKNOWN, Span, readings, with_word
from leonidas_jupyter.assistant.analyst.spelling import correct
from leonidas_jupyter.assistant.analyst.view import over
from leonidas_jupyter.assistant.analyst.vocabulary import LOOSE, vocabulary
from leonidas_jupyter.assistant.analyst.words import Token, pieces, singular, tokenize

_LONGEST_SQL = 20_000
"""What the query tool takes at most, in characters."""

Understand = Callable[[Sequence[Span], FrameLexicon], "tuple[Operation, Question] | None"]
"""From the spans of a reading to the operation and the typed question that they call for."""


@dataclass(frozen=True)
class Understood:
    """A question that was read completely, for one frame.

    ``rank`` is lower where columns were matched loosely.
    """

    operation: Operation
    question: Question
    calls: tuple[PlannedCall, ...]
    lexicon: FrameLexicon
    rank: int


@dataclass(frozen=True)
class Attempt:
    """What came of reading a question against one frame: readings, or why there are none.

    ``unknown`` are the unknown words, else those that nothing accounts for, ``named`` the frames
    that the question names; ``followed`` says that it was read as a change of the question before;
    ``asked`` are the words in which it was read, where they are other than the person's, ``told``
    what to say of that, and ``options`` whole questions to choose from.
    """

    frame: str
    understood: tuple[Understood, ...] = ()
    unknown: tuple[str, ...] = ()
    named: frozenset[str] = frozenset()
    followed: bool = False
    ambiguous: Ambiguous | None = None
    unfit: Unfit | None = None
    asked: str = ""
    told: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


def best(attempts: Sequence[Attempt]) -> list[Understood]:
    """Return the different things that the best readings would compute.

    A follow-up stays with its frame.
    """
    followed = [attempt for attempt in attempts if attempt.followed and attempt.understood]
    found = [understood for attempt in followed or attempts for understood in attempt.understood]
    best = max((understood.rank for understood in found), default=0)
    distinct: dict[str, Understood] = {}
    for understood in found:
        if understood.rank == best:
            computed = repr([(call.tool, dict(call.arguments)) for call in understood.calls])
            distinct.setdefault(computed, understood)
    return list(distinct.values())


def read(text: str, lexicon: FrameLexicon, names: Sequence[str], understand: Understand) -> Attempt:
    """Return what comes of reading ``text`` against one of the frames called ``names``."""
    form = read_form(text)
    tokens = tokenize(form.question)
    try:
        computed = with_formula(tokens, lexicon)
    except Unfit as error:
        return Attempt(lexicon.frame.name, unfit=error)
    if computed is not None:
        tokens, lexicon = computed
    spans = next(readings(tokens, lexicon, names), [])
    unknown = [span.start for span in spans if span.kind == UNKNOWN]
    notes = []
    for at, word in correct(tokens, unknown, lexicon, names).items():
        notes.append(f"I read “{tokens[at].text}” as “{word}”.")
        tokens = with_word(tokens, at, word)
    attempt = _every_reading(tokens, lexicon, names, understand)
    turned = _average_first(tokens)
    if turned is not None and not attempt.understood and attempt.ambiguous is None:
        other = _every_reading(turned, lexicon, names, understand)
        attempt = other if other.understood else attempt
    told = tuple(
        replace(each, question=replace(each.question.noting(*notes), decimals=form.decimals))
        for each in attempt.understood
    )
    return replace(attempt, understood=told)


def _average_first(tokens: Sequence[Token]) -> list[Token] | None:
    """Turn "longest average bill" round to "average longest bill", whose last words name a column.

    None where nothing is said so.
    """
    known = vocabulary().phrases
    for at, token in enumerate(tokens[:-2]):
        ends = [meaning for meaning in known.get(token.low, ()) if meaning.kind == "S"]
        measured = any(meaning.value.measures for meaning in ends)
        if measured and tokens[at + 1].low in ("average", "mean"):
            return [*tokens[:at], tokens[at + 1], token, *tokens[at + 2 :]]
    return None


def _every_reading(
    tokens: Sequence[Token], lexicon: FrameLexicon, names: Sequence[str], understand: Understand
) -> Attempt:
    found: list[Understood] = []
    unknown: list[str] = []
    unaccounted: list[str] = []
    named: set[str] = set()
    ambiguous, unfit = None, None
    for spans in readings(tokens, lexicon, names):
        named |= {str(span.meaning.value) for span in spans if span.kind == "F"}
        unknown += [span.text for span in spans if span.kind == UNKNOWN]
        try:
            accepted, left = _accepted(spans, lexicon, understand)
        except Ambiguous as error:
            ambiguous = ambiguous or error
            continue
        except Unfit as error:
            unfit = unfit or error
            continue
        found += [accepted] if accepted else []
        unaccounted += left
    # A known word is only left over because of the unknown one beside it.
    words = tuple(dict.fromkeys(unknown or unaccounted))
    asked_back = None if words else ambiguous
    return Attempt(
        frame=lexicon.frame.name,
        understood=tuple(found),
        unknown=words,
        named=frozenset(named),
        ambiguous=asked_back,
        unfit=unfit,
    )


def _accepted(
    spans: Sequence[Span], lexicon: FrameLexicon, understand: Understand
) -> tuple[Understood | None, list[str]]:
    """Return the reading if the gate lets it through, else the words that nothing accounts for."""
    made = understand(spans, lexicon)
    if made is None:
        return None, []
    operation, question = made
    calls = tuple(operation.compile(question, lexicon))
    if any(len(str(call.arguments.get("sql", ""))) > _LONGEST_SQL for call in calls):
        raise Unfit(f"{lexicon.frame.name} has too many columns to ask this of all at once.")
    left = gate.unaccounted(spans, question, calls)
    if left:
        return None, [span.text for span in left]
    ask_back(spans, question, lexicon)
    if lexicon.view is not None:
        question = question.noting(*lexicon.view.notes)
        calls = over(lexicon.view, calls)
    loose = [span for span in spans if span.kind in "C12" and span.meaning.fit == LOOSE]
    told = [span for span in spans if span in loose or _by_synonym(span, lexicon)]
    notes = [f"I read “{span.text}” as `{_name(span)}`." for span in told]
    notes += [
        f"I read “{span.text}” as the rows of {lexicon.frame.name}."
        for span in spans
        if span.kind == "R" and span.text.lower() in PEOPLE
    ]
    rank = -sum(span.kind == "C" for span in loose) - _also_columns(spans, lexicon)
    return Understood(operation, question.noting(*notes), calls, lexicon, rank), []


def _also_columns(spans: Sequence[Span], lexicon: FrameLexicon) -> int:
    """Return how many frames are named by words that are just as well a column's name."""
    named = [span.text.lower() for span in spans if span.kind == "F"]
    return sum(any(column.name.lower() == name for column in lexicon.columns) for name in named)


def _by_synonym(span: Span, lexicon: FrameLexicon) -> bool:
    """Return whether a span names a column by none of the words in the column's name."""
    if span.kind != "C":
        return False
    own = {singular(word) for word in lexicon.column(str(span.meaning.value)).words}
    asked = {singular(word) for word in pieces(span.text)}
    return not own & asked and "".join(own) not in asked


def _name(span: Span) -> str:
    value = span.meaning.value
    return str(value if isinstance(value, str) else value[0])
