"""The code of the outputs that describe: figures of a column, counts, groups, outliers, tables."""

from functools import singledispatch

from leonidas_jupyter.data.recipes import outputs
from leonidas_jupyter.data.recipes.board import Board
from leonidas_jupyter.data.recipes.build import mentioned, observed
from leonidas_jupyter.data.recipes.column_code import outlier_mask
from leonidas_jupyter.data.recipes.errors import RecipeRefused
from leonidas_jupyter.data.recipes.measures import Measured
from leonidas_jupyter.data.recipes.output import Output
from leonidas_jupyter.data.recipes.pieces import Scope
from leonidas_jupyter.data.recipes.schema import INTEGER, NUMBER, TEXT, Kind
from leonidas_jupyter.data.recipes.statistic_code import (
    aggregation,
    check_statistic,
    kind_of_statistic,
    statistic_code,
)
from leonidas_jupyter.data.recipes.table_code import aggregations
from leonidas_jupyter.data.recipes.values import CONDITIONS, expression
from leonidas_jupyter.data.recipes.writer import literal, literals

OF_SINGLE_ROWS = ("mode", "min", "max", "first", "last", "range")
"""Statistics that are the value of one row, or show it."""


@singledispatch
def write_output(output: Output, board: Board) -> None:  # noqa: ARG001 - the registered take it
    """Write the lines of an output and put its figures, tables and rows used down.

    Raises:
        RecipeRefused: it does not fit the table.
    """
    raise TypeError(type(output).__name__)


def is_aggregate(measured: Measured) -> bool:
    """Whether a statistic tells of its rows together, none of them alone."""
    return measured.statistic not in OF_SINGLE_ROWS and measured.q not in (0.0, 1.0)


@write_output.register
def _(output: outputs.Aggregate, board: Board) -> None:
    column = board.ref(output.column)
    check_statistic(output, output.column, column.kind)
    code = statistic_code(column.closed, output, column.kind)
    kind = kind_of_statistic(output, column.kind)
    board.figure(output, "", kind, code=code, aggregate=is_aggregate(output))
    whole = output.statistic in ("rows", "missing")
    board.rows_used(output, f"len({board.table})" if whole else f"{column.closed}.count()")


@write_output.register
def _(output: outputs.Rows, board: Board) -> None:
    board.figure(output, "", INTEGER, code=f"len({board.table})")
    board.rows_used(output, f"len({board.table})")


@write_output.register
def _(output: outputs.Share, board: Board) -> None:
    mask = CONDITIONS.mask(output.condition, board.scope)
    board.figure(output, "", NUMBER, code=f"({mask}).mean(){' * 100' if output.percent else ''}")
    board.rows_used(output, f"len({board.table})")


@write_output.register
def _(output: outputs.Lookup, board: Board) -> None:
    kind, by = board.ref(output.column).kind, board.ref(output.by)
    if not (by.kind.numeric or by.kind.temporal):
        raise RecipeRefused(
            f"The column {output.by!r} holds {by.kind.holds}, so it has no {output.extreme}imum."
        )
    order = by.floats.closed if by.kind.numeric else by.closed
    row = f"{order}.idx{output.extreme}()"
    code = f"{board.table}.loc[{row}, {literal(output.column)}]"
    board.figure(output, "", kind, code=code, aggregate=False)
    board.rows_used(output, "1")


@write_output.register
def _(output: outputs.Cell, board: Board) -> None:
    column = board.ref(output.column)
    code = f"{column.closed}.iloc[{output.row}]"
    board.figure(output, "", column.kind, code=code, aggregate=False)
    board.rows_used(output, "1")


@write_output.register
def _(output: outputs.MissingCells, board: Board) -> None:
    missing, gaps = board.variable("missing"), board.variable("is_missing")
    for name in output.columns or ():
        board.ref(name)
    columns = "" if output.columns is None else f"[{literals(output.columns)}]"
    board.say(f"{gaps} = {board.table}{columns}.isna()", f"{missing} = {gaps}.sum()")
    board.figure(output, "total", INTEGER, code=f"{missing}.sum()")
    board.figure(output, "rows", INTEGER, code=f"{gaps}.any(axis=1).sum()")
    most = f"{missing}.idxmax() if {missing}.any() else None"
    board.figure(output, "column", TEXT, code=most)
    board.figure(output, "most", INTEGER, code=f"{missing}.max()")
    table = f"pd.DataFrame({{'missing': {missing}, 'percent': {gaps}.mean() * 100}})"
    board.show(output, table, index="column", kinds={"missing": INTEGER})
    board.rows_used(output, f"len({board.table})")


