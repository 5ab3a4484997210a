"""The code of correlations and of tests."""

from collections.abc import Sequence

from leonidas_jupyter.data.recipes import inference
from leonidas_jupyter.data.recipes.board import Board
from leonidas_jupyter.data.recipes.build import observed
from leonidas_jupyter.data.recipes.conditions import constant
from leonidas_jupyter.data.recipes.errors import RecipeRefused
from leonidas_jupyter.data.recipes.output_code import numeric_columns, write_output
from leonidas_jupyter.data.recipes.schema import INTEGER, NUMBER, TEXT
from leonidas_jupyter.data.recipes.writer import literal, literals

CORRELATIONS = {"pearson": "pearsonr", "spearman": "spearmanr", "kendall": "kendalltau"}
TESTS = {
    "t": "ttest_ind", "welch": "ttest_ind", "paired_t": "ttest_rel", "mann_whitney": "mannwhitneyu",
    "wilcoxon": "wilcoxon", "ks": "ks_2samp", "anova": "f_oneway", "kruskal": "kruskal",
    "levene": "levene", "bartlett": "bartlett",
}  # fmt: skip
PAIRED = ("paired_t", "wilcoxon")
STATISTIC_AND_P = {"statistic": NUMBER, "p": NUMBER}


def complete_rows(names: Sequence[str], board: Board, what: str) -> str:
    """Write the rows in which all these columns of numbers are there; returns their variable."""
    kinds = [board.build.schema.numbers(name, what) for name in names]
    plain = all(kind.type != "boolean" and not kind.nullable for kind in kinds)
    rows = board.variable("complete")
    columns = f"{board.table}[{literals(dict.fromkeys(names))}].dropna()"
    board.say(f"{rows} = {columns}{'' if plain else '.astype(float)'}")
    return rows


@write_output.register
def _(output: inference.Correlation, board: Board) -> None:
    rows = complete_rows([output.x, output.y], board, "correlation")
    x, y = f"{rows}[{literal(output.x)}]", f"{rows}[{literal(output.y)}]"
    test = CORRELATIONS[output.method]
    board.pair(output, {"r": NUMBER, "p": NUMBER}, f"stats.{test}({x}, {y})")
    board.figure(output, "n", INTEGER, code=f"len({rows})")
    board.rows_used(output, f"len({rows})")


@write_output.register
def _(output: inference.Covariance, board: Board) -> None:
    rows = complete_rows([output.x, output.y], board, "covariance")
    ddof = "" if output.ddof == 1 else ", ddof=0"
    x, y = f"{rows}[{literal(output.x)}]", f"{rows}[{literal(output.y)}]"
    board.figure(output, "", NUMBER, code=f"{x}.cov({y}{ddof})")
    board.rows_used(output, f"len({rows})")


@write_output.register
def _(output: inference.CorrelationMatrix, board: Board) -> None:
    columns = numeric_columns(output.columns, board, "correlation")
    board.show(output, f"{columns}.corr({_method(output.method)})", index="column")
    board.rows_used(output, _fewest_pairs(columns))


def _method(method: str) -> str:
    return "" if method == "pearson" else f"method={method!r}"


def _fewest_pairs(columns: str) -> str:
    there = f"{columns}.notna().astype(int)"
    return f"({there}.T @ {there}).min(axis=None) if {columns}.size else 0"


@write_output.register
def _(output: inference.StrongestPair, board: Board) -> None:
    names = output.columns
    if output.target is not None and names is not None and output.target not in names:
        names = [output.target, *names]
    if output.target is not None:
        board.build.schema.numbers(output.target, "correlation")
    columns = numeric_columns(names, board, "correlation")
    matrix, pairs = board.variable("correlations"), board.variable("pairs")
    board.say(f"{matrix} = {columns}.corr({_method(output.method)})")
    weighed = f"{pairs}.abs()" if output.by == "absolute" else pairs
    greatest = (output.by != "lowest") != output.weakest
    choice = f"{weighed}.idx{'max' if greatest else 'min'}()"
    if output.target is not None:
        target = literal(output.target)
        board.say(f"{pairs} = {matrix}[{target}].drop({target}).dropna()")
        board.figure(output, "first", TEXT, code=target)
        first, second = target, board.figure(output, "second", TEXT, code=choice)
        board.figure(output, "r", NUMBER, code=f"{pairs}[{second}]")
    else:
        upper = f"np.triu(np.ones({matrix}.shape, dtype=bool), k=1)"
        board.say(f"{pairs} = {matrix}.where({upper}).stack().dropna()")
        board.pair(output, {"first": TEXT, "second": TEXT}, choice)
        first, second = (figure.variable for figure in board.figures[-2:])
        board.figure(output, "r", NUMBER, code=f"{pairs}[({first}, {second})]")
    both = board.variable("strongest_rows")
    board.say(f"{both} = {columns}[[{first}, {second}]].dropna()")
    test = f"stats.{CORRELATIONS[output.method]}({both}.iloc[:, 0], {both}.iloc[:, 1])"
    board.figure(output, "p", NUMBER, code=f"{test}.pvalue")
    board.rows_used(output, _fewest_pairs(columns))


