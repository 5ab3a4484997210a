"""How a column's text becomes typed values, and what of its writing the dialect must remember.

A plan's SQL gives the typed value, or NULL where the cell would not survive: written back under the
plan's marks it must equal the cell (as a number: ``Decimal(repr(value)) == Decimal(cell)``).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from leonidas_jupyter.data.cellkinds import NULL_WORDS
from leonidas_jupyter.data.dialect import ColumnDialect
from leonidas_jupyter.data.profile import ColumnType

TRUTH_WORDS = (
    ("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"), ("on", "off"), ("ja", "nein"),
    ("oui", "non"), ("si", "no"), ("sí", "no"), ("sim", "não"), ("vrai", "faux"),
    ("wahr", "falsch"), ("verdadero", "falso"), ("はい", "いいえ"), ("是", "否"), ("да", "нет"),
    ("истина", "ложь"), ("tak", "nie"), ("prawda", "fałsz"), ("evet", "hayır"),  # noqa: RUF001
    ("doğru", "yanlış"), ("sì", "no"), ("vero", "falso"), ("ja", "nee"), ("waar", "onwaar"),  # noqa: RUF001
    ("verdadeiro", "falso"), ("ja", "nej"), ("sant", "falskt"), ("ja", "nei"), ("ano", "ne"),
    ("igen", "nem"), ("kyllä", "ei"), ("ναι", "όχι"), ("так", "ні"), ("예", "아니오"), ("真", "假"),  # noqa: RUF001
)  # fmt: skip

MAX_NULL_WORDS = 4
"""A column with more kinds of missing values than this says something by them, so it stays text."""


@dataclass(frozen=True)
class Hints:
    """What the file's other columns, or a person, say about how this one is to be read."""

    delimiter: str = ","
    decimal: str | None = None
    thousands: str | None = None
    day_first: bool | None = None
    null_words: tuple[str, ...] | None = None


@dataclass
class Plan:
    """``convert`` is SQL over ``{v}``, the cell; ``padded``: outer spaces are left out first.

    ``ambiguous`` names what the column alone does not decide: ``decimal`` or ``day``.
    """

    type: ColumnType = "text"
    dialect: ColumnDialect = field(default_factory=ColumnDialect)
    convert: str = "{v}"
    sql_type: str = "VARCHAR"
    padded: bool = False
    ambiguous: str = ""
    decides: tuple[str, str] | None = None

    def sql(self, cell: str, otherwise: str) -> str:
        """SQL of the typed value of ``cell``, and of ``otherwise`` where the cell does not fit."""
        if self.type == "text":
            return cell
        value = f"trim({cell})" if self.padded else cell
        typed = self.convert.replace("{v}", value)
        missing = f"{cell} IS NULL"
        if self.padded:
            missing += f" OR {value} = ''"
        if self.dialect.null_words:
            words = ", ".join(literal(word) for word in self.dialect.null_words)
            missing += f" OR {value} IN ({words})"
        return f"CASE WHEN {missing} THEN NULL ELSE coalesce({typed}, {otherwise}) END"

    @property
    def key(self) -> str:
        """What tells this plan from another one."""
        return f"{self.sql_type} {self.padded} {self.convert} {self.dialect.null_words}"


def literal(text: str) -> str:
    """A text as SQL's string literal."""
    return "'" + text.replace("'", "''") + "'"


def plan_column(cells: Iterable[str], hints: Hints) -> Plan:
    """The most telling type that every cell of a sample survives; text where there is none."""
    from leonidas_jupyter.data.moments import plan_moments
    from leonidas_jupyter.data.numbers import plan_numbers

    distinct = dict.fromkeys(cells)
    stripped = dict.fromkeys(cell.strip(" ") for cell in distinct)
    padded = len(stripped) != len(distinct) or any(cell not in distinct for cell in stripped)
    stripped.pop("", None)
    words = NULL_WORDS if hints.null_words is None else hints.null_words
    missing = [cell for cell in stripped if cell in words]
    values = [cell for cell in stripped if cell not in words]
    if not values or len(missing) > MAX_NULL_WORDS:
        return Plan()
    plan = plan_numbers(values, hints) or plan_moments(values, hints)
    if plan is None:
        plan = None if missing and hints.null_words is None else _plan_truth(values)
    if plan is None:
        return Plan()
    plan.padded = padded
    plan.dialect.null_words = missing
    return plan


def _plan_truth(values: list[str]) -> Plan | None:
    """Two words that mean yes and no, written alike; TRUE or FALSE also alone."""
    if len(values) > 2:
        return None
    for true, false in TRUTH_WORDS:
        for spell in (str.lower, str.upper, str.capitalize):
            pair = (spell(true), spell(false))
            alone = true == "true" and len(true) > 1
            if set(values) == set(pair) or (alone and set(values) < set(pair)):
                yes, no = literal(pair[0]), literal(pair[1])
                return Plan(
                    type="boolean",
                    dialect=ColumnDialect(true_word=pair[0], false_word=pair[1]),
                    convert=f"CASE {{v}} WHEN {yes} THEN true WHEN {no} THEN false END",
                    sql_type="BOOLEAN",
                )
    return None
