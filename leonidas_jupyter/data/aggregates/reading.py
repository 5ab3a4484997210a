"""Reads a query as an aggregation over rows of frames."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from leonidas_jupyter.data.aggregates.measures import UNDERSTOOD
from leonidas_jupyter.data.aggregates.relation import (
    NotProved,
    Reader,
    Relation,
    conjuncts,
    only,
    visible_before,
    with_ctes,
)
from leonidas_jupyter.data.aggregates.scalars import check_key

Resolve = Callable[[exp.Expr], exp.Expr]


@dataclass
class Aggregation:
    """An aggregation over rows; its expressions are over the columns of the relation's bases."""

    relation: Relation
    keys: list[exp.Expr] = field(default_factory=list)
    outputs: list[tuple[str, exp.Expr | None]] = field(default_factory=list)
    having: list[exp.Expr] = field(default_factory=list)
    order: list[exp.Expr] = field(default_factory=list)
    limit: exp.Expr | None = None
    offset: exp.Expr | None = None


def aggregation(query: exp.Expr, reader: Reader, outer: Mapping[str, exp.Expr]) -> Aggregation:
    """A query as an aggregation; ``outer`` are common table expressions that it sees.

    Raises:
        NotProved: it is none, or none that is understood.
    """
    query = query.unnest() if isinstance(query, exp.Subquery) and not query.alias else query
    if not isinstance(query, exp.Select):
        raise NotProved
    only(
        query,
        {"expressions", "from_", "joins", "where", "with_", "group", "having", "order", "limit",
         "offset"},
    )  # fmt: skip
    ctes = with_ctes(query, outer)
    if query.args.get("group") is None and not any(map(_aggregates, query.expressions)):
        return _over_aggregation(query, reader, ctes)
    made = Aggregation(reader.relation(query, ctes))
    resolve = made.relation.resolve
    aliases = {each.alias.lower(): each.unalias() for each in query.expressions if each.alias}
    for each in query.expressions:
        made.outputs.append((each.alias_or_name, _resolved(each.unalias(), resolve)))
    made.keys = _keys(query, made, aliases)
    if having := query.args.get("having"):
        made.having = [
            resolve(_named(each, aliases, made.relation)) for each in conjuncts(having.this)
        ]
    _ordered(made, query, lambda node: resolve(_named(node, aliases, made.relation)))
    return made


def _aggregates(expression: exp.Expr) -> bool:
    return expression.find(*UNDERSTOOD, exp.AggFunc) is not None


def _resolved(expression: exp.Expr, resolve: Resolve) -> exp.Expr | None:
    """An output over the columns of the bases; None for one that is not understood."""
    try:
        return resolve(expression)
    except NotProved:
        return None


def _named(node: exp.Expr, aliases: Mapping[str, exp.Expr], relation: Relation) -> exp.Expr:
    """With the names of outputs replaced by what they stand for; columns come first."""

    def replaced(each: exp.Expr) -> exp.Expr:
        if not isinstance(each, exp.Column) or each.table or each.name.lower() not in aliases:
            return each
        if any(each.name.lower() in source for source in relation.sources.values()):
            return each
        return exp.Paren(this=aliases[each.name.lower()].copy())

    return node.copy().transform(replaced, copy=False)


def _keys(query: exp.Select, made: Aggregation, aliases: Mapping[str, exp.Expr]) -> list[exp.Expr]:
    group = query.args.get("group")
    if group is None:
        return []
    only(group, {"expressions", "all"})
    if group.args.get("all"):
        plain = [each.unalias() for each in query.expressions if not _aggregates(each)]
    else:
        plain = [_positioned(each, query) for each in group.expressions]
    keys = [made.relation.resolve(_named(each, aliases, made.relation)).unnest() for each in plain]
    for key in keys:
        check_key(key)
    if not keys:
        raise NotProved
    return keys


def _positioned(node: exp.Expr, query: exp.Select) -> exp.Expr:
    """What a number in GROUP BY or ORDER BY stands for."""
    if isinstance(node, exp.Literal) and not node.is_string:
        at = int(node.this) if str(node.this).isdigit() else 0
        if not 1 <= at <= len(query.expressions):
            raise NotProved
        found: exp.Expr = query.expressions[at - 1].unalias()
        return found
    return node


def _ordered(made: Aggregation, query: exp.Select, resolve: Resolve) -> None:
    """Take over the order and the limit."""
    for name in ("limit", "offset"):
        if (part := query.args.get(name)) is not None:
            only(part, {"expression"})
            if not isinstance(part.expression, exp.Literal) or part.expression.is_string:
                raise NotProved
            setattr(made, name, part.expression)
    order = query.args.get("order")
    for each in order.expressions if order is not None else ():
        only(each, {"this", "desc", "nulls_first"})
        copy = each.copy()
        copy.set("this", resolve(_positioned(each.this, query)))
        made.order.append(copy)


def _over_aggregation(
    query: exp.Select, reader: Reader, ctes: Mapping[str, exp.Expr]
) -> Aggregation:
    """A query that only picks, filters and orders the rows of an aggregation."""
    begin = query.args.get("from_")
    if begin is None or query.args.get("joins") or query.args.get("having"):
        raise NotProved
    source = begin.this
    made = aggregation(*_inside(source, ctes, reader))
    where, limit = query.args.get("where"), query.args.get("limit")
    if made.limit is not None and (where is not None or limit is not None):
        raise NotProved
    columns = {name.lower(): each for name, each in made.outputs if each is not None}
    over = Relation(sources={source.alias_or_name.lower(): columns})
    aliases = {each.alias.lower(): each.unalias() for each in query.expressions if each.alias}
    outputs = [output for each in query.expressions for output in _picked(each, made, over)]
    if where is not None:
        made.having += [over.resolve(each) for each in conjuncts(where.this)]
    if made.limit is None:
        if query.args.get("order") is not None:
            made.order = []
        _ordered(made, query, lambda node: over.resolve(_named(node, aliases, over)))
    made.outputs = outputs
    return made


def _inside(
    source: exp.Expr, ctes: Mapping[str, exp.Expr], reader: Reader
) -> tuple[exp.Expr, Reader, Mapping[str, exp.Expr]]:
    """The query that stands in FROM, and what it sees."""
    only(source, {"this", "alias"})
    if source.args.get("alias") is not None and source.args["alias"].args.get("columns"):
        raise NotProved
    if isinstance(source, exp.Table) and source.name.lower() in ctes:
        name = source.name.lower()
        return ctes[name], reader, visible_before(ctes, name)
    if isinstance(source, exp.Subquery):
        return source.this, reader, ctes
    raise NotProved


def _picked(each: exp.Expr, made: Aggregation, over: Relation) -> list[tuple[str, exp.Expr | None]]:
    if isinstance(each, exp.Star):
        only(each, set())
        return list(made.outputs)
    return [(each.alias_or_name, _resolved(each.unalias(), over.resolve))]
