"""The code of the steps that make new columns, or other values for old ones."""

from leonidas_jupyter.data.recipes import expressions as ex
from leonidas_jupyter.data.recipes import steps
from leonidas_jupyter.data.recipes.build import Build, observed
from leonidas_jupyter.data.recipes.conditions import constant
from leonidas_jupyter.data.recipes.errors import RecipeRefused
from leonidas_jupyter.data.recipes.output import OutlierRule
from leonidas_jupyter.data.recipes.schema import INTEGER, NUMBER, TEXT, UNKNOWN, Kind, Schema
from leonidas_jupyter.data.recipes.step_code import known, write_step
from leonidas_jupyter.data.recipes.values import CONDITIONS, expression
from leonidas_jupyter.data.recipes.writer import literal, literals


@write_step.register
def _(step: steps.FillMissing, build: Build) -> None:
    for name in step.columns:
        column = build.scope.column(name)
        kind = _filled_kind(step, name, column.kind, build.schema)
        build.put(name, _filled(step, name, column.text, column.kind, build), kind)


def _filled_kind(step: steps.FillMissing, name: str, kind: Kind, schema: Schema) -> Kind:
    if step.method in ("mean", "median", "zero", "interpolate"):
        kind = schema.numbers(name, step.method if step.method != "zero" else "number to fill in")
        exact = step.method == "zero"
        return Kind(kind.type, nullable=kind.nullable) if exact else NUMBER
    fraction = isinstance(step.value, float) and not step.value.is_integer()
    return NUMBER if fraction else Kind(kind.type, nullable=kind.nullable)


def _filled(step: steps.FillMissing, name: str, column: str, kind: Kind, build: Build) -> str:
    groups = f"{build.table}.groupby({literals(known(step.by, build))}"
    groups += f"{observed(build.schema, step.by)})[{literal(name)}]"
    if step.method == "interpolate":
        if step.by:
            raise RecipeRefused("Missing values are interpolated over all rows, not by groups.")
        return f"{column}.astype(float).interpolate()"
    if step.method in ("ffill", "bfill"):
        # Of rows in no group, groupby makes missing values.
        return (
            f"{column}.fillna({groups}.{step.method}())" if step.by else f"{column}.{step.method}()"
        )
    if step.method in ("zero", "constant"):
        value = "0" if step.method == "zero" else constant(step.value, kind)
        return f"{column}.fillna({f'pd.Timestamp({value})' if kind.temporal else value})"
    if kind.nullable and step.method in ("mean", "median"):
        column = f"{column}.astype(float)"
    if step.method == "mode":
        mode = "next(iter({}.mode()), np.nan)"
        each = f"transform(lambda values: {mode.format('values')})"
        return f"{column}.fillna({f'{groups}.{each}' if step.by else mode.format(column)})"
    if step.by:
        return f"{column}.fillna({groups}.transform({step.method!r}))"
    return f"{column}.fillna({column}.{step.method}())"


@write_step.register
def _(step: steps.Convert, build: Build) -> None:
    for name in step.columns:
        column = build.scope.column(name)
        code = CONVERSIONS[step.to](step, name, column.text, column.kind)
        kinds = {"number": NUMBER, "integer": INTEGER, "text": TEXT, "seconds": NUMBER}
        kind = kinds.get(step.to, Kind("datetime"))
        if column.kind.type in ("integer", "number") and step.to == "number":
            kind = column.kind
        build.put(name, code, kind)


NOT_DIGITS = r"[\s$€£¥₹%]|,(?=\d{3}(?:\D|$))"
"""What numbers are written with beside their digits; a comma only before three digits."""


def _to_number(_: steps.Convert, name: str, column: str, kind: Kind) -> str:
    if kind.type in ("integer", "number"):
        return column
    if kind.type == "boolean":
        return f"{column}.astype(float)"
    if kind.temporal or kind.type == "time":
        raise RecipeRefused(f"The column {name!r} holds {kind.holds}, which are no numbers.")
    text = f"{column}.astype(object).map(str, na_action='ignore')" if kind == UNKNOWN else column
    plain = f"{text}.str.replace({NOT_DIGITS!r}, '', regex=True)"
    return f"pd.to_numeric({plain}, errors='coerce')"


def _to_integer(step: steps.Convert, name: str, column: str, kind: Kind) -> str:
    numbers = _to_number(step, name, column, kind)
    return numbers if kind.type == "integer" else f"{numbers}.where(lambda values: values % 1 == 0)"


