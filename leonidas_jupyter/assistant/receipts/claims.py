# ruff: noqa: RUF001 - answers are written with signs for minus, times, alpha
"""Which numbers of an answer claim something about the data, and which do not.

No claims: numbers in code and in names, numbering, what a method is called by ("95 % confidence",
"1.5 × IQR", "p < 0.05"), how many decimals are shown, and what the question or the code of a call
brought in.
"""

import re
from collections.abc import Iterable, Sequence

from leonidas_jupyter.assistant.receipts.figures import Figure, figures
from leonidas_jupyter.assistant.receipts.ledger import Ledger, stem
from leonidas_jupyter.assistant.receipts.moments import Calendar, moments

_BLOCK = re.compile(r"^(`{3,}|~{3,}).*?(?:^\1[`~]*\s*$|\Z)", re.MULTILINE | re.DOTALL)
_LETTER = re.compile(r"[^\W\d_]")
_SPAN = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_NUMBER_ONLY = re.compile(r"\s*[-−+$€£]?[\d.,]+\s*%?\s*")
_NO_TEXT = re.compile(
    r"<!--.*?-->|</?[A-Za-z][^<>\n]*>|!?\[[^\]\n]*\]\([^)\n]*\)|https?://\S+|\{\{[^{}\n]*\}\}"
    r"|\[\^?\d+\](?!\()",
    re.DOTALL,
)
_LINK = re.compile(r"!?\[([^\]\n]*)\]\(")
_NUMBERING = re.compile(
    r"^[ \t>]*(?:[-*+]\s+)?(?:#{1,6}\s+)?(?:\*\*|__)?(\d{1,3})(?:[.)](?=\s|\*)|\\\.)", re.MULTILINE
)
_ASKING = re.compile(
    r"^[ \t]*[-*+]\s+[“\"*]*(?:how|what|which|who|when|where|is|are|does|show|list|plot|count|find)"
    r"\s[^\n]*$|[“\"(]*\b[A-Z](?:[^.!?\n|]|\.(?=\d))*\?",
    re.MULTILINE | re.IGNORECASE,
)
"""A question claims nothing, and one that is offered least of all."""

_ROW_NUMBER = re.compile(r"^\|\s*(\d{1,4})\s*\|", re.MULTILINE)
_LABELLED = re.compile(
    r"(?:\b(?:step|figure|fig\.|table|section|option|chapter|part|question|note|version|v|no\.|nr\."
    r"|rank|python|pandas|numpy|duckdb|type|phase|appendix|line)|#)\s*$",
    re.IGNORECASE,
)
_POSITION = re.compile(
    r"\b(?:top|first|last|bottom|next|previous|final|initial|leading|best|worst|largest|smallest"
    r"|highest|lowest|other|remaining|all|these|those)\s+[*_]*$",
    re.IGNORECASE,
)
_THRESHOLD = re.compile(
    r"(?:\bp(?:[- ]?values?)?|α|alpha|significance(?:\s+level)?(?:\s+of)?|\|?[zrt]\|?|z-scores?"
    r"|correlations?(?:\s+coefficients?)?|at the|level of)\s*\$?\s*"
    r"(?:<|>|≤|≥|<=|>=|&lt;|&gt;|\\leq?|\\geq?|below|under|above|over|less than|greater than)?\s*$",
    re.IGNORECASE,
)
_LEVEL = re.compile(
    r"(?:α|\balpha|\bsignificance(?:\s+level)?|\blevel)(?:\s+of)?\s*[=<≤]?\s*\$?$", re.IGNORECASE
)
_COMPARES = re.compile(r"(?:<|>|≤|≥|=|&lt;|&gt;|below|under|above|over|than|at the|of)\s*$")
_CONVENTIONAL = frozenset(
    {0.1, 0.05, 0.01, 0.005, 0.001, 0.0001, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 1.0, 5.0, 10.0, 1.96}
    | {2.0, 2.5, 3.0, 3.5}
)
_METHOD = re.compile(
    r"\s*(?:\(?(?:confidence|CI\b|credible|prediction interval|significance|level\b|quantile"
    r"|percentile|trimmed)|-?\s?(?:sigma|σ)|(?:\s*[×x*]\s*|\s+times\s+(?:the\s+)?)"
    r"(?:IQR|interquartile|SD\b|std)|\s*(?:IQRs?|SDs?|standard deviations?)\b"
    r"|-(?:way|samples?|sided|tailed|folds?|hot|dimensional|point scale|D\b))",
    re.IGNORECASE,
)
_DEVIATIONS = frozenset({1.0, 1.5, 2.0, 2.5, 3.0, 3.5})
FENCE = re.compile(r"IQR|interquartile|fence|\bSD\b|\bstd\b|sigma|deviation", re.IGNORECASE)
_SPAN_OF = re.compile(r"\b(?:middle|central|inner|lower|upper)\s+[*_]*$", re.IGNORECASE)
_SPANS = frozenset({10.0, 20.0, 25.0, 50.0, 68.0, 75.0, 80.0, 90.0, 95.0, 99.0})
_INTERVAL = re.compile(r"\b(?:CI|confidence intervals?)\s*\(?$", re.IGNORECASE)
_LEVELS = frozenset(
    {1.0, 5.0, 10.0, 50.0, 68.0, 80.0, 90.0, 95.0, 97.5, 98.0, 99.0, 99.5, 99.7, 99.9}
)
"""At which intervals and tests are given."""

