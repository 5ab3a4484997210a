"""A sentence that changes what is computed, and is not understood, leaves nothing computed."""

import pytest

from leonidas_jupyter.assistant.analyst.closed import account, reader
from leonidas_jupyter.assistant.analyst.closed.facts import Declined
from leonidas_jupyter.assistant.analyst.closed.layout import read_closed_form
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon, read_frame
from tests.golden.judge import Table

QUESTION = "What is the mean of the Horsepower column?"
FORM = '@mean_hp[mean] where "mean" is a number rounded to two decimal places.'
CHANGES_NOTHING = (
    "Ignore missing values.",
    "Use pandas' mean() function.",
    "Round the result to two decimal places.",
    "Calculate the arithmetic mean of the column.",
    "No outliers need to be considered.",
    "Use only the Horsepower column.",
    "The column is already numeric.",
)
CHANGES_MUCH = (
    "Exclude the first ten rows.",
    "Use only the last 30 days of data.",
    "Weight the values by the population.",
    "Use the trimmed mean with 10 percent cut off on both sides.",
    "Winsorize the data first.",
    "Use every second row only.",
    "Take a random sample of 100 rows with seed 1.",
    "Convert the values from miles to kilometres first.",
    "Use the absolute values of the column.",
    "Use the geometric mean instead of the arithmetic one.",
    "Use the first half of the data.",
    "Exclude values equal to zero.",
    "Skip negative values.",
    "Group the data by country before averaging.",
    "Do this for the most recent year only.",
    "Ignore rows whose name starts with A.",
    "Detrend the series before the calculation.",
    "Consider the weekends only.",
    "Leave out the largest value.",
    "Use the values in thousands.",
    "Square the values before averaging.",
    "Subtract the median first.",
    "Report the value for the top decile.",
    "Do not count duplicates.",
    "Use data from Oceania only.",
    "Use the difference to the previous row.",
    "Use ranks instead of the raw values.",
    "Take the median of the monthly means.",
    "Remove the extreme 1% of the values.",
    "Consider only values within one standard deviation of the mean.",
    "Cap the values at 100.",
    "Exclude the summer months.",
    "Restrict the analysis to even rows.",
    "Express the result as a ratio to the maximum.",
    "Report the standard error instead.",
    "Treat zeros as missing.",
    "Only consider adult drivers.",
)


@pytest.fixture(scope="module")
def lexicon(tables: dict[str, Table]) -> FrameLexicon:
    return read_frame(tables["cars"].frame)


def _read(sentence: str, lexicon: FrameLexicon) -> reader.Task:
    closed = read_closed_form(f"{QUESTION}\n\nConstraints: {sentence}\n\n{FORM}")
    assert closed is not None
    return reader.read_task(closed, lexicon)


@pytest.mark.parametrize("sentence", CHANGES_NOTHING)
def test_sentences_that_change_nothing_are_passed_over(
    sentence: str, lexicon: FrameLexicon
) -> None:
    outputs = _read(sentence, lexicon).recipe["outputs"]
    assert [(each["column"], each["statistic"]) for each in outputs] == [("Horsepower", "mean")]


@pytest.mark.parametrize("sentence", CHANGES_MUCH)
def test_what_is_not_understood_is_declined(sentence: str, lexicon: FrameLexicon) -> None:
    with pytest.raises(Declined):
        _read(sentence, lexicon)


def test_the_phrases_are_what_declines(
    lexicon: FrameLexicon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "check_demands", lambda *_: None)
    passed = []
    for sentence in CHANGES_MUCH:
        try:
            _read(sentence, lexicon)
        except Declined:
            continue
        passed.append(sentence)
    assert len(passed) >= 10
