"""Columns of numbers: which marks they are written with, and whether a number holds every cell."""

import math
import re
from dataclasses import dataclass
from decimal import Decimal

from leonidas_jupyter.data import signs
from leonidas_jupyter.data.dialect import ColumnDialect
from leonidas_jupyter.data.plans import Hints, Plan, literal

BIGGEST = 2**63 - 1
MOST_DIGITS = len(str(BIGGEST))
"""Looked at before a number is read: Python refuses to read one of thousands of digits."""

EXACT_DIGITS = 15
"""Every decimal number of so many significant digits survives the way through a binary double."""

SIGNS = ("US$", "AU$", "CA$", "HK$", "NZ$", "A$", "C$", "R$", "$", "€", "£", "¥", "₹", "₽", "₩",
         "₺", "₪", "฿", "₦", "₴", "₫", "₱", "USD", "EUR", "GBP", "CHF", "JPY", "AUD", "BRL", "CAD",
         "CNY", "CZK", "DKK", "HKD", "HUF", "ILS", "INR", "KRW", "MXN", "NOK", "NZD", "PLN", "RUB",
         "SEK", "SGD", "THB", "TRY", "ZAR", "kr.", "kr", "Rs.", "Rs", "zł", "Kč", "元", "円", "원",
         "%", "‰")  # fmt: skip
"""What may stand before or after every number of a column."""

PARTS = "%‰ \u00a0"
"""What stands behind shares and not behind money."""

GROUPINGS = (",", ".", " ", "'", "\u00a0", "\u2009", "\u202f", "\u2019")
_SIGN = "|".join(re.escape(sign) for sign in SIGNS)
_FRAME = re.compile(
    rf"(?P<outer>-?)(?P<prefix>(?:(?:{_SIGN})[ \u00a0]?)?)(?P<inner>-?)"
    rf"(?P<body>[\d.,][\d., '\u00a0\u2009\u202f\u2019]*?(?:[eE][+-]?\d{{1,3}})?)"
    rf"(?P<suffix>(?:[ \u00a0]?(?:{_SIGN}))?)"
)
_PLAIN = re.compile(
    r"-?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]\d{1,3})?"
    r"|-?(?:0|[1-9]\d*)\.\d*[eE]\d{1,3}"
)
_PLAIN_SQL = r"-?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)"
_POWER_SQL = r"-?(0|[1-9][0-9]*)((\.[0-9]*)?[eE][+-][0-9]{1,3}|\.[0-9]*[eE][0-9]{1,3})"
THOUSAND = 3
"""Digits of a number below a thousand, which has no thousands mark."""

ENOUGH_GROUPED = 20
"""Different numbers with a mark that could separate thousands, from which on it is taken to."""

_LONG = re.compile(r"-?\d+\.(\d{15,})(e[+-]\d{2,3})?")


@dataclass(frozen=True)
class Marks:
    """How the numbers of a column are written."""

    decimal: str = "."
    thousands: str = ""
    prefix: str = ""
    suffix: str = ""
    inner_sign: bool = False
    indian: bool = False

    @property
    def bare(self) -> bool:
        """Whether these are the marks that programs write."""
        return self == Marks()

    def plain(self, body: str) -> str:
        """A number's body as programs write it."""
        return (
            body.replace(self.thousands, "").replace(self.decimal, ".")
            if self.thousands
            else (body.replace(self.decimal, "."))
        )


def plan_numbers(values: list[str], hints: Hints) -> Plan | None:
    """A plan for integers or numbers if every value is one under the same marks, else None."""
    if not any(char.isdigit() for char in values[0]):
        return None
    bare = [value for value in values if _PLAIN.fullmatch(value)]
    if len(bare) == len(values):
        plan = _plain_plan(values, hints.decimal)
        if hints.decimal == "," and plan is not None and plan.type == "number":
            grouped = _marked_plan(values, hints)
            return grouped if grouped is not None and grouped.dialect.thousands == "." else plan
        return plan
    styles = {style for value in values if (style := signs.style_of(value)) != "-"}
    if not styles:
        return _marked_plan(values, hints)
    return _signed_plan(values, styles.pop(), hints) if len(styles) == 1 else None


def _signed_plan(values: list[str], style: str, hints: Hints) -> Plan | None:
    """A plan of numbers whose signs are not plain minuses, by that of the same with minuses."""
    if not signs.convincing(values, style):
        return None
    plain = [signs.with_minus(value, style) for value in values]
    if any(signs.style_of(value) != "-" for value in plain):
        return None
    plan = plan_numbers(plain, hints)
    return signs.signed(plan, style) if plan is not None else None


