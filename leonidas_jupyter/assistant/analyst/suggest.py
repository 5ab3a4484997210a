"""Questions to offer: made of the frame's own columns, and only those that the analyst answers."""

from collections.abc import Callable, Iterator

from leonidas_jupyter.assistant.analyst.column import NamedColumn
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.operations.table import TABLE

Answerable = Callable[[str], bool]


def _numbers(lexicon: FrameLexicon) -> list[NamedColumn]:
    """Return the numeric columns that are quantities rather than codes and years."""
    return [
        column
        for column in lexicon.columns
        if column.numeric and not column.flag and not column.key and _quantity(column)
    ]


def _quantity(column: NamedColumn) -> bool:
    return column.profile.distinct > 2 and not {"id", "year", "code", "index"} & set(column.words)


def _categories(lexicon: FrameLexicon) -> list[NamedColumn]:
    return [
        column
        for column in lexicon.columns
        if column.profile.type == "text" and 2 <= column.profile.distinct <= 30
    ]


def candidates(lexicon: FrameLexicon) -> Iterator[str]:
    """Yield questions about one frame, the most telling first."""
    numbers, categories = _numbers(lexicon), _categories(lexicon)
    slots = {"frame": lexicon.frame.name}
    if numbers:
        slots["number"] = f'"{numbers[-1].name}"'
        slots["median"] = str(numbers[-1].profile.median)
    if len(numbers) > 1:
        slots["number2"] = f'"{numbers[-2].name}"'
    if categories:
        slots["category"] = f'"{categories[0].name}"'
    order = {"aggregate": 0, "top_groups": 1, "missing": 2, "rows": 3, "histogram": 4, "share": 5}
    told = sorted(TABLE, key=lambda operation: order.get(operation.name, 9))
    longest = max(len(operation.examples) for operation in told)
    for example in (
        each.examples[at] for at in range(longest) for each in told if len(each.examples) > at
    ):
        try:
            yield example.format(**slots)
        except KeyError:
            continue


def suggestions(lexicon: FrameLexicon, answerable: Answerable, count: int) -> list[str]:
    """Return ``count`` questions that the analyst answers about the frame.

    Fewer where the frame has too little in it.
    """
    found: list[str] = []
    for question in candidates(lexicon):
        if len(found) == count:
            break
        if answerable(question):
            found.append(question)
    return found
