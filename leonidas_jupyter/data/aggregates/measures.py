"""Aggregates: which are understood, and what must hold for one to be shown."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from leonidas_jupyter.data.aggregates.quantiles import QUANTILES, fractions_of, number
from leonidas_jupyter.data.aggregates.relation import NotProved, only
from leonidas_jupyter.data.aggregates.scalars import Key, check_condition, columns_of

WEIGHED = (
    exp.Sum, exp.Avg, exp.Stddev, exp.StddevSamp, exp.StddevPop, exp.Variance, exp.VariancePop,
)  # fmt: skip
"""Aggregates of a sum of products of columns."""

PAIRED = (exp.Corr, exp.CovarSamp, exp.CovarPop)
COUNTS = (exp.Count, exp.CountIf, exp.ApproxDistinct)
UNDERSTOOD = (*WEIGHED, *PAIRED, *QUANTILES, *COUNTS)

WIDE = frozenset(
    {
        exp.DType.BIGINT, exp.DType.INT, exp.DType.INT128, exp.DType.DOUBLE, exp.DType.FLOAT,
        exp.DType.DECIMAL,
    }
)  # fmt: skip
"""Types that keep the order of numbers; a truth value would set one row apart from all others."""

TRIED = frozenset({exp.DType.BIGINT, exp.DType.INT128, exp.DType.DOUBLE})
"""Types that hold whatever number there is: a narrow one would be a condition on the value."""

MAX_FACTORS = 3
"""Columns that are multiplied with each other at most."""

MAX_SHIFTED = 2
"""And where sums are multiplied, such as ``price * (1 - discount)``."""

ATOMS = (
    exp.Length, exp.Year, exp.Quarter, exp.Month, exp.Week, exp.Day, exp.Hour, exp.Minute,
    exp.DayOfWeek, exp.DayOfWeekIso, exp.DayOfMonth, exp.Extract, exp.DateDiff,
)  # fmt: skip
"""Functions whose value is taken as a column's."""


@dataclass
class Term:
    """A product: an expression, and the columns that are multiplied in it."""

    expression: exp.Expr
    factors: list[Key]


@dataclass
class Measured:
    """What goes into an aggregate.

    Attributes:
        present: what must not be missing in a row for it to count.
        conditions: which rows count (FILTER, or a CASE around the argument).
        terms: products whose sum it is; each must differ from 0 in enough rows.
        spread: what must not be the same in all rows but a few: of such a column, a covariance
            is that of the few.
        columns: all that it looks at, its conditions aside.
        least: by which factor of ``k`` there must be rows (quantiles near the ends take more).
    """

    present: list[exp.Expr] = field(default_factory=list)
    conditions: list[exp.Expr] = field(default_factory=list)
    terms: list[Term] = field(default_factory=list)
    spread: list[exp.Expr] = field(default_factory=list)
    columns: set[Key] = field(default_factory=set)
    least: float = 1.0

    def guards(self, k: int, rows: Sequence[exp.Expr]) -> list[exp.Expr]:
        """What must hold in a group for the aggregate to be shown.

        Args:
            k: how many rows.
            rows: where frames are joined, the numbers of their rows: each counts for itself.
        """
        there = [
            exp.Not(this=exp.Is(this=each.copy(), expression=exp.Null())) for each in self.present
        ]
        taken = [*there, *self.conditions]
        guards = enough(taken, rows, math.ceil(k * self.least)) if taken else []
        for term in self.terms:
            if term.factors:
                apart = exp.NEQ(this=exp.Paren(this=term.expression.copy()), expression=number(0))
                guards += enough([*taken, apart], rows, k)
        guards += [_spread(each, taken, k) for each in self.spread]
        if self.conditions:
            every = exp.and_(*(exp.Paren(this=each.copy()) for each in self.conditions))
            met = exp.Coalesce(this=every, expressions=[exp.Boolean(this=False)])
            guards += enough([exp.Not(this=met)], rows, k)
        return guards


