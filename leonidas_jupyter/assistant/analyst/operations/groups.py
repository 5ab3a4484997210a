"""Operations on groups that pass a test: "species with more than 50 penguins"."""

from collections.abc import Sequence
from dataclasses import replace

from leonidas_jupyter.assistant.analyst.compiler import (
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
    assemble,
    bold,
    cut_note,
    group_header,
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


OPERATIONS = (
    Operation(
        "groups_kept",
        patterns("q?H?[C9]", "q[C9]R?", "H[C9]R?"),
        _build,
        _compile,
        _render,
        ("Which {category} have at least 20 rows?",),
    ),
)
