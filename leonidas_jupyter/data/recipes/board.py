"""Where a recipe's outputs are put down while they are compiled: figures, tables, rows used."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from leonidas_jupyter.data.recipes.build import Build
from leonidas_jupyter.data.recipes.output import Output
from leonidas_jupyter.data.recipes.pieces import Code, Scope
from leonidas_jupyter.data.recipes.schema import Kind
from leonidas_jupyter.data.recipes.writer import literal

ROWS_USED = "rows_used"
"""The variable in which a program says how many rows entered each output."""


@dataclass(frozen=True)
class Figure:
    """One value of the row of figures, and the variable that holds it.

    ``aggregate`` is false where it is a value of single rows, such as a minimum.
    """

    name: str
    output: str
    variable: str
    type: str
    aggregate: bool


@dataclass(frozen=True)
class TablePart:
    """A table among the results, and the variable that holds it.

    ``row_counts`` names the column that says how many rows each row stands for; ``types`` what is
    known of the columns; ``index`` names the index where it belongs to it.
    """

    name: str
    variable: str
    limit: int
    index: str | None
    types: Mapping[str, str]
    row_counts: str | None
    aggregate: bool


@dataclass
class Board:
    """Puts outputs down; see ``Figure`` and ``TablePart``.

    ``used`` is the code of how many rows entered each output, until it is written at the end of a
    stage; ``sources`` are the outputs of which others are computed, whose rows are theirs.
    """

    build: Build
    table: str
    figures: list[Figure] = field(default_factory=list)
    tables: list[TablePart] = field(default_factory=list)
    used: dict[str, str] = field(default_factory=dict)
    sources: dict[str, list[str]] = field(default_factory=dict)
    _written: bool = False

    @property
    def scope(self) -> Scope:
        """Where expressions over the rows of this output stand."""
        return Scope(self.build.writer, self.build.schema, self.table)

    @property
    def origins(self) -> dict[str, str]:
        """Of which output each figure is."""
        return {figure.name: figure.output for figure in self.figures}

    def say(self, *lines: str) -> None:
        """Write lines."""
        self.build.say(*lines)

    def ref(self, name: str) -> Code:
        """A column of the rows of this output, categories as plain values."""
        return self.scope.column(name)

    def numbers(self, name: str, what: str) -> str:
        """The code of a column of numbers, as floats where pandas' own type is in the way."""
        self.build.schema.numbers(name, what)
        return self.ref(name).floats.closed

    def variable(self, wanted: str) -> str:
        """A free variable."""
        return self.build.writer.variable(wanted)

    def figure(
        self, output: Output, part: str, kind: Kind, *, code: str = "", aggregate: bool = True
    ) -> str:
        """Write ``variable = code`` and put it down; without code it is assigned by the caller."""
        name = f"{output.name}_{part}" if part else output.name
        variable = self.variable(name)
        if code:
            self.say(f"{variable} = {code}")
        held = aggregate and self.build.singles
        self.figures.append(Figure(name, output.name, variable, kind.type, held))
        self.build.results[name] = Code(variable, Kind(kind.type), series=False)
        return variable

    def pair(self, output: Output, parts: Mapping[str, Kind], code: str) -> None:
        """Write ``a, b = code`` and put both down."""
        names = [self.figure(output, part, kind) for part, kind in parts.items()]
        self.say(f"{', '.join(names)} = {code}")

    def show(
        self,
        output: Output,
        code: str,
        *,
        limit: int = 1000,
        index: str | None = None,
        kinds: Mapping[str, Kind] | None = None,
        row_counts: str | None = None,
        aggregate: bool = True,
    ) -> str:
        """Write a table and put it down."""
        variable = self.variable(output.name)
        self.say(f"{variable} = {code}")
        types = {name: kind.type for name, kind in (kinds or {}).items()}
        held = aggregate and self.build.singles
        part = TablePart(output.name, variable, limit, index, types, row_counts, held)
        self.tables.append(part)
        return variable

    def rows_used(self, output: Output, code: str) -> None:
        """How many rows entered: the code of a whole number."""
        self.used[output.name] = code

    def write_used(self) -> None:
        """Write down how many rows entered each output of this stage."""
        if not self.used:
            return
        lines = [f"    {literal(name)}: {code}," for name, code in self.used.items()]
        self.say("", f"{ROWS_USED} |= {{" if self._written else f"{ROWS_USED} = {{", *lines, "}")
        self.used.clear()
        self._written = True
