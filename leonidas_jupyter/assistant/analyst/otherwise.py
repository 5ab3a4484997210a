"""What is not read as it stands, read in other words: the nearest wording that is understood."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.reading import Attempt, Understood, best
from leonidas_jupyter.assistant.analyst.rewording.assumed import NOTE, by_mean
from leonidas_jupyter.assistant.analyst.rewording.counted import tallied
from leonidas_jupyter.assistant.analyst.rewording.reword import says_something, wordings
from leonidas_jupyter.assistant.analyst.rewording.wording import Wording

MOST_OPTIONS = 4

Read = Callable[[str, FrameLexicon, tuple[str, ...]], Attempt]
"""From a question, a frame and the questions before to what comes of reading it."""


@dataclass(frozen=True)
class Otherwise:
    """Reads questions in other words with the analyst's own reading (``attempt``)."""

    lexicons: Sequence[FrameLexicon]
    names: Sequence[str]
    attempt: Read
    answerable: Callable[[str], bool]

    def attempts(self, question: str, earlier: tuple[str, ...]) -> list[Attempt]:
        """Return what comes of the nearest wordings, for each frame that has one."""
        made = [self._reworded(question, own, earlier) for own in self.lexicons]
        return [attempt for attempt in made if attempt is not None]

    def _reworded(
        self, question: str, lexicon: FrameLexicon, earlier: tuple[str, ...]
    ) -> Attempt | None:
        """Return what comes of the nearest wording that is understood, or asks back."""
        asking: Attempt | None = None
        for made in wordings(question, lexicon, self.names):
            if made.options:
                options = tuple(each for each in made.options if self.answerable(each))[
                    :MOST_OPTIONS
                ]
                if len(options) > 1:
                    return Attempt(lexicon.frame.name, options=options)
                continue
            attempt = self.attempt(made.text, made.lexicon, earlier)
            found = [each for each in best([attempt]) if says_something(each.question)]
            if len(found) == 1:
                one = found[0]
                told = replace(one, question=one.question.noting(*made.told))
                return replace(attempt, understood=(told,), ambiguous=None)
            if attempt.ambiguous is not None and asking is None:
                asking = replace(attempt, asked=made.text, told=made.told)
        return asking

    def assumed(self, question: str, attempts: Sequence[Attempt]) -> list[Understood]:
        """Return the reading by the mean, where a column is asked for that nobody adds up."""
        asking = [attempt for attempt in attempts if attempt.ambiguous is not None]
        own = [each for each in self.lexicons if asking and each.frame.name == asking[0].frame]
        if len(asking) != 1 or len(own) != 1 or asking[0].ambiguous is None:
            return []
        settled = by_mean(asking[0].asked or question, asking[0].ambiguous, own[0])
        found = best([self.attempt(settled, own[0], ())]) if settled else []
        if len(found) != 1:
            return []
        return [replace(found[0], question=found[0].question.noting(NOTE, *asking[0].told))]

    def totals(self, question: str) -> list[Understood]:
        """Return "how many commits" as the total of the column that counts them."""
        found = []
        for own in self.lexicons:
            for made in tallied(Wording(question, own)):
                read_so = best([self.attempt(made.text, own, ())])
                found += [
                    replace(each, question=each.question.noting(*made.notes)) for each in read_so
                ]
        return found if len(found) == 1 else []

    def understood(self, last: str, before: tuple[str, ...]) -> list[Understood]:
        """Return how an earlier question was answered that the grammar did not read as it stood."""
        attempts = [self.attempt(last, own, before) for own in self.lexicons]
        if any(attempt.ambiguous for attempt in attempts):
            return self.assumed(last, attempts) or self.totals(last)
        attempts = self.attempts(last, before)
        return best(attempts) or self.assumed(last, attempts)
