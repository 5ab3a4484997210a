"""The code of the steps that make a table of another kind."""

from collections.abc import Sequence

from leonidas_jupyter.data.recipes import tables
from leonidas_jupyter.data.recipes.build import Build, observed
from leonidas_jupyter.data.recipes.errors import RecipeRefused
from leonidas_jupyter.data.recipes.measures import Measure
from leonidas_jupyter.data.recipes.schema import MOMENT, NUMBER, TEXT, Kind, Schema
from leonidas_jupyter.data.recipes.statistic_code import (
    aggregation,
    check_statistic,
    kind_of_statistic,
)
from leonidas_jupyter.data.recipes.step_code import known, write_step
from leonidas_jupyter.data.recipes.writer import key, literal, literals

PERIODS = {
    "second": ("s", "s"), "minute": ("min", "min"), "hour": ("h", "h"), "day": ("D", "D"),
    "week": ("W-SUN", "W-MON"), "month": ("M", "MS"), "quarter": ("Q", "QS"), "year": ("Y", "YS"),
}  # fmt: skip
"""What ``dt.to_period`` calls periods, and what ``asfreq`` calls their beginnings; weeks that end
on Sunday begin on Monday."""


def aggregations(
    measures: Sequence[Measure], build: Build, some_column: str
) -> tuple[str, dict[str, Kind]]:
    """The arguments of a named ``agg``, and what its columns hold; ``some_column`` counts rows."""
    parts, kinds = [], {}
    for measure in measures:
        if measure.name in kinds:
            raise RecipeRefused(f"Two measures are called {measure.name!r}.")
        column = measure.column or some_column
        kind = build.schema.kind(column)
        check_statistic(measure, column, kind)
        kinds[measure.name] = kind_of_statistic(measure, kind)
        parts.append(f"{literal(measure.name)}: ({literal(column)}, {aggregation(measure, kind)})")
    return f"**{{{', '.join(parts)}}}", kinds


@write_step.register
def _(step: tables.Group, build: Build) -> None:
    named, kinds = aggregations(step.measures, build, step.by[0])
    if clash := set(kinds) & set(step.by):
        raise RecipeRefused(f"A measure is called like the group: {clash.pop()!r}.")
    keys = literals(known(step.by, build))
    options = observed(build.schema, step.by) + (", dropna=False" if step.missing else "")
    build.say(f"{build.table} = {build.table}.groupby({keys}{options}).agg({named}).reset_index()")
    groups = {name: build.schema.kind(name) for name in step.by}
    build.schema = Schema({**groups, **kinds})


@write_step.register
def _(step: tables.Pivot, build: Build) -> None:
    names = [*step.rows, step.columns, step.values]
    if len(set(names)) < len(names):
        raise RecipeRefused("A pivot's rows, columns and values are different columns.")
    known(names, build)
    if step.statistic not in ("count", "first", "min", "max"):
        build.schema.numbers(step.values, step.statistic)
    fill = "" if step.fill is None else f", fill_value={literal(step.fill)}"
    build.say(
        f"{build.table} = {build.table}.pivot_table(index={literals(step.rows)}, "
        f"columns={literal(step.columns)}, values={literal(step.values)}, "
        f"aggfunc={literal(step.statistic)}{fill}, observed=True)",
        f"{build.table}.columns = {build.table}.columns.map(str)",
        f"{build.table} = {build.table}.reset_index()",
    )
    build.schema = Schema({name: build.schema.kind(name) for name in step.rows}, ("",))


