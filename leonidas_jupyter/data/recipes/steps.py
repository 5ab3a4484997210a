"""Steps of a recipe, each making a new table of the one before, and the recipe as a whole."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from leonidas_jupyter.data.recipes.expressions import Condition, Expression
from leonidas_jupyter.data.recipes.output import OutlierRule, figures_of
from leonidas_jupyter.data.recipes.outputs import AnyOutput
from leonidas_jupyter.data.recipes.shape import Name, Names, Shape, Text, Value
from leonidas_jupyter.data.recipes.tables import Group, Join, Melt, Pivot, Resample

MAX_STEPS = 60
MAX_OUTPUTS = 60


class Filter(Shape):
    """Keep the rows that meet a condition."""

    op: Literal["filter"] = "filter"
    condition: Condition


class DropMissing(Shape):
    """Drop rows with a missing value in any of the columns (``all``: in all of them)."""

    op: Literal["drop_missing"] = "drop_missing"
    columns: Names | None = Field(default=None, description="Every column when left out.")
    how: Literal["any", "all"] = "any"


class DropDuplicates(Shape):
    """Drop rows that are equal to an earlier one (in these columns); ``none`` keeps no copy."""

    op: Literal["drop_duplicates"] = "drop_duplicates"
    columns: Names | None = None
    keep: Literal["first", "last", "none"] = "first"


class FillMissing(Shape):
    """Put a value where one is missing: the column's own statistic, or a constant ``value``.

    ``interpolate`` draws straight lines between the neighbouring rows, the last value goes on.
    """

    op: Literal["fill_missing"] = "fill_missing"
    columns: Names
    method: Literal[
        "mean", "median", "mode", "min", "max", "zero", "constant", "ffill", "bfill", "interpolate"
    ]
    value: Value = None
    by: list[Name] = Field(default_factory=list, description="The statistic within each group.")

    @model_validator(mode="after")
    def _constant_has_value(self) -> Self:
        if (self.method == "constant") != (self.value is not None):
            raise ValueError("value goes with the method constant, and only with it")
        return self


class Convert(Shape):
    """Read columns as another type; what cannot be read becomes missing.

    ``number`` also reads "$1,234", "12%" (as 12) and "1 234"; ``seconds`` reads "HH:MM:SS" and
    "MM:SS"; ``datetime`` takes a ``format`` such as %d/%m/%Y; ``integer`` cuts no fractions off:
    they become missing.
    """

    op: Literal["convert"] = "convert"
    columns: Names
    to: Literal["number", "integer", "text", "datetime", "seconds"]
    format: str | None = Field(default=None, max_length=60)
    day_first: bool = False


class Derive(Shape):
    """A new column, or another content for one that there is."""

    op: Literal["derive"] = "derive"
    name: Name
    value: Expression


class Bin(Shape):
    """Sort a column's values into classes: by ``edges``, or ``count`` of ``method``.

    ``width`` makes classes of one width, ``quantiles`` of one size. ``right`` includes the upper
    edge of each class instead of the lower; ``include_lowest`` the outermost edge too. Without
    labels the classes are called by their bounds.
    """

    op: Literal["bin"] = "bin"
    column: Name
    into: Name
    edges: list[float] | None = Field(
        default=None, min_length=2, max_length=100, description="Rising; ±Infinity may stand."
    )
    count: int | None = Field(default=None, ge=1, le=1000)
    method: Literal["edges", "width", "quantiles"] = "edges"
    labels: list[Text] | None = None
    right: bool = True
    include_lowest: bool = False

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.method == "edges") != (self.edges is not None):
            raise ValueError("edges go with the method edges; width and quantiles take a count")
        if (self.method == "edges") == (self.count is not None):
            raise ValueError("edges go with the method edges; width and quantiles take a count")
        if self.edges is not None and sorted(set(self.edges)) != self.edges:
            raise ValueError("edges rise from one to the next")
        classes = self.count or len(self.edges or ()) - 1
        if self.labels is not None and len(self.labels) != classes:
            raise ValueError(f"{classes} classes take {classes} labels")
        return self


class Mapped(Shape):
    """A value and what takes its place."""

    old: Value
    new: Value


class MapValues(Shape):
    """Replace values by others; those not named stay, become missing, or take ``default``."""

    op: Literal["map"] = "map"
    column: Name
    values: list[Mapped] = Field(min_length=1, max_length=500)
    otherwise: Literal["keep", "missing", "default"] = "keep"
    default: Value = None
    into: Name | None = None


class Encode(Shape):
    """Turn categories into numbers.

    ``codes`` counts the sorted values from 0, as scikit-learn's LabelEncoder does; ``one_hot``
    makes a column ``<column>_<value>`` of 0 and 1 for each value, as ``pandas.get_dummies`` does.
    """

    op: Literal["encode"] = "encode"
    columns: Names
    method: Literal["codes", "one_hot"]
    drop_first: bool = False


class Scale(Shape):
    """Put columns on a common scale; a constant column becomes 0.

    ``z_score`` (``ddof`` 0 as scikit-learn, 1 as pandas), ``min_max`` to 0…1, ``robust`` by median
    and interquartile range, ``max_abs``. ``into`` names new columns, one for each.
    """

    op: Literal["scale"] = "scale"
    columns: Names
    method: Literal["z_score", "min_max", "robust", "max_abs"]
    ddof: Literal[0, 1] = 0
    into: Names | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.into is not None and len(self.into) != len(self.columns):
            raise ValueError("into takes one name for each column")
        return self


class TreatOutliers(OutlierRule):
    """Outliers of columns, each judged by its own values (see ``OutlierRule``).

    ``remove`` drops the rows that have one, ``keep`` drops the others, ``missing`` blanks the
    values, ``clip`` brings them to the bounds. Rows whose value is missing are no outliers.
    """

    op: Literal["treat_outliers"] = "treat_outliers"
    columns: Names
    action: Literal["remove", "keep", "missing", "clip"] = "remove"


class Sort(Shape):
    """Order the rows; missing values come last, equal rows stay as they were."""

    op: Literal["sort"] = "sort"
    columns: Names
    descending: bool | list[bool] = False

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if isinstance(self.descending, list) and len(self.descending) != len(self.columns):
            raise ValueError("descending takes one value for each column")
        return self


class HeadTail(Shape):
    """Keep the first or last rows, as they are ordered."""

    op: Literal["head", "tail"]
    rows: int = Field(ge=1)


class Select(Shape):
    """Keep these columns, or drop these."""

    op: Literal["select", "drop_columns"]
    columns: Names


class Rename(Shape):
    """New names for columns: old → new."""

    op: Literal["rename"] = "rename"
    names: dict[Name, Name] = Field(min_length=1, max_length=200)


class Sample(Shape):
    """A random choice of rows, as ``DataFrame.sample`` with ``random_state`` makes it."""

    op: Literal["sample"] = "sample"
    rows: int | None = Field(default=None, ge=1)
    fraction: float | None = Field(default=None, gt=0, le=1)
    seed: int = Field(ge=0, le=2**32 - 1)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.rows is None) == (self.fraction is None):
            raise ValueError("a sample takes either rows or a fraction")
        return self


class TrainTest(Shape):
    """Keep the training or the test part, as scikit-learn's ``train_test_split`` cuts them."""

    op: Literal["train_test"] = "train_test"
    test_size: float | int = Field(gt=0, description="A share below 1, or a number of rows.")
    seed: int | None = Field(default=None, ge=0, le=2**32 - 1)
    shuffle: bool = True
    keep: Literal["train", "test"]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.shuffle and self.seed is None:
            raise ValueError("a split needs a seed, so that it can be repeated")
        return self


