"""The code of linear regression."""

from leonidas_jupyter.data.recipes import inference
from leonidas_jupyter.data.recipes.board import Board
from leonidas_jupyter.data.recipes.errors import RecipeRefused
from leonidas_jupyter.data.recipes.inference_code import complete_rows
from leonidas_jupyter.data.recipes.output_code import write_output
from leonidas_jupyter.data.recipes.schema import INTEGER, NUMBER, TEXT
from leonidas_jupyter.data.recipes.step_code import write_split
from leonidas_jupyter.data.recipes.writer import literal, literals


@write_output.register
def _(output: inference.LinearRegression, board: Board) -> None:
    if output.target in output.features or len(set(output.features)) < len(output.features):
        raise RecipeRefused("A regression takes a target and other, different columns.")
    rows = complete_rows([output.target, *output.features], board, "regression")
    train = test = rows
    if output.test_size is not None:
        train, test = board.variable("train"), board.variable("test")
        parts = write_split(output, rows, board.build)
        board.say(f"{train}, {test} = {', '.join(parts)}")
    features, target = literals(output.features), literal(output.target)
    x, y = board.variable("x"), board.variable("y")
    slopes, centre = board.variable("coefficients"), board.variable("x_mean")
    zero = f"np.zeros({len(output.features)})"
    board.say(
        f"{x}, {y} = {train}[{features}].to_numpy(float), {train}[{target}].to_numpy(float)",
        f"{centre} = {f'{x}.mean(axis=0)' if output.intercept else zero}",
        f"{slopes} = np.linalg.lstsq({x} - {centre}, {y}"
        f"{f' - {y}.mean()' if output.intercept else ''}, rcond=None)[0]",
    )
    constant_term = f"{y}.mean() - {centre} @ {slopes}" if output.intercept else "0.0"
    intercept = board.figure(output, "intercept", NUMBER, code=constant_term)
    _coefficients(output, (x, y, centre, slopes, intercept), board)
    _errors(output, test, (slopes, intercept), board)
    prediction = "None"
    if output.predict is not None:
        prediction = f"{intercept} + np.array({literals(output.predict)}) @ {slopes}"
    board.figure(output, "prediction", NUMBER, code=prediction)
    board.figure(output, "n_train", INTEGER, code=f"len({y})")
    board.figure(output, "n_test", INTEGER, code=f"len({test})" if test != rows else "0")
    board.rows_used(output, f"len({test})" if test != rows else f"len({rows})")


def _coefficients(
    output: inference.LinearRegression, fit: tuple[str, str, str, str, str], board: Board
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


def _errors(
    output: inference.LinearRegression, test: str, fit: tuple[str, str], board: Board
) -> None:
    """How far the line is from the rows of the test part."""
    slopes, intercept = fit
    actual, residual = board.variable("actual"), board.variable("residual")
    board.say(
        f"{actual} = {test}[{literal(output.target)}].to_numpy(float)",
        f"{residual} = {actual} - {intercept} - "
        f"{test}[{literals(output.features)}].to_numpy(float) @ {slopes}",
    )
    total = f"(({actual} - {actual}.mean()) ** 2).sum()"
    board.figure(output, "r2", NUMBER, code=f"1 - ({residual}**2).sum() / {total}")
    mse = board.figure(output, "mse", NUMBER, code=f"({residual}**2).mean()")
    board.figure(output, "rmse", NUMBER, code=f"np.sqrt({mse})")
    board.figure(output, "mae", NUMBER, code=f"np.abs({residual}).mean()")
