"""The built-in analyst: a question in English becomes tool calls.

Or an honest "I do not understand".
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from leonidas_jupyter.assistant.analyst import refusal, rephrase
from leonidas_jupyter.assistant.analyst.closed.answer import closed_plan
from leonidas_jupyter.assistant.analyst.closed.layout import read_closed_form
from leonidas_jupyter.assistant.analyst.followup import fragment, merge
from leonidas_jupyter.assistant.analyst.grammar import question_of
from leonidas_jupyter.assistant.analyst.joins import joined
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon, read_frame
from leonidas_jupyter.assistant.analyst.meanings import meaning_of, unexplained
from leonidas_jupyter.assistant.analyst.operations.base import Operation
from leonidas_jupyter.assistant.analyst.otherwise import MOST_OPTIONS, Otherwise
from leonidas_jupyter.assistant.analyst.plan import Plan, PlannedCall, plain
from leonidas_jupyter.assistant.analyst.planned import planned
from leonidas_jupyter.assistant.analyst.question import Question
from leonidas_jupyter.assistant.analyst.reading import Attempt, Understood, best, read
from leonidas_jupyter.assistant.analyst.rewording.offers import near_questions
from leonidas_jupyter.assistant.analyst.rewording.phrasebook import phrasebook, unable
from leonidas_jupyter.assistant.analyst.spans import Span
from leonidas_jupyter.assistant.analyst.suggest import suggestions
from leonidas_jupyter.assistant.analyst.tables import about_all, about_the_whole
from leonidas_jupyter.assistant.analyst.vocabulary import NEAR, phrase_key, vocabulary
from leonidas_jupyter.assistant.analyst.wider import across, all_of, in_parts
from leonidas_jupyter.assistant.analyst.words import pieces
from leonidas_jupyter.data.frames import Frame

_LONGEST = 2000
_REMEMBERED = 8
_MOST_TABLES = 4
_MOST_COLUMNS = 12


class Analyst:
    """Answers questions about frames from their profiles and by SQL.

    Pure: the same frames, question and earlier questions always give the same plan.
    """

    def __init__(self, frames: Sequence[Frame]) -> None:
        self._lexicons = [read_frame(frame) for frame in frames]
        self._names = [frame.name for frame in frames]
        self._offered: dict[tuple[str, int], list[str]] = {}
        self._understood: dict[tuple[str, ...], Understood | None] = {}
        self._other = Otherwise(self._lexicons, self._names, self._attempt, self._answerable)

    def plan(self, question: str, earlier: Sequence[str] = ()) -> Plan:
        """Return what to do about ``question``.

        Args:
            question: the person's words.
            earlier: this session's questions before it, oldest first; a follow-up changes the
                last one that was understood.
        """
        said = self._small_talk(question)
        if said is not None:
            return self._again(earlier) if said.kind == "again" else said
        if not self._lexicons:
            return plain("refusal", refusal.no_frames())
        explained = self._explained(question)
        if explained is not None:
            return explained
        closed = read_closed_form(question)
        if closed is not None:
            return closed_plan(closed, self._lexicons, self.offers)
        if len(question) > _LONGEST:
            return plain("refusal", refusal.too_long(_LONGEST))
        asked = tuple(earlier[-_REMEMBERED:])
        attempts = [self._attempt(question, own, asked) for own in self._lexicons]
        answered = self._wider(question, attempts)
        if answered is not None:
            return answered
        if best(attempts):
            return self._decide(question, attempts, asked)
        if any(attempt.ambiguous for attempt in attempts):
            found = self._other.assumed(question, attempts) or self._other.totals(question)
            return planned(found[0]) if found else self._decide(question, attempts)
        return self._otherwise(question, asked) or self._declined(question, attempts)

    def _otherwise(self, question: str, earlier: tuple[str, ...]) -> Plan | None:
        """Return the plan of the question in other words; None where no wording is understood."""
        attempts = self._other.attempts(question, earlier)
        if not attempts:
            return None
        options = [each for attempt in attempts for each in attempt.options]
        if options and not best(attempts):
            return plain("choice", refusal.which_question(options[:MOST_OPTIONS]))
        assumed = [] if best(attempts) else self._other.assumed(question, attempts)
        return planned(assumed[0]) if assumed else self._decide(question, attempts, earlier)

    def _declined(self, question: str, attempts: Sequence[Attempt]) -> Plan:
        """Say what this analyst does not do, where that is asked; else which words it lacks."""
        if phrasebook().thanks.match(question.strip(" ?!.")):
            return plain("greeting", refusal.introduction("thanks", self._names, ()))
        says = unable(question)
        if says is None:
            return self._decide(question, attempts)
        return plain("refusal", refusal.unable(says, self._near_offers(question, self._lexicons)))

    def _near_offers(self, question: str, lexicons: Sequence[FrameLexicon]) -> list[str]:
        """Return answerable questions about what a question names, else about its tables."""
        near = [
            each for own in lexicons for each in near_questions(question, own, self._answerable)
        ]
        return near[:3] or self.offers()

    def _explained(self, question: str) -> Plan | None:
        """Return what the column holds whose meaning is asked for: no table says more."""
        asked = meaning_of(question)
        if asked is None:
            return None
        fitting = [
            (own, column.name)
            for own in self._lexicons
            for column, fit in own.fitting(pieces(asked))
            if fit >= NEAR
        ]
        if len(fitting) != 1:
            return None
        name = fitting[0][1]
        found = best([self._attempt(f"describe {rephrase.named(name)}", fitting[0][0], ())])
        if len(found) != 1:
            return None
        plan = planned(found[0])
        return replace(plan, render=lambda results: unexplained(name, plan.say(results)))

    def _again(self, earlier: Sequence[str]) -> Plan:
        """Answer "continue": the last question that was one, with those before it."""
        for at in range(len(earlier) - 1, -1, -1):
            talk = self._small_talk(earlier[at])
            if talk is None:
                return self.plan(earlier[at], earlier[:at])
        return plain("help", refusal.nothing_to_continue())

    @cached_property
    def _pairs(self) -> list[FrameLexicon]:
        return joined(self._lexicons)

    def _wider(self, question: str, attempts: Sequence[Attempt]) -> Plan | None:
        """Return a plan for a question that no frame alone answers as a whole."""
        if best(attempts) or any(attempt.ambiguous for attempt in attempts):
            return None
        parts = in_parts(question, self._read_alone)
        if parts is not None:
            return all_of(parts)
        return across(self._pairs, lambda own: best([self._attempt(question, own, ())]))

    def _read_alone(self, question: str) -> list[Understood]:
        return best([self._attempt(question, own, ()) for own in self._lexicons])

    def offers(self, count: int = 3) -> list[str]:
        """Return at most ``count`` questions that this analyst answers on these frames."""
        found: list[str] = []
        share = max(1, -(-count // max(len(self._lexicons), 1)))
        for at, lexicon in enumerate(self._lexicons):
            key = (lexicon.frame.name, share)
            if key not in self._offered:
                self._offered[key] = suggestions(lexicon, self._answerable, share, at % 4)
            found += self._offered[key]
        return found[:count]

    def _small_talk(self, question: str) -> Plan | None:
        key = phrase_key(" ".join(question.split()).strip(" ?!.,"))
        for meaning in vocabulary().phrases.get(key, ()):
            if meaning.kind == "?" and meaning.value == "continue":
                return plain("again", "")
            if meaning.kind == "?":
                text = refusal.introduction(meaning.value, self._names, self.offers(5))
                return plain("help" if meaning.value == "help" else "greeting", text)
        return None

    def _answerable(self, question: str) -> bool:
        return len(best([self._attempt(question, own, ()) for own in self._lexicons])) == 1

    def _answers(self, question: str) -> bool:
        """Return whether a question is answered, in these words or in others."""
        return self._answerable(question) or len(self._other.understood(question, ())) == 1

    def _readable(self, question: str) -> bool:
        """Return whether a question is understood but for what may still be asked back."""
        return any(
            attempt.understood
            for attempt in (self._attempt(question, own, ()) for own in self._lexicons)
        )

    def _attempt(self, question: str, lexicon: FrameLexicon, earlier: tuple[str, ...]) -> Attempt:
        begun = fragment(question)
        alone = read(question, lexicon, self._names, question_of)
        if begun.back:
            # "How many of those" means nothing without the question before.
            alone = replace(alone, understood=())
        bare = all(each.question.option == "bare" for each in alone.understood)
        last = self._last_understood(earlier) if bare or begun.marked else None
        if last is None or last.lexicon.frame is not lexicon.frame:
            return alone
        before = last.question
        lexicon = last.lexicon

        def merged(spans: Sequence[Span], own: FrameLexicon) -> tuple[Operation, Question] | None:
            return merge(spans, own, before)

        followed = read(begun.rest, lexicon, self._names, merged)
        if begun.marked and not followed.understood:
            # "Just the smokers": without "just", a column that is read in place of another.
            followed = read(question, lexicon, self._names, merged)
        if followed.understood or (followed.ambiguous and not alone.understood):
            return replace(followed, followed=True)
        return alone

    def _last_understood(self, earlier: tuple[str, ...]) -> Understood | None:
        """Return the last of the earlier questions that was understood.

        Each may follow up on those before it. They are kept, so that every one is read once for
        each frame, however long the session is.
        """
        if not earlier:
            return None
        if earlier not in self._understood:
            *before, last = earlier
            found = self._on_its_own(last)
            if len(found) != 1:
                found = best([self._attempt(last, own, tuple(before)) for own in self._lexicons])
            if not found:
                found = self._other.understood(last, tuple(before))
            self._understood[earlier] = (
                found[0] if len(found) == 1 else self._last_understood(tuple(before))
            )
        return self._understood[earlier]

    def _on_its_own(self, question: str) -> list[Understood]:
        """Return how a question is understood that follows up on nothing.

        Without this, a table that does not understand it would have all those before it read, too.
        """
        begun = fragment(question)
        if begun.back or begun.marked:
            return []
        found = best([self._attempt(question, own, ()) for own in self._lexicons])
        return [] if any(each.question.option == "bare" for each in found) else found

    def _decide(
        self, question: str, attempts: Sequence[Attempt], earlier: tuple[str, ...] = ()
    ) -> Plan:
        found = best(attempts)
        if len(found) == 1:
            return planned(found[0])
        if found:
            return self._as_before(found, earlier) or self._choose(question, found)
        named = frozenset[str]().union(*(attempt.named for attempt in attempts))
        about = [attempt for attempt in attempts if attempt.frame in named or attempt.followed]
        about = about or list(attempts)
        for attempt in about:
            if attempt.ambiguous is not None:
                error = attempt.ambiguous
                asked = rephrase.settled(question, error.phrase, error.choices, self._readable)
                return plain("choice", refusal.choices(error.phrase, asked or error.choices))
        reasons = [attempt.unfit.reason for attempt in about if attempt.unfit is not None]
        unknown = min((attempt.unknown for attempt in about), key=len)
        lexicons = [own for own in self._lexicons if own.frame.name in {a.frame for a in about}]
        meant = rephrase.without(question, unknown, lexicons, self._answerable)
        hint = "" if meant else self._hint(self._near(unknown), named if unknown else frozenset())
        offers = meant or self._near_offers(question, lexicons)
        told = refusal.not_understood(unknown, reasons, hint, offers, bool(meant))
        return plain("refusal", told)

    def _as_before(self, found: Sequence[Understood], earlier: tuple[str, ...]) -> Plan | None:
        """Return the plan for the table of the last answer, where several tables would do."""
        last = self._last_understood(earlier)
        own = [each for each in found if last and each.question.frame == last.question.frame]
        if len(own) != 1 or len({each.question.frame for each in found}) != len(found):
            return None
        name = own[0].question.frame
        note = f"Several tables have this; I took {name}, as in your question before."
        return planned(replace(own[0], question=own[0].question.noting(note)))

    def _choose(self, question: str, found: Sequence[Understood]) -> Plan:
        frames = list(dict.fromkeys(each.question.frame for each in found))
        if len(frames) == len(found) and all(about_all(each.question) for each in found):
            return Plan("frames", (PlannedCall("list_frames", {}),), refusal.frames_said)
        if len(frames) == len(found) <= _MOST_TABLES and all(
            about_the_whole(each.question) for each in found
        ):
            return all_of(found)
        if len(frames) > 1:
            asked = [f"{question.rstrip(' ?!.')} in {frame}" for frame in frames]
            told = asked if all(map(self._answers, asked)) else [f"`{name}`" for name in frames]
            return plain("choice", refusal.which_frame(told))
        asked = [rephrase.canonical(each.question) for each in found]
        if len(set(asked)) == len(asked) and all(each and self._answerable(each) for each in asked):
            return plain("choice", refusal.which_question(asked))
        return plain("choice", refusal.which_reading([each.question for each in found]))

    def _hint(self, near: Sequence[tuple[str, str]], named: frozenset[str]) -> str:
        """Return which columns may be meant, else those of the only frame that is named."""
        if near:
            listed = ", ".join(f"`{name}`{where}" for name, where in near)
            return f"Columns that may be meant: {listed}."
        own = [lexicon for lexicon in self._lexicons if lexicon.frame.name in named]
        if len(own) != 1:
            return ""
        names = [f"`{column.name}`" for column in own[0].columns]
        more = ", …" if len(names) > _MOST_COLUMNS else ""
        return f"Columns of {own[0].frame.name}: {', '.join(names[:_MOST_COLUMNS])}{more}."

    def _near(self, unknown: Sequence[str]) -> list[tuple[str, str]]:
        """Return columns with one of the words in their names.

        With their frame where it is not the only one.
        """
        near = []
        for lexicon in self._lexicons:
            where = f" in {lexicon.frame.name}" if len(self._lexicons) > 1 else ""
            found = [name for word in unknown for name in rephrase.near_columns(word, lexicon)]
            near += [(name, where) for name in dict.fromkeys(found)]
        return near[:5]
