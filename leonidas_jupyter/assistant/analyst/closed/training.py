"""How a text splits rows into those a model is trained on and those it is tested on."""

import re

from leonidas_jupyter.assistant.analyst.closed.facts import Condition, Declined, Facts

_HUNDRED = 100
_TEST = (
    re.compile(
        r"(?P<n>\d+)\s*%\s*(?:of\s+(?:(?!train)[^.;]){0,40}?)?(?:for|as|to|in|into)?\s*"
        r"(?:the\s+)?(?:a\s+)?(?:held-?\s?out|hold-?\s?out|test)"
    ),
    re.compile(r"\btest[\s_-]*(?:set\s+)?size\s*(?:of|=|is|:)?\s*(?P<n>\d+(?:\.\d+)?)"),
    re.compile(r"\btest\w*\s+(?:(?:set|data|part)\s+)?(?:is\s+|of\s+|=\s*)?\(?\s*(?P<n>\d+)\s*%"),
)
_TRAIN = (
    re.compile(
        r"(?P<n>\d+)\s*%\s*(?:of\s+[^.;]{0,40}?)?(?:for|as|to|in|into)?\s*(?:the\s+)?(?:a\s+)?train"
    ),
    re.compile(
        r"\btrain\w*\s+(?:set\s+)?(?:size\s*)?(?:of|=|is|:)?\s*\(?\s*(?P<n>\d+(?:\.\d+)?)\s*%?"
    ),
)
_RATIO = re.compile(r"\b(?P<train>\d+)\s*(?:%\s*)?(?::|/|-|to)\s*(?P<test>\d+)\s*%?")
_SHARES = re.compile(r"(?P<n>\d+)\s*%")
_UP_TO = re.compile(
    r"\b(?P<how>up\s+to|until|through|to\s+the\s+end\s+of|before|prior\s+to|earlier\s+than)\s+"
    r"(?:and\s+including\s+)?(?:the\s+)?(?:years?\s+)?(?P<n>(?:1[6-9]|20)\d\d)\b"
    r"(?:\s*\(?\s*(?:inclusive|included)\)?)?"
)
_LATER = re.compile(
    r"\b(?:from|since|after|starting\s+(?:from|in))\s+(?:the\s+)?(?:years?\s+)?(?P<n>(?:1[6-9]|20)\d\d)\b"
    r"(?:\s+(?:on|onwards?))?|\b(?:later|remaining|other)\s+(?:years|rows|months|days)\b"
)

_WHOLE = r"\b(?:no|without(?: an?y?)?) (?:train\S* ?(?:/|and|-)?\s*test )?split"
_SPLIT = (
    r"\btrain\w*\b[^.]*\btest\w*\b[^.]*\bsplit|\bsplit\b[^.]*\btrain"
    r"|\b(?:test|testing|held-?out) (?:set|data|part|rows)\b"
)


def trained_on(facts: Facts) -> Condition | None:
    """Return the condition on the rows for training, where they are those before some year."""
    for at, match in facts.finds(_UP_TO):
        text = facts.texts[at]
        if not (re.search(r"\btrain\w*|\bfit\w*", text) and facts.says(r"\btest\w*|\bevaluat\w*")):
            continue
        column = _years(facts)
        if column is None:
            return None
        for where, each in [*facts.finds(_UP_TO), *facts.finds(_LATER)]:
            facts.use(where, each)
        facts.conditions = [one for one in facts.conditions if one.column != column]
        before = match["how"] in ("before", "prior to", "earlier than")
        year = int(match["n"])
        known = facts.marks.lexicon.by_name[column]
        if known.temporal:
            day = f"{year:04}-01-01" if before else f"{year:04}-12-31T23:59:59"
            return Condition(column, "<" if before else "<=", day)
        return Condition(column, "<" if before else "<=", year)
    return None


def _years(facts: Facts) -> str | None:
    columns = facts.marks.lexicon.columns
    years = [one.name for one in columns if one.numeric and one.words[-1:] == ("year",)]
    dates = [one.name for one in columns if one.temporal]
    if len(years) == 1:
        return years[0]
    return dates[0] if len(dates) == 1 and not years else None


def share_for_testing(facts: Facts) -> float | None:
    """Return the share of the rows that is for testing; None where they are not split.

    Raises:
        Declined: they are split, and the text does not say how.
    """
    size = _stated(facts)
    for at, match in facts.finds(_SHARES):
        share = float(match["n"]) / _HUNDRED
        if size is not None and (abs(share - size) < 1e-9 or abs(1 - share - size) < 1e-9):
            facts.use(at, match)
    return size


def _stated(facts: Facts) -> float | None:
    for patterns, train in ((_TEST, False), (_TRAIN, True)):
        for pattern in patterns:
            for at, match in facts.finds(pattern):
                facts.use(at, match)
                share = float(match["n"])
                share = share / _HUNDRED if share > 1 else share
                return round(1 - share, 6) if train else share
    ratios: dict[float, list[tuple[int, re.Match[str]]]] = {}
    for at, match in facts.finds(_RATIO):
        parts = float(match["train"]), float(match["test"])
        if re.search(r"\bsplit|\btrain", facts.texts[at]) and sum(parts) in (10, 100):
            ratios.setdefault(parts[1] / sum(parts), []).append((at, match))
    if len(ratios) == 1:
        share, said = ratios.popitem()
        for at, match in said:
            facts.use(at, match)
        return share
    if not facts.says(_WHOLE) and facts.says(_SPLIT):
        raise Declined("It does not say how many rows are for training and how many for testing.")
    return None
