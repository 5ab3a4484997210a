"""What a cell looks like at a glance: tells a table from its surroundings, types nothing."""

import re
from functools import lru_cache

NULL_WORDS = (
    "NA", "N/A", "n/a", "na", "#N/A", "#NA", "NULL", "Null", "null", "None", "none", "NaN", "nan",
    "NAN", "nil", "-", "--", "---", "–", "—", ".", "..", "...", "?", "missing", "Missing",
    "unknown", "#VALUE!", "#DIV/0!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "\\N", "<NA>", "NaT",
    "N.A.", "n.a.", "(null)", "<null>", "k.A.", "k. A.", "keine Angabe", "N/D", "n/d", "n.d.",
    "N.D.", "ND", "s/d", "s.d.", "S/D", "n.c.", "brak", "brak danych", "b.d.", "н/д", "нет данных",
    "n.v.t.", "n.b.", "uppgift saknas", "veri yok", ":",
)  # fmt: skip
"""Words that stand for a missing value where the column's other cells are numbers or dates."""

VALUES = frozenset(("number", "date", "time"))
"""The kinds that are no words."""

_NULLS = frozenset(NULL_WORDS)
_CURRENCY = r"(?:US|AU|CA|HK|NZ|A|C)?[$€£¥₹₽₩₺₪฿₦₴₫₱]|USD|EUR|GBP|CHF|JPY|kr|Rs\.?|R\$|zł|Kč"
_DIGITS = r"(?:\d+(?:[.,]\d*)?|[.,]\d+|\d{1,3}(?:[,.' \u00a0\u2009\u202f\u2019]\d{3})+(?:[.,]\d+)?"
_DIGITS += r"|\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?)"
_NUMBER = re.compile(
    rf"[+-]?(?:{_CURRENCY})?\s?[+\u2212-]?{_DIGITS}(?:[eE][+-]?\d{{1,3}})?\s?(?:%|‰|{_CURRENCY})?-?"
    rf"|(?:{_CURRENCY})?\((?:{_CURRENCY})?{_DIGITS}\s?(?:%|{_CURRENCY})?\)|[+-]?(?:inf|nan|Inf|NaN|INF)"
)
_DATE = re.compile(
    r"\d{1,4}([-/.])(?:\d{1,2}|[A-Za-z]{3,9}\.?)\1\d{1,4}"
    r"|\d{1,2}(?:st|nd|rd|th|\.)?[ -][^\W\d_]{3,10}\.?,?(?:[ -]\d{2,4})?"
    r"|\d{1,2}\.? (?:de )?[^\W\d_]{3,10}\.?(?: de)? \d{4}|\d{4}[年년] ?\d{1,2}[月월] ?\d{1,2}[日일]"
    r"|[A-Za-z]{3,9}, (?:\d{1,2} [A-Za-z]{3,9}|[A-Za-z]{3,9} \d{1,2},) \d{4}"
    r"|[A-Za-z]{3,9}\.? \d{1,2},? \d{4}|[A-Za-z]{3}-\d{2,4}"
)
_TIME = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s?[AaPp]\.? ?[Mm]\.?)?")
_ZONE = re.compile(r"(?:Z|UTC|GMT|\s?[+-]\d{2}:?\d{2})$")
_TOKEN = re.compile(r"[A-Za-z0-9][\w.@/&+-]*(?:://\S+)?|[\w-]{1,40}")


@lru_cache(maxsize=200_000)
def kind(cell: str) -> str:
    """``empty``, ``null``, ``number``, ``date``, ``time``, ``token`` (one word) or ``text``."""
    text = cell.strip()
    if not text:
        return "empty"
    if text in _NULLS:
        return "null"
    if _NUMBER.fullmatch(text):
        return "number"
    if _is_moment(text):
        return "date"
    if _TIME.fullmatch(text):
        return "time"
    return "token" if len(text) <= 60 and _TOKEN.fullmatch(text) else "text"


def _is_moment(text: str) -> bool:
    if len(text) > 40 or not any(char.isdigit() for char in text):
        return False
    if _DATE.fullmatch(text):
        return True
    day, _, clock = text.replace("T", " ", 1).rpartition(" ")
    if _TIME.fullmatch(_ZONE.sub("", clock)) and _DATE.fullmatch(day):
        return True
    day, _, clock = day.rpartition(" ")
    return bool(day) and _TIME.match(clock) is not None and _DATE.fullmatch(day) is not None
