"""Text columns into typed Parquet: plans from a sample, proved on every cell while it is written.

The first pass is hopeful: it types the file as it is read and stops at the first cell that a plan
does not hold. Only then the text is kept beside, the cells that do not fit are looked at, and the
plans are made again, until every cell of every column survives.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from leonidas_jupyter.data.dialect import Dialect, DialectOverride
from leonidas_jupyter.data.moments import both_orders, travel
from leonidas_jupyter.data.plans import Hints, Plan, literal, plan_column
from leonidas_jupyter.data.recognise import Recognition

if TYPE_CHECKING:
    import duckdb

MISFIT = "error('misfit')"
SAMPLE_CELLS = 2000
"""Distinct cells of a column that its first plan is made from."""

JUDGED_CHARACTERS = 1000
"""What is looked at of a cell that fits no plan; nothing but text is as long."""

CHECK_COLUMNS = 200
ROW_GROUP = 122_880
ROW_GROUP_CELLS = 4_000_000
"""DuckDB holds a row group of each thread in memory, so frames of many columns get shorter ones."""

Progress = Callable[[float], None]
WIDE = 1000
"""DuckDB holds 2048 rows of all columns at once, so wider frames are typed in stacks of columns."""


@dataclass
class Column:
    """A column on its way to a type. ``banned`` are plans that the data proved wrong."""

    name: str
    cells: list[str]
    plan: Plan = field(default_factory=Plan)
    banned: set[str] = field(default_factory=set)
    fixed: bool = False

    def learn(self, misfits: list[str]) -> None:
        """Take note of cells that the plan does not hold."""
        known = set(self.cells)
        if known.issuperset(misfits):
            self.banned.add(self.plan.key)
        self.cells += [cell for cell in misfits if cell not in known]


class Typing:
    """The plans of all columns of a file."""

    def __init__(
        self,
        found: Recognition,
        override: DialectOverride | None,
        progress: Progress = lambda _: None,
    ) -> None:
        """Make the first plans; ``progress`` hears of 0 to 1."""
        said = override or DialectOverride()
        self._said = said
        self._delimiter = found.dialect.delimiter
        self.assumed: list[str] = []
        self.columns = [
            Column(name, cells, fixed=name in (said.text_columns or ()))
            for name, cells in zip(found.names, _sample(found), strict=True)
        ]
        self.plan(progress)

    def plan(self, progress: Progress = lambda _: None) -> None:
        """Make every column's plan from its cells; what one leaves open, the others decide."""
        base = self._hints(None, None)
        for number, column in enumerate(self.columns):
            column.plan = self._choose(column, base)
            if number % CHECK_COLUMNS == 0:
                progress(number / len(self.columns))
        decided = [column.plan.decides for column in self.columns if column.plan.decides]
        decimals = {value for topic, value in decided if topic == "decimal"}
        orders = {value for topic, value in decided if topic == "day"}
        decimal = decimals.pop() if len(decimals) == 1 else None
        day_first = orders.pop() == "first" if len(orders) == 1 else None
        self.assumed = []
        for column in self.columns:
            if column.plan.ambiguous or (decimal == "," and column.plan.type == "number"):
                self._settle(column, self._hints(decimal, day_first))
            if "%y" in (column.plan.dialect.format or ""):
                self.assumed.append(
                    f"The years of “{column.name}” have two digits: 69 to 99 are read as 19xx, "
                    "00 to 68 as 20xx."
                )

    def _hints(self, decimal: str | None, day_first: bool | None) -> Hints:
        said = self._said
        words = tuple(said.null_words) if said.null_words is not None else None
        return Hints(self._delimiter, said.decimal or decimal, said.thousands, day_first, words)

    def _choose(self, column: Column, hints: Hints) -> Plan:
        if column.fixed:
            return Plan()
        plan = plan_column(column.cells, hints)
        return Plan() if plan.key in column.banned else plan

    def _settle(self, column: Column, hints: Hints) -> None:
        """Decide what the column alone leaves open, and say what was assumed."""
        topic = column.plan.ambiguous
        if topic == "day" and hints.day_first is None:
            hints = Hints(
                hints.delimiter, hints.decimal, hints.thousands,
                _shorter_way(column.cells), hints.null_words,
            )  # fmt: skip
        column.plan = self._choose(column, hints)
        if topic == "day" and column.plan.type in ("date", "datetime"):
            self.assumed.append(
                f"“{column.name}” could have day or month first; "
                f"read as {column.plan.dialect.format}."
            )
        elif topic == "decimal" and column.plan.type in ("integer", "number"):
            mark = "decimal" if column.plan.type == "number" else "thousands"
            self.assumed.append(
                f"The mark in the numbers of “{column.name}” could separate thousands or "
                f"decimals; read as {mark} mark."
            )

    def select(self, source: str, start: int = 0, stop: int | None = None) -> str:
        """SQL that types columns of a relation and raises where a cell does not fit."""
        parts = [
            f"CAST({column.plan.sql(f'c{start + i}', MISFIT)} AS {column.plan.sql_type}) AS "
            + '"' + column.name.replace('"', '""') + '"'
            for i, column in enumerate(self.columns[start:stop])
        ]  # fmt: skip
        return f"SELECT {', '.join(parts)} FROM {source}"  # noqa: S608 - quoted names, own SQL

    def describe(self, dialect: Dialect) -> None:
        """Add to the dialect the marks of the columns and what was assumed about them."""
        for column in self.columns:
            marks = column.plan.dialect
            if column.plan.type != "text" and marks.model_dump(exclude_defaults=True):
                dialect.columns[column.name] = marks
        dialect.assumed += self.assumed

    def keep_as_text(self, names: set[str]) -> None:
        """Leave columns as they are written."""
        for column in self.columns:
            if column.name in names:
                column.fixed, column.plan = True, Plan()

    def learn(self, connection: "duckdb.DuckDBPyConnection", source: str) -> set[str]:
        """Look for cells that the plans do not hold; returns the names of their columns."""
        changed: set[str] = set()
        typed = [(i, c) for i, c in enumerate(self.columns) if c.plan.type != "text"]
        for start in range(0, len(typed), CHECK_COLUMNS):
            batch = typed[start : start + CHECK_COLUMNS]
            parts = [misfits(f"c{i}", column.plan) for i, column in batch]
            found = connection.execute(f"SELECT {', '.join(parts)} FROM {source}").fetchall()  # noqa: S608
            for (_, column), cells in zip(batch, found[0], strict=True):
                if cells:
                    changed.add(column.name)
                    column.learn(cells)
        return changed


