"""From a query to one in which small groups do not exist, if it can be proved to be aggregates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from leonidas_jupyter.data.aggregates.measures import (
    UNDERSTOOD,
    Measured,
    enough,
    measured,
)
from leonidas_jupyter.data.aggregates.quantiles import coarse
from leonidas_jupyter.data.aggregates.reading import Aggregation, aggregation
from leonidas_jupyter.data.aggregates.relation import NotProved, Reader
from leonidas_jupyter.data.aggregates.scalars import CASTS, COMPARISONS, check_condition

AFTERWARDS: frozenset[type[exp.Expr]] = frozenset(
    {
        exp.Literal, exp.Null, exp.Boolean, exp.Paren, exp.Neg, exp.Add, exp.Sub, exp.Mul, exp.Div,
        exp.IntDiv, exp.Mod, exp.Round, exp.Floor, exp.Ceil, exp.Abs, exp.Sqrt, exp.Coalesce,
        exp.Nullif, exp.Cast, exp.DataType, exp.DataTypeParam, *COMPARISONS, exp.And, exp.Or,
        exp.Not, exp.Between, exp.Is,
    }
)  # fmt: skip
"""What may be computed from aggregates and keys."""

MAX_LENGTH = 20_000


@dataclass(frozen=True)
class Proved:
    """A query whose rows may be shown.

    Attributes:
        sql: DuckDB's SQL. Per output its value and, where it is an aggregate, after it whether that
            stands; false is one of too few rows.
        outputs: for each, its position among the columns of the query that was proved.
        keys: which of ``outputs`` are keys of the groups.
    """

    sql: str
    outputs: tuple[int, ...]
    keys: tuple[int, ...]


ROW = "__leonidas_row"
"""The number of a frame's row, where frames are joined."""


def prove(sql: str, frames: Mapping[str, Sequence[str]], k: int) -> Proved | None:
    """A query of the same aggregates that shows nothing of fewer than ``k`` rows.

    Args:
        sql: one statement that may run (`data.statement.check_statement`).
        frames: the columns of each frame.
        k: how many rows must share what is shown; 2 or more.

    Returns:
        None where it is not proved that the result is made of aggregates.
    """
    if len(sql) > MAX_LENGTH:
        return None
    known = {
        name.lower(): (name, {column.lower(): column for column in columns})
        for name, columns in frames.items()
    }
    if any(ROW in columns for _, columns in known.values()):
        return None
    try:
        query = parse_one(sql, dialect="duckdb").transform(_by_its_name)
        return _Writer(aggregation(query, Reader(known), {}), k).proved()
    except (NotProved, SqlglotError, RecursionError):
        return None


def _by_its_name(node: exp.Expr) -> exp.Expr:
    """Functions that the parser leaves unnamed, as what they are."""
    if not isinstance(node, exp.Anonymous):
        return node
    name, arguments = node.name.lower(), node.expressions
    if name == "mean" and len(arguments) == 1:
        return exp.Avg(this=arguments[0])
    if name in ("date_part", "datepart") and len(arguments) == 2:
        part = arguments[0]
        if isinstance(part, exp.Literal) and part.is_string and part.name.isalpha():
            return exp.Extract(this=exp.Var(this=part.name.upper()), expression=arguments[1])
    return node


