"""Operations that aggregate columns: mean, sum, quantiles …, of all rows or by groups."""

from collections.abc import Sequence

from leonidas_jupyter.assistant.analyst.compiler import (
    fill,
    group_sql,
    has_groups,
    measure_name,
    measure_sql,
    quote,
    select,
)
from leonidas_jupyter.assistant.analyst.leads import headings, lead
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.operations.base import Operation, Parse, patterns, query
from leonidas_jupyter.assistant.analyst.operations.periods import is_time
from leonidas_jupyter.assistant.analyst.plan import PlannedCall, ToolOutcome
from leonidas_jupyter.assistant.analyst.question import Ambiguous, Measure, Question
from leonidas_jupyter.assistant.analyst.reply import (
    assemble,
    cut_note,
    group_header,
    group_words,
    left_out,
    measure_words,
    number,
    rows_of,
    scope,
    table,
)


def _expand(measures: Sequence[Measure]) -> tuple[Measure, ...]:
    listed: list[Measure] = []
    for measure in measures:
        if measure.agg == "quartiles":
            listed += [
                Measure(agg, measure.column, None, measure.spans) for agg in ("q1", "median", "q3")
            ]
        else:
            listed.append(measure)
    return tuple(dict.fromkeys(listed))


def _build(parse: Parse) -> Question | None:
    measures = _expand(parse.measures())
    if not measures or any(measure.agg == "mode" for measure in measures):
        return None
    if parse.items("v") and not any(is_time(group, parse.lexicon) for group in parse.groups):
        return None
    grouped = {group.column for group in parse.groups if not group.part}
    if any(measure.column in grouped for measure in measures):
        return None
    return parse.ask("aggregate", measures=measures)


def columns_of(measures: Sequence[Measure]) -> list[str]:
    """Return the columns that the measures look at, each once."""
    return list(dict.fromkeys(measure.column for measure in measures if measure.column))