def _plain_plan(values: list[str], decimal: str | None) -> Plan | None:
    if all(_is_whole(value) for value in values):
        whole = "TRY_CAST({v} AS BIGINT)"
        convert = f"CASE WHEN CAST({whole} AS VARCHAR) = {{v}} THEN {whole} END"
        return Plan("integer", ColumnDialect(), convert, "BIGINT")
    if all(_survives(value) for value in values):
        grouped = _may_be_grouped(values, ".")
        if grouped and decimal is None and _seem_grouped(values, "."):
            return _grouped_plan(values)
        decides = None if grouped else ("decimal", ".")
        grouped = grouped and decimal is None
        plan = Plan("number", ColumnDialect(), _number_sql("{v}"), "DOUBLE", decides=decides)
        plan.ambiguous = "decimal" if grouped else ""
        return plan
    return _printed_plan(values)


def _grouped_plan(values: list[str]) -> Plan | None:
    """Numbers whose points are taken to separate thousands, which nothing else has decided."""
    plan = _marked_plan(values, Hints(decimal=",", thousands="."))
    if plan is not None:
        plan.ambiguous, plan.decides = "decimal", ("decimal", ",")
    return plan


def _may_be_grouped(values: list[str], mark: str) -> bool:
    """Whether the mark may separate thousands in numbers: three digits follow it everywhere."""
    pattern = re.compile(rf"-?[1-9]\d{{0,2}}(?:{re.escape(mark)}\d{{3}})+")
    return all(
        pattern.fullmatch(value) if mark in value else len(value.lstrip("-")) <= THOUSAND
        for value in values
    ) and any(mark in value for value in values)


def _seem_grouped(values: list[str], mark: str) -> bool:
    """Whether it does, rather than each fraction having three digits and others none at all.

    A program that leaves out zeros at the end writes one fraction in ten with fewer digits.
    """
    marked = [value for value in values if mark in value]
    if len(marked) == len(values) or not _may_be_grouped(values, mark):
        return False
    # No fraction ends in a zero beside numbers without one, unless all have as many places.
    zeros = any(value.endswith("0") for value in marked)
    whole = all(len(value.lstrip("-")) == THOUSAND for value in values if mark not in value)
    return len(marked) >= ENOUGH_GROUPED or (zeros and whole)


def _is_whole(text: str) -> bool:
    digits = text[1:] if text.startswith("-") else text
    if not digits.isascii() or not digits.isdigit() or len(digits) > MOST_DIGITS:
        return False
    return text != "-0" and int(digits) <= BIGGEST


def _survives(text: str) -> bool:
    """Whether a double holds the number exactly as written."""
    value = float(text)
    return math.isfinite(value) and Decimal(repr(value)) == Decimal(text)


def _number_sql(cell: str) -> str:
    """SQL of the double that holds a plainly written cell, NULL where none does."""
    value = f"TRY_CAST({cell} AS DOUBLE)"
    digits = f"replace(replace({cell}, '-', ''), '.', '')"
    significant = f"trim(regexp_replace({digits}, '[eE].*', ''), '0')"
    # Doubles smaller than this hold fewer digits, and in the end none.
    ranged = f"isfinite({value}) AND (abs({value}) > 1e-300 OR {significant} = '')"
    written = f"regexp_full_match({cell}, '{_PLAIN_SQL}|{_POWER_SQL}')"
    return (
        f"CASE WHEN length({cell}) <= {EXACT_DIGITS} AND regexp_full_match({cell}, '{_PLAIN_SQL}') "
        f"THEN {value} WHEN CAST({value} AS VARCHAR) = {cell} AND isfinite({value}) THEN {value} "
        f"WHEN {written} AND length({significant}) <= {EXACT_DIGITS} AND {ranged} THEN {value} END"
    )


def _printed_plan(values: list[str]) -> Plan | None:
    """Numbers that a program printed with more digits than they have, like numpy's ``%.18e``."""
    found = _LONG.fullmatch(values[0])
    if found is None:
        return None
    places, style = len(found[1]), "e" if found[2] else "f"
    pattern = f".{places}{style}"
    if any(
        not _LONG.fullmatch(value) or format(float(value), pattern) != value for value in values
    ):
        return None
    value = "TRY_CAST({v} AS DOUBLE)"
    convert = f"CASE WHEN format('{{:{pattern}}}', {value}) = {{v}} THEN {value} END"
    return Plan("number", ColumnDialect(format=f"%{pattern}"), convert, "DOUBLE")


def _marked_plan(values: list[str], hints: Hints) -> Plan | None:
    framed = [_FRAME.fullmatch(value) for value in values]
    first = framed[0]
    if first is None:
        return None
    bodies = []
    minuses = set()
    for found in framed:
        if (
            found is None
            or found["prefix"] != first["prefix"]
            or found["suffix"] != first["suffix"]
        ):
            return None
        minuses.add((bool(found["outer"]), bool(found["inner"])))
        bodies.append(found["body"])
    if (True, True) in minuses or {(True, False), (False, True)} <= minuses:
        return None
    inner = (False, True) in minuses and bool(first["prefix"])
    money = bool((first["prefix"] + first["suffix"]).strip(PARTS))
    for decimal, thousands, ambiguous in _mark_pairs(bodies, hints, money=money):
        marks = Marks(decimal, thousands, first["prefix"], first["suffix"], inner)
        if all(_survives(marks.plain(body)) for body in bodies):
            return _build(marks, bodies, ambiguous)
    if hints.thousands in (None, ",") and hints.decimal != ",":
        marks = Marks(".", ",", first["prefix"], first["suffix"], inner, indian=True)
        pattern = re.compile(_body_pattern(marks))
        if all(pattern.fullmatch(body) and _survives(marks.plain(body)) for body in bodies):
            return _build(marks, bodies, ambiguous=False)
    return None


