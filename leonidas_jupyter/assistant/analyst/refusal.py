"""What the analyst says when it does not compute: help, questions back, refusals."""

from collections.abc import Sequence

from leonidas_jupyter.assistant.analyst.operations.structure import frames_text
from leonidas_jupyter.assistant.analyst.plan import ToolOutcome
from leonidas_jupyter.assistant.analyst.question import Question
from leonidas_jupyter.assistant.analyst.reply import (
    INTRODUCTION,
    condition_words,
    group_words,
    measure_words,
)

_ABILITIES = (
    "I read your question word by word and answer it with SQL and statistics: counts, columns and "
    "types, missing values and duplicates, what looks odd, means, medians, totals and quantiles, "
    "by groups, top and bottom, groups that pass a test (“with more than 50 rows”), filters (“more "
    "than”, “between”, “not”, dates, weekdays, “last year”), shares, growth, running totals and "
    "moving averages, computed columns (“price × quantity”), correlations, straight lines, "
    "significance tests, outliers, differences between groups, two tables joined on a key, and "
    "charts. I never guess: what I do not understand I say."
)


CLOSED = (
    "The question states the form of its answer, and more about how to compute it than I "
    "understand, "
    "so I compute nothing rather than guess."
)


def _listed(questions: Sequence[str]) -> str:
    return "\n".join(f"- {question}" for question in questions)


def introduction(kind: str, frames: Sequence[str], offers: Sequence[str]) -> str:
    """Return the answer to "help", a greeting or thanks."""
    if kind == "thanks":
        return "You are welcome. Ask on."
    tables = ", ".join(f"`{name}`" for name in frames)
    where = (
        f"Your tables: {tables}."
        if frames
        else "There is no table yet: upload a CSV file, and ask about it."
    )
    parts = [
        f"Hello. {INTRODUCTION}" if kind == "hello" else INTRODUCTION,
        _ABILITIES if kind == "help" else "",
        where,
    ]
    if offers:
        parts.append("Try:\n\n" + _listed(offers))
    return "\n\n".join(part for part in parts if part)


def no_frames() -> str:
    """Return what to say in a project without tables."""
    return (
        "There is no table in this project yet: upload a CSV file, and ask about it. "
        f"{INTRODUCTION}"
    )


def nothing_to_continue() -> str:
    """Return what to say to "continue" where nothing was asked before."""
    return "There is no question before this one that I could go on with: ask one."


def too_long(limit: int) -> str:
    """Return what to say to a question that is longer than anyone asks."""
    return (
        f"That is longer than {limit} characters, which I cannot read word by word: ask one "
        f"question at a time. {INTRODUCTION}"
    )


def choices(phrase: str, options: Sequence[str]) -> str:
    """Return a question back about a phrase with several meanings."""
    return f"“{phrase}” can mean several things here. Which one do you mean?\n\n" + _listed(options)


def which_frame(options: Sequence[str]) -> str:
    """Return a question back about the table: the same question of each, or the tables' names."""
    return "That can be asked of several tables. Name the one you mean:\n\n" + _listed(options)


def which_question(questions: Sequence[str]) -> str:
    """Return a question back that offers each reading as a question of its own."""
    return "I can read that in several ways. Did you mean:\n\n" + _listed(questions)


def which_reading(found: Sequence[Question]) -> str:
    """Return a question back about readings of one frame."""
    return "I can read that in several ways. Which one do you mean?\n\n" + _listed(
        [_reading(question) for question in found]
    )


def _reading(question: Question) -> str:
    parts = [measure_words(measure) for measure in question.measures if measure.agg != "mode"]
    parts += [f"`{name}`" for name in question.columns[:4]]
    what = ", ".join(parts) or question.operation.replace("_", " ")
    conditions = [
        condition_words(condition)
        for condition in (*question.where.conditions, *question.target.conditions)
    ]
    return (
        what
        + group_words(question.groups)
        + (f" where {' and '.join(conditions)}" if conditions else "")
    )


def not_understood(
    unknown: Sequence[str],
    reasons: Sequence[str],
    hint: str,
    offers: Sequence[str],
    meant: bool = False,
) -> str:
    """Return a refusal that says which words were not understood, and what can be asked instead.

    ``hint`` names columns that there are; ``meant`` says that the ``offers`` are this question,
    changed so that it is understood.
    """
    parts = []
    if unknown:
        words = ", ".join(f"“{word}”" for word in unknown)
        parts.append(
            f"I did not understand {words}, so I compute nothing rather than guess. {INTRODUCTION}"
        )
    elif reasons:
        parts.append(f"{reasons[0]} {INTRODUCTION}")
    else:
        parts.append(
            "I know the words, but not what you ask with them, so I compute nothing rather "
            f"than guess. {INTRODUCTION}"
        )
    if hint:
        parts.append(hint)
    if offers:
        introduced = "Did you mean:" if meant else "Questions that I can answer:"
        parts.append(f"{introduced}\n\n" + _listed(offers))
    return "\n\n".join(parts)


def unable(says: str, offers: Sequence[str]) -> str:
    """Return that something is not done here, and the nearest questions that are answered."""
    parts = [f"{says} {INTRODUCTION}"]
    if offers:
        parts.append("Questions that I can answer:\n\n" + _listed(offers))
    return "\n\n".join(parts)


def frames_said(results: Sequence[ToolOutcome]) -> str:
    """Return the size of every table, for a question that names none."""
    return (
        frames_text(results[0].result)
        + "\n\nI read this as a question about every table; name one to ask about it alone."
    )