@write_output.register
def _(output: inference.Normality, board: Board) -> None:
    series = board.numbers(output.column, "test of normality")
    values = board.variable("sample")
    board.say(f"{values} = {series}.dropna()")
    if output.test == "anderson":
        _anderson(output, values, board)
    else:
        ddof = "ddof=0" if output.ddof == 0 else ""
        mean, std = f"{values}.mean()", f"{values}.std({ddof})"
        against = {
            "standard": f"{values}, 'norm'",
            "fitted": f"{values}, 'norm', args=({mean}, {std})",
            "scaled": f"({values} - {mean}) / {std}, 'norm'",
        }[output.against]
        arguments = against if output.test == "kstest" else values
        board.pair(output, STATISTIC_AND_P, f"stats.{output.test}({arguments})")
        board.figure(output, "critical", NUMBER, code="None")
    board.rows_used(output, f"len({values})")


CRITICAL = {"15": 0.561, "10": 0.631, "5": 0.752, "2.5": 0.873, "1": 1.035}
"""Of the Anderson–Darling statistic for a normal distribution of unknown mean and variance, before
the correction for n (D'Agostino and Stephens, 1986, table 4.7), as scipy 1.17 has them."""


def _anderson(output: inference.Normality, values: str, board: Board) -> None:
    """The statistic as defined, for scipy's function changes its results with its version."""
    n, z, steps = board.variable("n"), board.variable("z"), board.variable("ranks")
    board.say(
        f"{n} = len({values})",
        f"{z} = np.sort(({values} - {values}.mean()) / {values}.std())",
        f"{steps} = 2 * np.arange(1, {n} + 1) - 1",
    )
    total = f"({steps} * (stats.norm.logcdf({z}) + stats.norm.logsf({z}[::-1]))).sum()"
    a2 = board.figure(output, "statistic", NUMBER, code=f"-{n} - {total} / {n}")
    star = board.variable("corrected")
    board.say(f"{star} = {a2} * (1 + 0.75 / {n} + 2.25 / {n}**2)")
    p = (
        f"np.select(\n    [{star} < 0.2, {star} < 0.34, {star} < 0.6, {star} < 13],\n    [\n"
        f"        1 - np.exp(-13.436 + 101.14 * {star} - 223.73 * {star}**2),\n"
        f"        1 - np.exp(-8.318 + 42.796 * {star} - 59.938 * {star}**2),\n"
        f"        np.exp(0.9177 - 4.279 * {star} - 1.38 * {star}**2),\n"
        f"        np.exp(1.2937 - 5.709 * {star} + 0.0186 * {star}**2),\n    ],\n    {star} * 0,\n)"
    )
    board.figure(output, "p", NUMBER, code=p)
    critical = f"{CRITICAL[output.significance]} / (1 + 0.75 / {n} + 2.25 / {n}**2)"
    board.figure(output, "critical", NUMBER, code=critical)


def _samples(output: inference.Samples, board: Board, what: str) -> str:
    """Write the samples; returns the variable of their list."""
    samples = board.variable("samples")
    if output.columns is not None:
        series = [f"{board.numbers(name, what)}.dropna()" for name in output.columns]
        board.say(f"{samples} = [{', '.join(series)}]")
        return samples
    assert output.column is not None  # noqa: S101 - the shape says so
    assert output.by is not None  # noqa: S101
    by, column = board.ref(output.by), board.numbers(output.column, what)
    keys = f"{board.table}[{literal(output.by)}]"
    if output.groups is None:
        groups = f"{column}.dropna().groupby({keys}{observed(board.build.schema, [output.by])})"
        board.say(f"{samples} = [values for _, values in {groups}]")
    else:
        wanted = ", ".join(constant(group, by.kind) for group in output.groups)
        chosen = f"{column}[{by.closed} == group].dropna()"
        board.say(f"{samples} = [{chosen} for group in [{wanted}]]")
    return samples


