"""The words of ``words.toml``, read once."""

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from leonidas_jupyter.assistant.analyst.words import singular


@dataclass(frozen=True)
class RowKind:
    """A kind of thing that a row may be: its nouns, and the words of columns that speak for it."""

    nouns: frozenset[str]
    evidence: frozenset[str]


@dataclass(frozen=True)
class Instead:
    """A pattern, what is written in its place, and what to say of that (nothing, where plain)."""

    pattern: re.Pattern[str]
    by: str
    note: str
    chart: bool


@dataclass(frozen=True)
class Measured:
    """Words that stand for the size of something: the columns' words, and whether low is meant."""

    measures: tuple[str, ...]
    low: bool


@dataclass(frozen=True)
class Phrasebook:
    """All of ``words.toml``."""

    any_row: frozenset[str]
    kinds: tuple[RowKind, ...]
    deeds: dict[str, re.Pattern[str]]
    start: re.Pattern[str]
    end: re.Pattern[str]
    instead: tuple[Instead, ...]
    verbs: dict[str, Measured]
    adjectives: dict[str, Measured]
    cannot: tuple[tuple[re.Pattern[str], str], ...]
    overview: Instead
    thanks: re.Pattern[str]


def any_of(phrases: list[str]) -> str:
    """Return a regular expression for any of the phrases, the longest first."""
    ordered = sorted(phrases, key=len, reverse=True)
    return "(?:" + "|".join(re.escape(phrase).replace(r"\ ", r"\s+") for phrase in ordered) + ")"


def _measured(rows: list[dict[str, Any]], key: str) -> dict[str, Measured]:
    return {
        word: Measured(tuple(row["measures"]), bool(row.get("low")))
        for row in rows
        for word in row[key]
    }


def unable(question: str) -> str | None:
    """Return what is said of a question for what the analyst does not do."""
    for pattern, says in phrasebook().cannot:
        if pattern.search(question.strip()):
            return says
    return None


@lru_cache(maxsize=1)
def phrasebook() -> Phrasebook:
    """Return the words of ``words.toml``."""
    text = files(__package__).joinpath("words.toml").read_text(encoding="utf-8")
    raw = tomllib.loads(text)
    return Phrasebook(
        any_row=frozenset(raw["rows"]["any"]),
        kinds=tuple(
            RowKind(frozenset(map(singular, each["nouns"])), frozenset(each["evidence"]))
            for each in raw["rows"]["kinds"]
        ),
        deeds={
            thing: re.compile(rf"\b{any_of(verbs)}\b", re.I)
            for thing, verbs in raw["deeds"].items()
        },
        start=re.compile(rf"^\s*{any_of(raw['fillers']['start'])}\b[\s,!.:-]*", re.I),
        end=re.compile(rf"[\s,]+{any_of(raw['fillers']['end'])}\s*$", re.I),
        instead=tuple(
            Instead(
                re.compile(each["pattern"], re.I),
                each["by"],
                each.get("note", ""),
                bool(each.get("chart")),
            )
            for each in raw["instead"]
        ),
        verbs=_measured(raw["deeds_measured"], "verbs"),
        adjectives=_measured(raw["measured_adjectives"], "words"),
        cannot=tuple((re.compile(each["pattern"], re.I), each["says"]) for each in raw["cannot"]),
        overview=Instead(
            re.compile(raw["overview"]["pattern"], re.I), raw["overview"]["by"], "", False
        ),
        thanks=re.compile(raw["thanks"]["pattern"], re.I),
    )
