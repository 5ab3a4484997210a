"""The column that names a row to a person."""

from leonidas_jupyter.assistant.analyst.column import NamedColumn
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon

_LABELS = ("name", "title", "label", "id")


def label_column(lexicon: FrameLexicon) -> NamedColumn | None:
    """Return the column that names a row to a person.

    A name or title, else a text or date that no two rows share.
    """
    texts = [column for column in lexicon.columns if column.profile.type == "text"]
    rows = max(lexicon.frame.profile.rows, 1)
    named = [
        column
        for column in texts
        if column.core and column.core[-1] in _LABELS and column.profile.distinct > rows * 0.3
    ]
    keys = [
        column for column in lexicon.columns if column.key and (column in texts or column.temporal)
    ]
    found = named or keys or [column for column in texts if column.profile.distinct > rows * 0.9]
    return found[0] if found else None


def names_rows(column: NamedColumn, lexicon: FrameLexicon) -> bool:
    """Return whether a value of the column stands for one row.

    So that "which name" asks for rows.
    """
    return (
        column.key
        or column == label_column(lexicon)
        or (not column.numeric and column.profile.distinct > lexicon.frame.profile.rows * 0.9)
    )
