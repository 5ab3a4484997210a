"""Which rows a query takes: of which frames, joined by which equalities, under which conditions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

Columns = Mapping[str, str]
"""A frame's columns: in lower case, and as they are written."""


class NotProved(Exception):
    """The query, or a part of it, does not fit the form that is understood here."""


@dataclass
class Join:
    """How a frame is joined: by equalities with columns of those before it."""

    base: str
    left: bool
    equalities: list[tuple[exp.Expr, exp.Expr]]


@dataclass
class Relation:
    """Rows of frames.

    Attributes:
        bases: the frames by the names that they get here (``b0``, ``b1`` …); the first is the one
            whose rows are counted.
        sources: the columns that a query can name, by the names of its sources: expressions over
            the columns of ``bases``.
        joins: how each base but the first is joined.
        conditions: what all rows meet.
    """

    bases: dict[str, str] = field(default_factory=dict)
    sources: dict[str, dict[str, exp.Expr]] = field(default_factory=dict)
    joins: list[Join] = field(default_factory=list)
    conditions: list[exp.Expr] = field(default_factory=list)

    def resolve(self, expression: exp.Expr) -> exp.Expr:
        """The expression over the columns of ``bases``.

        Raises:
            NotProved: a name is not a column of a source, or it holds a query.
        """
        if expression.find(exp.Query, exp.Star):
            allowed = all(
                isinstance(star.parent, exp.Count) for star in expression.find_all(exp.Star)
            )
            if expression.find(exp.Query) or not allowed:
                raise NotProved

        def replaced(node: exp.Expr) -> exp.Expr:
            return self._column(node) if isinstance(node, exp.Column) else node

        return expression.copy().transform(replaced, copy=False)

    def _column(self, column: exp.Column) -> exp.Expr:
        if column.args.get("db") or column.args.get("catalog"):
            raise NotProved
        named = column.table.lower()
        sources = [self.sources[named]] if named in self.sources else []
        if not named:
            sources = [source for source in self.sources.values() if column.name.lower() in source]
        if len(sources) != 1 or column.name.lower() not in sources[0]:
            raise NotProved
        found = sources[0][column.name.lower()].copy()
        return found if isinstance(found, exp.Column) else exp.Paren(this=found)


class Reader:
    """Reads the FROM of queries over some frames."""

    def __init__(self, frames: Mapping[str, tuple[str, Columns]]) -> None:
        self._frames = frames
        self._made = 0

    def relation(self, select: exp.Select, ctes: Mapping[str, exp.Expr]) -> Relation:
        """The rows that a SELECT takes, before it groups them.

        Raises:
            NotProved: they are not rows of frames.
        """
        begin = select.args.get("from_")
        if begin is None:
            raise NotProved
        relation = self._source(begin.this, ctes)
        for join in select.args.get("joins") or ():
            self._join(relation, join, ctes)
        where = select.args.get("where")
        if where is not None:
            relation.conditions += [relation.resolve(each) for each in conjuncts(where.this)]
        return relation

    def _source(self, node: exp.Expr, ctes: Mapping[str, exp.Expr]) -> Relation:
        alias = node.args.get("alias")
        if alias is not None and alias.args.get("columns"):
            raise NotProved
        if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            only(node, {"this", "alias"})
            name = node.name.lower()
            if name in ctes:
                return self._rows(ctes[name], node.alias_or_name, visible_before(ctes, name))
            return self._base(name, node.alias_or_name)
        if isinstance(node, exp.Subquery):
            only(node, {"this", "alias"})
            return self._rows(node.this, node.alias_or_name, ctes)
        raise NotProved

    def _base(self, name: str, alias: str) -> Relation:
        if name not in self._frames:
            raise NotProved
        frame, columns = self._frames[name]
        base = f"b{self._made}"
        self._made += 1
        source: dict[str, exp.Expr] = {
            folded: exp.column(exp.to_identifier(column, quoted=True), table=base)
            for folded, column in columns.items()
        }
        return Relation({base: frame}, {alias.lower(): source})

    def _rows(self, query: exp.Expr, alias: str, ctes: Mapping[str, exp.Expr]) -> Relation:
        """The rows of a query that selects and filters, and does nothing else."""
        if not isinstance(query, exp.Select):
            raise NotProved
        only(query, {"expressions", "from_", "joins", "where", "with_", "order"})
        inside = self.relation(query, with_ctes(query, ctes))
        columns: dict[str, exp.Expr] = {}
        for each in query.expressions:
            for name, expression in _projected(each, inside):
                if name in columns:
                    raise NotProved
                columns[name] = expression
        inside.sources = {alias.lower(): columns}
        return inside

    def _join(self, relation: Relation, join: exp.Expr, ctes: Mapping[str, exp.Expr]) -> None:
        only(join, {"this", "on", "using", "side", "kind"})
        side, kind = join.args.get("side") or "", join.args.get("kind") or ""
        right = self._source(join.this, ctes)
        fits = side in ("", "LEFT") and kind in ("", "INNER", "OUTER") and not right.joins
        taken = relation.sources.keys() & right.sources.keys()
        again = set(relation.bases.values()) & set(right.bases.values())
        if not fits or taken or again or (side and right.conditions):
            raise NotProved
        (base,) = right.bases
        pairs = _using(relation, right, join) if join.args.get("using") else None
        relation.bases |= right.bases
        relation.sources |= right.sources
        relation.conditions += right.conditions
        pairs = pairs or _equalities(relation, join.args.get("on"))
        relation.joins.append(Join(base, bool(side), pairs))