def enough(conditions: Sequence[exp.Expr], rows: Sequence[exp.Expr], k: int) -> list[exp.Expr]:
    """That ``k`` rows of a group, or of each of the frames joined in it, meet all conditions."""
    counts = [exp.Count(this=exp.Distinct(expressions=[row.copy()])) for row in rows]
    return [
        at_least(_where(count, conditions), k) for count in counts or [exp.Count(this=exp.Star())]
    ]


def _spread(value: exp.Expr, conditions: Sequence[exp.Expr], k: int) -> exp.Expr:
    """That the k-th smallest value lies below the k-th greatest."""
    ends = [
        exp.Anonymous(
            this="list_last",
            expressions=[
                _where(exp.Anonymous(this=name, expressions=[value.copy(), number(k)]), conditions)
            ],
        )
        for name in ("min", "max")
    ]
    return exp.Coalesce(
        this=exp.Paren(this=exp.LT(this=ends[0], expression=ends[1])),
        expressions=[exp.Boolean(this=False)],
    )


def _where(count: exp.Expr, conditions: Sequence[exp.Expr]) -> exp.Expr:
    if not conditions:
        return count
    every = exp.and_(*(exp.Paren(this=each.copy()) for each in conditions))
    return exp.Filter(this=count, expression=exp.Where(this=every))


def at_least(count: exp.Expr, k: int) -> exp.Expr:
    """That a count is not small."""
    return exp.GTE(this=exp.Paren(this=count), expression=number(k))


def measured(node: exp.Expr) -> Measured:
    """What goes into an aggregate, with or without FILTER.

    Raises:
        NotProved: it is not one that is understood.
    """
    found = Measured()
    if isinstance(node, exp.Filter):
        check_condition(node.expression.this)
        found.conditions.append(node.expression.this)
        node = node.this
    if isinstance(node, WEIGHED):
        only(node, {"this"})
        _weighed(found, node.this)
        linear = isinstance(node, exp.Sum | exp.Avg)
        if len(found.columns) > 1 and not (linear and all(len(t.factors) < 2 for t in found.terms)):
            found.spread += _atoms(node.this)
    elif isinstance(node, PAIRED):
        for side in (node.this, node.expression):
            _weighed(found, side)
            found.spread += _atoms(side)
    elif isinstance(node, QUANTILES):
        _quantile(found, node)
    elif isinstance(node, COUNTS):
        _count(found, node)
    else:
        raise NotProved
    return found


def _take(found: Measured, expression: exp.Expr) -> None:
    columns = columns_of(expression)
    found.columns |= columns
    found.present += [
        exp.column(exp.to_identifier(name, quoted=True), table=base)
        for base, name in sorted(columns)
    ]
    if columns and not isinstance(expression, exp.Column):
        found.present.append(exp.Paren(this=expression.copy()))


def _weighed(found: Measured, argument: exp.Expr) -> None:
    value = _unconditional(found, argument)
    terms = _terms(value)
    _take(found, value)
    found.terms += terms


def _unconditional(found: Measured, argument: exp.Expr) -> exp.Expr:
    """The value under a CASE with one condition and 0 or nothing otherwise, or of a condition."""
    argument = argument.unnest()
    if isinstance(argument, exp.Case) and argument.this is None and len(argument.args["ifs"]) == 1:
        (branch,) = argument.args["ifs"]
        otherwise = argument.args.get("default")
    elif isinstance(argument, exp.If):
        branch, otherwise = argument, argument.args.get("false")
    elif isinstance(argument, exp.Cast) and _is_condition(argument.this.unnest()):
        branch, otherwise = exp.If(this=argument.this.unnest(), true=number(1)), None
        if argument.args["to"].this not in (exp.DType.INT, exp.DType.BIGINT, exp.DType.DOUBLE):
            raise NotProved
    else:
        return argument
    if otherwise is not None and otherwise.sql() not in ("0", "NULL", "0.0"):
        raise NotProved
    check_condition(branch.this)
    found.conditions.append(branch.this)
    return branch.args["true"].unnest()  # type: ignore[no-any-return]


