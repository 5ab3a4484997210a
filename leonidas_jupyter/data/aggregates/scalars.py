"""Expressions of one row: which are understood, and which columns they look at."""

from sqlglot import exp

from leonidas_jupyter.data.aggregates.relation import NotProved, conjuncts

COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)

SCALARS: frozenset[type[exp.Expr]] = frozenset(
    {
        exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Neg,
        exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Abs, exp.Round, exp.Floor,
        exp.Ceil, exp.Cast, exp.TryCast, exp.DataType, exp.DataTypeParam, exp.Coalesce, exp.Nullif,
        *COMPARISONS, exp.In, exp.Between, exp.Like, exp.ILike, exp.Is, exp.Not, exp.And, exp.Or,
        exp.NullSafeEQ, exp.NullSafeNEQ, exp.Case, exp.If,
        exp.Lower, exp.Upper, exp.Trim, exp.Length, exp.Substring, exp.Left, exp.Right,
        exp.Contains, exp.StartsWith, exp.EndsWith, exp.RegexpLike,
        exp.TimestampTrunc, exp.DateTrunc, exp.Extract, exp.Year, exp.Quarter, exp.Month,
        exp.Week, exp.Day, exp.Hour, exp.Minute, exp.DayOfWeek, exp.DayOfWeekIso, exp.DayOfMonth,
        exp.Monthname, exp.Dayname, exp.TimeToStr, exp.Interval, exp.Var, exp.CurrentDate,
        exp.DateDiff,
    }
)  # fmt: skip
"""Nodes without randomness, without a look at other rows, and without a way to fail of their own
that their columns' types do not decide."""

CASTS = frozenset(
    {
        exp.DType.BIGINT, exp.DType.INT, exp.DType.SMALLINT, exp.DType.TINYINT, exp.DType.DOUBLE,
        exp.DType.FLOAT, exp.DType.DECIMAL, exp.DType.BOOLEAN, exp.DType.TEXT, exp.DType.VARCHAR,
        exp.DType.DATE, exp.DType.TIMESTAMP, exp.DType.INT128,
    }
)  # fmt: skip

Key = tuple[str, str]
"""A column: its base and its name."""


def columns_of(expression: exp.Expr) -> set[Key]:
    """The columns that an expression of one row looks at.

    Raises:
        NotProved: it holds a node that is not understood.
    """
    found: set[Key] = set()
    for node in expression.walk():
        if type(node) not in SCALARS:
            raise NotProved
        if isinstance(node, exp.DataType) and node.this not in CASTS:
            raise NotProved
        if isinstance(node, exp.In) and not node.expressions:
            raise NotProved
        if isinstance(node, exp.Column):
            found.add((node.table, node.name))
    return found


def check_key(expression: exp.Expr) -> None:
    """Raise NotProved where a group's key is not made of one column."""
    if len(columns_of(expression)) != 1:
        raise NotProved


def check_condition(condition: exp.Expr) -> None:
    """Raise NotProved where a condition could pick out one row among others.

    Each of the conditions joined by AND looks at one column, or compares one column with another:
    "all but the one who …" takes two columns in one condition, or a NOT over both.
    """
    for each in conjuncts(condition):
        plain = (
            isinstance(each, COMPARISONS)
            and isinstance(each.this.unnest(), exp.Column)
            and isinstance(each.expression.unnest(), exp.Column)
        )
        if not plain and len(columns_of(each)) > 1:
            raise NotProved