class _Writer:
    """Writes the query in which small groups do not exist."""

    def __init__(self, made: Aggregation, k: int) -> None:
        self._made = made
        self._k = k
        bases = made.relation.bases
        self._rows = [exp.column(ROW, table=base) for base in bases] if len(bases) > 1 else []

    def proved(self) -> Proved:
        made = self._made
        for condition in made.relation.conditions:
            check_condition(condition)
        select, outputs, keys = exp.Select(), [], []
        for position, (_, expression) in enumerate(made.outputs):
            added = None if expression is None else self._output(expression)
            if added is None:
                continue
            outputs.append(position)
            if len(added) == 1:
                keys.append(position)
            for each in added:
                name = f"v{len(select.expressions)}"
                select.append("expressions", exp.alias_(each, name, quoted=True))
        if not outputs:
            raise NotProved
        self._from(select)
        if made.keys:
            select.set("group", exp.Group(expressions=[key.copy() for key in made.keys]))
        select.set("having", exp.Having(this=_all(self._having())))
        self._order(select)
        return Proved(select.sql(dialect="duckdb"), tuple(outputs), tuple(keys))

    def _output(self, expression: exp.Expr) -> list[exp.Expr] | None:
        """A key alone; an aggregate, and whether it stands; None for what is neither."""
        if self._is_key(expression):
            return [expression.copy()]
        try:
            guards = self._guards(expression)
        except NotProved:
            return None
        stands = _all(guards)
        return [exp.Case(ifs=[exp.If(this=stands, true=coarse(expression))]), stands.copy()]

    def _is_key(self, expression: exp.Expr) -> bool:
        return any(expression.unnest() == key for key in self._made.keys)

    def _guards(self, node: exp.Expr) -> list[exp.Expr]:
        """What must hold for an expression of aggregates to be shown."""
        if self._is_key(node):
            return []
        if isinstance(node, (exp.Filter, *UNDERSTOOD)):
            found = measured(node)
            return [*found.guards(self._k, self._rows), *self._counted_once(found)]
        if type(node) not in AFTERWARDS:
            raise NotProved
        if isinstance(node, exp.DataType):
            if node.this not in CASTS:
                raise NotProved
            return []
        return [guard for child in node.iter_expressions() for guard in self._guards(child)]

    def _counted_once(self, found: Measured) -> list[exp.Expr]:
        """Where frames are joined: that no row goes into an aggregate more than once."""
        if not self._rows:
            return []
        for condition in found.conditions:
            check_condition(condition)
        bases = {base for base, _ in found.columns}
        if len(bases) > 1:
            raise NotProved
        rows = [row for row in self._rows if not bases or row.table in bases]
        once: list[exp.Expr] = []
        for row in rows:
            count = exp.Count(this=row.copy() if bases else exp.Star())
            distinct = exp.Count(this=exp.Distinct(expressions=[row.copy()]))
            once.append(exp.EQ(this=count, expression=distinct))
        return [exp.Paren(this=exp.or_(*once))]

    def _having(self) -> list[exp.Expr]:
        every = enough([], self._rows, self._k)
        for condition in self._made.having:
            every += [*self._guards(condition), coarse(condition)]
        return every

    def _order(self, select: exp.Select) -> None:
        made, ordered = self._made, []
        for each in made.order:
            try:
                guards = [] if self._is_key(each.this) else self._guards(each.this)
            except NotProved:
                if made.limit is not None or made.offset is not None:
                    raise
                continue
            copy = each.copy()
            if guards:
                value = coarse(each.this)
                copy.set("this", exp.Case(ifs=[exp.If(this=_all(guards), true=value)]))
            ordered.append(copy)
        # What is the same by the wanted order stands in one order, whichever thread was first.
        ordered += [exp.Ordered(this=key.copy()) for key in made.keys]
        if ordered:
            select.set("order", exp.Order(expressions=ordered))
        if made.limit is not None:
            select.set("limit", exp.Limit(expression=made.limit.copy()))
        if made.offset is not None:
            select.set("offset", exp.Offset(expression=made.offset.copy()))

    def _from(self, select: exp.Select) -> None:
        relation = self._made.relation
        first, *_ = relation.bases
        select.set("from_", exp.From(this=self._base(first)))
        for join in relation.joins:
            on = _all([exp.EQ(this=a.copy(), expression=b.copy()) for a, b in join.equalities])
            side = {"side": "LEFT"} if join.left else {}
            select.append("joins", exp.Join(this=self._base(join.base), on=on, **side))
        if relation.conditions:
            select.set("where", exp.Where(this=_all(relation.conditions)))

    def _base(self, base: str) -> exp.Expr:
        table = exp.Table(this=exp.to_identifier(self._made.relation.bases[base], quoted=True))
        if not self._rows:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(base)))
            return table
        number = exp.alias_(exp.Window(this=exp.RowNumber(), over="OVER"), ROW)
        numbered = exp.Select(expressions=[exp.Star(), number])
        numbered.set("from_", exp.From(this=table))
        return numbered.subquery(base)


def _all(conditions: Sequence[exp.Expr]) -> exp.Expr:
    parts = [exp.Paren(this=each.copy()) for each in conditions]
    return exp.and_(*parts) if parts else exp.Boolean(this=True)
