"""Questions to offer about what a declined question names: its columns and values."""

from collections.abc import Callable, Iterator

from leonidas_jupyter.assistant.analyst.column import NamedColumn
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.rephrase import named
from leonidas_jupyter.assistant.analyst.rewording.names import long_names
from leonidas_jupyter.assistant.analyst.rewording.wording import Wording
from leonidas_jupyter.assistant.analyst.spans import readings, refs_of
from leonidas_jupyter.assistant.analyst.words import tokenize

_MOST = 3


def near_questions(
    question: str, lexicon: FrameLexicon, answerable: Callable[[str], bool]
) -> list[str]:
    """Return up to three questions about what ``question`` names that are answered."""
    text = long_names(Wording(question, lexicon, (), (lexicon.frame.name,))).text
    found: list[str] = []
    for asked in dict.fromkeys(_made(text, lexicon)):
        if len(found) == _MOST:
            break
        if answerable(asked):
            found.append(asked)
    return found


def _named(text: str, lexicon: FrameLexicon) -> tuple[list[NamedColumn], list[tuple[str, str]]]:
    """Return the columns that a text names, and its values with theirs."""
    columns: dict[str, NamedColumn] = {}
    values: list[tuple[str, str]] = []
    for span in next(readings(tokenize(text), lexicon, [lexicon.frame.name]), []):
        if span.kind == "C":
            columns[str(span.meaning.value)] = lexicon.column(str(span.meaning.value))
        elif span.kind in "12":
            name = str(span.meaning.value[0])
            columns[name] = lexicon.column(name)
        elif span.kind == "V":
            values += [(ref.column, ref.values[0]) for ref in refs_of(span)[:1]]
    return list(columns.values()), values


def _made(text: str, lexicon: FrameLexicon) -> Iterator[str]:
    columns, values = _named(text, lexicon)
    numbers = [named(each.name) for each in columns if each.numeric]
    kinds = [named(each.name) for each in columns if each.profile.type in ("text", "boolean")]
    kinds += [named(column) for column, _ in values if named(column) not in kinds]
    for number in numbers[:1]:
        for kind in kinds[:1]:
            yield f"What is the average {number} by {kind}?"
            yield f"Which {kind} has the highest average {number}?"
        for other in numbers[1:2]:
            yield f"What is the correlation between {number} and {other}?"
        for column, value in values[:1]:
            yield f'What is the average {number} where {named(column)} is "{value}"?'
        yield f"What is the average {number}?"
        yield f"What is the highest {number}?"
        yield f"Histogram of {number}"
    for column, value in values[:1]:
        yield f'How many rows have "{value}" as {named(column)}?'
        yield f'How many rows where {named(column)} is "{value}"?'
    for kind in kinds[:1]:
        yield f"How many rows are there by {kind}?"
        yield f"What percentage of rows per {kind}?"
