"""The code of the steps that keep the table's rows for what they are: choose, change, order."""

from functools import singledispatch
from typing import Protocol

from leonidas_jupyter.data.recipes import steps
from leonidas_jupyter.data.recipes.build import Build
from leonidas_jupyter.data.recipes.errors import RecipeRefused
from leonidas_jupyter.data.recipes.schema import Schema
from leonidas_jupyter.data.recipes.shape import Shape
from leonidas_jupyter.data.recipes.values import CONDITIONS
from leonidas_jupyter.data.recipes.writer import literals


@singledispatch
def write_step(step: Shape, build: Build) -> None:  # noqa: ARG001 - the registered take it
    """Write the lines of a step and bring the schema up to date.

    Raises:
        RecipeRefused: it does not fit the table.
    """
    raise TypeError(type(step).__name__)


@write_step.register
def _(step: steps.Filter, build: Build) -> None:
    build.say(f"{build.table} = {build.table}[{CONDITIONS.mask(step.condition, build.scope)}]")


@write_step.register
def _(step: steps.DropMissing, build: Build) -> None:
    options = [] if step.columns is None else [f"subset={literals(known(step.columns, build))}"]
    options += ["how='all'"] if step.how == "all" else []
    build.say(f"{build.table} = {build.table}.dropna({', '.join(options)})")


@write_step.register
def _(step: steps.DropDuplicates, build: Build) -> None:
    options = [] if step.columns is None else [f"subset={literals(known(step.columns, build))}"]
    options += {"first": [], "last": ["keep='last'"], "none": ["keep=False"]}[step.keep]
    build.say(f"{build.table} = {build.table}.drop_duplicates({', '.join(options)})")


def known(names: list[str], build: Build) -> list[str]:
    """The names, once it is clear that there are such columns."""
    for name in names:
        build.schema.kind(name)
    return names


@write_step.register
def _(step: steps.Sort, build: Build) -> None:
    falling = step.descending
    falls = falling if isinstance(falling, list) else [falling] * len(step.columns)
    order = f", ascending={[not each for each in falls]}" if any(falls) else ""
    names = literals(known(step.columns, build))
    build.say(f"{build.table} = {build.table}.sort_values({names}{order}, kind='stable')")


@write_step.register
def _(step: steps.HeadTail, build: Build) -> None:
    build.say(f"{build.table} = {build.table}.{step.op}({step.rows})")


@write_step.register
def _(step: steps.Select, build: Build) -> None:
    names = known(step.columns, build)
    if step.op == "select":
        build.say(f"{build.table} = {build.table}[{literals(dict.fromkeys(names))}]")
        build.schema = build.schema.only(names)
        return
    build.say(f"{build.table} = {build.table}.drop(columns={literals(names)})")
    build.schema = build.schema.without(names)


@write_step.register
def _(step: steps.Rename, build: Build) -> None:
    kinds = {step.names.get(name, name): kind for name, kind in build.schema.kinds.items()}
    known(list(step.names), build)
    fresh = set(step.names.values())
    untouched = set(build.schema.kinds) - set(step.names)
    if len(fresh) < len(step.names) or fresh & untouched:
        raise RecipeRefused("After renaming, two columns would have one name.")
    build.say(f"{build.table} = {build.table}.rename(columns={dict(step.names)!r})")
    build.schema = Schema(kinds, build.schema.open_prefixes)


@write_step.register
def _(step: steps.Sample, build: Build) -> None:
    size = f"n={step.rows}" if step.rows is not None else f"frac={step.fraction}"
    build.say(f"{build.table} = {build.table}.sample({size}, random_state={step.seed})")


@write_step.register
def _(step: steps.TrainTest, build: Build) -> None:
    train, test = write_split(step, build.table, build)
    build.say(f"{build.table} = {train if step.keep == 'train' else test}")


class Split(Protocol):
    """What says how rows are split into a training and a test part."""

    @property
    def test_size(self) -> float | int | None:
        """A share below 1, or a number of rows."""

    @property
    def seed(self) -> int | None:
        """Of the permutation."""

    @property
    def shuffle(self) -> bool:
        """Whether there is one."""


def write_split(split: Split, table: str, build: Build) -> tuple[str, str]:
    """Write scikit-learn's ``train_test_split`` of a table; returns the codes of its parts.

    Source: ``sklearn.model_selection.ShuffleSplit``: a permutation by ``RandomState(seed)``, whose
    first ``ceil(test_size * n)`` rows are the test part.
    """
    size = split.test_size
    if isinstance(size, float) and size >= 1:
        raise RecipeRefused("test_size is a share below 1, or a whole number of rows.")
    count = f"int(np.ceil({size} * len({table})))" if isinstance(size, float) else str(size)
    build.say(f"n_test = {count}")
    if not split.shuffle:
        return f"{table}.head(len({table}) - n_test)", f"{table}.tail(n_test)"
    build.say(f"order = np.random.RandomState({split.seed}).permutation(len({table}))")
    return f"{table}.iloc[order[n_test:]]", f"{table}.iloc[order[:n_test]]"
