"""The code that models have in common: the rows for training and testing, and their features."""

from leonidas_jupyter.data.recipes.board import Board
from leonidas_jupyter.data.recipes.errors import RecipeRefused
from leonidas_jupyter.data.recipes.fits import Fit
from leonidas_jupyter.data.recipes.step_code import write_split
from leonidas_jupyter.data.recipes.values import CONDITIONS
from leonidas_jupyter.data.recipes.writer import literals


def parts(output: Fit, board: Board) -> tuple[str, str]:
    """Write the rows for training and those for testing; returns their variables.

    They are one variable where the rows are not split.

    Raises:
        RecipeRefused: the target is among the features, or a column twice.
    """
    if output.target in output.features or len(set(output.features)) < len(output.features):
        raise RecipeRefused("A regression takes a target and other, different columns.")
    names = literals([output.target, *output.features])
    if output.train is not None:
        train, test, mask = (board.variable(name) for name in ("train", "test", "in_training"))
        board.say(
            f"{mask} = {CONDITIONS.mask(output.train, board.scope)}",
            f"{train} = {board.table}[{mask}][{names}].dropna()",
            f"{test} = {board.table}[~{mask}][{names}].dropna()",
        )
        return train, test
    rows = board.variable("complete")
    board.say(f"{rows} = {board.table}[{names}].dropna()")
    if output.test_size is None:
        return rows, rows
    train, test = board.variable("train"), board.variable("test")
    both = write_split(output, rows, board.build)
    board.say(f"{train}, {test} = {', '.join(both)}")
    return train, test


def scale_of(output: Fit, train: str, board: Board) -> tuple[str, str] | None:
    """Write what is taken off each feature and by what it is divided; None for nothing."""
    if output.scale == "none":
        return None
    known = f"{train}[{literals(output.features)}].to_numpy(float)"
    off, by = board.variable("offset"), board.variable("unit")
    if output.scale == "z_score":
        board.say(f"{off} = {known}.mean(axis=0)", f"{by} = {known}.std(axis=0)")
    else:
        board.say(f"{off} = {known}.min(axis=0)", f"{by} = {known}.max(axis=0) - {off}")
    board.say(f"{by} = np.where({by} == 0, 1, {by})")
    return off, by


def matrix(output: Fit, rows: str, scale: tuple[str, str] | None) -> str:
    """Return the code of the features of some rows, as floats."""
    values = f"{rows}[{literals(output.features)}].to_numpy(float)"
    return values if scale is None else f"({values} - {scale[0]}) / {scale[1]}"
