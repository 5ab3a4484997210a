"""The code of expressions over the rows of the working table, or over earlier results."""

from functools import singledispatch

from leonidas_jupyter.data.recipes import expressions as ex
from leonidas_jupyter.data.recipes.conditions import Conditions
from leonidas_jupyter.data.recipes.errors import RecipeRefused
from leonidas_jupyter.data.recipes.pieces import Code, Scope
from leonidas_jupyter.data.recipes.schema import (
    BOOLEAN,
    INTEGER,
    NUMBER,
    TEXT,
    UNKNOWN,
    Kind,
)
from leonidas_jupyter.data.recipes.writer import literal, literals

MAX_WHOLE = 2**62
"""Products of whole numbers that may be greater are reckoned as floats, for they would wrap."""


@singledispatch
def expression(tree: ex.Expression, scope: Scope) -> Code:  # noqa: ARG001 - the registered take it
    """The code of an expression.

    Raises:
        RecipeRefused: it names a column that is not there, or one of a type that it cannot take.
    """
    raise TypeError(type(tree).__name__)


CONDITIONS = Conditions(expression)


def numbers_of(tree: ex.Expression, scope: Scope, what: str) -> Code:
    """An expression of numbers, as plain floats or whole numbers; ``what`` needs them."""
    code = expression(tree, scope)
    if not code.kind.numeric:
        named = f"The column {tree.name!r}" if isinstance(tree, ex.Column) else "A value here"
        cure = ": convert it to a number first" if code.kind.type == "text" else ""
        raise RecipeRefused(f"{named} holds {code.kind.holds}, so there is no {what} of it{cure}.")
    return code.floats


def series_of(tree: ex.Expression, scope: Scope) -> Code:
    """An expression that is a column, also where it is the same in every row."""
    code = expression(tree, scope)
    if code.series:
        return code
    if scope.table is None:
        raise RecipeRefused("Only results of the recipe can stand in compute, not columns.")
    return Code(f"pd.Series({code.text}, index={scope.table}.index)", code.kind)


@expression.register
def _(tree: ex.Column, scope: Scope) -> Code:
    if scope.table is None:
        raise RecipeRefused(f"compute takes earlier results, not the column {tree.name!r}.")
    return scope.column(tree.name)


@expression.register
def _(tree: ex.Constant, scope: Scope) -> Code:
    del scope
    kinds = {bool: BOOLEAN, str: TEXT, type(None): UNKNOWN, float: NUMBER}
    kind = kinds.get(type(tree.value), INTEGER)
    if isinstance(tree.value, int) and not isinstance(tree.value, bool):
        kind = Kind("integer", peak=float(min(abs(tree.value), MAX_WHOLE)))
    negative = isinstance(tree.value, int | float) and tree.value < 0
    return Code(literal(tree.value), kind, series=False, constant=True, atom=not negative)


@expression.register
def _(tree: ex.Result, scope: Scope) -> Code:
    if scope.table is not None:
        raise RecipeRefused("Results of the recipe can stand in the output compute alone.")
    if tree.name not in scope.results:
        known = ", ".join(scope.results) or "none yet"
        raise RecipeRefused(f"There is no earlier result {tree.name!r}; there are: {known}.")
    return scope.results[tree.name]


@expression.register
def _(tree: ex.Arithmetic, scope: Scope) -> Code:
    left = numbers_of(tree.left, scope, "arithmetic")
    right = numbers_of(tree.right, scope, "arithmetic")
    whole = left.kind.type == right.kind.type == "integer" and tree.op not in ("/", "**")
    series = left.series or right.series
    peak = _peak(tree.op, left.kind.peak, right.kind.peak) if whole else None
    if series and (tree.op == "**" or (tree.op == "*" and whole and peak is None)):
        if left.series and left.kind.type == "integer":
            left = Code(f"{left.closed}.astype(float)", NUMBER)
        elif right.series and right.kind.type == "integer":
            right = Code(f"{right.closed}.astype(float)", NUMBER)
    if not series and tree.op in ("/", "//", "%"):
        # Between figures a division by zero is infinite or missing, as between columns.
        left = Code(f"np.float64({left.text})", left.kind, series=False)
    kind = Kind("integer", peak=peak) if whole else NUMBER
    return Code(f"{left.closed} {tree.op} {right.closed}", kind, series=series, atom=False)


