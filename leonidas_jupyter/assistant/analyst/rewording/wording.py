"""A question on its way into words that the grammar reads, and the words it has not yet."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.spans import UNKNOWN, readings
from leonidas_jupyter.assistant.analyst.spelling import correct
from leonidas_jupyter.assistant.analyst.words import Token, tokenize


@dataclass(frozen=True)
class Wording:
    """A question as it was put so far, what to say of the changes, and the frame it is put to.

    ``lexicon`` has a computed column more where a word calls for one ("weekend"). ``rephrased``
    says that the sentence was put otherwise, not only single words of it. ``options`` are the
    questions that it may be, where nothing says which.
    """

    text: str
    lexicon: FrameLexicon
    notes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    rephrased: bool = False
    options: tuple[str, ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """The notes, with the words themselves where the sentence was put otherwise."""
        whole = (f"I read your question as “{self.text}”.",) if self.rephrased else ()
        return (*whole, *self.notes)

    def put(self, text: str, *notes: str) -> "Wording":
        """Return the question in other words, with notes of what was changed."""
        told = tuple(note for note in notes if note and note not in self.notes)
        return replace(self, text=squeezed(text), notes=(*self.notes, *told))

    def put_notes(self, notes: Sequence[str]) -> "Wording":
        """Return the same words with more notes."""
        return self.put(self.text, *notes)

    def swapped(self, said: str, other: str, *notes: str) -> "Wording":
        """Return the question with the first ``said`` as ``other``."""
        found = re.compile(rf"(?<!\w){re.escape(said)}(?!\w)", re.I)
        return self.put(found.sub(lambda _: other, self.text, count=1), *notes)

    def unknown(self) -> list[Token]:
        """Return the words that mean nothing for this frame, slips of spelling aside."""
        return unknown_tokens(self.text, self.lexicon, self.names)


def squeezed(text: str) -> str:
    """Return a text with single spaces, none before a comma, and no marks at its end."""
    plain = re.sub(r"\s+([,;])", r"\1", re.sub(r"\s+", " ", text)).strip(" ,;?!.")
    return plain.strip()


def unknown_tokens(text: str, lexicon: FrameLexicon, names: Sequence[str]) -> list[Token]:
    """Return the tokens of ``text`` that mean nothing for a frame, slips of spelling aside."""
    tokens = tokenize(text)
    spans = next(readings(tokens, lexicon, names), [])
    at = [span.start for span in spans if span.kind == UNKNOWN]
    slips = correct(tokens, at, lexicon, names)
    return [tokens[index] for index in at if index not in slips and tokens[index].kind == "word"]
