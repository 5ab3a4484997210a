"""Numbers with signs of another kind than a minus before them, as bookkeepers and printers write.

Each style is brought to plain minuses and proved there; that the cell itself is of the style and
of no other is part of the proof, so that every value can be written back as it was.
"""

import re
from typing import get_args

from leonidas_jupyter.data.dialect import Negative
from leonidas_jupyter.data.plans import Plan

PRINTED = "\u2212"
"""The minus of typesetters."""

PLUS = "+"


def style_of(cell: str) -> str:
    """How a cell's sign is written: as in ``ColumnDialect.negative``, or ``+``."""
    if "(" in cell:
        return "()"
    if cell.endswith("-"):
        return "after"
    if PRINTED in cell:
        return PRINTED
    return PLUS if cell.startswith(PLUS) else "-"


def convincing(values: list[str], style: str) -> bool:
    """Whether a column's signs are signs: not numbered points, nor phone numbers.

    Among brackets or minuses behind there must be cells without; a plus must stand beside a minus,
    a fraction or a percent sign.
    """
    marked = [style_of(value) == style for value in values]
    if style in ("()", "after"):
        return not all(marked)
    if style == PLUS:
        return any(
            not mark and cell[:1] == "-" for mark, cell in zip(marked, values, strict=True)
        ) or any(re.search(r"[.,]\d{1,2}\D*$|%", value) for value in values)
    return True


def with_minus(cell: str, style: str) -> str:
    """The cell with a plain minus, or none; text that is no number where it is of another style."""
    if style == "()":
        whole = re.fullmatch(r"[^()-]*\([^()-]*\)|[^()-]*", cell)
        return cell.replace("(", "-").replace(")", "") if whole else ""
    if style == "after":
        whole = re.fullmatch(r"[^-]*-?", cell)
        return ("-" + cell[:-1] if cell.endswith("-") else cell) if whole else ""
    if style == PRINTED:
        return cell.replace(PRINTED, "-") if "-" not in cell else ""
    zero = not re.search("[1-9]", cell)
    fits = not zero if cell.startswith(PLUS) else cell.startswith("-") or zero
    return cell.removeprefix(PLUS) if fits else ""


_SQL = {
    "()": (
        r"regexp_full_match({v}, '[^()-]*\([^()-]*\)|[^()-]*')",
        "replace(replace({v}, '(', '-'), ')', '')",
    ),
    "after": (
        "regexp_full_match({v}, '[^-]*-?')",
        "CASE WHEN ends_with({v}, '-') THEN '-' || left({v}, length({v}) - 1) ELSE {v} END",
    ),
    PRINTED: ("NOT contains({v}, '-')", f"replace({{v}}, '{PRINTED}', '-')"),
    PLUS: (
        "CASE WHEN starts_with({v}, '+') THEN regexp_matches({v}, '[1-9]')"
        " ELSE starts_with({v}, '-') OR NOT regexp_matches({v}, '[1-9]') END",
        "CASE WHEN starts_with({v}, '+') THEN substr({v}, 2) ELSE {v} END",
    ),
}
"""Per style: whether a cell is of it, and the cell with a plain minus."""


def signed(plan: Plan, style: str) -> Plan:
    """The plan of numbers with minuses as one of numbers in the style."""
    fits, plain = _SQL[style]
    convert = plan.convert.replace("{v}", f"({plain})")
    plan.convert = f"CASE WHEN {fits} THEN {convert} END"
    if style == PLUS:
        plan.dialect.plus = True
    else:
        plan.dialect.negative = next(name for name in get_args(Negative) if name == style)
    return plan
