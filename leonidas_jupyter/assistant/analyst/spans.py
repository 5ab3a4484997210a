"""The matcher: cuts a question into spans, each with what it may mean for one frame."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product

from leonidas_jupyter.assistant.analyst.candidates import candidates
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon, ValueRef
from leonidas_jupyter.assistant.analyst.vocabulary import Meaning
from leonidas_jupyter.assistant.analyst.words import Token

UNKNOWN = "_"
_LONGEST = 8
_MOST_READINGS = 32


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
            found = candidates(tokens, start, end, lexicon, frame_names)
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


def with_word(tokens: Sequence[Token], at: int, word: str) -> list[Token]:
    """Return the tokens with the one at ``at`` read as ``word``."""
    changed = replace(tokens[at], low=word, pieces=(word,))
    return [*tokens[:at], changed, *tokens[at + 1 :]]


def refs_of(span: Span) -> tuple[ValueRef, ...]:
    """Return the values that a ``V`` span may stand for."""
    refs: tuple[ValueRef, ...] = span.meaning.value
    return refs
