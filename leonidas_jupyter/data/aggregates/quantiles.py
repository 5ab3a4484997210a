"""Quantiles: each is a cell of one row, or lies between two, and is shown with few digits."""

from collections.abc import Mapping

from sqlglot import exp

from leonidas_jupyter.data.aggregates.relation import NotProved, only

QUANTILES = (exp.PercentileCont, exp.PercentileDisc, exp.Quantile, exp.ApproxQuantile, exp.Median)

NAMES: Mapping[type[exp.Expr], str] = {
    exp.PercentileDisc: "quantile_disc",
    exp.Quantile: "quantile_disc",
    exp.ApproxQuantile: "approx_quantile",
}
"""DuckDB's functions; for any other it is ``quantile_cont``."""

DIGITS = 3
"""Significant digits of a quantile."""


def number(value: int) -> exp.Expr:
    """A whole number as SQL."""
    return exp.Literal.number(value)


def fractions_of(node: exp.Expr) -> list[exp.Expr]:
    """Which quantiles are wanted.

    Raises:
        NotProved: that is not said in a way that is understood.
    """
    if isinstance(node, exp.Median):
        only(node, {"this"})
        return [exp.Literal.number("0.5")]
    wanted = node.args.get("expression") or node.args.get("quantile")
    if wanted is None:
        raise NotProved
    return list(wanted.expressions) if isinstance(wanted, exp.Array) else [wanted]


def coarse(expression: exp.Expr) -> exp.Expr:
    """The expression with each quantile as a number of few digits.

    A quantile is a cell of one row: a text or a date does not stand in its place at all.
    """

    def replaced(node: exp.Expr) -> exp.Expr:
        filtered = isinstance(node, exp.Filter)
        quantile = node.this if filtered else node
        if not isinstance(quantile, QUANTILES):
            return node
        where = node.expression if filtered else None
        made = [_rounded(quantile, each, where) for each in fractions_of(quantile)]
        return exp.Array(expressions=made) if quantile.find(exp.Array) else made[0]

    return expression.copy().transform(replaced, copy=False)


def _rounded(quantile: exp.Expr, fraction: exp.Expr, where: exp.Expr | None) -> exp.Expr:
    cell = exp.cast(quantile.this.copy(), "DOUBLE")
    name = NAMES.get(type(quantile), "quantile_cont")
    value: exp.Expr = exp.Anonymous(this=name, expressions=[cell, fraction.copy()])
    if where is not None:
        value = exp.Filter(this=value, expression=where.copy())
    size: exp.Expr = value.copy()
    for function in ("abs", "log10", "floor"):
        size = exp.Anonymous(this=function, expressions=[size])
    whole = exp.TryCast(this=size, to=exp.DataType.build("INT"))
    digits = exp.Sub(this=number(DIGITS - 1), expression=whole)
    none = exp.EQ(this=value.copy(), expression=number(0))
    rounded = exp.Anonymous(this="round", expressions=[value.copy(), digits])
    return exp.Paren(this=exp.Case(ifs=[exp.If(this=none, true=number(0))], default=rounded))
