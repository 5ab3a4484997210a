"""A piece of a program: the code of a value, and what it holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from leonidas_jupyter.data.recipes.schema import Kind, Schema
from leonidas_jupyter.data.recipes.writer import Writer, literal


@dataclass(frozen=True)
class Code:
    """The code of a value.

    Attributes:
        text: a Python expression.
        kind: what it holds.
        series: whether it is a column, or one value.
        atom: whether it can be followed by a method without brackets.
        constant: whether it is written out.
    """

    text: str
    kind: Kind
    series: bool = True
    atom: bool = True
    constant: bool = False

    @property
    def closed(self) -> str:
        """With brackets where they are needed."""
        return self.text if self.atom else f"({self.text})"

    @property
    def floats(self) -> "Code":
        """As plain floats: true and false as 1 and 0, pandas' nullable types without theirs."""
        if self.series and (self.kind.type == "boolean" or self.kind.nullable):
            return Code(f"{self.closed}.astype(float)", Kind("number"))
        return self


@dataclass(frozen=True)
class Scope:
    """Where expressions stand.

    Attributes:
        writer: the program, for what needs a line of its own.
        schema: the columns of the working table.
        table: the variable of the table; None where only results may stand.
        results: the variables of earlier figures.
    """

    writer: Writer
    schema: Schema
    table: str | None
    results: Mapping[str, Code] = field(default_factory=dict)

    def column(self, name: str) -> Code:
        """A column as a series of plain values."""
        kind = self.schema.kind(name)
        text = f"{self.table}[{literal(name)}]"
        if kind.category:
            return Code(f"{text}.astype(object)", Kind(kind.type))
        return Code(text, kind)

    def within(self, table: str) -> "Scope":
        """The same over another variable."""
        return replace(self, table=table)
