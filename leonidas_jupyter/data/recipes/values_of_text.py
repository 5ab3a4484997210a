"""The code of expressions on text and on dates."""

from leonidas_jupyter.data.recipes import expressions as ex
from leonidas_jupyter.data.recipes.conditions import moment
from leonidas_jupyter.data.recipes.errors import RecipeRefused
from leonidas_jupyter.data.recipes.pieces import Code, Scope
from leonidas_jupyter.data.recipes.schema import BOOLEAN, DATE, INTEGER, NUMBER, TEXT, Kind
from leonidas_jupyter.data.recipes.values import expression, series_of
from leonidas_jupyter.data.recipes.writer import literal

SECONDS = {
    "seconds": 1,
    "minutes": 60,
    "hours": 3600,
    "days": 86400,
    "weeks": 604800,
    "months": 2629800,
    "years": 31557600,
}
DATE_PARTS: dict[str, tuple[str, Kind]] = {
    "year": ("year", INTEGER),
    "month": ("month", INTEGER),
    "month_name": ("month_name()", TEXT),
    "day": ("day", INTEGER),
    "weekday": ("weekday", INTEGER),
    "weekday_name": ("day_name()", TEXT),
    "hour": ("hour", INTEGER),
    "minute": ("minute", INTEGER),
    "second": ("second", INTEGER),
    "quarter": ("quarter", INTEGER),
    "week": ("isocalendar().week.astype(float)", INTEGER),
    "day_of_year": ("dayofyear", INTEGER),
    "date": ("normalize()", DATE),
    "year_month": ("strftime('%Y-%m')", TEXT),
    "is_weekend": ("weekday >= 5", BOOLEAN),
}


def _words(tree: ex.Expression, scope: Scope) -> Code:
    """An expression as a column of text."""
    code = series_of(tree, scope)
    if code.kind.type in ("text", "unknown"):
        return code
    if code.kind.type == "date":
        return Code(f"{code.closed}.dt.strftime('%Y-%m-%d')", TEXT)
    if code.kind.type == "integer":
        return Code(f"{code.closed}.map('{{:.0f}}'.format, na_action='ignore')", TEXT)
    return Code(f"{code.closed}.map(str, na_action='ignore')", TEXT)


@expression.register
def _(tree: ex.TextFunction, scope: Scope) -> Code:
    words = _words(tree.value, scope).closed
    if tree.op == "length":
        return Code(f"{words}.str.len()", INTEGER)
    if tree.op == "word_count":
        return Code(f"{words}.str.split().str.len()", INTEGER)
    return Code(f"{words}.str.{tree.op}()", TEXT)


@expression.register
def _(tree: ex.Slice, scope: Scope) -> Code:
    return Code(f"{_words(tree.value, scope).closed}.str.slice({tree.start}, {tree.stop})", TEXT)


@expression.register
def _(tree: ex.Split, scope: Scope) -> Code:
    words = _words(tree.value, scope).closed
    parts = f"{words}.str.split({literal(tree.separator)}, regex=False)"
    return Code(f"{parts}.str.get({tree.part}).str.strip()", TEXT)


@expression.register
def _(tree: ex.Replace, scope: Scope) -> Code:
    words = _words(tree.value, scope).closed
    return Code(f"{words}.str.replace({literal(tree.old)}, {literal(tree.new)}, regex=False)", TEXT)


@expression.register
def _(tree: ex.Concatenate, scope: Scope) -> Code:
    parts = [
        literal(str(each.value)) if isinstance(each, ex.Constant) else _words(each, scope).closed
        for each in tree.values
    ]
    if all(isinstance(each, ex.Constant) for each in tree.values):
        return Code(f"pd.Series({' + '.join(parts)}, index={scope.table}.index)", TEXT)
    glue = f" + {literal(tree.separator)} + " if tree.separator else " + "
    return Code(glue.join(parts), TEXT, atom=False)


def _moments(tree: ex.Expression, scope: Scope) -> Code:
    code = expression(tree, scope)
    if code.constant:
        assert isinstance(tree, ex.Constant)  # noqa: S101 - only they are written out
        return Code(f"pd.Timestamp({literal(moment(tree.value))})", DATE, series=False)
    if not code.kind.temporal and code.kind.type != "unknown":
        named = f"The column {tree.name!r}" if isinstance(tree, ex.Column) else "A value here"
        cure = ": convert it to a datetime first" if code.kind.type in ("text", "integer") else ""
        raise RecipeRefused(f"{named} holds {code.kind.holds}, no dates{cure}.")
    return code


@expression.register
def _(tree: ex.DatePartOf, scope: Scope) -> Code:
    code = _moments(tree.value, scope)
    if not code.series:
        raise RecipeRefused("A part is taken of a column of dates, not of one date.")
    part, kind = DATE_PARTS[tree.part]
    return Code(f"{code.closed}.dt.{part}", kind, atom=" " not in part)


@expression.register
def _(tree: ex.DateDifference, scope: Scope) -> Code:
    left, right = _moments(tree.left, scope), _moments(tree.right, scope)
    if not (left.series or right.series):
        raise RecipeRefused("A difference of dates takes at least one column.")
    seconds = f"({left.closed} - {right.closed}).dt.total_seconds()"
    if tree.unit == "seconds":
        return Code(seconds, NUMBER)
    return Code(f"{seconds} / {SECONDS[tree.unit]}", NUMBER, atom=False)
