"""The code of logistic regression."""

from dataclasses import dataclass

from leonidas_jupyter.data.recipes.board import Board
from leonidas_jupyter.data.recipes.fit_code import matrix, parts, scale_of
from leonidas_jupyter.data.recipes.fits import LogisticRegression
from leonidas_jupyter.data.recipes.output_code import write_output
from leonidas_jupyter.data.recipes.schema import INTEGER, NUMBER, TEXT
from leonidas_jupyter.data.recipes.writer import literal, literals

TOLERANCE = 1e-4
"""Of the gradient, where scikit-learn stops."""


@dataclass(frozen=True)
class Fitted:
    """The variables of a fitted model.

    ``design`` has the training features and a column of ones, ``one_hot`` the classes of its rows;
    ``weights`` a row for each class that is not ``held`` at zero.
    """

    design: str
    one_hot: str
    classes: str
    weights: str
    scores: str


@write_output.register
def _(output: LogisticRegression, board: Board) -> None:
    board.ref(output.target)
    for name in output.features:
        board.build.schema.numbers(name, "regression")
    train, test = parts(output, board)
    if output.penalty == "none" and output.scale == "none":
        # The most likely model is the same on any scale, and is found sooner on a common one.
        scaled = scale_of(output.model_copy(update={"scale": "z_score"}), train, board)
    else:
        scaled = scale_of(output, train, board)
    fit = _fit(output, f"{matrix(output, train, scaled)}", train, board)
    tested = board.variable("predicted_scores")
    board.say(
        f"{tested} = {fit.scores}({fit.weights}, "
        f"np.append({matrix(output, test, scaled)}, np.ones((len({test}), 1)), axis=1))"
    )
    _score(output, tested, test, fit, board)
    _likelihood(output, fit, board)
    board.figure(output, "n_train", INTEGER, code=f"len({train})")
    board.figure(output, "n_test", INTEGER, code=f"len({test})" if test != train else "0")
    back = scaled if output.scale == "none" else None
    _coefficients(output, fit, back, board)
    board.rows_used(output, f"len({test})")


def _fit(output: LogisticRegression, features: str, train: str, board: Board) -> Fitted:
    """Write the fit by the loss, the penalty and the options of scikit-learn's solver lbfgs.

    Of two classes the first is held at zero; of more, each has weights of its own. Source:
    ``sklearn.linear_model._logistic`` and ``_linear_loss``: the mean of the rows' losses, and the
    penalty divided by ``c`` and their number.
    """
    design, labels, classes, one_hot, held, free, scores, penalised, chances, found, weights = (
        board.variable(name)
        for name in (
            "design", "labels", "classes", "one_hot", "held", "free", "scores", "penalised",
            "chances", "loss_and_gradient", "weights",
        )
    )  # fmt: skip
    size = len(output.features) + 1
    strength = f"1 / ({output.c!r} * len({design}))" if output.penalty == "l2" else "0.0"
    options = {"maxiter": output.max_iter, "maxls": 50, "gtol": TOLERANCE, "ftol": 64 * 2.0**-52}
    if output.penalty == "none":
        options |= {"maxiter": 10_000, "gtol": 1e-9, "ftol": 1e-16}
    shape = f"w.reshape({free}, {size})"
    board.say(
        f"{design} = np.append({features}, np.ones((len({train}), 1)), axis=1)",
        f"{labels} = {train}[{literal(output.target)}].to_numpy(object)",
        f"{classes} = np.unique({labels})",
        f"{one_hot} = ({labels}[:, None] == {classes}).astype(float)",
        f"{held} = 1 if len({classes}) == 2 else 0",
        f"{free} = len({classes}) - {held}",
        f"{penalised} = {strength} * np.append(np.ones({size - 1}), 0.0)",
        f"{scores} = lambda w, d: np.append(np.zeros((len(d), {held})), d @ {shape}.T, axis=1)",
        f"{chances} = lambda w, d: np.exp({scores}(w, d)"
        f" - np.logaddexp.reduce({scores}(w, d), axis=1)[:, None])",
        f"{found} = lambda w: (",
        f"    (np.logaddexp.reduce({scores}(w, {design}), axis=1)"
        f" - ({one_hot} * {scores}(w, {design})).sum(axis=1)).mean()",
        f"    + ({penalised} * {shape}**2).sum() / 2,",
        f"    ((({chances}(w, {design}) - {one_hot}).T @ {design} / len({design}))[{held}:]"
        f" + {penalised} * {shape}).reshape(-1),",
        ")",
        f"{weights} = optimize.minimize({found}, np.zeros({free} * {size}), method='L-BFGS-B',"
        f" jac=True, options={options!r}).x",
    )
    return Fitted(design, one_hot, classes, weights, scores)