@write_output.register
def _(output: inference.CompareTwo, board: Board) -> None:
    side = "" if output.alternative == "two-sided" else f", alternative={output.alternative!r}"
    if output.test in PAIRED:
        if output.columns is None or len(output.columns) != 2:
            raise RecipeRefused(f"{output.test} takes two columns, to compare row by row.")
        rows = complete_rows(output.columns, board, "comparison")
        first, second = (f"{rows}[{literal(name)}]" for name in output.columns)
        fewest = f"len({rows})"
    else:
        if len(output.columns or output.groups or "ab") != 2:
            raise RecipeRefused("This test compares two samples: name two.")
        samples = _samples(output, board, "comparison")
        first, second = board.variable("first"), board.variable("second")
        board.say(f"{first}, {second} = {samples}")
        fewest = f"min(len({first}), len({second}))"
    equal = ", equal_var=False" if output.test == "welch" else ""
    code = f"stats.{TESTS[output.test]}({first}, {second}{equal}{side})"
    board.pair(output, STATISTIC_AND_P, code)
    board.rows_used(output, fewest)


@write_output.register
def _(output: inference.CompareGroups, board: Board) -> None:
    samples = _samples(output, board, "comparison")
    center = f", center={output.center!r}" if output.test == "levene" else ""
    board.pair(output, STATISTIC_AND_P, f"stats.{TESTS[output.test]}(*{samples}{center})")
    board.rows_used(output, f"min([len(values) for values in {samples}], default=0)")


@write_output.register
def _(output: inference.OneSample, board: Board) -> None:
    series = board.numbers(output.column, "test")
    values = board.variable("sample")
    board.say(f"{values} = {series}.dropna()")
    side = "" if output.alternative == "two-sided" else f", alternative={output.alternative!r}"
    arguments = f"{values}, {literal(output.value)}"
    if output.test == "wilcoxon":
        arguments = f"{values} - {literal(output.value)}"
    test = "ttest_1samp" if output.test == "t" else "wilcoxon"
    board.pair(output, STATISTIC_AND_P, f"stats.{test}({arguments}{side})")
    board.rows_used(output, f"len({values})")


@write_output.register
def _(output: inference.Independence, board: Board) -> None:
    rows, columns = board.ref(output.rows).text, board.ref(output.columns).text
    counts, test = board.variable("counts"), board.variable("test")
    correction = "" if output.correction else ", correction=False"
    board.say(
        f"{counts} = pd.crosstab({rows}, {columns})",
        f"{test} = stats.chi2_contingency({counts}{correction})",
    )
    for part, name, kind in (
        ("statistic", "statistic", NUMBER),
        ("p", "pvalue", NUMBER),
        ("dof", "dof", INTEGER),
    ):
        board.figure(output, part, kind, code=f"{test}.{name}")
    v = f"stats.contingency.association({counts}, method='cramer')"
    board.figure(output, "v", NUMBER, code=f"{v} if min({counts}.shape) > 1 else None")
    board.rows_used(output, f"{counts}.to_numpy().sum()")


@write_output.register
def _(output: inference.GoodnessOfFit, board: Board) -> None:
    column = board.ref(output.column)
    counts = board.variable("counts")
    if output.expected is None:
        board.say(f"{counts} = {column.closed}.value_counts().sort_index()")
        code = f"stats.chisquare({counts})"
    else:
        known = {"integer": "'{:.0f}'.format"}.get(column.kind.type, "str")
        text = f"{column.closed}.map({known}, na_action='ignore')"
        values, shares = literals(output.expected), literals(output.expected.values())
        board.say(f"{counts} = {text}.value_counts()")
        board.say(f"{counts} = {counts}.reindex({values}, fill_value=0)")
        code = f"stats.chisquare({counts}, np.array({shares}) * {column.closed}.count())"
    board.pair(output, STATISTIC_AND_P, code)
    board.figure(output, "dof", INTEGER, code=f"len({counts}) - 1")
    board.rows_used(output, f"{column.closed}.count()")