def _compile(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    outputs = [
        (measure_sql(measure, lexicon), measure_name(measure)) for measure in question.measures
    ]
    counted = [(f"count({quote(name)})", f"n_{name}") for name in columns_of(question.measures)]
    if not question.groups:
        missing = [
            (f"count(*) - count({quote(name)})", f"missing_{name}")
            for name in columns_of(question.measures)
        ]
        return [query(select(question, [*outputs, *counted, *missing]))]
    groups = list(zip(map(group_sql, question.groups), group_header(question.groups), strict=True))
    sql = select(
        question,
        [*groups, *outputs, *(counted if len(counted) == 1 else [("count(*)", "rows")])],
        extra=has_groups(question),
        group_by=len(groups),
        order=", ".join(str(position) for position in range(1, len(groups) + 1)),
    )
    return [query(sql)]


def _missing_note(question: Question, values: dict[str, object]) -> str:
    notes = []
    for name in columns_of(question.measures):
        missing = values[f"missing_{name}"]
        if isinstance(missing, int) and missing:
            rows = "row" if missing == 1 else "rows"
            notes.append(f"{missing} {rows} without `{name}` left out.")
    return " ".join(notes)


def _render(question: Question, lexicon: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, rows = rows_of(results[0])
    words = [measure_words(measure) for measure in question.measures]
    listed = words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]
    if question.groups:
        return _render_groups(question, lexicon, results[0], listed)
    values = dict(zip(columns, rows[0], strict=True))
    counted = [values[f"n_{name}"] for name in columns_of(question.measures)]
    if not any(counted):
        return assemble(
            f"No row{scope(question)} has a value to compute this from.",
            "",
            question,
            f"the {listed}",
        )
    said = [
        f"the {measure_words(measure)} is "
        f"**{number(values[measure_name(measure)], question.decimals)}**"
        for measure in question.measures
    ]
    first = (
        (said[0] if len(said) == 1 else ", ".join(said[:-1]) + " and " + said[-1])
        + scope(question)
        + "."
    )
    first = first[0].upper() + first[1:]
    counts = " and ".join(f"{number(count)} values" for count in dict.fromkeys(counted))
    return assemble(
        first,
        "",
        question,
        f"the {listed}",
        f"Computed from {counts}.",
        _missing_note(question, values),
    )


def _render_groups(
    question: Question, lexicon: FrameLexicon, outcome: ToolOutcome, listed: str
) -> str:
    columns, rows = rows_of(outcome)
    whole = f"The {listed}{group_words(question.groups)}{scope(question)}:"
    first = lead(question, rows, bool(outcome.result.get("truncated"))) or whole
    return assemble(
        first,
        table(columns, rows, question.decimals, headings(question)),
        question,
        f"the {listed}",
        left_out(question, lexicon, columns_of(question.measures)),
        cut_note(outcome),
    )


def _build_mode(parse: Parse) -> Question | None:
    columns = parse.columns() or [
        parse.lexicon.column(name) for name in columns_of(parse.measures())
    ]
    if len(columns) != 1 or parse.groups:
        return None
    if parse.measures() and [measure.agg for measure in parse.measures()] != ["mode"]:
        return None
    least = any(item.value == "asc" for item in parse.items("O"))
    spans = parse.measures()[0].spans if parse.measures() else frozenset()
    measure = Measure("mode", columns[0].name, None, spans)
    return parse.ask(
        "mode", measures=(measure,), columns=(columns[0].name,), option="asc" if least else "desc"
    )


def _compile_mode(question: Question, _: FrameLexicon) -> list[PlannedCall]:
    name = question.columns[0]
    counts = select(
        question,
        [(quote(name), name), ("count(*)", "rows")],
        extra=[f"{quote(name)} IS NOT NULL"],
        group_by=1,
    )
    wanted = "max" if question.option == "desc" else "min"
    sql = (
        "WITH counted AS (\n{counts}\n)\nSELECT * FROM counted\n"
        'WHERE "rows" = (SELECT {wanted}("rows") FROM counted)\nORDER BY 1'
    )
    return [query(fill(sql, counts=counts, wanted=wanted))]


def _render_mode(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, rows = rows_of(results[0])
    name = question.columns[0]
    word = "most" if question.option == "desc" else "least"
    read = f"the {word} frequent value of `{name}`"
    if not rows:
        return assemble(f"No row{scope(question)} has a value of `{name}`.", "", question, read)
    if len(rows) == 1:
        value, count = rows[0]
        first = (
            f"The {word} common `{name}` is **{number(value)}**, with {number(count)} "
            f"rows{scope(question)}."
        )
        return assemble(first, "", question, read)
    first = (
        f"{len(rows)} values of `{name}` are equally the {word} common, with "
        f"{number(rows[0][1])} rows each{scope(question)}:"
    )
    return assemble(first, table(columns, rows), question, read)


def _build_bare(parse: Parse) -> Question | None:
    """Read "sales by region": a question back, for a total and an average are both natural."""
    columns = parse.columns()
    if len(columns) != 1 or not parse.groups or not columns[0].numeric:
        return None
    by = group_words(parse.groups)
    words = ("average", "total", "median")
    raise Ambiguous(columns[0].name, [f"the {word} `{columns[0].name}`{by}" for word in words])


BY_GROUP = Operation(
    "aggregate",
    patterns("q?v?7v?"),
    _build,
    _compile,
    _render,
    (
        "What is the average {number} by {category}?",
        "What is the average {number}?",
        "What is the median {number}?",
    ),
)

OPERATIONS = (
    BY_GROUP,
    Operation("bare", patterns("q?C"), _build_bare, _compile, _render),
    Operation(
        "mode",
        patterns("q?Og?R?H?C", "q?R?CO", "q?7", "qC[=]?Og?", "OgC"),
        _build_mode,
        _compile_mode,
        _render_mode,
        ("What is the most common {category}?",),
    ),
)
