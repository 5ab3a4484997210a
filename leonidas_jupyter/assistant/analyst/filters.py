"""Rules for filters: bounds, values and null tests meet the columns that they hold for."""

from collections.abc import Sequence

from leonidas_jupyter.assistant.analyst.items import (
    BOUND,
    FILTER,
    GROUP,
    PAIR,
    TIME,
    Action,
    Item,
    Rule,
    only,
    rule,
    spans_of,
)
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon, NamedColumn, ValueRef
from leonidas_jupyter.assistant.analyst.numbers import FLIPPED, Bound, Time
from leonidas_jupyter.assistant.analyst.question import Ambiguous, Condition, Group, Unfit
from leonidas_jupyter.assistant.analyst.spans import Number

_UNITS_BY_WORD = {
    "hp": {"hp", "horsepower"},
    "pct": {"pct", "percent"},
    "min": {"min", "mins", "minutes", "minute"},
}


def _filter(condition: Condition, items: Sequence[Item]) -> list[Item]:
    spans = spans_of(items)
    made = Condition(
        condition.column, condition.op, condition.values, condition.negated, condition.part, spans
    )
    return [Item(FILTER, made, spans, " ".join(item.text for item in items))]


def _column(items: Sequence[Item], lexicon: FrameLexicon) -> NamedColumn:
    return lexicon.column(only(items, "C")[0].value)


def _negated(items: Sequence[Item]) -> bool:
    return any(item.kind in "!0" for item in items)


def plain(number: Number) -> float | int:
    """Return the number as SQL should write it: whole numbers without a point."""
    return int(number.value) if number.value.is_integer() else number.value


def _check_units(numbers: Sequence[Number], column: NamedColumn) -> None:
    for number in numbers:
        unit = number.unit
        known = set(column.words) | ({column.unit} if column.unit else set())
        if (
            unit
            and not (known & _UNITS_BY_WORD.get(unit, {unit}))
            and not (unit == "usd" and not column.unit)
        ):
            raise Unfit(
                f"`{column.name}` does not say that it is in the unit of “{number.text} {unit}”, and I do not convert units."
            )
        if number.percent and not known & {"pct", "percent", "percentage", "rate", "share"}:
            raise Unfit(f"`{column.name}` does not say that it holds percentages.")


def _bounded(column: NamedColumn, bound: Bound, negated: bool) -> Condition | None:
    _check_units(bound.numbers, column)
    values = tuple(plain(number) for number in bound.numbers)
    part = None
    if column.temporal:
        if not all(number.year for number in bound.numbers):
            return None
        part = "year"
    elif not column.numeric:
        return None
    if negated and bound.op in FLIPPED:
        return Condition(column.name, FLIPPED[bound.op], values, True, part)
    return Condition(column.name, bound.op, values, negated, part)


