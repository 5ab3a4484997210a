"""Halves of the day, as clocks of twelve hours write them: AM, am, A.M., a.m. and a. m."""

from leonidas_jupyter.data.plans import literal

HALVES = {"%p": "AM", "%P": "am", "%.p": "A.M.", "%.P": "a.m.", "%_P": "a. m."}
"""How the first half is written under each code; the second has a P for the A."""


POINTED = ("%.p", "%.P", "%_P")


def half_code(half: str) -> str:
    """The code under which a half of the day is written so."""
    first = half.replace("p", "a").replace("P", "A")
    return next(code for code, written in HALVES.items() if written == first)


def in_capitals(cell: str, pattern: str) -> tuple[str, str, str]:
    """What lets DuckDB read a cell of a format: a condition, the cell and the format, all SQL."""
    code = next((code for code in HALVES if code in pattern), "%p")
    duck = literal(pattern.replace("%^b", "%b").replace(code, "%p"))
    if code == "%p":
        return "", cell, duck
    first = HALVES[code]
    second = first.replace("a", "p").replace("A", "P")
    plain = f"replace(replace({cell}, {literal(first)}, 'AM'), {literal(second)}, 'PM')"
    return f"NOT regexp_matches({cell}, '[AP]M') AND ", plain, duck