def _likely_decimal(bodies: list[str], delimiter: str, *, money: bool) -> str:
    """The decimal mark of numbers that can be read with either; money has no three decimals."""
    for mark, other in (".,", ",."):
        if any(mark in body for body in bodies) and (money or _seem_grouped(bodies, mark)):
            return other
    return "." if delimiter == "," else ","


def _mark_pairs(
    bodies: list[str], hints: Hints, *, money: bool = False
) -> list[tuple[str, str, bool]]:
    """Decimal and thousands marks under which all bodies are numbers, the likeliest first."""
    if hints.thousands is not None:
        pairs = [(hints.decimal or ("," if hints.thousands == "." else "."), hints.thousands)]
    else:
        pairs = [(decimal, "") for decimal in ".,"]
        pairs += [(decimal, mark) for mark in GROUPINGS for decimal in ".," if mark != decimal]
    fitting = [pair for pair in pairs if all(_body(*pair).fullmatch(body) for body in bodies)]
    # Only one grouping and one decimal reading can both fit: `1,234` or `1.234` and nothing else.
    both = len({pair[0] for pair in fitting}) > 1 and any(
        mark in body for body in bodies for mark in ",."
    )
    preferred = hints.decimal or _likely_decimal(bodies, hints.delimiter, money=money)
    if both:
        fitting.sort(key=lambda pair: pair[0] != preferred)
    return [(decimal, thousands, both and hints.decimal is None) for decimal, thousands in fitting]


def _body(decimal: str, thousands: str) -> re.Pattern[str]:
    return re.compile(_body_pattern(Marks(decimal, thousands)))


def _whole_pattern(marks: Marks) -> str:
    whole = r"0|[1-9][0-9]*"
    if marks.indian:
        return r"(?:[1-9][0-9]?(?:,[0-9]{2})*,[0-9]{3}|0|[1-9][0-9]{0,2})"
    if marks.thousands:
        whole = rf"[1-9][0-9]{{0,2}}(?:{re.escape(marks.thousands)}[0-9]{{3}})+|{whole}"
    return rf"(?:{whole})"


def _body_pattern(marks: Marks) -> str:
    mark = re.escape(marks.decimal)
    if marks.decimal == "," and not marks.thousands:
        power = "[eE][+-][0-9]{1,3}"
        return rf"(?:{_whole_pattern(marks)}(?:{mark}[0-9]*)?(?:{power})?|{mark}[0-9]+)"
    return rf"(?:{_whole_pattern(marks)}(?:{mark}[0-9]*)?|{mark}[0-9]+)"


def _build(marks: Marks, bodies: list[str], ambiguous: bool) -> Plan:
    sign = r"-?"
    prefix, suffix = re.escape(marks.prefix), re.escape(marks.suffix)
    lead = prefix + sign if marks.inner_sign else sign + prefix
    whole = all(body.replace(marks.thousands or "\0", "").isdigit() for body in bodies)
    # DuckDB rounds a fraction when it casts to a whole number, so none may get there.
    body = _whole_pattern(marks) if whole else _body_pattern(marks)
    pattern = lead + body + suffix
    plain = "{v}"
    for mark in (marks.prefix, marks.suffix, marks.thousands):
        if mark:
            plain = f"replace({plain}, {literal(mark)}, '')"
    if marks.decimal != ".":
        plain = f"replace({plain}, {literal(marks.decimal)}, '.')"
    sql_type = "BIGINT" if whole else "DOUBLE"
    typed = f"TRY_CAST({plain} AS BIGINT)" if whole else _number_sql(plain)
    # RE2 reads the same pattern language as far as it is used here.
    convert = f"CASE WHEN regexp_full_match({{v}}, {literal(pattern)}) THEN {typed} END"
    dialect = ColumnDialect(
        decimal=marks.decimal,
        thousands=marks.thousands,
        prefix=marks.prefix,
        suffix=marks.suffix,
        indian=marks.indian,
    )
    decided = not ambiguous and (marks.thousands in (",", ".") or not whole)
    return Plan(
        "integer" if whole else "number",
        dialect,
        convert,
        sql_type,
        ambiguous="decimal" if ambiguous else "",
        decides=("decimal", marks.decimal) if decided else None,
    )