@write_output.register
def _(output: outputs.ValueCounts, board: Board) -> None:
    kind = board.build.schema.kind(output.column)
    counts = board.variable("counts")
    gaps = "dropna=False" if output.missing else ""
    order = ".sort_index()"
    if output.order == "count":
        order += ".sort_values(ascending=False, kind='stable')"
    column = f"{board.table}[{literal(output.column)}]"
    board.say(f"{counts} = {column}.value_counts({gaps}){order}")
    values = f"'value': {counts}.index, 'count': {counts}.to_numpy()"
    share = f"'percent': {counts}.to_numpy() / {counts}.sum() * 100"
    board.show(
        output,
        f"pd.DataFrame({{{values}, {share}}})",
        limit=output.limit,
        kinds={"value": kind, "count": INTEGER},
        row_counts="count",
    )
    board.rows_used(output, f"{counts}.min() if len({counts}) else 0")


@write_output.register
def _(output: outputs.Groups, board: Board) -> None:
    schema = board.build.schema
    named, kinds = aggregations(output.measures, board.build, output.by[0])
    counted = "rows"
    while counted in {*kinds, *output.by}:
        counted += "_"
    sizes = f"{literal(counted)}: ({literal(output.by[0])}, 'size')"
    named = f"{named.removesuffix('}')}, {sizes}}}"
    for name in output.by:
        schema.kind(name)
    if clash := set(kinds) & set(output.by):
        raise RecipeRefused(f"A measure is called like the group: {clash.pop()!r}.")
    grouped = f"{board.table}.groupby({literals(output.by)}{observed(schema, output.by)})"
    code = f"{grouped}.agg({named}).reset_index()"
    if output.min_rows > 1:
        code += f".loc[lambda values: values[{literal(counted)}] >= {output.min_rows}]"
    if output.order_by is not None:
        if output.order_by not in kinds:
            raise RecipeRefused(f"order_by names a measure; {output.order_by!r} is none.")
        falling = f"ascending={not output.descending}, kind='stable'"
        code += f".sort_values({literal(output.order_by)}, {falling})"
    keys = {name: schema.kind(name) for name in output.by}
    variable = board.show(
        output,
        code,
        limit=output.limit,
        kinds={**keys, **kinds, counted: INTEGER},
        row_counts=counted,
        aggregate=all(is_aggregate(measure) for measure in output.measures),
    )
    smallest = f"{variable}[{literal(counted)}].min() if len({variable}) else 0"
    board.rows_used(output, smallest)


@write_output.register
def _(output: outputs.TopGroup, board: Board) -> None:
    schema = board.build.schema
    name = output.column or output.by
    if output.column is None and output.statistic != "rows":
        raise RecipeRefused(f"The statistic {output.statistic} needs a column.")
    kind = schema.kind(name)
    check_statistic(output, name, kind)
    by = literal(output.by)
    group_kind = schema.kind(output.by)
    ranked = board.variable("ranked")
    grouped = f"{board.table}.groupby({by}{observed(schema, [output.by])})"
    board.say(f"{ranked} = {grouped}[{literal(name)}].agg({aggregation(output, kind)})")
    if output.min_rows > 1:
        board.say(f"{ranked} = {ranked}[{grouped}.size() >= {output.min_rows}]")
    falling = "" if output.smallest else "ascending=False, "
    board.say(f"{ranked} = {ranked}.dropna().sort_values({falling}kind='stable')")
    place = output.place - 1
    group = board.figure(output, "group", group_kind, code=f"{ranked}.index[{place}]")
    value_kind = kind_of_statistic(output, kind)
    aggregate = is_aggregate(output)
    board.figure(output, "value", value_kind, code=f"{ranked}.iloc[{place}]", aggregate=aggregate)
    board.rows_used(output, f"({board.table}[{by}] == {group}).sum()")


