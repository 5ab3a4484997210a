"""The built-in analyst: a question in English becomes tool calls, or an honest "I do not understand"."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from leonidas_jupyter.assistant.analyst import gate, refusal
from leonidas_jupyter.assistant.analyst.followup import fragment, merge
from leonidas_jupyter.assistant.analyst.form import read_form
from leonidas_jupyter.assistant.analyst.grammar import questions
from leonidas_jupyter.assistant.analyst.lexicon import (
    LOOSE,
    FrameLexicon,
    phrase_key,
    read_frame,
    vocabulary,
)
from leonidas_jupyter.assistant.analyst.operations.base import Operation
from leonidas_jupyter.assistant.analyst.plan import Plan, PlannedCall, ToolOutcome, plain
from leonidas_jupyter.assistant.analyst.question import Ambiguous, Question, Unfit
from leonidas_jupyter.assistant.analyst.spans import UNKNOWN, Span, readings, with_word
from leonidas_jupyter.assistant.analyst.spelling import correct
from leonidas_jupyter.assistant.analyst.suggest import suggestions
from leonidas_jupyter.assistant.analyst.words import Token, tokenize
from leonidas_jupyter.data.frames import Frame

_LONGEST = 2000
_EVERY_FRAME = ("rows", "shape", "columns")


@dataclass(frozen=True)
class Understood:
    """A question that was read completely, for one frame."""

    operation: Operation
    question: Question
    calls: tuple[PlannedCall, ...]
    lexicon: FrameLexicon
    rank: int


@dataclass(frozen=True)
class Attempt:
    """What came of reading a question against one frame: readings, or why there are none."""

    understood: tuple[Understood, ...] = ()
    unknown: tuple[str, ...] = ()
    ambiguous: Ambiguous | None = None
    unfit: Unfit | None = None


class Analyst:
    """Answers questions about frames from their profiles and by SQL. Pure: the same inputs give the same plan."""

    def __init__(self, frames: Sequence[Frame]):
        self._lexicons = [read_frame(frame) for frame in frames]
        self._names = [frame.name for frame in frames]
        self._offered: dict[str, list[str]] = {}

    def plan(self, question: str, earlier: Sequence[str] = ()) -> Plan:
        """Return what to do about ``question``.

        Args:
            question: the person's words.
            earlier: this session's questions before it, oldest first; follow-ups change the last one understood.
        """
        key = phrase_key(" ".join(question.split()).strip(" ?!."))
        greeting = vocabulary().phrases.get(key, ())
        for meaning in greeting:
            if meaning.kind == "?":
                return plain(
                    "help" if meaning.value == "help" else "greeting",
                    refusal.introduction(meaning.value, self._names, self.offers()),
                )
        if not self._lexicons:
            return plain("refusal", refusal.no_frames())
        if len(question) > _LONGEST:
            return plain("refusal", refusal.too_long(_LONGEST))
        return self._decide(
            question, [self._attempt(question, lexicon, earlier) for lexicon in self._lexicons]
        )

    def offers(self, count: int = 3) -> list[str]:
        """Return questions that this analyst answers on these frames."""
        found: list[str] = []
        share = max(1, -(-count // max(len(self._lexicons), 1)))
        for lexicon in self._lexicons:
            name = lexicon.frame.name
            if name not in self._offered:
                self._offered[name] = suggestions(lexicon, self._answerable, count)
            found += self._offered[name][:share]
        return found[:count]

    def _answerable(self, question: str) -> bool:
        attempts = [self._attempt(question, lexicon, ()) for lexicon in self._lexicons]
        return bool(self._best(attempts)) and len(self._best(attempts)) == 1

    def _best(self, attempts: Sequence[Attempt]) -> list[Understood]:
        found = [understood for attempt in attempts for understood in attempt.understood]
        best = max((understood.rank for understood in found), default=0)
        distinct: dict[str, Understood] = {}
        for understood in found:
            if understood.rank == best:
                distinct.setdefault(
                    repr([(call.tool, dict(call.arguments)) for call in understood.calls]),
                    understood,
                )
        return list(distinct.values())

    def _decide(self, question: str, attempts: Sequence[Attempt]) -> Plan:
        found = self._best(attempts)
        if len(found) == 1:
            return _planned(found[0])
        if found:
            return self._choose(found)
        for attempt in attempts:
            if attempt.ambiguous is not None:
                return plain(
                    "choice", refusal.choices(attempt.ambiguous.phrase, attempt.ambiguous.choices)
                )
        reasons = [attempt.unfit.reason for attempt in attempts if attempt.unfit is not None]
        fewest = min((attempt.unknown for attempt in attempts), key=len)
        return plain(
            "refusal", refusal.not_understood(fewest, reasons, self._near(fewest), self.offers())
        )

    def _choose(self, found: Sequence[Understood]) -> Plan:
        frames = list(dict.fromkeys(understood.question.frame for understood in found))
        if len(frames) == len(found) and all(
            _about_all(understood.question) for understood in found
        ):
            return Plan("frames", (PlannedCall("list_frames", {}),), refusal.frames_said)
        if len(frames) > 1:
            return plain("choice", refusal.which_frame(frames))
        return plain("choice", refusal.which_reading([understood.question for understood in found]))

    def _near(self, unknown: Sequence[str]) -> list[str]:
        near = []
        for word in unknown:
            for lexicon in self._lexicons:
                near += [column.name for column in lexicon.columns if word.lower() in column.words]
        return list(dict.fromkeys(near))[:5]

    def _attempt(self, question: str, lexicon: FrameLexicon, earlier: Sequence[str]) -> Attempt:
        marked, rest = fragment(question)
        alone = self._read(question, lexicon, _alone)
        if not earlier or (alone.understood and not marked):
            return alone
        before = self._before(earlier, lexicon)
        if before is None:
            return alone

        def merged(spans: Sequence[Span], own: FrameLexicon) -> list[tuple[Operation, Question]]:
            made = merge(spans, own, before)
            return [made] if made else []

        followed = self._read(rest, lexicon, merged)
        return (
            followed
            if followed.understood or (not alone.understood and followed.ambiguous)
            else alone
        )

    def _before(self, earlier: Sequence[str], lexicon: FrameLexicon) -> Question | None:
        """Return the last earlier question that was understood, if it was about this frame."""
        plans = earlier[-8:]
        for at in range(len(plans) - 1, -1, -1):
            found = self._best(
                [self._attempt(plans[at], own, plans[:at]) for own in self._lexicons]
            )
            if len(found) == 1:
                return found[0].question if found[0].lexicon is lexicon else None
        return None

    def _read(self, text: str, lexicon: FrameLexicon, understand: "Understand") -> Attempt:
        form = read_form(text)
        tokens = tokenize(form.question)
        notes: tuple[str, ...] = ()
        spans = next(readings(tokens, lexicon, self._names), [])
        unknown = [span.start for span in spans if span.kind == UNKNOWN]
        fixed = correct(tokens, unknown, lexicon, self._names)
        for at, word in fixed.items():
            notes += (f"I read “{tokens[at].text}” as “{word}”.",)
            tokens = with_word(tokens, at, word)
        attempt = self._try(tokens, lexicon, understand)
        told = tuple(
            replace(each, question=replace(each.question.noting(*notes), decimals=form.decimals))
            for each in attempt.understood
        )
        return replace(attempt, understood=told)

    def _try(
        self, tokens: Sequence[Token], lexicon: FrameLexicon, understand: "Understand"
    ) -> Attempt:
        found: list[Understood] = []
        unknown: list[str] = []
        ambiguous, unfit = None, None
        for spans in readings(tokens, lexicon, self._names):
            try:
                found += list(_accepted(spans, lexicon, understand, unknown))
            except Ambiguous as error:
                ambiguous = ambiguous or error
            except Unfit as error:
                unfit = unfit or error
        words = tuple(dict.fromkeys(unknown))
        if words:
            ambiguous = None
        return Attempt(tuple(found), words, ambiguous, unfit)


Understand = Callable[[Sequence[Span], FrameLexicon], list[tuple[Operation, Question]]]


def _alone(spans: Sequence[Span], lexicon: FrameLexicon) -> list[tuple[Operation, Question]]:
    return questions(spans, lexicon)


def _about_all(question: Question) -> bool:
    return (
        question.operation in _EVERY_FRAME and not question.where.conditions and not question.groups
    )


def _accepted(
    spans: Sequence[Span], lexicon: FrameLexicon, understand: Understand, unknown: list[str]
) -> Iterator[Understood]:
    unknown += [span.text for span in spans if span.kind == UNKNOWN]
    for operation, question in understand(spans, lexicon):
        calls = tuple(operation.compile(question, lexicon))
        left = gate.unaccounted(spans, question, calls)
        unknown += [span.text for span in left if span.kind != UNKNOWN]
        if left:
            continue
        loose = [span for span in spans if span.kind in "C12" and span.meaning.fit == LOOSE]
        notes = [f"I read “{span.text}” as `{_name(span)}`." for span in loose]
        yield Understood(
            operation,
            question.noting(*notes),
            calls,
            lexicon,
            -sum(span.kind == "C" for span in loose),
        )


def _name(span: Span) -> str:
    value = span.meaning.value
    return str(value if isinstance(value, str) else value[0])


def _planned(understood: Understood) -> Plan:
    def render(results: Sequence[ToolOutcome]) -> str:
        return understood.operation.render(understood.question, understood.lexicon, results)

    return Plan(understood.question.operation, understood.calls, render)