def _to_text(_: steps.Convert, __: str, column: str, kind: Kind) -> str:
    if kind.type == "integer":
        return f"{column}.map('{{:.0f}}'.format, na_action='ignore')"
    if kind.type == "date":
        return f"{column}.dt.strftime('%Y-%m-%d')"
    return column if kind.type == "text" else f"{column}.map(str, na_action='ignore')"


def _to_datetime(step: steps.Convert, name: str, column: str, kind: Kind) -> str:
    if kind.temporal:
        return column
    if kind.type == "integer" and step.format is None:
        raise RecipeRefused(f"Say in format how {name!r} writes its dates, such as %Y%m%d.")
    if kind.type not in ("text", "integer", "unknown"):
        raise RecipeRefused(f"The column {name!r} holds {kind.holds}, which are no dates.")
    text = f"{column}.map('{{:.0f}}'.format, na_action='ignore')"
    text = text if kind.type == "integer" else column
    written = literal(step.format or "mixed")
    first = ", dayfirst=True" if step.day_first else ""
    return f"pd.to_datetime({text}, format={written}{first}, errors='coerce')"


def _to_seconds(_: steps.Convert, name: str, column: str, kind: Kind) -> str:
    if kind.type not in ("text", "time", "unknown"):
        raise RecipeRefused(f"The column {name!r} holds {kind.holds}, not times as HH:MM:SS.")
    text = column if kind.type == "text" else f"{column}.map(str, na_action='ignore')"
    whole = rf"{text}.str.replace(r'^(\d+:\d+)$', r'00:\1', regex=True)"
    return f"pd.to_timedelta({whole}, errors='coerce').dt.total_seconds()"


CONVERSIONS = {
    "number": _to_number,
    "integer": _to_integer,
    "text": _to_text,
    "datetime": _to_datetime,
    "seconds": _to_seconds,
}


@write_step.register
def _(step: steps.Derive, build: Build) -> None:
    if (choice := _plain_choice(step.value, build)) is not None:
        build.put(step.name, *choice)
        return
    code = expression(step.value, build.scope)
    build.put(step.name, code.text, code.kind)


def _plain_choice(value: ex.Expression, build: Build) -> tuple[str, Kind] | None:
    """``np.where`` for a condition between two constants of one type, as it is commonly written."""
    if not isinstance(value, ex.If):
        return None
    ends = [value.then, value.otherwise]
    plain = [each.value for each in ends if isinstance(each, ex.Constant)]
    if len(plain) < 2 or plain[0] is None or type(plain[0]) is not type(plain[1]):
        return None
    mask = CONDITIONS.mask(value.condition, build.scope)
    kind = expression(value.then, build.scope).kind
    return f"np.where({mask}, {literal(plain[0])}, {literal(plain[1])})", Kind(kind.type)


@write_step.register
def _(step: steps.Bin, build: Build) -> None:
    build.schema.numbers(step.column, "classes")
    column = build.scope.column(step.column).floats.text
    labels = "" if step.labels is None else f", labels={literals(step.labels)}"
    if step.method == "quantiles":
        code = f"pd.qcut({column}, {step.count}{labels})"
    else:
        edges = str(step.count) if step.edges is None else _edges(step.edges)
        right = "" if step.right else ", right=False"
        lowest = ", include_lowest=True" if step.include_lowest else ""
        code = f"pd.cut({column}, {edges}{labels}{right}{lowest})"
    if step.labels is None:
        code += ".cat.rename_categories(str)"
    build.put(step.into, code, Kind("text", category=True))


def _edges(edges: list[float]) -> str:
    def written(edge: float) -> str:
        if edge in (float("inf"), float("-inf")):
            return "np.inf" if edge > 0 else "-np.inf"
        return literal(int(edge) if edge.is_integer() and abs(edge) < 2**53 else edge)

    return f"[{', '.join(map(written, edges))}]"


@write_step.register
def _(step: steps.MapValues, build: Build) -> None:
    column = build.scope.column(step.column)
    pairs = ", ".join(
        f"{constant(each.old, column.kind)}: {literal(each.new)}" for each in step.values
    )
    mapped = f"{column.closed}.map({{{pairs}}})"
    kind = _mapped_kind(step)
    into = step.into or step.column
    if step.otherwise == "missing":
        build.put(into, mapped, kind)
        return
    named = ", ".join(constant(each.old, column.kind) for each in step.values)
    known = f"{column.closed}.isin([{named}])"
    if step.otherwise == "default":
        build.put(into, f"{mapped}.where({known}, {literal(step.default)})", kind)
        return
    same = kind.type == column.kind.type or (kind.numeric and column.kind.type == "number")
    if same:
        build.put(into, f"{column.closed}.where(~{known}, {mapped})", Kind(column.kind.type))
        return
    kept = f"{column.closed}.astype(object).where(~{known}, {mapped}).infer_objects()"
    build.put(into, kept, UNKNOWN)


