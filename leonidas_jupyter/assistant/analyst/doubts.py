"""What a reading leaves open, although every word of the question is accounted for."""

from collections.abc import Sequence

from leonidas_jupyter.assistant.analyst.column import NamedColumn, same_word
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.question import Ambiguous, Question, Unfit
from leonidas_jupyter.assistant.analyst.spans import Span, refs_of
from leonidas_jupyter.assistant.analyst.words import singular

_COUNTS_ROWS = frozenset(
    {
        "rows",
        "share",
        "breakdown",
        "top_groups",
        "mean_count",
        "most_common",
        "mode",
        "chart_counts",
        "growth",
        "cumulative",
    }
)


def ask_back(spans: Sequence[Span], question: Question, lexicon: FrameLexicon) -> None:
    """Ask what is meant where a table gives one word of the question two meanings.

    Raises:
        Ambiguous: rows would be counted where a column holds counts, so that "how many women" may
            be its total; or the word for a cell's value is also what a column is of, so that
            "deaths" may be all rows of a table with a ``death_date``.
        Unfit: the same of a share; or a number is so far from all that a column holds that it was
            not meant for it, or not in its unit.
    """
    _rows_or_total(spans, question, lexicon)
    _out_of_range(question, lexicon)
    for span in spans:
        if span.kind == "V" and span.end - span.start == 1:
            _value_or_rows(span, spans, lexicon)


def _rows_or_total(spans: Sequence[Span], question: Question, lexicon: FrameLexicon) -> None:
    column = lexicon.tally
    if column is None or question.operation not in _COUNTS_ROWS:
        return
    said = any(
        (span.kind in "RFJ" or span.text.lower().startswith("row")) and not _noun_of(span, lexicon)
        for span in spans
    )
    if said or _used(column, question) or any(each.column for each in question.measures):
        return
    at = next((at for at, span in enumerate(spans) if span.kind in "HE"), None)
    if at is None or question.operation in ("share", "breakdown"):
        raise Unfit(
            f"Each row of {lexicon.frame.name} stands for as many as its `{column.name}` says: say "
            f"whether you mean the rows or the total of `{column.name}`."
        )
    beside = any(span.kind in "VC12" for span in spans[at + 1 : at + 2])
    total, rows = (" of", " with") if beside else ("", "")
    found = spans[at]
    ends = ("lowest", "fewest") if found.meaning.value == "asc" else ("highest", "most")
    first, second = ("", "number of") if found.kind == "H" else (f"{ends[0]} ", ends[1])
    choices = [f"the {first}total `{column.name}`{total}", f"the {second} rows{rows}"]
    raise Ambiguous(found.text, choices)


def _noun_of(span: Span, lexicon: FrameLexicon) -> bool:
    """Return whether a word for rows says what is counted: "commits" of a table of them."""
    return singular(span.text.lower()) in {singular(word) for word in lexicon.frame_words}


def _used(column: NamedColumn, question: Question) -> bool:
    conditions = (*question.where.conditions, *question.target.conditions)
    named: set[str | None] = set(question.columns)
    named |= {condition.column for condition in conditions}
    named |= {having.measure.column for having in question.having}
    return column.name in named


def _value_or_rows(span: Span, spans: Sequence[Span], lexicon: FrameLexicon) -> None:
    word = span.text.lower()
    refs = refs_of(span)
    own = {ref.column for ref in refs}
    if any(other.kind == "C" and other.meaning.value in own for other in spans):
        return
    others = [column for column in lexicon.columns if column.name not in own]
    if any(len(column.core) > 1 and same_word(word, column.core[0]) for column in others):
        values = [f"rows with `{ref.column}` {ref.values[0]}" for ref in refs]
        raise Ambiguous(span.text, ["rows", *values])


_FAR = 100


def _out_of_range(question: Question, lexicon: FrameLexicon) -> None:
    """Decline "rows with 4 bedrooms under 60000" as a test of the bedrooms."""
    for condition in question.where.conditions:
        if condition.op not in ("<", "<=", ">", ">=") or condition.part:
            continue
        column, value = lexicon.column(condition.column), condition.values[0]
        low, high = column.profile.min, column.profile.max
        if not (column.numeric and isinstance(low, int | float) and isinstance(high, int | float)):
            continue
        largest = max(abs(low), abs(high))
        if 0 < largest * _FAR <= abs(value):
            raise Unfit(
                f"`{column.name}` goes from {low:,} to {high:,}, so I cannot tell what {value:,} "
                "is held against: name its column, or write it in the table's own unit."
            )
