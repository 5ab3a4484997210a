"""Questions that are asked of several tables at once."""

from leonidas_jupyter.assistant.analyst.question import Question

_PER_FRAME = ("incomplete", "missing", "duplicates", "describe", "rows_listed", "types")
_EVERY_FRAME = ("rows", "shape", "columns")


def about_all(question: Question) -> bool:
    """Return whether a question is about how large a table is, as a whole."""
    bare = not question.where.conditions and not question.groups
    return question.operation in _EVERY_FRAME and bare


def about_the_whole(question: Question) -> bool:
    """Return whether a question asks something of a table as a whole, whichever table it is."""
    named = () if question.operation == "describe" else question.columns
    parts = (question.where.conditions, question.groups, named, question.measures)
    return question.operation in _PER_FRAME and not any(parts)
