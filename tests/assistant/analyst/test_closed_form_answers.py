"""Closed-form questions over our own tables: none answered wrong, and few declined."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bench.closed_form import OWN, OWN_TABLES, Tables, Verdict, ask_all, equal, questions, text_of
from leonidas_jupyter.assistant.analyst.closed import reader
from tests.golden.judge import READING

ENTRIES = questions(OWN)
ANSWERABLE = [entry for entry in ENTRIES if entry["answers"]]
FLOOR = 0.95


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return Tables(tmp_path_factory.mktemp("closed"), OWN_TABLES)


@pytest.fixture(scope="module")
def verdicts(tables: Tables) -> list[Verdict]:
    return asyncio.run(ask_all(ENTRIES, tables))


def test_there_are_enough_closed_form_questions_over_enough_tables() -> None:
    assert len(ANSWERABLE) >= 130
    assert len({entry["table"] for entry in ENTRIES}) >= 17
    assert len(ENTRIES) - len(ANSWERABLE) >= 25


def test_none_is_answered_wrong(verdicts: list[Verdict]) -> None:
    wrong = [f"{each.id}: {each.text}" for each in verdicts if each.verdict == "wrong"]
    assert not wrong, "\n".join(wrong)


def test_few_are_declined(verdicts: list[Verdict]) -> None:
    right = [each for each in verdicts if each.verdict == "right"]
    declined = [f"{each.id}: {each.text[:160]}" for each in verdicts if each.verdict == "declined"]
    assert len(right) >= FLOOR * len(ANSWERABLE), "\n".join(declined)


def test_every_name_is_filled_exactly_once(verdicts: list[Verdict]) -> None:
    by_id = {entry["id"]: entry for entry in ENTRIES}
    for each in verdicts:
        if each.verdict == "right":
            names = re.findall(r"@(\w+)\[", each.text)
            asked = re.findall(r"@(\w+)\[", by_id[each.id]["format"])
            assert names == asked


def test_what_is_declined_says_why_and_what_can_be_asked(verdicts: list[Verdict]) -> None:
    traps = {entry["id"] for entry in ENTRIES if not entry["answers"]}
    for each in verdicts:
        if each.id in traps:
            assert "So I compute nothing rather than guess." in each.text
            assert "Questions that I can answer:" in each.text


def test_the_accounting_is_what_prevents_misreadings(
    tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "account", lambda *_: None)
    traps = [entry for entry in ENTRIES if not entry["answers"]]
    misread = [each for each in asyncio.run(ask_all(traps, tables)) if each.verdict == "wrong"]
    assert len(misread) >= 4, [each.id for each in misread]


def _frames() -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    known: dict[str, pd.DataFrame] = {}
    for entry in ANSWERABLE:
        name = Path(entry["table"]).stem
        if name not in known:
            known[name] = pd.read_csv(OWN_TABLES / entry["table"], **READING.get(name, {}))
        yield entry, known[name]


def test_the_answers_are_what_pandas_and_scipy_compute() -> None:
    for entry, frame in _frames():
        for name, expression in entry["computed"].items():
            wanted = str(eval(expression, _names(frame)))  # noqa: S307 - this repository's own file
            assert equal(entry["answers"][name], wanted), (entry["id"], name, wanted)


def _names(frame: pd.DataFrame) -> dict[str, Any]:
    def correlated(x: str, y: str, rows: pd.DataFrame = frame) -> Any:
        both = rows[[x, y]].dropna()
        return stats.pearsonr(both[x], both[y])

    def fitted(features: list[str], target: str, share: float, seed: int) -> tuple[float, float]:
        rows = frame[[*features, target]].dropna()
        order = np.random.RandomState(seed).permutation(len(rows))
        count = int(np.ceil(len(rows) * share))
        test, train = rows.iloc[order[:count]], rows.iloc[order[count:]]
        design = np.c_[np.ones(len(train)), train[features]]
        weights = np.linalg.lstsq(design, train[target], rcond=None)[0]
        missed = test[target] - np.c_[np.ones(len(test)), test[features]] @ weights
        spread = ((test[target] - test[target].mean()) ** 2).sum()
        return (missed**2).mean(), 1 - (missed**2).sum() / spread

    return {
        "df": frame,
        "pd": pd,
        "np": np,
        "stats": stats,
        "R": correlated,
        "lin": fitted,
        "f": lambda value, digits=2: f"{value:.{digits}f}",
        "z": lambda values: (values - values.mean()) / values.std(ddof=0),
        "iqr": _fences,
        "mm": lambda values: (values - values.min()) / (values.max() - values.min()),
        "yn": lambda true: "yes" if true else "no",
        "yn2": lambda true: "Yes" if true else "No",
    }


def _fences(values: pd.Series) -> tuple[float, float, pd.Series]:
    first, third = values.quantile(0.25), values.quantile(0.75)
    low, high = first - 1.5 * (third - first), third + 1.5 * (third - first)
    return low, high, values[(values < low) | (values > high)]


def test_a_question_is_read_the_same_wherever_its_parts_stand(tables: Tables) -> None:
    entry = next(each for each in ENTRIES if each["id"] == "cars-9")
    one_line = f"{entry['question']} {entry['constraints']} {entry['format']}"
    labelled = text_of(entry).replace("Constraints:", "Question constraints:")
    asked = [
        {**entry, "question": text, "constraints": "", "format": ""}
        for text in (one_line, labelled)
    ]
    assert [each.verdict for each in asyncio.run(ask_all(asked, tables))] == ["right", "right"]
