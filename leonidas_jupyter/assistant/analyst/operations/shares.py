"""Operations on shares: "what percentage of … are …", and the share of each group."""

from collections.abc import Sequence
from dataclasses import replace

from leonidas_jupyter.assistant.analyst.compiler import (
    cell,
    group_sql,
    has_groups,
    quote,
    select,
    where_sql,
)
from leonidas_jupyter.assistant.analyst.items import FILTER, Item
from leonidas_jupyter.assistant.analyst.labels import names_rows
from leonidas_jupyter.assistant.analyst.leads import headings, lead
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.operations.base import Operation, Parse, patterns, query
from leonidas_jupyter.assistant.analyst.plan import PlannedCall, ToolOutcome
from leonidas_jupyter.assistant.analyst.question import (
    Condition,
    Group,
    Measure,
    Question,
    Unfit,
    Where,
)
from leonidas_jupyter.assistant.analyst.reply import (
    assemble,
    group_header,
    group_words,
    left_out,
    number,
    percent,
    rows_of,
    scope,
    table,
    where_words,
)

_VERBS = ("have", "has", "had")
_AMONG = ("among", "amongst", "out of", "within")
_RELATIVE = ("that", "who", "which")


def _cut(full: Sequence[Item]) -> int | None:
    """Return where the predicate begins.

    After the last verb or relative pronoun that a condition follows.
    """
    cut = None
    for at, item in enumerate(full):
        word = item.text.lower().split()[0] if item.text else ""
        verb = (
            item.kind == "="
            or (item.kind == "h" and word in _VERBS)
            or (item.kind in "wq" and word in _RELATIVE and at > 1)
        )
        if verb and any(later.kind == FILTER for later in full[at + 1 :]):
            cut = at
    return cut


def _among(full: Sequence[Item], cut: int | None) -> list[Condition] | None:
    """Return the whole of "share of A among B", "among B, the share of A", if any."""
    share = next((at for at, item in enumerate(full) if item.kind == "%"), None)
    among = [at for at, item in enumerate(full) if item.text.lower() in _AMONG]
    held = [at for at, item in enumerate(full) if item.kind == FILTER]
    if share is None or len(among) != 1 or not held:
        return None
    first, second = sorted((share, among[0]))
    inner = [at for at in held if first < at < second]
    after = [at for at in held if at > second]
    if not inner or not after or (cut is None and held[0] < first):
        return None
    if cut is not None and not any(cut < at < among[0] for at in held):
        # "Which share of A is among B": the verb says what the part is.
        return None
    whole, part = (after, inner) if share < among[0] else (inner, after)
    if cut is None and len(part) > 1:
        return None
    return [full[at].value for at in whole]


def _whole_only(full: Sequence[Item]) -> bool:
    """Return whether "share by species among males" names the whole, and no part of it."""
    share = next((at for at, item in enumerate(full) if item.kind == "%"), len(full))
    among = next((at for at, item in enumerate(full) if item.text.lower() in _AMONG), 0)
    held = [at for at, item in enumerate(full) if item.kind == FILTER]
    return bool(share < among < min(held, default=0))


def _split(parse: Parse) -> tuple[Where, Where] | None:
    """Return the whole's conditions and the part's."""
    everything = list(parse.where.conditions)
    if not everything:
        return None
    cut = _cut(parse.full)
    before = [
        item.value
        for at, item in enumerate(parse.full)
        if item.kind == FILTER and cut is not None and at < cut
    ]
    if cut is None and _whole_only(parse.full):
        return None
    among = _among(parse.full, cut)
    if among is not None:
        cut, before = cut or 0, [*before, *among]
    positive = {each.column for each in everything if not each.negated}
    # "The share of A, excluding B": B is no part of the whole.
    before += [each for each in everything if each.negated and each.column in positive]
    base = [condition for condition in everything if condition in before]
    target = [condition for condition in everything if condition not in base]
    if cut is None and len(target) > 1 and parse.where.joiner == "and" and not _listed(parse.full):
        raise Unfit(
            "I cannot tell which of the conditions make the whole and which the part; say "
            "“what percentage of … are …”."
        )
    if base and parse.where.joiner == "or":
        return None
    return Where(tuple(base)), Where(tuple(target), parse.where.joiner)


def _listed(full: Sequence[Item]) -> bool:
    kinds = "".join(item.kind for item in full)
    return "5&5" in kinds or "5,5" in kinds


def _build_share(parse: Parse) -> Question | None:
    parts = _split(parse)
    if parts is None:
        return None
    base, target = parts
    entity = parse.columns()
    if any(not names_rows(column, parse.lexicon) for column in entity):
        return None
    columns = tuple(column.name for column in entity)
    return parse.ask("share", where=base, target=target, columns=columns)


def _compile_share(question: Question, _: FrameLexicon) -> list[PlannedCall]:
    met = where_sql(question.target, question)
    part = f"count(*) FILTER (WHERE {met})"
    outputs = [(f"{part} / nullif(count(*), 0)", "share"), (part, "part"), ("count(*)", "whole")]
    if not question.groups:
        return [query(select(question, outputs))]
    groups = list(zip(map(group_sql, question.groups), group_header(question.groups), strict=True))
    order = ", ".join(str(position) for position in range(1, len(groups) + 1))
    return [
        query(
            select(
                question,
                [*groups, *outputs],
                extra=has_groups(question),
                group_by=len(groups),
                order=order,
            )
        )
    ]


