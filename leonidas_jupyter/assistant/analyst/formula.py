"""Columns computed row by row: "price × quantity", "bmi as weight / height^2", "ratio of a to b".

A formula in the question becomes a column of a view, and the words that wrote it one token that
names that column; what is left is read like any other question.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from leonidas_jupyter.assistant.analyst.column import NamedColumn, named, same_word
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.question import Unfit
from leonidas_jupyter.assistant.analyst.view import View
from leonidas_jupyter.assistant.analyst.vocabulary import LOOSE, NEAR, vocabulary
from leonidas_jupyter.assistant.analyst.words import Token, fold, pieces
from leonidas_jupyter.data.profile import ColumnProfile

_LONGEST = 7
_SYMBOLS = {
    "*": "*", "×": "*", "·": "*", "/": "/", "÷": "/", "+": "+", "-": "-", "–": "-", "\u2212": "-",
    "^": "^",
}  # fmt: skip
_WORDS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("multiplied", "by"), "*"),
    (("divided", "by"), "/"),
    (("times",), "*"),
    (("minus",), "-"),
)
_STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2, "^": 3}
_PAIRS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("ratio", "of"), "to", "/"),
    (("ratio", "between"), "and", "/"),
    (("ratio", "of"), "and", "/"),
    (("ratio", "of"), "over", "/"),
    (("quotient", "of"), "and", "/"),
    (("product", "of"), "and", "*"),
    (("difference", "between"), "and", "-"),
    (("gap", "between"), "and", "-"),
    (("spread", "between"), "and", "-"),
)
_PER_HEAD = frozenset({"capita", "person", "head", "inhabitant", "resident"})
_CONNECTORS: tuple[tuple[str, ...], ...] = (
    ("is", "defined", "as"), ("defined", "as"), ("calculated", "as"), ("computed", "as"),
    ("is", "calculated", "as"), ("is", "computed", "as"), ("given", "by"), ("=",), ("as",),
    ("is",), ("equals",), ("being",), ("be",), (":",), ("means",), ("(",),
)  # fmt: skip
_LEADS = frozenset(
    {",", ";", ".", "?", "where", "with", "if", "let", "define", "given", "and", "using", "when",
     "assuming", "the", "(", "for", "here", "that", "call", "say"}
)  # fmt: skip


@dataclass(frozen=True)
class _Part:
    """A piece of arithmetic: the token after it, its SQL, its text, the columns in it."""

    end: int
    sql: str
    text: str
    columns: tuple[NamedColumn, ...]
    loose: tuple[str, ...] = ()
    operators: int = 0


def with_formula(
    tokens: Sequence[Token], lexicon: FrameLexicon
) -> tuple[list[Token], FrameLexicon] | None:
    """Return the tokens with one name in place of a formula, and the frame with that column.

    None where there is no formula of numeric columns.
    """
    for start in range(len(tokens)):
        part = _pair(tokens, start, lexicon) or _expression(tokens, start, lexicon, 0)
        if part is None or not part.operators or not part.columns:
            continue
        return _replaced(tokens, _before(tokens, start), part, lexicon)
    return None


def _before(tokens: Sequence[Token], start: int) -> int:
    """Return where "ratio of" before "a / b" begins."""
    lows = [token.low for token in tokens[:start]]
    if lows[-2:] in (["ratio", "of"], ["difference", "of"], ["product", "of"]):
        return start - 2
    return start - 1 if lows[-1:] == ["ratio"] else start


def _operator(tokens: Sequence[Token], at: int) -> tuple[str, int] | None:
    if at >= len(tokens):
        return None
    if tokens[at].kind == "symbol" and tokens[at].low in _SYMBOLS:
        double = tokens[at].low == "*" and at + 1 < len(tokens) and tokens[at + 1].low == "*"
        return ("^", at + 2) if double else (_SYMBOLS[tokens[at].low], at + 1)
    for words, sign in _WORDS:
        if tuple(token.low for token in tokens[at : at + len(words)]) == words:
            return sign, at + len(words)
    return None


def _expression(
    tokens: Sequence[Token], at: int, lexicon: FrameLexicon, least: int
) -> _Part | None:
    left = _operand(tokens, at, lexicon)
    while left is not None:
        if left.end < len(tokens) and tokens[left.end].low == "squared":
            left = _joined(left, "^", _Part(left.end + 1, "2", "2", ()))
            continue
        found = _operator(tokens, left.end)
        if found is None or _STRENGTH[found[0]] < max(least, 1):
            return left
        sign, after = found
        if sign == "-" and not left.columns:
            # "5-year average" takes no year from five.
            return None
        right = _expression(tokens, after, lexicon, _STRENGTH[sign] + 1)
        if right is None:
            return left
        left = _joined(left, sign, right)
    return None


def _joined(left: _Part, sign: str, right: _Part) -> _Part:
    if sign in "+-":
        _comparable(left, right)
    if sign == "^":
        sql = f"pow({left.sql}, {right.sql})"
    elif sign == "/":
        sql = f"({left.sql} / nullif({right.sql}, 0))"
    else:
        sql = f"({left.sql} {sign} {right.sql})"
    return _Part(
        right.end,
        sql,
        f"{left.text} {sign} {right.text}",
        (*left.columns, *right.columns),
        (*left.loose, *right.loose),
        left.operators + right.operators + 1,
    )


def _comparable(left: _Part, right: _Part) -> None:
    """Decline to add grams to millimetres.

    Raises:
        Unfit: the columns say that they are in different units.
    """
    units = {column.unit for column in (*left.columns, *right.columns)} - {None}
    if len(units) > 1:
        listed = " and ".join(sorted(str(unit) for unit in units))
        raise Unfit(f"“{left.text}” and “{right.text}” are in different units: {listed}.")


def _operand(tokens: Sequence[Token], at: int, lexicon: FrameLexicon) -> _Part | None:
    if at < len(tokens) and tokens[at].low == "the":
        at += 1
    if at >= len(tokens):
        return None
    if tokens[at].low == "(":
        inner = _expression(tokens, at + 1, lexicon, 0)
        closed = inner and inner.end < len(tokens) and tokens[inner.end].low == ")"
        if not inner or not closed:
            return None
        return replace(
            inner, end=inner.end + 1, text=f"({inner.text})" if inner.operators else inner.text
        )
    if tokens[at].kind == "number" and tokens[at].text.replace(".", "", 1).isdigit():
        return _Part(at + 1, tokens[at].text, tokens[at].text, ())
    return _column(tokens, at, lexicon)


def _column(tokens: Sequence[Token], at: int, lexicon: FrameLexicon) -> _Part | None:
    """Return the longest phrase from ``at`` that is one numeric column's name."""
    for end in range(min(len(tokens), at + _LONGEST), at, -1):
        phrase = tokens[at:end]
        if any(token.kind == "symbol" and token.low != "_" for token in phrase):
            continue
        if "symbol" in (phrase[0].kind, phrase[-1].kind) or phrase[0].kind == "number":
            continue
        words = [piece for token in phrase for piece in token.pieces]
        found = [(column, fit) for column, fit in lexicon.fitting(words) if column.numeric]
        if len(found) != 1 or (found[0][1] < NEAR and len(words) > 1):
            continue
        column, fit = found[0]
        said = " ".join(token.text for token in phrase)
        loose = (f"I read “{said}” as `{column.name}`.",) if fit == LOOSE else ()
        return _Part(end, _quoted(column.name), column.name, (column,), loose)
    return None