@write_output.register
def _(output: outputs.Outliers, board: Board) -> None:
    series, mask, bounds = _outliers(output, board)
    found = board.variable("outlying")
    board.say(f"{found} = {series}[{mask}]")
    kind = board.build.schema.kind(output.column)
    board.figure(output, "count", INTEGER, code=f"len({found})")
    board.figure(output, "low", NUMBER, code=bounds[0])
    board.figure(output, "high", NUMBER, code=bounds[1])
    board.figure(output, "min", kind, code=f"{found}.min()", aggregate=False)
    board.figure(output, "max", kind, code=f"{found}.max()", aggregate=False)
    board.figure(output, "share", NUMBER, code=f"np.float64(len({found})) / {series}.count() * 100")
    board.rows_used(output, f"{series}.count()")


def _outliers(
    output: outputs.Outliers | outputs.OutlierList, board: Board
) -> tuple[str, str, tuple[str, str]]:
    series = board.numbers(output.column, "outliers")
    lines, mask, bounds = outlier_mask(output, series)
    board.say(*lines)
    return series, mask, bounds


@write_output.register
def _(output: outputs.OutlierList, board: Board) -> None:
    _, mask, _ = _outliers(output, board)
    names = list(dict.fromkeys([*output.columns, output.column]))
    kinds = {name: board.build.schema.kind(name) for name in names}
    code = f"{board.table}.loc[{mask}, {literals(names)}]"
    variable = board.show(output, code, limit=output.limit, kinds=kinds, aggregate=False)
    board.rows_used(output, f"len({variable})")


@write_output.register
def _(output: outputs.Crosstab, board: Board) -> None:
    rows, columns = board.ref(output.rows), board.ref(output.columns)
    how = {"rows": "index", "columns": "columns", "all": "all"}.get(output.normalize or "")
    share = f", normalize={how!r}" if how else ""
    counts = board.variable("counts")
    board.say(f"{counts} = pd.crosstab({rows.text}, {columns.text})")
    code = f"pd.crosstab({rows.text}, {columns.text}{share})"
    kinds = {output.rows: Kind(rows.kind.type)}
    board.show(output, code if how else counts, index=output.rows, kinds=kinds)
    positive = f"{counts}.to_numpy()[{counts}.to_numpy() > 0]"
    board.rows_used(output, f"{positive}.min() if {counts}.size else 0")


@write_output.register
def _(output: outputs.Describe, board: Board) -> None:
    columns = numeric_columns(output.columns, board, "description")
    kinds = {"count": INTEGER}
    board.show(output, f"{columns}.describe().T", index="column", kinds=kinds, aggregate=False)
    board.rows_used(output, f"{columns}.count().min()")


def numeric_columns(names: list[str] | None, board: Board, what: str) -> str:
    """The code of some columns of numbers, or of all."""
    if names is None:
        return f"{board.table}.select_dtypes('number')"
    kinds = [board.build.schema.numbers(name, what) for name in names]
    plain = all(kind.type != "boolean" and not kind.nullable for kind in kinds)
    return f"{board.table}[{literals(names)}]{'' if plain else '.astype(float)'}"


@write_output.register
def _(output: outputs.Table, board: Board) -> None:
    kinds = dict(board.build.schema.kinds)
    code = f"{board.table}"
    if output.columns is not None:
        kinds = {name: board.build.schema.kind(name) for name in output.columns}
        code += f"[{literals(dict.fromkeys(output.columns))}]"
    board.show(output, f"{code}.copy()", limit=output.limit, kinds=kinds, aggregate=False)
    board.rows_used(output, f"len({board.table})")


@write_output.register
def _(output: outputs.Compute, board: Board) -> None:
    scope = Scope(board.build.writer, board.build.schema, None, board.build.results)
    code = expression(output.value, scope)
    named = [name for name in dict.fromkeys(mentioned(output.value)) if name in board.origins]
    board.sources[output.name] = list(dict.fromkeys(board.origins[name] for name in named))
    held = {figure.name for figure in board.figures if figure.aggregate}
    aggregate = all(name in held for name in named)
    board.figure(output, "", Kind(code.kind.type), code=code.text, aggregate=aggregate)