def _unknowns(question: Question, lexicon: FrameLexicon) -> str:
    conditions = [condition for condition in question.target.conditions if condition.op != "null"]
    gaps = [
        name
        for name in dict.fromkeys(condition.column for condition in conditions)
        if lexicon.column(name).profile.nulls
    ]
    return (
        "Rows without "
        + " or ".join(f"`{name}`" for name in gaps)
        + " count in the whole, not in the part."
        if gaps
        else ""
    )


def _render_share(question: Question, lexicon: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    columns, rows = rows_of(results[0])
    read = f"the share of the rows{where_words(question.target)}, among the rows"
    note = _unknowns(question, lexicon)
    if question.groups:
        part = where_words(question.target)
        whole = f"The share of rows{part}{group_words(question.groups)}{scope(question)}:"
        first = lead(question, rows) or whole
        return assemble(
            first,
            table(columns, rows, question.decimals, headings(question)),
            question,
            read,
            note,
            left_out(question, lexicon, ()),
        )
    share, part, whole = rows[0]
    if not whole:
        return assemble(f"There are no rows{scope(question)}.", "", question, read)
    first = (
        f"**{percent(share, question.decimals)}** of the rows{scope(question)}: "
        f"{number(part)} of {number(whole)}, {where_words(question.target).strip()}."
    )
    return assemble(first, "", question, read, note)


def _build_breakdown(parse: Parse) -> Question | None:
    groups = parse.groups or tuple(
        Group(column.name, None, parse.spans) for column in parse.columns()
    )
    if not groups or (parse.groups and parse.columns()):
        return None
    if any(parse.lexicon.column(group.column).key and not group.part for group in groups):
        return None
    if any(
        parse.lexicon.column(group.column).numeric and not group.part and not parse.groups
        for group in groups
    ):
        return None
    return parse.ask("breakdown", groups=groups)


def _build_summed(parse: Parse) -> Question | None:
    measures, columns = parse.measures(), parse.columns()
    if not measures and len(columns) == 1 and columns[0].numeric and parse.groups:
        measures = (Measure("sum", columns[0].name),)
    if len(measures) != 1 or measures[0].agg != "sum":
        return None
    if parse.groups:
        return parse.ask("breakdown", groups=parse.groups, measures=measures)
    parts = _split(parse)
    if parts is None:
        return None
    return parse.ask("summed_share", where=parts[0], target=parts[1], measures=measures)


def _compile_breakdown(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    groups = list(zip(map(group_sql, question.groups), group_header(question.groups), strict=True))
    amount, name = "count(*)", "rows"
    if question.measures and question.measures[0].column:
        amount, name = (
            f"sum({cell(question.measures[0].column, lexicon)})",
            f"sum_{question.measures[0].column}",
        )
    outputs = [*groups, (f"{amount} / sum({amount}) OVER ()", "share"), (amount, name)]
    sql = select(question, outputs, extra=has_groups(question), group_by=len(groups))
    # The window needs the groups by expression: positions would count it among them.
    return [query(sql + f"\nORDER BY {quote('share')} DESC, 1")]


def _render_breakdown(
    question: Question, lexicon: FrameLexicon, results: Sequence[ToolOutcome]
) -> str:
    columns, rows = rows_of(results[0])
    of = f"the total of `{question.measures[0].column}`" if question.measures else "the rows"
    whole = f"The share of {of}{group_words(question.groups)}{scope(question)}:"
    first = lead(question, rows) or whole
    return assemble(
        first,
        table(columns, rows, question.decimals, headings(question)),
        question,
        f"the share of {of}",
        left_out(question, lexicon, ()),
    )


def _compile_summed(question: Question, lexicon: FrameLexicon) -> list[PlannedCall]:
    column = question.measures[0].column or ""
    amount = cell(column, lexicon)
    part = f"sum({amount}) FILTER (WHERE {where_sql(question.target, question)})"
    return [
        query(
            select(
                question,
                [
                    (f"{part} / nullif(sum({amount}), 0)", "share"),
                    (part, "part"),
                    (f"sum({amount})", "whole"),
                ],
            )
        )
    ]


def _render_summed(question: Question, _: FrameLexicon, results: Sequence[ToolOutcome]) -> str:
    _columns, rows = rows_of(results[0])
    share, part, whole = rows[0]
    name = f"`{question.measures[0].column}`"
    first = (
        f"**{percent(share, question.decimals)}** of the total {name}{scope(question)}: "
        f"{number(part)} of {number(whole)}, {where_words(question.target).strip()}."
    )
    return assemble(
        first,
        "",
        replace(question, groups=()),
        f"the share of the total of {name}{where_words(question.target)}",
    )


OPERATIONS = (
    Operation(
        "summed_share",
        patterns("q?%7", "7%", "%A7"),
        _build_summed,
        _compile_summed,
        _render_summed,
    ),
    Operation(
        "share_by_sum",
        patterns("q?%7", "7%", "q?%C"),
        _build_summed,
        _compile_breakdown,
        _render_breakdown,
    ),
    Operation(
        "share",
        patterns("q?%H?R?q?", "HR?%", "q?%R?g?%?", "q?A?%R?", "R?%", "q?%C", "C%"),
        _build_share,
        _compile_share,
        _render_share,
        ("What percentage of rows have {number} above {median}?",),
    ),
    Operation(
        "breakdown",
        patterns("q?%R?", "q?%C", "%RBC", "C%", "q?%R?C", "HR?%", "%HR?", "%B?C"),
        _build_breakdown,
        _compile_breakdown,
        _render_breakdown,
        ("What is the share of each {category}?",),
    ),
)