def _peak(op: str, left: float | None, right: float | None) -> float | None:
    if left is None or right is None:
        return None
    peak = {"+": left + right, "-": left + right, "*": left * right, "//": left}.get(op, right)
    return peak if peak < MAX_WHOLE else None


@expression.register
def _(tree: ex.Function, scope: Scope) -> Code:
    code = numbers_of(tree.value, scope, tree.op)
    kind = code.kind if tree.op in ("abs", "negative") else NUMBER
    if code.series and tree.op == "abs":
        return Code(f"{code.closed}.abs()", kind)
    return Code(f"np.{tree.op}({code.text})", kind, series=code.series)


@expression.register
def _(tree: ex.Round, scope: Scope) -> Code:
    code = numbers_of(tree.value, scope, "rounding")
    if not code.series:
        return Code(f"round({code.text}, {tree.digits})", NUMBER, series=False)
    return Code(f"{code.closed}.round({tree.digits})", code.kind)


@expression.register
def _(tree: ex.If, scope: Scope) -> Code:
    mask = CONDITIONS.mask(tree.condition, scope)
    then, otherwise = expression(tree.then, scope), expression(tree.otherwise, scope)
    kind = _common([then.kind, otherwise.kind])
    if scope.table is None:
        text = f"{then.closed} if {mask} else {otherwise.closed}"
        return Code(text, kind, series=False, atom=False)
    if then.kind.type == "boolean" != kind.type:
        then = Code(f"float({then.text})", NUMBER, series=False) if then.constant else then.floats
    column = _asseries_of(then, scope)
    return Code(f"{column}.where({mask}, {otherwise.text})", kind)


def _asseries_of(code: Code, scope: Scope) -> str:
    if code.series:
        return code.closed
    return f"pd.Series({code.text}, index={scope.table}.index)"


def _common(kinds: list[Kind]) -> Kind:
    """What holds values of all these kinds."""
    known = [kind for kind in kinds if kind.type != "unknown"]
    types = {kind.type for kind in known}
    if len(types) <= 1:
        return Kind(known[0].type) if known else UNKNOWN
    if types <= {"integer", "number", "boolean"}:
        return NUMBER
    if types <= {"date", "datetime"}:
        return Kind("datetime")
    both = " and ".join(sorted(kind.holds for kind in known))
    raise RecipeRefused(f"One column cannot hold {both}: make them of one kind.")


@expression.register
def _(tree: ex.Truth, scope: Scope) -> Code:
    mask = CONDITIONS.mask(tree.condition, scope)
    return Code(mask, BOOLEAN, series=scope.table is not None, atom=False)


@expression.register
def _(tree: ex.Coalesce, scope: Scope) -> Code:
    codes = [expression(each, scope) for each in tree.values]
    kind = _common([code.kind for code in codes])
    text = series_of(tree.values[0], scope).closed
    for code in codes[1:]:
        text = f"{text}.fillna({code.text})"
    return Code(text, kind)


@expression.register
def _(tree: ex.RowStatistic, scope: Scope) -> Code:
    if scope.table is None:
        raise RecipeRefused("compute takes earlier results, not columns.")
    name = tree.op.removeprefix("row_")
    columns = f"{scope.table}[{literals(tree.columns)}]"
    if name in ("count", "missing"):
        for column in tree.columns:
            scope.schema.kind(column)
        counted = f"{columns}.{'notna' if name == 'count' else 'isna'}().sum(axis=1)"
        return Code(counted, INTEGER)
    kinds = [scope.schema.numbers(column, f"{name} across columns") for column in tree.columns]
    floats = ".astype(float)" if any(kind.nullable for kind in kinds) else ""
    whole = all(kind.type in ("integer", "boolean") for kind in kinds)
    kind = INTEGER if whole and name in ("sum", "min", "max") else NUMBER
    return Code(f"{columns}{floats}.{name}(axis=1)", kind)