AnyStep = Annotated[
    Filter | DropMissing | DropDuplicates | FillMissing | Convert | Derive | Bin | MapValues
    | Encode | Scale | TreatOutliers | Sort | HeadTail | Select | Rename | Group | Pivot | Resample
    | Melt | Join | Sample | TrainTest,
    Field(discriminator="op"),
]  # fmt: skip


class Recipe(Shape):
    """Steps over one frame, in order, and what is to come of them."""

    frame: Name = Field(description="The frame's name, as list_frames gives it.")
    steps: list[AnyStep] = Field(default_factory=list, max_length=MAX_STEPS)
    outputs: list[AnyOutput] = Field(min_length=1, max_length=MAX_OUTPUTS)

    @property
    def frames(self) -> list[str]:
        """The frames that it names."""
        joined = [step.frame for step in self.steps if isinstance(step, Join)]
        return list(dict.fromkeys([self.frame, *joined]))

    @model_validator(mode="after")
    def _fits(self) -> Self:
        names = [name for output in self.outputs for name in figures_of(output)]
        tables = [output.name for output in self.outputs if output.TABLE]
        if len(set(names)) < len(names) or len(set(tables)) < len(tables):
            raise ValueError("every output has a name of its own")
        if any((output.after or 0) > len(self.steps) for output in self.outputs):
            raise ValueError(f"after counts steps, of which there are {len(self.steps)}")
        return self
