"""Operations on groups that pass a test: "species with more than 50 penguins"."""

from collections.abc import Sequence
from dataclasses import replace

from leonidas_jupyter.assistant.analyst.compiler import (
    AGGREGATES,
    fill,
    group_sql,
    has_groups,
    measure_name,
    measure_sql,
    quote,
    select,
)
from leonidas_jupyter.assistant.analyst.leads import headings
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.operations.base import Operation, Parse, patterns, query
from leonidas_jupyter.assistant.analyst.phrases import DATE_PART, by_year
from leonidas_jupyter.assistant.analyst.plan import PlannedCall, ToolOutcome
from leonidas_jupyter.assistant.analyst.question import Group, Measure, Question
from leonidas_jupyter.assistant.analyst.reply import (
    AGGREGATE_WORDS,
    assemble,
    bold,
    cut_note,
    group_header,
    group_words,
    having_words,
    left_out,
    number,
    rows_of,
    scope,
    table,
)


def _entities(parse: Parse) -> tuple[Group, ...]:
    found = []
    for item in parse.items("C" + DATE_PART):
        if item.kind == "C":
            found.append(by_year(Group(item.value, None, item.spans), parse.lexicon))
        else:
            found.append(item.value)
    return tuple(found)


def _build(parse: Parse) -> Question | None:
    groups = _entities(parse)
    if not parse.having or len(groups) != 1 or parse.groups:
        return None
    measures = dict.fromkeys(having.measure for having in parse.having)
    counted = "count" if parse.items("H") else "list"
    return parse.ask("groups_kept", groups=groups, measures=tuple(measures), option=counted)


def _grouped(question: Question, lexicon: FrameLexicon) -> str:
    groups = list(zip(map(group_sql, question.groups), group_header(question.groups), strict=True))
    measures = dict.fromkeys([*question.measures, Measure("rows")])
    outputs = [(measure_sql(each, lexicon), measure_name(each)) for each in measures]
    first = quote(outputs[0][1])
    return select(
        question,
        [*groups, *outputs],
        extra=has_groups(question),
        group_by=len(groups),
        order=f"{first} DESC, 1",
    )


def _compile(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    listed = query(_grouped(question, lexicon))
    if question.option != "count":
        return [listed]
    inner = _grouped(question, lexicon)
    return [query(fill("SELECT count(*) AS kept FROM (\n{inner}\n)", inner=inner)), listed]


def _render(question: Question, lexicon: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, rows = rows_of(results[-1])
    name = f"`{columns[0]}`"
    tested = " and ".join(map(having_words, question.having))
    read = f"the values of {name} with {tested}"
    notes = [having.note for having in question.having]
    notes += [left_out(question, lexicon, ()), cut_note(results[-1])]
    count = rows_of(results[0])[1][0][0] if question.option == "count" else len(rows)
    if not count:
        first = f"**No** value of {name} has {tested}{scope(question)}."
        return assemble(first, "", _ungrouped(question), read, *notes)
    listed = ", ".join(bold(row[0]) for row in rows) if len(rows) <= 8 else ""
    noun = "value" if count == 1 else "values"
    first = f"**{number(count)}** {noun} of {name} with {tested}{scope(question)}"
    first += f": {listed}." if listed else "."
    body = table(columns, rows, question.decimals, headings(question))
    return assemble(first, body, _ungrouped(question), read, *notes)


def _ungrouped(question: Question) -> Question:
    return replace(question, groups=())


def _build_mean_count(parse: Parse) -> Question | None:
    """Read "average number of flights per day": rows are counted first, then averaged."""
    aggregates = parse.items("A")
    if len(parse.groups) != 1 or len(aggregates) != 1:
        return None
    agg = aggregates[0].value
    if agg not in ("mean", "median", "min", "max", "std"):
        return None
    return parse.ask("mean_count", measures=(Measure(agg, "rows"),), groups=parse.groups)


def _compile_mean_count(question: Question, _: FrameLexicon) -> list[PlannedCall]:
    groups = list(zip(map(group_sql, question.groups), group_header(question.groups), strict=True))
    inner = select(
        question,
        [*groups, ("count(*)", "rows")],
        extra=has_groups(question),
        group_by=len(groups),
    )
    agg = AGGREGATES[question.measures[0].agg].format(c=quote("rows"), p=None)
    return [
        query(
            fill(
                "SELECT {agg} AS result, count(*) AS groups FROM (\n{inner}\n)",
                agg=agg,
                inner=inner,
            )
        )
    ]


def _render_mean_count(
    question: Question, lexicon: FrameLexicon, results: Sequence[ToolOutcome]
) -> str:
    value, count = rows_of(results[0])[1][0]
    word = AGGREGATE_WORDS[question.measures[0].agg]
    by = group_words(question.groups).replace(" by ", " per ", 1)
    first = (
        f"The {word} number of rows{by} is **{number(value, question.decimals)}**{scope(question)}."
    )
    note = f"There are {number(count)} such groups; those without a row are not among them."
    read = f"the {word} of the numbers of rows{by}"
    return assemble(
        first, "", replace(question, groups=()), read, note, left_out(question, lexicon, ())
    )


OPERATIONS = (
    Operation(
        "mean_count",
        patterns("q?AHR?", "q?AHR?A?"),
        _build_mean_count,
        _compile_mean_count,
        _render_mean_count,
    ),
    Operation(
        "groups_kept",
        patterns("q?H?[C9]", "q[C9]R?", "H[C9]R?"),
        _build,
        _compile,
        _render,
        ("Which {category} have at least 20 rows?",),
    ),
)