_SHOWN_AS = re.compile(
    r"[\s-]*(?:decimals?|decimal places?|d\.?p\.?|digits?|significant|sig\.? figs?)\b",
    re.IGNORECASE,
)


def _words(text: str) -> list[str]:
    return text.split()


_TALK = frozenset(
    _words(
        "way reason thing point step option question reading possibility factor caveat note "
        "method approach test assumption part sentence idea suggestion key main simple "
        "different possible more other common kind type sort further short quick example "
        "choice answer"
    )
)
_COUNTED = frozenset(
    _words(
        "row column value record observation entry group category level outlier duplicate "
        "missing null time percent year month week day hour unit file table frame case item"
    )
)
_FACTORS = (10, 100, 1000, 1e6, 60, 3600, 24, 7, 12, 365, 1.609344, 2.54, 0.45359237, 0.3048)
"""Powers of ten, parts of time, and miles, inches, pounds and feet (international units)."""

SMALL = 12
MAX_LABEL = 1000
"""Steps, lines and sections have smaller numbers; a greater one is told as if it had one."""


_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/|(?:^|\s)#[^\n]*", re.DOTALL)
"""What a model says beside its code is no input of it."""

_EACH_IN = re.compile(r"\s+(?:in|out of)\s+(?:every\s+)?\d")


class Given:
    """The numbers and dates that the question and the code of the calls brought in."""

    def __init__(self, question: str, codes: Iterable[str]) -> None:
        text = "\n".join([question, *(_COMMENT.sub(" ", code) for code in codes)])
        self.calendar = Calendar()
        for moment in moments(text):
            self.calendar.add(moment)
        self._values = {abs(each.value) for each in figures(text.replace("_", " "))}
        asked = list(figures(question))
        self._values |= {abs(value) for each in asked for value, _ in each.readings()}
        self._asked = {abs(each.value) for each in asked}
        self.whole = {int(value) for value in self._values if value < 3000 and value % 1 == 0}

    def holds(self, figure: Figure) -> bool:
        """Whether a figure is one of these, rounded as it is shown, or in another unit."""
        return any(self._is(figure, value) for value in self._values)

    def _is(self, figure: Figure, value: float) -> bool:
        size, slack = abs(figure.value), figure.half + 1e-12 * abs(figure.value)
        if abs(size - value) <= (slack if figure.digits > 1 else 1e-9):
            return True
        if figure.percent and abs(size / 100 - value) <= slack / 100:
            return True
        if value not in self._asked or (figure.digits < 2 and not figure.whole):
            return False
        near = min(slack, 0.02 * size)
        if figure.whole and 1000 <= value < 3000 and abs(size - value) == 1:
            return True  # "before 2010" is "up to 2009"
        if any(abs(size - each) <= near for each in ((value - 32) / 1.8, value * 1.8 + 32)):
            return figure.unit in ("c", "f", "°c", "°f", "degrees", "celsius", "fahrenheit")
        return any(
            abs(size - value * factor) <= near or abs(size - value / factor) <= near
            for factor in _FACTORS
        )


def without_names(text: str, names: Iterable[str]) -> str:
    """The text with what is no prose (code, addresses, names of the data) blanked, as long as it.

    Code that holds nothing but numbers stays.
    """
    text = _BLOCK.sub(lambda m: m[0] if not _LETTER.search(m[0]) else _blank(m[0]), text)
    text = _SPAN.sub(lambda m: m[0] if _NUMBER_ONLY.fullmatch(m[2]) else _blank(m[0]), text)
    text = _NO_TEXT.sub(_kept_label, text)
    text = _ASKING.sub(lambda m: _blank(m[0]), text)
    text = _NUMBERING.sub(lambda m: _blank(m[0]), text)
    present = [name for name in names if name in text]
    if present:
        listed = "|".join(re.escape(name) for name in sorted(present, key=len, reverse=True))
        text = re.sub(rf"(?<!\w)(?:{listed})(?!\w)", lambda m: _blank(m[0]), text)
    return _without_row_numbers(text)


