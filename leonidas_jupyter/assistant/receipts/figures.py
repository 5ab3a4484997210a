# ruff: noqa: RUF001 - answers are written with signs for minus, times, alpha
"""Numbers as people write them: found in a text with their signs, units and shown precision."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

_SCALES = {
    "k": 1e3,
    "thousand": 1e3,
    "m": 1e6,
    "mn": 1e6,
    "million": 1e6,
    "millions": 1e6,
    "b": 1e9,
    "bn": 1e9,
    "billion": 1e9,
    "billions": 1e9,
    "tn": 1e12,
    "trillion": 1e12,
}
NUMBER_WORDS = (
    *("one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
_TEENS = ("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SPELLED = {
    **{word: value for value, word in enumerate((*NUMBER_WORDS, *_TEENS), start=1)},
    **{word: 10 * value for value, word in enumerate(_TENS, start=2)},
}
_ONES = f"(?:{'|'.join(sorted((*NUMBER_WORDS, *_TEENS), key=len, reverse=True))})"
_GREAT = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")

_NUMBER = re.compile(
    r"(?<![\w.])(?<!\d,)(?<![A-Za-z]-)(?P<sign>(?<![\w)\]%.])[-−+](?=[$€£¥.\d]))?(?:[$€£¥]\s?)?"
    r"(?P<body>\d{1,3}(?:[,'_\u00a0\u202f]\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"(?P<power>[eE][-−+]?\d+\b|\s?[×x·*]\s?10(?:\^\{?[-−]?\d+\}?|[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?"
    r"(?P<suffix>\s?\\?%|\s?(?:percent(?:age\spoints?)?|per\scent|pp|[kKMm]|mn|bn|tn|thousand"
    r"|millions?|billions?|trillion)\b|[bB]\b|\s?×(?!\s?[\d.(])|x\b|(?:st|nd|rd|th)\b)?"
)
_BELOW_100 = rf"(?:(?:{'|'.join(_TENS)})(?:[\s-](?:{'|'.join(NUMBER_WORDS[:9])})\b)?|{_ONES})\b"
_BELOW_1000 = rf"{_BELOW_100}(?:\s+hundred\b(?:\s+(?:and\s+)?{_BELOW_100})?)?"
_WORDS = re.compile(
    rf"\b{_BELOW_1000}(?:\s+(?:thousand|million|billion)\b(?:\s+(?:and\s+)?{_BELOW_1000})?)?"
    r"(?!-(?:first|second|third|\w+th)\b)",
    re.IGNORECASE,
)
_JOINED = re.compile(r"\s?(?:–|-|to|and|or)\s?(?=[$€£¥]?[\d.])")
_TIMES = re.compile(r"\s*(?:-?fold\b|times\b)", re.IGNORECASE)
_FACTOR = re.compile(r"\bfactor of\s+[*_]*(?:about|roughly|almost|nearly)?\s*[*_]*$", re.IGNORECASE)
_UNIT = re.compile(r"[\s-]?([A-Za-zµ°]+)")
_ROUGH = re.compile(
    r"(?:about|around|roughly|approximately|approx\.?|nearly|almost|over|under|some|close to"
    r"|more than|less than|just|up to|below|above|circa|c\.|~|≈|\u223c|±)\s*[$€£¥*_]*$",
    re.IGNORECASE,
)
_LOOK_BACK = 20
_PERCENT = ("%", "\\%", "pp")


@dataclass(frozen=True)
class Figure:
    """A number of a text.

    Attributes:
        start, end: where it stands, in characters; ``text`` is what stands there.
        value: what it says, its scale ("3k") applied, a percentage as the number before the sign.
        half: half a unit of the last digit shown: what rounding can have changed.
        digits: significant digits that are shown, zeros at the end of a whole number not counted.
        whole: no decimals, no power of ten.
        signed: with a minus sign of its own.
        percent, times, ordinal: written as "5 %", as "5 times" or "5×", as "5th".
        rough: "about", "over", "nearly" stand before it.
        scale: what the value was multiplied with ("3k": 1000); the letter may be a unit, too.
        unit: the word that follows, in lower case.
    """

    text: str
    start: int
    end: int
    value: float
    half: float
    digits: int
    whole: bool = True
    signed: bool = False
    percent: bool = False
    times: bool = False
    ordinal: bool = False
    rough: bool = False
    word: bool = False
    scale: float = 1.0
    unit: str = ""

    def readings(self) -> Iterator[tuple[float, float]]:
        """What the number can be, and how much rounding can have changed: "5 m" is no 5 million."""
        yield self.value, self.half
        if self.scale != 1:
            yield self.value / self.scale, self.half / self.scale


def figures(text: str, *, words: bool = True) -> Iterator[Figure]:
    """The numbers of a text in order; number words come after the others."""
    for match in _NUMBER.finditer(text):
        found = _figure(text, match)
        if found is not None:
            yield _of_range(found, text)
    if not words:
        return
    for match in _WORDS.finditer(text):
        value, unit = _spelled(match[0])
        after = text[match.end() : match.end() + 40]
        yield Figure(
            text=match[0],
            start=match.start(),
            end=match.end(),
            value=float(value),
            half=0.5 * unit if unit > 1 else 0.0,
            digits=_significant(str(value)),
            percent=bool(re.match(r"\s*(?:percent|per cent)\b", after)),
            times=bool(_TIMES.match(after)),
            word=True,
            unit=_unit(after),
        )


def _spelled(words: str) -> tuple[int, int]:
    """What number words say ("sixty-two thousand": 62,000), and the greatest unit at their end."""
    total = part = 0
    unit = 1
    for word in re.findall(r"[a-z]+", words.lower()):
        great = _GREAT.get(word)
        if great is None:
            part += _SPELLED.get(word, 0)
            unit = 1
        elif great == 100:  # as in "two hundred thousand"
            part, unit = (part or 1) * 100, 100
        else:
            total, part, unit = total + (part or 1) * great, 0, great
    return total + part, unit


def _of_range(figure: Figure, text: str) -> Figure:
    """The first number of "1 to 2 million" or "5–10 %" has what stands after the second."""
    if figure.scale != 1 or figure.percent:
        return figure
    joined = _JOINED.match(text, figure.end)
    if joined is None:
        return figure
    last = _NUMBER.match(text, joined.end())
    suffix = ((last and last["suffix"]) or "").strip().lower()
    if suffix in _PERCENT or suffix.startswith("per"):
        return replace(figure, percent=True)
    scale = _SCALES.get(suffix, 1.0)
    return replace(
        figure,
        value=figure.value * scale,
        half=figure.half * scale,
        scale=scale,
        whole=figure.whole and scale == 1,
    )


def _figure(text: str, match: re.Match[str]) -> Figure | None:
    body = re.sub("[,'_\u00a0\u202f]", "", match["body"])
    suffix = (match["suffix"] or "").strip().lower()
    after = text[match.end() : match.end() + 40]
    before = text[max(0, match.start() - _LOOK_BACK) : match.start()]
    if len(body) > 40 or (not suffix and after[:1] == "_"):
        return None
    power = _power(match["power"] or "")
    scale = _SCALES.get(suffix, 1.0)
    decimals = len(body.partition(".")[2])
    value, half = float(body), 0.5 * 10.0**-decimals
    if not math.isfinite(value * scale) or abs(power) > 300:
        return None
    factor = scale * 10.0**power
    signed = (match["sign"] or "").strip() in ("-", "−")
    exact = decimals == 0 and power == 0 and scale == 1
    return Figure(
        text=text[match.start() : match.end()].strip(),
        start=match.start() + len(match[0]) - len(match[0].lstrip()),
        end=match.end(),
        value=(-value if signed else value) * factor,
        half=half * factor,
        digits=_significant(body),
        whole=exact,
        signed=signed,
        percent=suffix in _PERCENT or suffix.startswith("per"),
        times=suffix in ("×", "x") or bool(_TIMES.match(after) or _FACTOR.search(before)),
        ordinal=suffix in ("st", "nd", "rd", "th"),
        rough=bool(_ROUGH.search(before)),
        scale=scale,
        unit=_unit(after) if suffix not in _SCALES or len(suffix) > 1 else suffix,
    )


def _power(text: str) -> int:
    digits = re.search(r"(?:[eE]|\^\{?|10(?=[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]))([-−+]?[\d⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", text)
    if digits is None:
        return 0
    plain = digits[1].translate(_SUPERSCRIPTS).replace("−", "-")
    return int(plain[:5])


def _significant(body: str) -> int:
    digits = body.replace(".", "").lstrip("0")
    return max(1, len(digits if "." in body else digits.rstrip("0")))


def _unit(after: str) -> str:
    match = _UNIT.match(after.lstrip("*_"))
    return match[1].lower() if match else ""
