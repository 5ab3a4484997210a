"""Values of text as numbers: "map male to 0 and female to 1", "yes = 1, no = 0"."""

import re
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.facts import Facts
from leonidas_jupyter.assistant.analyst.closed.marks import L
from leonidas_jupyter.assistant.analyst.words import pieces

_W = rf"(?:{L}|[a-z][\w-]*)"
_PAIR = re.compile(
    rf"(?P<value>{_W})\s*(?:is\s+|are\s+|becomes?\s+|mapped\s+|coded\s+)?(?:to|as|=|:|with|→|->|is|by)\s*(?P<n>-?\d+(?:\.\d+)?)(?![\d.]*\d)"
    rf"|(?<![\w.])(?P<n2>-?\d+(?:\.\d+)?)\s*(?:for|=|:|means?|denotes?|if\s+(?:it\s+is|they\s+are)?|stands\s+for)\s*(?:the\s+)?(?P<value2>{_W})"
)


def read_mapped(facts: Facts, at: int, text: str, own: str) -> Any:  # noqa: ANN401 - an expression
    """Return the expression of a column that puts numbers for the values of another."""
    found: dict[str, float] = {}
    spans = []
    for match in _PAIR.finditer(text):
        word = match["value"] or match["value2"]
        label = facts.marks.label(word) if re.fullmatch(L, word) else word
        found[label] = float(match["n"] or match["n2"])
        spans.append(match.span())
    if len(found) < 2:
        return None
    named = [name for name in facts.marks.columns_in(text) if name != own]
    source = _source(list(found), facts, named)
    if source is None:
        return None
    column, cells = source
    expression: Any = None
    for label, number in reversed(found.items()):
        expression = {
            "op": "if",
            "condition": {"op": "==", "left": column, "value": cells[label]},
            "then": int(number) if number == int(number) else number,
            "otherwise": expression,
        }
    for span in spans:
        facts.spans[at].add(span)
        facts.claimed[at].add(span)
    return expression


def _source(labels: list[str], facts: Facts, named: list[str]) -> tuple[str, dict[str, Any]] | None:
    """Return the only column of which all labels are values, and its cells."""
    columns: dict[str, dict[str, Any]] = {}
    for label in labels:
        for ref in facts.marks.lexicon.values.get("".join(pieces(label)), ()):
            columns.setdefault(ref.column, {})[label] = ref.values[0]
    whole = {name: cells for name, cells in columns.items() if len(cells) == len(labels)}
    fitting = [name for name in whole if name in named] or list(whole)
    return (fitting[0], whole[fitting[0]]) if len(fitting) == 1 else None