def _quoted(name: str) -> str:
    return 'CAST("' + name.replace('"', '""') + '" AS DOUBLE)'


def _pair(tokens: Sequence[Token], at: int, lexicon: FrameLexicon) -> _Part | None:
    """Read "ratio of a to b", "a to b ratio", "difference between a and b", "a per capita"."""
    for opening, joiner, sign in _PAIRS:
        if tuple(token.low for token in tokens[at : at + len(opening)]) != opening:
            continue
        first = _operand(tokens, at + len(opening), lexicon)
        if first and first.columns and _is(tokens, first.end, joiner):
            second = _operand(tokens, first.end + 1, lexicon)
            if second and second.columns and first.columns != second.columns:
                return _joined(first, sign, second)
    first = _column(tokens, at, lexicon)
    if first is None:
        return None
    if _is(tokens, first.end, "per") and first.end + 1 < len(tokens):
        return _per_head(tokens, first, lexicon)
    hyphens = 1 if _is(tokens, first.end, "-") and _is(tokens, first.end + 2, "-") else 0
    if _is(tokens, first.end + hyphens, "to"):
        second = _column(tokens, first.end + 1 + 2 * hyphens, lexicon)
        if second and _is(tokens, second.end, "ratio"):
            return replace(_joined(first, "/", second), end=second.end + 1)
    return None


