"""Tokens of a question and of column names: one way of splitting for both, so that they meet."""

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal

TokenKind = Literal["word", "number", "ordinal", "date", "quoted", "symbol"]

_TOKEN = re.compile(
    r"""
    (?P<quoted>"[^"\n]+"|`[^`\n]+`|\u201c[^\u201d\n]+\u201d|(?<![A-Za-z0-9])'[^'\n]+'(?![A-Za-z0-9])|\u2018[^\u2019\n]+\u2019(?![A-Za-z]))
  | (?P<date>\d{4}-\d{1,2}-\d{1,2}(?:[T ]\d{1,2}:\d{2}(?::\d{2})?)?
      |\d{4}-(?:0[1-9]|1[0-2])(?![\d-]))
  | (?P<ordinal>\d+(?:st|nd|rd|th)\b)
  | (?P<number>(?:(?<![\w).])-)?[$€£]?
      (?:\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])|\d+(?:\.\d+)?|\.\d+))
  | (?P<word>[^\W\d_]+(?:['\u2019][^\W\d_]+)*\.?\d*|[^\W\d_]+)
  | (?P<symbol><=|>=|!=|<>|==|≥|≤|≠|[-+*/%<>=,;:?!.()\[\]{}&@#_~^|–—×÷·\u2212])
    """,
    re.VERBOSE,
)
_CONTRACTIONS = (
    (re.compile(r"\b(\d{3}0)[\u2019']s\b"), r"\1s"),
    (re.compile(r"\b(what|who|where|how)s\b", re.I), r"\1 is"),
    (re.compile(r"\b(do|does|did|is|are|was|were|have|has|had)nt\b", re.I), r"\1 not"),
    (re.compile(r"\bcant\b", re.I), "can not"),
    (re.compile(r"\bcan[\u2019']t\b", re.I), "can not"),
    (re.compile(r"\bwon[\u2019']t\b", re.I), "will not"),
    (re.compile(r"\b(\w+)n[\u2019']t\b", re.I), r"\1 not"),
    (re.compile(r"\b(what|who|where|how|which|there|it|that|let)[\u2019']s\b", re.I), r"\1 is"),
    (re.compile(r"\b(\w+)[\u2019'](?:re|ve|ll|d|m)\b", re.I), r"\1"),
    (re.compile(r"(?<=\w)[\u2019']s\b", re.I), ""),
    (re.compile(r"(?<=s)[\u2019'](?=\s|$)", re.I), ""),
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_PIECE = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Token:
    """A piece of the question.

    As written (``text``), folded (``low``), and the words in it (``pieces``).
    """

    kind: TokenKind
    text: str
    low: str
    pieces: tuple[str, ...]
    start: int
    end: int

    @property
    def joined(self) -> str:
        """The letters and digits only, for comparing with names that are split differently."""
        return "".join(self.pieces)


def fold(text: str) -> str:
    """Return ``text`` without case and accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def pieces(name: str) -> tuple[str, ...]:
    """Return the words and numbers of a name.

    ``bill_length_mm``, ``billLengthMM``, ``Mar.2019``, ``row m/z``.
    """
    spaced = _CAMEL.sub(" ", name)
    return tuple(fold(piece) for piece in _PIECE.findall(spaced))


def tokenize(question: str) -> list[Token]:
    """Return the tokens of ``question`` after writing out contractions and dropping possessives."""
    return [_token(match) for match in _TOKEN.finditer(written_out(question))]


def written_out(question: str) -> str:
    """Return the question with its contractions written out: what the tokens' places count in."""
    text = question
    for pattern, replacement in _CONTRACTIONS:
        text = pattern.sub(replacement, text)
    return text


def _token(match: re.Match[str]) -> Token:
    kind = match.lastgroup or "symbol"
    text = match.group()
    inner = text[1:-1].strip() if kind == "quoted" else text
    if kind == "word":
        inner = text.rstrip(".")
        found = _PIECE.findall(fold(inner))
    elif kind == "symbol":
        found = []
    else:
        found = list(pieces(inner))
    return Token(
        kind=kind,  # type: ignore[arg-type]
        text=inner,
        low=inner if kind == "symbol" else fold(inner),
        pieces=tuple(found),
        start=match.start(),
        end=match.end(),
    )


_PLURALS = (
    ("ies", "y"),
    ("sses", "ss"),
    ("shes", "sh"),
    ("ches", "ch"),
    ("xes", "x"),
    ("zes", "z"),
)


@lru_cache(maxsize=1)
def _irregular() -> dict[str, str]:
    text = files(__package__).joinpath("vocabulary.toml").read_text(encoding="utf-8")
    plurals = tomllib.loads(text)["plurals"]
    return {**plurals["irregular"], **{word: word for word in plurals["none"]}}


@lru_cache(maxsize=8192)
def singular(word: str) -> str:
    """Return the singular of an English noun; words that are no plural come back as they are."""
    irregular = _irregular()
    if word in irregular:
        return irregular[word]
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    for ending, replacement in _PLURALS:
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word[: -len(ending)] + replacement
    return word[:-1]
