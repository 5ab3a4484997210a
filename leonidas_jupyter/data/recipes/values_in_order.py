"""The code of expressions that depend on other rows: shifts, running totals, ranks, statistics."""

from leonidas_jupyter.data.recipes import expressions as ex
from leonidas_jupyter.data.recipes.errors import RecipeRefused
from leonidas_jupyter.data.recipes.pieces import Code, Scope
from leonidas_jupyter.data.recipes.schema import INTEGER, NUMBER, Kind
from leonidas_jupyter.data.recipes.statistic_code import (
    aggregation,
    check_statistic,
    kind_of_statistic,
    statistic_code,
)
from leonidas_jupyter.data.recipes.values import expression, numbers_of, series_of
from leonidas_jupyter.data.recipes.writer import literal


def _ordered(tree: ex.Ordered, scope: Scope) -> tuple[Scope, str]:
    """Where an ordered expression is reckoned, and what brings its rows back in their order."""
    if scope.table is None:
        raise RecipeRefused("compute takes earlier results, not what depends on rows.")
    if tree.order_by is None:
        return scope, ""
    scope.schema.kind(tree.order_by)
    table = scope.writer.variable("ordered")
    scope.writer.say(
        f"{table} = {scope.table}.sort_values({literal(tree.order_by)}, kind='stable')"
    )
    return scope.within(table), f".reindex({scope.table}.index)"


def _grouped(code: Code, by: list[str], scope: Scope) -> str:
    """The series, split into groups where there are any."""
    if not by:
        return code.closed
    keys = ", ".join(f"{scope.table}[{literal(name)}]" for name in by)
    for name in by:
        scope.schema.kind(name)
    observed = ", observed=True" if any(scope.schema.kind(name).category for name in by) else ""
    return f"{code.closed}.groupby({keys if len(by) == 1 else f'[{keys}]'}{observed})"


@expression.register
def _(tree: ex.Shift, scope: Scope) -> Code:
    inner, back = _ordered(tree, scope)
    if tree.op == "shift":
        code = series_of(tree.value, inner)
    else:
        code = numbers_of(tree.value, inner, "difference between its rows")
    fill = ", fill_method=None" if tree.op == "pct_change" else ""
    text = f"{_grouped(code, tree.by, inner)}.{tree.op}({tree.periods}{fill}){back}"
    return Code(text, NUMBER if tree.op == "pct_change" else Kind(code.kind.type))


@expression.register
def _(tree: ex.Rolling, scope: Scope) -> Code:
    inner, back = _ordered(tree, scope)
    code = numbers_of(tree.value, inner, "rolling statistic")
    least = "" if tree.min_periods is None else f", min_periods={tree.min_periods}"
    center = ", center=True" if tree.center else ""
    rolling = f"rolling({tree.window}{least}{center}).{tree.op.removeprefix('rolling_')}()"
    if not tree.by:
        return Code(f"{code.closed}.{rolling}{back}", NUMBER)
    grouped = _grouped(code, tree.by, inner)
    return Code(f"{grouped}.transform(lambda values: values.{rolling}){back}", NUMBER)


@expression.register
def _(tree: ex.Cumulative, scope: Scope) -> Code:
    inner, back = _ordered(tree, scope)
    if tree.op == "cumulative_count":
        code = series_of(tree.value, inner)
        every = f"pd.Series(1, index={inner.table}.index)"
        ones = Code(every, INTEGER)
        return Code(f"{_grouped(ones, tree.by, inner)}.cumsum(){back}", INTEGER)
    code = numbers_of(tree.value, inner, "running total")
    method = {"sum": "cumsum", "max": "cummax", "min": "cummin", "product": "cumprod"}[
        tree.op.removeprefix("cumulative_")
    ]
    return Code(f"{_grouped(code, tree.by, inner)}.{method}(){back}", Kind(code.kind.type))


@expression.register
def _(tree: ex.Rank, scope: Scope) -> Code:
    code = series_of(tree.value, scope)
    if not (code.kind.numeric or code.kind.temporal):
        raise RecipeRefused(f"Ranks are of numbers or dates; this holds {code.kind.holds}.")
    descending = ", ascending=False" if tree.descending else ""
    percent = ", pct=True" if tree.percent else ""
    text = f"{_grouped(code, tree.by, scope)}.rank({tree.method!r}{descending}{percent})"
    return Code(text.replace(".rank(", ".rank(method="), NUMBER)


@expression.register
def _(tree: ex.StatisticOf, scope: Scope) -> Code:
    if scope.table is None:
        raise RecipeRefused("compute takes earlier results, not statistics of columns.")
    if tree.column is None and not tree.by:
        return Code(f"len({scope.table})", INTEGER, series=False)
    name = tree.column or tree.by[0]
    code = scope.column(name)
    check_statistic(tree, name, code.kind)
    kind = kind_of_statistic(tree, code.kind)
    if not tree.by:
        text = statistic_code(code.closed, tree, code.kind)
        return Code(text, kind, series=False, atom=" " not in text)
    grouped = _grouped(code, tree.by, scope)
    return Code(f"{grouped}.transform({aggregation(tree, code.kind)})", kind)
