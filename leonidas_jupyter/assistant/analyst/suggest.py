"""Questions to offer: made of the frame's own columns, and only those that the analyst answers."""

from collections.abc import Callable, Iterator

from leonidas_jupyter.assistant.analyst.column import NamedColumn, same_word
from leonidas_jupyter.assistant.analyst.labels import label_column
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.operations.table import TABLE
from leonidas_jupyter.assistant.analyst.rephrase import named

Answerable = Callable[[str], bool]

_CODES = frozenset({"id", "ids", "year", "code", "index", "rank", "key", "zip", "lat", "lon"})
_TELLING = (
    "revenue",
    "sales",
    "price",
    "population",
    "gross",
    "income",
    "gdp",
    "mass",
    "weight",
    "yield",
    "cost",
    "temperature",
    "rating",
    "gallon",
    "mpg",
    "votes",
    "precipitation",
    "score",
    "amount",
)
_AMOUNTS = frozenset(
    {
        "revenue",
        "sales",
        "population",
        "gross",
        "cost",
        "precipitation",
        "amount",
        "gdp",
        "quantity",
    }
)
"""Quantities of which a total says more than a mean."""

_INTERESTING = (
    "What is the {agg} {number} by {category}?",
    "{agg} {number} per {period}",
    "Top 5 {rows} by {number}",
    "Bar chart of the {agg} {number} by {category}",
    "Line chart of the {agg} {number} by {period}",
    "Which {category} has the highest {agg} {number}?",
    "What is the correlation between {number} and {number2}?",
    "What percentage of rows per {category}?",
    "Histogram of {number}",
    "How many rows are there by {category}?",
)
"""What to offer first, in this order, as far as the frame has the columns."""


def _numbers(lexicon: FrameLexicon) -> list[NamedColumn]:
    """Return the numeric columns that are quantities rather than codes, the most telling first."""
    found = [
        column
        for column in lexicon.columns
        if column.numeric and not column.flag and not column.key and _quantity(column)
    ]
    rows = lexicon.frame.profile.rows
    return sorted(found, key=lambda column: _dullness(column, rows))


def _quantity(column: NamedColumn) -> bool:
    return column.profile.distinct > 2 and not _CODES & set(column.words)


def _dullness(column: NamedColumn, rows: int) -> tuple[bool, int, bool]:
    sparse = column.profile.nulls * 5 > rows
    ranks = [
        at
        for at, word in enumerate(_TELLING)
        if any(same_word(own, word) for own in column.core) and "other" not in column.words
    ]
    return sparse, min(ranks, default=len(_TELLING)), column.profile.distinct <= 10


def _categories(lexicon: FrameLexicon) -> list[NamedColumn]:
    """Return the text columns of a few values, the fullest first, then those of fewer values."""
    found = [
        column
        for column in lexicon.columns
        if column.profile.type == "text" and 2 <= column.profile.distinct <= 30
    ]
    return sorted(found, key=lambda column: column.profile.nulls * 5 > lexicon.frame.profile.rows)


def _slots(lexicon: FrameLexicon) -> dict[str, str]:
    numbers, categories = _numbers(lexicon), _categories(lexicon)
    slots = {"frame": lexicon.frame.name}
    if numbers:
        slots["number"] = named(numbers[0].name)
        slots["median"] = str(numbers[0].profile.median)
        slots["agg"] = "total" if _AMOUNTS & set(numbers[0].core) else "average"
    if len(numbers) > 1:
        slots["number2"] = named(numbers[1].name)
    if categories:
        slots["category"] = named(categories[0].name)
    label = label_column(lexicon)
    if label is not None and label.profile.type == "text":
        slots["rows"] = lexicon.frame.name
    return slots | _period(lexicon)


def _period(lexicon: FrameLexicon) -> dict[str, str]:
    dated = [column for column in lexicon.columns if column.temporal]
    if len(dated) == 1:
        profile = dated[0].profile
        first, last = str(profile.min)[:4], str(profile.max)[:4]
        return {"period": "calendar month" if first == last else "year"}
    years = [column for column in lexicon.columns if column.numeric and "year" in column.core]
    return {"period": named(years[0].name)} if len(years) == 1 else {}


def candidates(lexicon: FrameLexicon, first: int = 0) -> Iterator[str]:
    """Yield questions about one frame, the most telling first.

    They begin with the kind at ``first``, so that several frames are not all asked the same.
    """
    slots = _slots(lexicon)
    longest = max(len(operation.examples) for operation in TABLE)
    others = [
        each.examples[at] for at in range(longest) for each in TABLE if len(each.examples) > at
    ]
    given: set[str] = set()
    for example in (*_INTERESTING[first:], *_INTERESTING[:first], *others):
        try:
            question = example.format(**slots)
        except KeyError:
            continue
        made = question[0].upper() + question[1:]
        if made not in given:
            given.add(made)
            yield made


def suggestions(
    lexicon: FrameLexicon, answerable: Answerable, count: int, first: int = 0
) -> list[str]:
    """Return ``count`` questions that the analyst answers about the frame.

    Fewer where the frame has too little in it.
    """
    found: list[str] = []
    for question in candidates(lexicon, first):
        if len(found) == count:
            break
        if answerable(question):
            found.append(question)
    return found