def misfits(cell: str, plan: Plan) -> str:
    """SQL of a few cells that the plan does not hold: of different sizes and from both ends."""
    fits = plan.sql(cell, "NULL")
    odd = f"FILTER (WHERE {cell} IS NOT NULL AND ({fits}) IS NULL AND NOT ({_missing(cell, plan)}))"
    short = f"left({cell}, {JUDGED_CHARACTERS})"
    picks = [
        f"min({short})",
        f"max({short})",
        f"any_value({short})",
        f"arg_max({short}, length({cell}))",
        f"arg_min({short}, length({cell}))",
    ]
    return f"list_distinct([{', '.join(f'{pick} {odd}' for pick in picks)}])"


def _missing(cell: str, plan: Plan) -> str:
    words = ", ".join(literal(word) for word in ["", *plan.dialect.null_words])
    return f"{f'trim({cell})' if plan.padded else cell} IN ({words})"


def _sample(found: Recognition) -> list[list[str]]:
    """Distinct cells of each column, in file order."""
    columns: list[dict[str, None]] = [{} for _ in found.names]
    for row in found.sample:
        for seen, cell in zip(columns, row, strict=True):
            if cell and len(seen) < SAMPLE_CELLS:
                seen[cell] = None
    return [list(seen) for seen in columns]


def _shorter_way(cells: list[str]) -> bool | None:
    """Which order of day and month brings a column's dates nearer together, if one clearly does."""
    values = [cell.strip() for cell in cells]
    orders = both_orders([value for value in values if value[:1].isdigit()])
    if orders is None:
        return None
    first, second = (travel(values, order) for order in orders)
    if first * 2 < second:
        return True
    return False if second * 2 < first else None


def row_group(width: int) -> int:
    """How many rows a row group of a frame should have."""
    return max(2048, min(ROW_GROUP, ROW_GROUP_CELLS // width))


def write_typed(
    connection: "duckdb.DuckDBPyConnection", typing: Typing, source: str, target: Path
) -> bool:
    """Write the typed columns of a relation to Parquet; false if some cell did not fit its plan."""
    options = f"FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE {row_group(len(typing.columns))}"
    copy = f"COPY ({typing.select(source)}) TO {literal(str(target))} ({options})"
    return unless_misfit(lambda: connection.execute(copy), target)


def unless_misfit(write: Callable[[], object], target: Path) -> bool:
    """Write ``target``; false, and nothing left of it, if a cell did not fit its plan."""
    import duckdb

    try:
        write()
    except duckdb.InvalidInputException as error:
        if "misfit" not in str(error):
            raise
        target.unlink(missing_ok=True)
        return False
    return True