@write_step.register
def _(step: tables.Resample, build: Build) -> None:
    kind = build.schema.kind(step.time)
    if not kind.temporal and kind.type != "unknown":
        cure = ": convert it to a datetime first" if kind.type in ("text", "integer") else ""
        raise RecipeRefused(f"The column {step.time!r} holds {kind.holds}, no dates{cure}.")
    named, kinds = aggregations(step.measures, build, step.time)
    if clash := set(kinds) & {step.time, *step.by}:
        raise RecipeRefused(f"A measure is called like another column: {clash.pop()!r}.")
    if step.empty and step.by:
        raise RecipeRefused("Empty periods can be kept for the whole table, not within groups.")
    time, table = literal(step.time), build.table
    every, beginnings = PERIODS[step.every]
    build.say(
        f"period = {table}[{time}].dt.tz_localize(None).dt.to_period({every!r}).dt.start_time",
        f"{table} = {table}.assign(**{{{time}: period}})",
    )
    groups = literals([*known(step.by, build), step.time])
    options = observed(build.schema, step.by)
    build.say(f"{table} = {table}.groupby({groups}{options}).agg({named})")
    if step.empty:
        build.say(f"{table} = {table}.asfreq({beginnings!r})")
    build.say(f"{table} = {table}.reset_index()")
    moments = MOMENT if step.every in ("second", "minute", "hour") else Kind("date")
    by = {name: build.schema.kind(name) for name in step.by}
    build.schema = Schema({**by, step.time: moments, **kinds})


@write_step.register
def _(step: tables.Melt, build: Build) -> None:
    known(step.columns, build)
    keep = known(step.keep, build) if step.keep is not None else None
    if keep is None:
        keep = [name for name in build.schema.kinds if name not in step.columns]
    fresh = [step.names_to, step.values_to]
    if len({*keep, *fresh}) < len(keep) + 2 or set(keep) & set(step.columns):
        raise RecipeRefused("After melting, two columns would have one name.")
    build.say(
        f"{build.table} = {build.table}.melt(id_vars={literals(keep)}, "
        f"value_vars={literals(step.columns)}, var_name={literal(step.names_to)}, "
        f"value_name={literal(step.values_to)})"
    )
    held = {build.schema.kind(name).type for name in step.columns}
    number = held <= {"integer", "number"}
    value = Kind(held.pop()) if len(held) == 1 else NUMBER if number else Kind("unknown")
    kept = {name: build.schema.kind(name) for name in keep}
    build.schema = Schema({**kept, step.names_to: TEXT, step.values_to: value})
    build.singles = False


@write_step.register
def _(step: tables.Join, build: Build) -> None:
    keys = step.other or step.on
    known(step.on, build)
    wanted = build.wanted if step.columns is None else frozenset([*keys, *step.columns])
    other = build.writer.variable("other")
    schema = build.load(step.frame, other, wanted)
    for mine, theirs in zip(step.on, keys, strict=True):
        _joinable(mine, build.schema.kind(mine), theirs, schema.kind(theirs))
    if step.columns is not None:
        schema = schema.only(dict.fromkeys([*keys, *step.columns]))
    truths = [name for name, kind in schema.kinds.items() if kind.type == "boolean"]
    if step.how == "left" and truths:
        casts = dict.fromkeys(truths, "boolean")
        build.say(f"{other} = {other}.astype({casts!r})")
        schema = schema.having({name: Kind("boolean", nullable=True) for name in truths})
    # pandas would match missing keys with each other.
    build.say(f"{other} = {other}.dropna(subset={literals(keys)})")
    apart = f"left_on={key(step.on)}, right_on={key(keys)}"
    on = f"on={key(keys)}" if keys == step.on else apart
    build.say(
        f"{build.table} = {build.table}.merge({other}, {on}, how={literal(step.how)}, "
        f"suffixes=('', {literal(step.suffix)}))"
    )
    build.schema = _joined(step, keys, build.schema, schema)
    build.singles = False


def _joinable(mine: str, my_kind: Kind, theirs: str, their_kind: Kind) -> None:
    alike = my_kind.type == their_kind.type or (my_kind.numeric and their_kind.numeric)
    if not alike and not (my_kind.temporal and their_kind.temporal):
        raise RecipeRefused(
            f"{mine!r} holds {my_kind.holds} and {theirs!r} {their_kind.holds}: "
            "convert one of them before joining."
        )


def _joined(step: tables.Join, keys: list[str], mine: Schema, other: Schema) -> Schema:
    kinds = dict(mine.kinds)
    shared = set(keys) if keys == step.on else set()
    for name, kind in other.kinds.items():
        if name in shared:
            continue
        named = name + step.suffix if name in mine.kinds else name
        if named in kinds:
            raise RecipeRefused(f"After joining, two columns would be called {named!r}.")
        kinds[named] = kind
    return Schema(kinds, mine.open_prefixes)
