"""Columns of files whose cells have types of their own: JSON and workbooks."""

from dataclasses import dataclass, field

from leonidas_jupyter.data.columnar import Cast
from leonidas_jupyter.data.dialect import ColumnDialect, Dialect, DialectOverride
from leonidas_jupyter.data.headings import column_names
from leonidas_jupyter.data.layout import Layout
from leonidas_jupyter.data.plans import Hints, Plan, literal
from leonidas_jupyter.data.recognise import Recognition
from leonidas_jupyter.data.summarise import TYPES
from leonidas_jupyter.data.tokens import Syntax
from leonidas_jupyter.data.typing_pass import SAMPLE_CELLS, Column, Progress, Typing

MOMENTS = frozenset(("date", "datetime", "time"))


@dataclass
class Values:
    """What is known of a column's values once all have been read.

    ``sql_type`` is the type that holds each of them; None where they are text on the way to the
    rules of CSV. ``strings``: the file has them as text, so that only dates and times may become
    more. ``blank``: some are empty strings. ``missing`` are words among them that stand for missing
    values. ``sample`` are some of the texts.
    """

    sql_type: str | None = None
    strings: bool = False
    blank: bool = False
    missing: list[str] = field(default_factory=list)
    sample: dict[str, None] = field(default_factory=dict)

    @property
    def lacks(self) -> bool:
        """Whether more texts are worth a look."""
        return len(self.sample) < SAMPLE_CELLS

    def look_at(self, texts: list[str | None]) -> None:
        """Take note of some of the texts."""
        for text in dict.fromkeys(texts) if self.lacks else ():
            if not self.lacks:
                return
            if text:
                self.sample[text] = None


class ValueTyping(Typing):
    """Typing that leaves values the type that their file gives them."""

    def __init__(
        self,
        dialect: Dialect,
        header: list[list[str]],
        values: list[Values],
        override: DialectOverride | None,
    ) -> None:
        """``header`` are the rows that name the columns, from top to bottom."""
        names, self.written = column_names(header, len(values))
        self._values = dict(zip(names, values, strict=True))
        layout = Layout(header=header, width=len(names))
        found = Recognition(dialect, Syntax(","), layout, names, self.written, "\n")
        self._sampled = False
        super().__init__(found, override)
        for column in self.columns:
            column.cells = list(self._values[column.name].sample)
        self._sampled = True
        self.plan()

    @property
    def originals(self) -> dict[str, str]:
        """The columns' names as written, by their names."""
        names = [column.name for column in self.columns]
        return dict(zip(names, self.written, strict=True))

    def plan(self, progress: Progress = lambda _: None) -> None:
        """Make every column's plan, once it is known what the columns hold."""
        if self._sampled:
            super().plan(progress)

    def _choose(self, column: Column, hints: Hints) -> Plan:
        values = self._values[column.name]
        if column.fixed:
            return Cast(sql_type="VARCHAR")
        if values.sql_type is not None:
            return _given(values.sql_type, values.missing)
        plan = super()._choose(column, hints)
        if values.strings and plan.type not in MOMENTS:
            return Plan()
        if values.blank and plan.type != "text":
            plan.padded = True  # so that an empty string counts as missing among dates
        return Plan() if plan.key in column.banned else plan


def _given(sql_type: str, missing: list[str]) -> Plan:
    """The plan of a column whose values have that type, beside words for missing ones."""
    if not missing:
        return Cast(sql_type=sql_type)
    words = ", ".join(literal(word) for word in missing)
    convert = f"CASE WHEN trim({{v}}) NOT IN ({words}) THEN {{v}} END"
    marks = ColumnDialect(null_words=[word for word in missing if word])
    return Cast(type=TYPES[sql_type], dialect=marks, convert=convert, sql_type=sql_type)
