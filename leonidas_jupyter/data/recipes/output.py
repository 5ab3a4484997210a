"""What every output of a recipe is.

An output with one figure gives the column ``<name>``; one with several gives ``<name>_<part>``, for
its ``PARTS``. Those with ``TABLE`` give a table called ``<name>``. See ``figures_of``.
"""

from typing import ClassVar, Literal

from pydantic import Field

from leonidas_jupyter.data.recipes.expressions import Condition
from leonidas_jupyter.data.recipes.shape import Shape

OutlierMethod = Literal["z_score", "iqr"]


class Output(Shape):
    """A result with a name; missing values are left out of every statistic.

    ``after`` takes it after so many steps instead of after all (0: of the frame as it is), so that
    before and after can stand side by side. ``where`` takes only the rows that meet a condition.
    """

    PARTS: ClassVar[tuple[str, ...]] = ()
    FIGURE: ClassVar[bool] = True
    TABLE: ClassVar[bool] = False

    name: str = Field(min_length=1, max_length=100)
    after: int | None = Field(default=None, ge=0)
    where: Condition | None = None


class OutlierRule(Shape):
    """What makes a value of a column an outlier.

    ``z_score``: further than ``threshold`` (3) standard deviations (``ddof``) from the mean;
    ``iqr``: beyond the quartiles by more than ``threshold`` (1.5) times their distance.
    """

    method: OutlierMethod
    threshold: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    ddof: Literal[0, 1] = 0


def figures_of(output: Output) -> list[str]:
    """The columns that an output has in the row of figures."""
    if not output.FIGURE:
        return []
    return [f"{output.name}_{part}" for part in output.PARTS] or [output.name]