def _is_condition(node: exp.Expr) -> bool:
    kinds = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.Between, exp.Like)
    return isinstance(node, (*kinds, exp.ILike, exp.Is, exp.Not, exp.And))


def _terms(node: exp.Expr) -> list[Term]:
    """The products whose sum an expression is.

    Raises:
        NotProved: it is not such a sum. Powers, divisions by columns and steps could weigh one row
            above all others.
    """
    node = node.unnest()
    if isinstance(node, exp.Literal) and not node.is_string:
        return [Term(node, [])]
    if _is_atom(node):
        return [Term(node, sorted(columns_of(node)))]
    if isinstance(node, exp.Neg):
        return _terms(node.this)
    if isinstance(node, exp.Add | exp.Sub):
        return _terms(node.this) + _terms(node.expression)
    if isinstance(node, exp.Mul):
        sides = _terms(node.this), _terms(node.expression)
        made = [_product(one, other) for one in sides[0] for other in sides[1]]
        # Two sums that are 0 in many rows each may both differ from it in one.
        if any(len(term.factors) > MAX_SHIFTED for term in made) and len(made) > 1:
            raise NotProved
        return made
    if isinstance(node, exp.Div) and not columns_of(node.expression):
        return _terms(node.this)
    raise NotProved


def _product(one: Term, other: Term) -> Term:
    factors = [*one.factors, *other.factors]
    if len(factors) > MAX_FACTORS or len(set(factors)) < len(factors):
        raise NotProved
    pair = [exp.Paren(this=each.expression.copy()) for each in (one, other)]
    return Term(exp.Mul(this=pair[0], expression=pair[1]), factors)


def _atoms(node: exp.Expr) -> list[exp.Expr]:
    """What stands for a column's value in a sum of products."""
    node = node.unnest()
    if _is_atom(node):
        return [node]
    return [atom for child in node.iter_expressions() for atom in _atoms(child)]


def _is_atom(node: exp.Expr) -> bool:
    """A column, or what stands for one: its number by a cast, a part of a date, a length."""
    if isinstance(node, exp.Cast | exp.TryCast):
        types = TRIED if isinstance(node, exp.TryCast) else WIDE
        return isinstance(node.this.unnest(), exp.Column) and node.args["to"].this in types
    if isinstance(node, exp.Coalesce):
        # Any other number could weigh the one row that has none above all others.
        return _is_atom(node.this.unnest()) and all(
            isinstance(each, exp.Literal) and each.sql() in ("0", "0.0")
            for each in node.expressions
        )
    if isinstance(node, ATOMS):
        sides = [each.unnest() for each in node.iter_expressions() if not isinstance(each, exp.Var)]
        return all(isinstance(each, exp.Column | exp.CurrentDate | exp.Literal) for each in sides)
    return isinstance(node, exp.Column)


def _quantile(found: Measured, node: exp.Expr) -> None:
    column = node.this.unnest()
    if not _is_atom(column):
        raise NotProved
    _take(found, column)
    for fraction in map(_fraction, fractions_of(node)):
        end = min(fraction, 1 - fraction)
        # k/2 rows or more lie beyond it on either side: the median takes k rows, the ends never do.
        if end <= 0:
            raise NotProved
        found.least = max(found.least, 0.5 / end)


def _fraction(node: exp.Expr) -> float:
    if not isinstance(node, exp.Literal) or node.is_string:
        raise NotProved
    return float(node.this)


def _count(found: Measured, node: exp.Expr) -> None:
    if isinstance(node, exp.CountIf):
        check_condition(node.this)
        found.conditions.append(node.this)
        return
    argument = node.this
    if isinstance(argument, exp.Star):
        return
    if isinstance(argument, exp.Distinct):
        if len(argument.expressions) != 1 or argument.args.get("on"):
            raise NotProved
        argument = argument.expressions[0]
        if len(columns_of(argument)) != 1:
            raise NotProved
        _take(found, argument)
        return
    if node.expressions:
        raise NotProved
    value = _unconditional(found, argument)
    if len(columns_of(value)) > 1:
        raise NotProved
    _take(found, value)