def _mapped_kind(step: steps.MapValues) -> Kind:
    news = [each.new for each in step.values if each.new is not None]
    news += [step.default] if step.default is not None else []
    if news and all(isinstance(new, str) for new in news):
        return TEXT
    if any(isinstance(new, str) for new in news) or not news:
        return UNKNOWN
    if all(isinstance(new, bool) for new in news):
        return UNKNOWN  # with gaps it is neither pandas' bool nor a number
    return INTEGER if all(isinstance(new, int) for new in news) else NUMBER


@write_step.register
def _(step: steps.Encode, build: Build) -> None:
    if step.method == "one_hot":
        first = ", drop_first=True" if step.drop_first else ""
        names = literals(known(step.columns, build))
        build.say(
            f"{build.table} = pd.get_dummies({build.table}, columns={names}{first}, dtype=int)"
        )
        schema = build.schema.without(step.columns)
        prefixes = tuple(f"{name}_" for name in step.columns)
        build.schema = Schema(schema.kinds, (*schema.open_prefixes, *prefixes))
        return
    for name in step.columns:
        column = build.scope.column(name).closed
        codes = f"{column}.astype('category').cat.codes"
        build.put(name, f"{codes}.where({column}.notna())", INTEGER)


@write_step.register
def _(step: steps.Scale, build: Build) -> None:
    for name, into in zip(step.columns, step.into or step.columns, strict=True):
        build.schema.numbers(name, "scale")
        s = build.scope.column(name).floats.closed
        ddof = "ddof=0" if step.ddof == 0 else ""
        spread = {
            "z_score": f"{s}.std({ddof})",
            "min_max": f"({s}.max() - {s}.min())",
            "robust": f"({s}.quantile(0.75) - {s}.quantile(0.25))",
            "max_abs": f"{s}.abs().max()",
        }[step.method]
        centre = {"z_score": "mean", "min_max": "min", "robust": "median"}.get(step.method)
        centred = f"({s} - {s}.{centre}())" if centre else s
        # A constant column has no spread; divided by 1 it stays at its centre.
        build.put(into, f"{centred} / ({spread} or 1)", NUMBER)


def _plain(number: float) -> str:
    return literal(int(number) if float(number).is_integer() else number)


def outlier_mask(rule: OutlierRule, series: str) -> tuple[list[str], str, tuple[str, str]]:
    """The lines before, the mask, and the two bounds of a column's outliers."""
    if rule.method == "z_score":
        limit = _plain(rule.threshold or 3)
        spread = "std(ddof=0)" if rule.ddof == 0 else "std()"
        lines = [f"center, spread = {series}.mean(), {series}.{spread}"]
        bounds = (f"center - {limit} * spread", f"center + {limit} * spread")
        return lines, f"(({series} - center) / spread).abs() > {limit}", bounds
    factor = _plain(rule.threshold or 1.5)
    lines = [
        f"q1, q3 = {series}.quantile(0.25), {series}.quantile(0.75)",
        f"low, high = q1 - {factor} * (q3 - q1), q3 + {factor} * (q3 - q1)",
    ]
    return lines, f"({series} < low) | ({series} > high)", ("low", "high")


@write_step.register
def _(step: steps.TreatOutliers, build: Build) -> None:
    for name in step.columns:
        build.schema.numbers(name, "outliers")
    if step.action in ("missing", "clip"):
        for name in step.columns:
            series = build.scope.column(name).floats.closed
            lines, mask, bounds = outlier_mask(step, series)
            build.say(*lines)
            blank, clip = f"{series}.mask({mask})", f"{series}.clip({', '.join(bounds)})"
            build.put(name, blank if step.action == "missing" else clip, NUMBER)
        return
    masks = []
    for name in step.columns:
        lines, mask, _ = outlier_mask(step, build.scope.column(name).floats.closed)
        variable = build.writer.variable("outlier")
        build.say(*lines, f"{variable} = {mask}")
        masks.append(variable)
    chosen = " | ".join(masks)
    if step.action == "remove":
        chosen = f"~{chosen}" if len(masks) == 1 else f"~({chosen})"
    build.say(f"{build.table} = {build.table}[{chosen}]")
