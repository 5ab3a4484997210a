"""The code of linear regression."""

from leonidas_jupyter.data.recipes.board import Board
from leonidas_jupyter.data.recipes.fit_code import matrix, parts, scale_of
from leonidas_jupyter.data.recipes.fits import LinearRegression
from leonidas_jupyter.data.recipes.output_code import write_output
from leonidas_jupyter.data.recipes.schema import INTEGER, NUMBER, TEXT
from leonidas_jupyter.data.recipes.writer import literal, literals


@write_output.register
def _(output: LinearRegression, board: Board) -> None:
    for name in (output.target, *output.features):
        board.build.schema.numbers(name, "regression")
    train, test = parts(output, board)
    scale = scale_of(output, train, board)
    target = literal(output.target)
    x, y = board.variable("x"), board.variable("y")
    slopes, centre = board.variable("coefficients"), board.variable("x_mean")
    zero = f"np.zeros({len(output.features)})"
    board.say(
        f"{x}, {y} = {matrix(output, train, scale)}, {train}[{target}].to_numpy(float)",
        f"{centre} = {f'{x}.mean(axis=0)' if output.intercept else zero}",
        f"{slopes} = np.linalg.lstsq({x} - {centre}, {y}"
        f"{f' - {y}.mean()' if output.intercept else ''}, rcond=None)[0]",
    )
    constant_term = f"{y}.mean() - {centre} @ {slopes}" if output.intercept else "0.0"
    intercept = board.figure(output, "intercept", NUMBER, code=constant_term)
    _coefficients(output, (x, y, centre, slopes, intercept), board)
    tested = x if test == train else matrix(output, test, scale)
    _errors(output, test, f"({tested}) @ {slopes}", intercept, board)
    prediction = "None"
    if output.predict is not None:
        given = f"np.array({literals(output.predict)})"
        given = given if scale is None else f"(({given} - {scale[0]}) / {scale[1]})"
        prediction = f"{intercept} + {given} @ {slopes}"
    board.figure(output, "prediction", NUMBER, code=prediction)
    board.figure(output, "n_train", INTEGER, code=f"len({y})")
    board.figure(output, "n_test", INTEGER, code=f"len({test})" if test != train else "0")
    board.rows_used(output, f"len({test})")


def _coefficients(
    output: LinearRegression, fit: tuple[str, str, str, str, str], board: Board
) -> None:
    """The coefficients with their standard errors, t and p, as ordinary least squares has them."""
    x, y, centre, slopes, intercept = fit
    dof, variance, inverse = (
        board.variable(name) for name in ("dof", "residual_variance", "inverse")
    )
    errors, t = board.variable("std_errors"), board.variable("t")
    known = len(output.features) + int(output.intercept)
    terms = (["intercept"] if output.intercept else []) + output.features
    board.say(
        f"{dof} = len({y}) - {known}",
        f"{variance} = (({y} - {intercept} - {x} @ {slopes}) ** 2).sum() / ({dof} or np.nan)",
        f"{inverse} = np.linalg.pinv(({x} - {centre}).T @ ({x} - {centre}))",
        f"{errors} = np.sqrt({variance} * np.diag({inverse}))",
    )
    values = slopes
    if output.intercept:
        mean_error = f"np.sqrt({variance} * (1 / len({y}) + {centre} @ {inverse} @ {centre}))"
        board.say(f"{errors} = np.append({mean_error}, {errors})")
        values = f"np.append({intercept}, {slopes})"
    board.say(f"{t} = {values} / {errors}")
    table = (
        f"pd.DataFrame({{'term': {literals(terms)}, 'coefficient': {values}, "
        f"'std_error': {errors}, 't': {t}, 'p': 2 * stats.t.sf(np.abs({t}), {dof})}})"
    )
    shown = board.show(output, table, kinds={"term": TEXT})
    board.figure(output, "slope", NUMBER, code=f"{slopes}[0]")
    board.figure(output, "p", NUMBER, code=f"{shown}['p'].iloc[{int(output.intercept)}]")


def _errors(output: LinearRegression, test: str, fitted: str, intercept: str, board: Board) -> None:
    """How far the line is from the rows of the test part."""
    actual, residual = board.variable("actual"), board.variable("residual")
    board.say(
        f"{actual} = {test}[{literal(output.target)}].to_numpy(float)",
        f"{residual} = {actual} - {intercept} - {fitted}",
    )
    total = f"(({actual} - {actual}.mean()) ** 2).sum()"
    r2 = board.figure(output, "r2", NUMBER, code=f"1 - ({residual}**2).sum() / {total}")
    free = f"(len({actual}) - {len(output.features) + int(output.intercept)})"
    used = f"(len({actual}) - {int(output.intercept)})"
    adjusted = f"1 - (1 - {r2}) * {used} / ({free} or np.nan)"
    board.figure(output, "adjusted_r2", NUMBER, code=adjusted)
    mse = board.figure(output, "mse", NUMBER, code=f"({residual}**2).mean()")
    board.figure(output, "rmse", NUMBER, code=f"np.sqrt({mse})")
    board.figure(output, "mae", NUMBER, code=f"np.abs({residual}).mean()")
    mape = f"np.abs({residual} / np.where({actual} == 0, np.nan, {actual})).mean()"
    board.figure(output, "mape", NUMBER, code=mape)