def _per_head(tokens: Sequence[Token], first: _Part, lexicon: FrameLexicon) -> _Part | None:
    people = [
        column
        for column in lexicon.columns
        if column.numeric and same_word("population", column.head)
    ]
    if tokens[first.end + 1].low not in _PER_HEAD or len(people) != 1:
        return None
    if people[0] in first.columns:
        return None
    second = _Part(first.end + 2, _quoted(people[0].name), people[0].name, (people[0],))
    return _joined(first, "/", second)


def _is(tokens: Sequence[Token], at: int, low: str) -> bool:
    return at < len(tokens) and tokens[at].low == low


def _replaced(
    tokens: Sequence[Token], start: int, part: _Part, lexicon: FrameLexicon
) -> tuple[list[Token], FrameLexicon]:
    end = part.end
    name, begin = _name(tokens, start, lexicon)
    if name and _is(tokens, start - 1, "(") and _is(tokens, end, ")"):
        end += 1
    text = " ".join(name) or part.text
    token = Token(
        "quoted", text, fold(text), pieces(text), tokens[start].start, tokens[end - 1].end
    )
    before, after = list(tokens[:begin]), list(tokens[end:])
    elsewhere = [*_places(before, name), *_places(after, name)] if name else []
    if elsewhere:
        while before and before[-1].low in _LEADS:
            before.pop()
        made = [*_renamed(before, name, token), *_renamed(after, name, token)]
    else:
        made = [*before, token, *after]
    return made, _widened(lexicon, text, part)


def _name(
    tokens: Sequence[Token], start: int, lexicon: FrameLexicon
) -> tuple[tuple[str, ...], int]:
    """Return the name that a formula is given ("bmi as …"), and where it begins."""
    lows = [token.low for token in tokens]
    for connector in _CONNECTORS:
        at = start - len(connector)
        if at <= 0 or tuple(lows[at:start]) != connector:
            continue
        begin = at
        while begin > 0 and at - begin < 3 and _new_word(tokens[begin - 1], lexicon):
            begin -= 1
        # "range = a - b" may even call it by a word that means something else.
        if begin == at and connector == ("=",) and tokens[at - 1].kind == "word":
            begin = at - 1
        if begin < at:
            return tuple(lows[begin:at]), begin
    return (), start


def _new_word(token: Token, lexicon: FrameLexicon) -> bool:
    """Return whether a word means nothing yet, so that a formula may be called so."""
    known = token.low in vocabulary().phrases or token.low in _LEADS
    return token.kind == "word" and not known and not lexicon.fitting(token.pieces)


def _places(tokens: Sequence[Token], name: Sequence[str]) -> Iterator[int]:
    for at in range(len(tokens) - len(name) + 1):
        if all(same_word(tokens[at + shift].low, word) for shift, word in enumerate(name)):
            yield at


def _renamed(tokens: Sequence[Token], name: Sequence[str], token: Token) -> list[Token]:
    made: list[Token] = list(tokens)
    for at in reversed(list(_places(tokens, name))):
        made[at : at + len(name)] = [token]
    return made


def _widened(lexicon: FrameLexicon, name: str, part: _Part) -> FrameLexicon:
    rows = lexicon.frame.profile.rows
    gaps = min(rows, sum(column.profile.nulls for column in part.columns))
    profile = ColumnProfile(name=name, original_name=name, type="number", nulls=gaps, distinct=rows)
    column = replace(named(profile), words=pieces(name), core=pieces(name), unit=None)
    written = '"' + lexicon.frame.name.replace('"', '""') + '"'
    source = f"(\n{lexicon.view.body}\n)" if lexicon.view else written
    title = '"' + name.replace('"', '""') + '"'
    formula = part.text if part.text != name else name
    note = f"`{name}` is computed for every row" + (f" as {formula}." if formula != name else ".")
    old = lexicon.view
    view = View(
        f"{lexicon.frame.name}_computed",
        f"SELECT *, {part.sql} AS {title} FROM {source}",  # noqa: S608 - quoted names
        (*(old.notes if old else ()), note, *part.loose),
        old.sides if old else None,
        old.checks if old else (),
    )
    columns = (*lexicon.columns, column)
    by_name = {**lexicon.by_name, name: column}
    return replace(lexicon, columns=columns, by_name=by_name, view=view)