def _kept_label(match: re.Match[str]) -> str:
    link = _LINK.match(match[0])
    if link is None:
        return _blank(match[0])
    label = link[1]
    at = match[0].index("[") + 1
    return " " * at + label + _blank(match[0][at + len(label) :])


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _without_row_numbers(text: str) -> str:
    """Without the first column of a table that only counts its rows (1, 2, 3)."""
    found = [(match.span(1), int(match[1])) for match in _ROW_NUMBER.finditer(text)]
    numbers = [number for _, number in found]
    if len(numbers) > 1 and numbers in (
        list(range(1, len(numbers) + 1)),
        list(range(len(numbers))),
    ):
        for (start, end), _ in found:
            text = text[:start] + " " * (end - start) + text[end:]
    return text


def is_claim(figure: Figure, text: str, ledger: Ledger) -> bool:
    """Whether a figure of a text says something that has to be backed."""
    before = text[max(0, figure.start - 40) : figure.start]
    after = text[figure.end : figure.end + 40]
    if figure.word and abs(figure.value) > SMALL:
        return True  # nobody numbers or idles in words so great
    if figure.word:
        return not _POSITION.search(before) and _counts(figure, after, ledger)
    labelled = abs(figure.value) < MAX_LABEL and _LABELLED.search(before)
    if labelled or _SHOWN_AS.match(after) or _EACH_IN.match(after):
        return False
    most = max(max(ledger.sizes, default=0), SMALL)
    if figure.ordinal:
        return abs(figure.value) > most and not re.match(r"\s*(?:percentile|quantile)", after)
    if _is_method(figure, before, after):
        return False
    small = figure.whole and not figure.percent and 0 <= figure.value <= most
    if small and _POSITION.search(before):
        return False
    talk = stem(figure.unit) in _TALK and figure.unit not in ("more", "other", "further")
    return not (figure.whole and 0 <= figure.value <= SMALL and talk)


def _is_method(figure: Figure, before: str, after: str) -> bool:
    value = abs(figure.value)
    if value in _DEVIATIONS and re.match(r"\s*[×*·]\s*\d", after):
        return bool(FENCE.search(before + after))
    if figure.percent and _SPAN_OF.search(before):
        return value in _SPANS
    if _LEVEL.search(before):
        return value in _CONVENTIONAL
    if _THRESHOLD.search(before) and _COMPARES.search(before) and not before.endswith("="):
        return value in _CONVENTIONAL
    if figure.percent and _INTERVAL.search(before):
        return value in _LEVELS
    found = _METHOD.match(after)
    if found is None and figure.times:
        found = _METHOD.match(" × " + after.lstrip().removeprefix("times").lstrip())
    if found is None:
        return False
    said = found[0].lower()
    if any(word in said for word in ("iqr", "interq", "sd", "std", "standard", "sigma", "\u03c3")):
        return value in _DEVIATIONS
    if any(word in said for word in ("confidence", "ci", "credible", "prediction", "level")):
        return value in _LEVELS
    return figure.percent or figure.whole


def _counts(figure: Figure, after: str, ledger: Ledger) -> bool:
    """Whether a number word states a quantity of the data ("three species", "twice")."""
    if figure.percent or (figure.times and figure.value > 1):
        return True
    following = re.findall(r"[a-z]+", after.lower().split(".")[0])[:2]
    if figure.value == 1 or not following or stem(following[0]) in _TALK:
        return False
    return any(stem(word) in _COUNTED or stem(word) in ledger.words for word in following)


def counts_rows(figure: Figure, text: str, ledger: Ledger) -> bool:
    """Whether a figure counts rows: "5 of the 8 columns", "three species"."""
    if not figure.whole or figure.percent or figure.signed:
        return False
    after = text[figure.end : figure.end + 40].lstrip("*_ ")
    if re.match(r"(?:of|out of)\b", after):
        return True
    following = re.findall(r"[a-z]+", after.lower())[:2]
    return any(stem(word) in _COUNTED or stem(word) in ledger.words for word in following)


def shown_rows(text: str) -> Sequence[int]:
    """How many rows each table and each list of an answer shows."""
    counts: list[int] = []
    run, kind = 0, ""
    for line in [*text.splitlines(), ""]:
        now = line.lstrip()[:1] if line.lstrip()[:1] in ("|", "-", "*") else ""
        if now != kind:
            if run:
                counts.append(run - 2 if kind == "|" else run)
            run, kind = 0, now
        run += bool(now)
    return [count for count in counts if count > 0]