def _score(output: LogisticRegression, tested: str, test: str, fit: Fitted, board: Board) -> None:
    """How well the classes of the test part are told."""
    actual, guessed, positive = (
        board.variable(name) for name in ("actual", "guessed", "positive_class")
    )
    board.say(
        f"{actual} = {test}[{literal(output.target)}].to_numpy(object)",
        f"{guessed} = {fit.classes}[{tested}.argmax(axis=1)]",
        f"{positive} = "
        + (literal(output.positive) if output.positive is not None else f"{fit.classes}[-1]"),
    )
    board.figure(output, "accuracy", NUMBER, code=f"({actual} == {guessed}).mean()")
    yes, told = f"({actual} == {positive})", f"({guessed} == {positive})"
    two = f" if len({fit.classes}) == 2 else None"
    tp, fp, fn, tn = (
        f"({first} & {second}).sum()"
        for first, second in (
            (yes, told), (f"~{yes}", told), (yes, f"~{told}"), (f"~{yes}", f"~{told}")
        )
    )  # fmt: skip
    for part, code in (
        ("precision", f"{tp} / ({told}.sum() or 1)"),
        ("recall", f"{tp} / ({yes}.sum() or 1)"),
        ("f1", f"2 * {tp} / (({told}.sum() + {yes}.sum()) or 1)"),
    ):
        board.figure(output, part, NUMBER, code=f"{code}{two}")
    sign = f"np.where({positive} == {fit.classes}[-1], 1, -1)"
    ranks = f"stats.mannwhitneyu({tested}[{yes}, -1], {tested}[~{yes}, -1]).statistic"
    area = f"{ranks} / ({yes}.sum() * (~{yes}).sum())"
    upright = f"0.5 + {sign} * ({area} - 0.5)"
    either = f"len({fit.classes}) == 2 and {yes}.any() and (~{yes}).any()"
    board.figure(output, "auc", NUMBER, code=f"{upright} if {either} else None")
    for part, code in (("tp", tp), ("fp", fp), ("fn", fn), ("tn", tn)):
        board.figure(output, part, INTEGER, code=f"{code}{two}")


def _likelihood(output: LogisticRegression, fit: Fitted, board: Board) -> None:
    """McFadden's: against a model that knows only how frequent the classes are."""
    scores, shares = board.variable("scores_in_training"), board.variable("shares")
    board.say(
        f"{scores} = {fit.scores}({fit.weights}, {fit.design})",
        f"{shares} = {fit.one_hot}.mean(axis=0)",
    )
    told = f"(({fit.one_hot} * {scores}).sum(axis=1) - np.logaddexp.reduce({scores}, axis=1)).sum()"
    known = f"({shares} * np.log({shares})).sum() * len({fit.design})"
    board.figure(output, "pseudo_r2", NUMBER, code=f"1 - {told} / ({known})")


def _coefficients(
    output: LogisticRegression, fit: Fitted, back: tuple[str, str] | None, board: Board
) -> None:
    """Write the coefficients; with their errors where the likelihood alone was maximised.

    Of more than two classes each has its own, one after the other.
    """
    size = len(output.features) + 1
    grid, terms = board.variable("coefficients"), board.variable("terms")
    board.say(
        f"{grid} = {fit.weights}.reshape(-1, {size})",
        f"{terms} = {literals([*output.features, 'intercept'])}",
    )
    design = fit.design
    if back is not None:
        off, by = back
        design = board.variable("unscaled")
        board.say(
            f"{grid} = np.append({grid}[:, :-1] / {by}, {grid}[:, -1:]"
            f" - ({grid}[:, :-1] / {by}) @ {off}[:, None], axis=1)",
            f"{design} = np.append({fit.design}[:, :-1] * {by} + {off}, {fit.design}[:, -1:],"
            " axis=1)",
        )
    errors = ""
    if output.penalty == "none":
        chance, error, z = (board.variable(name) for name in ("chance", "std_errors", "z"))
        board.say(
            f"{chance} = 1 / (1 + np.exp(-({design} @ {grid}[-1])))",
            f"{error} = np.sqrt(np.diag(np.linalg.pinv(({design}.T * ({chance} * (1 - {chance})))"
            f" @ {design}))) if len({grid}) == 1 else np.full({size}, np.nan)",
            f"{z} = {grid}[-1] / {error}",
        )
        errors = (
            f", 'std_error': np.tile({error}, len({grid})), 'z': np.tile({z}, len({grid})),"
            f" 'p': np.tile(2 * stats.norm.sf(np.abs({z})), len({grid}))"
        )
    flat = f"{grid}.reshape(-1)"
    board.show(
        output,
        f"pd.DataFrame({{'term': {terms} * len({grid}), 'coefficient': {flat},"
        f" 'odds_ratio': np.exp({flat}){errors}}})",
        kinds={"term": TEXT},
    )