def _using(left: Relation, right: Relation, join: exp.Expr) -> list[tuple[exp.Expr, exp.Expr]]:
    pairs = []
    ((_, columns),) = right.sources.items()
    for identifier in join.args["using"]:
        column = exp.column(identifier.name)
        pairs.append((left.resolve(column), right.resolve(column)))
        # Named without its source it is the left one, which is equal.
        columns.pop(identifier.name.lower())
    return _plain(pairs)


def _equalities(relation: Relation, on: exp.Expr | None) -> list[tuple[exp.Expr, exp.Expr]]:
    if on is None:
        raise NotProved
    pairs = []
    for each in conjuncts(on):
        if not isinstance(each, exp.EQ):
            raise NotProved
        pairs.append((relation.resolve(each.this), relation.resolve(each.expression)))
    return _plain(pairs)


def _plain(pairs: list[tuple[exp.Expr, exp.Expr]]) -> list[tuple[exp.Expr, exp.Expr]]:
    for one, other in pairs:
        columns = isinstance(one, exp.Column) and isinstance(other, exp.Column)
        if not columns or one.table == other.table:  # type: ignore[attr-defined]
            raise NotProved
    return pairs


def _projected(each: exp.Expr, inside: Relation) -> list[tuple[str, exp.Expr]]:
    if isinstance(each, exp.Star):
        if each.args.get("except_") or each.args.get("replace") or each.args.get("rename"):
            raise NotProved
        return [pair for source in inside.sources.values() for pair in source.items()]
    if isinstance(each, exp.Column) and isinstance(each.this, exp.Star):
        return list(inside.sources.get(each.table.lower(), {}).items())
    return [(each.alias_or_name.lower(), inside.resolve(each.unalias()))]


def conjuncts(condition: exp.Expr) -> list[exp.Expr]:
    """The conditions that a condition joins by AND."""
    condition = condition.unnest()
    if isinstance(condition, exp.And):
        return conjuncts(condition.this) + conjuncts(condition.expression)
    return [condition]


def only(node: exp.Expr, known: set[str]) -> None:
    """Raise NotProved where a node has parts beside those that are understood."""
    if any(value for name, value in node.args.items() if name not in known):
        raise NotProved


def with_ctes(query: exp.Expr, outer: Mapping[str, Any]) -> dict[str, exp.Expr]:
    """The common table expressions that a query sees, in order."""
    found = dict(outer)
    declared = query.args.get("with_")
    if declared is None:
        return found
    if declared.args.get("recursive"):
        raise NotProved
    for cte in declared.expressions:
        if cte.args["alias"].args.get("columns"):
            raise NotProved
        found.pop(cte.alias.lower(), None)
        found[cte.alias.lower()] = cte.this
    return found


def visible_before(ctes: Mapping[str, exp.Expr], name: str) -> dict[str, exp.Expr]:
    """The common table expressions that stand before one."""
    names = list(ctes)
    return {each: ctes[each] for each in names[: names.index(name)]}