def _with_bound(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    made = _bounded(_column(items, lexicon), only(items, BOUND)[0].value, _negated(items))
    return _filter(made, items) if made else None


def _timed(column: NamedColumn, time: Time, negated: bool) -> Condition | None:
    if time.months:
        op = "=" if len(time.months) == 1 else "in"
        return Condition(column.name, op, time.months, negated, "month") if column.temporal else None
    first, last = time.periods[0], time.periods[-1]
    if column.numeric:
        years = tuple(int(period.text) for period in time.periods if len(period.text) == 4)
        if len(years) < len(time.periods) or "year" not in column.core:
            return None
        op = {"in": "=", "between": "between"}.get(time.op, time.op)
        return Condition(column.name, op, years, negated)
    if not column.temporal:
        return None
    if time.op in ("in", "between", "="):
        return Condition(column.name, "period", (first.first, last.after), negated)
    edge = {
        ">": (">=", first.after),
        ">=": (">=", first.first),
        "<": ("<", first.first),
        "<=": ("<", first.after),
    }
    if time.op not in edge:
        return None
    op, value = edge[time.op]
    return Condition(column.name, FLIPPED[op] if negated else op, (value,), negated, None)


def _with_time(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    made = _timed(_column(items, lexicon), only(items, TIME)[0].value, _negated(items))
    return _filter(made, items) if made else None


def time_column(lexicon: FrameLexicon, whole_years: bool) -> NamedColumn:
    """Return the column that "in 2015" is about: the year column, else the only date column.

    Raises:
        Unfit: the frame has no such column.
        Ambiguous: it has several.
    """
    years = [column for column in lexicon.columns if column.numeric and column.core == ("year",)]
    if whole_years and len(years) == 1:
        return years[0]
    dated = [column for column in lexicon.columns if column.temporal]
    if len(dated) == 1:
        return dated[0]
    if not dated:
        raise Unfit(f"{lexicon.frame.name} has no column of dates that I could hold this against.")
    raise Ambiguous("the date", [f"`{column.name}`" for column in dated])


def _implied_time(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    time: Time = only(items, TIME)[0].value
    whole_years = not time.months and all(len(period.text) == 4 for period in time.periods)
    made = _timed(time_column(lexicon, whole_years), time, _negated(items))
    return _filter(made, items) if made else None


def _implied_year(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    found = only(items, BOUND + "N")[0]
    bound: Bound = (
        found.value
        if found.kind == BOUND
        else Bound("=", tuple(item.value for item in only(items, "N")))
    )
    if not all(number.year for number in bound.numbers):
        return None
    if found.kind == "N" and len(bound.numbers) > 1:
        bound = Bound("in", bound.numbers)
    made = _bounded(time_column(lexicon, True), bound, _negated(items))
    return _filter(made, items) if made else None


def _measured_in_years(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "average weight between 1975 and 1980" as a stretch of years, not as weights."""
    column = _column(items, lexicon)
    if column.temporal or "year" in column.core:
        return None
    made = _implied_year(items[-1:], lexicon)
    return [*items[:-1], *made] if made else None


def _dated(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "released in 2005"."""
    column = _column(items, lexicon)
    if not (column.temporal or "year" in column.core):
        return None
    return _equal_number(False)(items, lexicon)


def _in_range(column: NamedColumn, numbers: Sequence[Number]) -> bool:
    low, high = column.profile.min, column.profile.max
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return False
    return all(low <= number.value <= high for number in numbers)


def _equal_number(adjacent: bool) -> Action:
    def act(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
        column = _column(items, lexicon)
        numbers = tuple(item.value for item in only(items, "N"))
        if (
            adjacent
            and not column.temporal
            and (column.profile.type != "integer" or not _in_range(column, numbers))
        ):
            return None
        made = _bounded(column, Bound("=" if len(numbers) == 1 else "in", numbers), _negated(items))
        return _filter(made, items) if made else None

    return act


def _comparative(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    name, descending = only(items, "2")[0].value
    number: Number = only(items, "N")[0].value
    made = _bounded(
        lexicon.column(name), Bound(">" if descending else "<", (number,)), _negated(items)
    )
    return _filter(made, items) if made else None


def _against_aggregate(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    aggregate = only(items, "A")[0].value
    if aggregate not in ("mean", "median"):
        return None
    names = {item.value for item in only(items, "C")}
    comparatives = only(items, "2")
    op = (
        only(items, ">")[0].value
        if not comparatives
        else (">" if comparatives[0].value[1] else "<")
    )
    names |= {item.value[0] for item in comparatives}
    if len(names) != 1 or not lexicon.column(min(names)).numeric or op not in FLIPPED:
        return None
    op = FLIPPED[op] if _negated(items) else op
    return _filter(Condition(min(names), f"{op}{aggregate}", (), _negated(items)), items)


def _against_column(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    first, second = (lexicon.column(item.value) for item in only(items, "C"))
    if not ((first.numeric and second.numeric) or (first.temporal and second.temporal)):
        return None
    op = only(items, ">")[0].value
    return _filter(Condition(first.name, f"{op}column", (second.name,)), items)


def _ref(refs: Sequence[ValueRef], column: str) -> ValueRef | None:
    return next((ref for ref in refs if ref.column == column), None)


def _value_of_column(items: Sequence[Item], _: FrameLexicon) -> list[Item] | None:
    ref = _ref(only(items, "V")[0].value, only(items, "C")[0].value)
    kept = [item for item in items if item.kind in "!0"]
    if ref is None:
        return None
    rest = [item for item in items if item not in kept]
    return [*kept, Item("V", (ref,), spans_of(rest), " ".join(item.text for item in rest))]


def _shared(items: Sequence[Item]) -> list[ValueRef]:
    listed = [item.value for item in only(items, "V")]
    shared = []
    for ref in listed[0]:
        others = [_ref(refs, ref.column) for refs in listed]
        if all(other is not None for other in others):
            values = tuple(
                dict.fromkeys(value for other in others if other for value in other.values)
            )
            shared.append(ValueRef(ref.column, values))
    return shared


def _value_list(items: Sequence[Item], _: FrameLexicon) -> list[Item] | None:
    shared = _shared(items)
    if not shared:
        return None
    joined = "|" if any(item.kind == "|" for item in items) else "&"
    return [Item("V", tuple(shared), spans_of(items), joined)]


def pair(items: Sequence[Item], _: FrameLexicon) -> list[Item] | None:
    """Read two values of one column as the two sides of a comparison."""
    first, second = (item.value for item in only(items, "V"))
    for ref in first:
        other = _ref(second, ref.column)
        if other is not None and other.values != ref.values:
            return [Item(PAIR, (ref, other), spans_of(items), "pair")]
    return None


def _value(items: Sequence[Item], _: FrameLexicon) -> list[Item]:
    refs: tuple[ValueRef, ...] = only(items, "V")[0].value
    if len(refs) > 1:
        raise Ambiguous(refs[0].values[0], [f"`{ref.column}` is {ref.values[0]}" for ref in refs])
    ref = refs[0]
    return _filter(Condition(ref.column, "in", ref.values, _negated(items)), items)


def _null(missing: bool) -> Action:
    def act(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
        return _filter(Condition(_column(items, lexicon).name, "null", (), not missing), items)

    return act


def _without(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "no horsepower" as a missing value; where the column may be zero, that could be meant as well."""
    column = _column(items, lexicon)
    low, high = column.profile.min, column.profile.max
    if isinstance(low, int | float) and isinstance(high, int | float) and low <= 0 <= high:
        raise Ambiguous(
            f"no {column.name}", [f"`{column.name}` is 0", f"`{column.name}` is missing"]
        )
    return _null(True)(items, lexicon)


def _named_column(items: Sequence[Item], _: FrameLexicon) -> list[Item]:
    """Read "the sex column", "column sex"."""
    found = only(items, "C")[0]
    return [Item("C", found.value, spans_of(items), found.text)]


def _two_bounds(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "length under 190 or over 220", "over 40 and under 50"."""
    column = _column(items, lexicon)
    bounds = [at for at, item in enumerate(items) if item.kind == BOUND]
    made = [_bounded(column, items[at].value, False) for at in bounds]
    if not all(made) or any(bound.value.op == "between" for bound in only(items, BOUND)):
        return None
    middle = [item for item in items[bounds[0] + 1 : bounds[1]] if item.kind in "&|"]
    first, second = (_filter(one, part) for one, part in zip(made, (items[: bounds[0] + 1], items[bounds[1] :]), strict=True) if one)
    return [*first, *middle, *second]


def _years_compared(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "in 2007 compared to 2009": both years, one beside the other."""
    numbers: list[Number] = [item.value for item in only(items, "N")]
    if not all(number.year for number in numbers):
        return None
    column = time_column(lexicon, whole_years=True)
    spans = spans_of(items)
    part = None if column.numeric else "year"
    years = tuple(int(number.value) for number in numbers)
    condition = Condition(column.name, "in", years, part=part, spans=spans)
    return [Item(FILTER, condition, spans), Item(GROUP, (Group(column.name, part, spans),), spans)]


def _by_unit(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "over 4000 g" of the only column in grams."""
    bound: Bound = items[0].value
    units = {number.unit for number in bound.numbers} - {None}
    fitting = [column for column in lexicon.columns if column.unit in units]
    if len(units) != 1 or len(fitting) != 1:
        return None
    made = _bounded(fitting[0], bound, False)
    return _filter(made, items) if made else None


def _equal_value(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
    """Read "species != Gentoo"."""
    op = only(items, ">")[0].value
    ref = _ref(only(items, "V")[0].value, _column(items, lexicon).name)
    if ref is None or op not in ("=", "!="):
        return None
    return _filter(Condition(ref.column, "in", ref.values, op == "!="), items)


def _text(op: str | None) -> Action:
    def act(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
        column = _column(items, lexicon)
        if column.profile.type != "text":
            return None
        tests = only(items, "c")
        found = next(item for item in items if item.kind in "QVN")
        literal = str(found.value) if found.kind == "Q" else found.text
        return _filter(
            Condition(column.name, op or tests[0].value, (literal,), _negated(items)), items
        )

    return act


def _flag(truth: bool) -> Action:
    def act(items: Sequence[Item], lexicon: FrameLexicon) -> list[Item] | None:
        column = _column(items, lexicon)
        if not column.flag:
            return None
        value: bool | int = truth if column.profile.type == "boolean" else int(truth)
        return _filter(Condition(column.name, "=", (value,), not truth), items)

    return act


def _negate(items: Sequence[Item], _: FrameLexicon) -> list[Item] | None:
    condition: Condition = items[-1].value
    if condition.negated:
        return None
    op = FLIPPED.get(condition.op, condition.op)
    return _filter(Condition(condition.column, op, condition.values, True, condition.part), items)


RULES: tuple[Rule, ...] = (
    rule("CK", _named_column),
    rule("KC", _named_column),
    rule("[=]?!?2[op]?N[Pu]?", _comparative),
    rule("[=]?!?2A(?![op]*C)", _against_aggregate),
    rule("C=?!?>[=]?A(?:[op]?C)?", _against_aggregate),
    rule(">A[op]?C", _against_aggregate),
    rule("C=?>C", _against_column),
    rule("C[=ho]*3[&|,]+3(?!C)", _two_bounds),
    rule("3[op]?C(?![=hpow]*[34N])", _with_bound),
    rule("[AS][ogp]*C[=p]?3", _measured_in_years),
    rule("C[=ho]*!?3", _with_bound),
    rule("C[=hop]*!?4", _with_time),
    rule("C=!?N(?:[,&|]+N)*", _equal_number(False)),
    rule("Co=?N(?:[,&|]+N)*(?![CARHKPS#%])", _equal_number(False)),
    rule("p?N~p?N", _years_compared),
    rule("C!N(?:[,&|]+N)*", _equal_number(False)),
    rule("C[=p]*N", _dated),
    rule("[p!f@]N(?:[,&|]+N)*(?![CARHS%])", _implied_year),
    rule("^N$", _implied_year),
    rule("CpN(?:[,&|]+N)*", _equal_number(True)),
    rule("CN(?:[,&|]+N)*(?![A-Z#])", _equal_number(True)),
    rule("(?<=[=howpHqlRA|&!0B5])N(?:[,&|]+N)*C(?![=hpow]*[34N])", _equal_number(True)),
    rule("^N(?:[,&|]+N)*C(?=[R])", _equal_number(True)),
    rule("C[=pof!]*V", _value_of_column),
    rule("VC", _value_of_column),
    rule("V(?:[,&|]+[=pof]*V)+", _value_list),
    rule("C[=hw]*!?c[QVN]", _text(None)),
    rule("C[h]!?[Q]", _text("contains")),
    rule("QpC", _text("contains")),
    rule("C[=]?!?[Q]", _text("equals")),
    rule("[!0][=hpowf]*V", _value),
    rule("C[=h]*![=]?X", _null(False)),
    rule("C[=h]+X", _null(True)),
    rule("(?<=h)CX", _null(True)),
    rule("[wh]X[ogph]*C", _null(True)),
    rule("[hw]*;C", _null(False)),
    rule("!hC(?![=hpow]*[34N])", _without),
    rule("R[=hw]*X[ogph]*C", _null(True)),
    rule("0Cg?(?![=hpow]*[34N])", _without),
    rule("C>V", _equal_value),
    rule("[wfp]*!?4", _implied_time),
    rule("3(?!C)", _by_unit),
    rule("[wfp]!?3(?!C)", _implied_year),
    rule("PN", _implied_year),
    rule("3(?!C)", _implied_year),
    rule("![=hpow]*C(?![3456=])", _flag(False)),
    rule("(?<=[RHwh=5])C(?![A-Z3456&,])", _flag(True)),
)
"""In order: what names its column first, then what implies it."""

VALUES: tuple[Rule, ...] = (
    rule("V", _value),
    rule("![=pwhof]*5(?![,|&]+5)", _negate),
)
"""The values that are left once differences, shares and groups have taken theirs."""
