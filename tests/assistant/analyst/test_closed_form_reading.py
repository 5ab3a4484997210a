"""The parts of a closed-form question, its rules, and names in words."""

import pytest

from leonidas_jupyter.assistant.analyst.closed.concepts import concept_in
from leonidas_jupyter.assistant.analyst.closed.conditional import condition_of
from leonidas_jupyter.assistant.analyst.closed.decide import consequence_options, decide
from leonidas_jupyter.assistant.analyst.closed.facts import Condition, Declined, Facts
from leonidas_jupyter.assistant.analyst.closed.figures import kolmogorov
from leonidas_jupyter.assistant.analyst.closed.layout import Slot, decimals_in, read_closed_form
from leonidas_jupyter.assistant.analyst.closed.marks import Marks
from leonidas_jupyter.assistant.analyst.closed.nouns import calls_rows
from leonidas_jupyter.assistant.analyst.closed.populations import conditions_in
from leonidas_jupyter.assistant.analyst.closed.rules import read_rules, rules_of
from leonidas_jupyter.assistant.analyst.closed.wanted import read_ask
from leonidas_jupyter.assistant.analyst.lexicon import read_frame
from leonidas_jupyter.data.frames import Frame
from leonidas_jupyter.data.profile import ColumnProfile, FrameProfile
from tests.golden.judge import Table

LINEAR = (
    "call it linear if the p-value is less than 0.05 and the absolute value of r is at least 0.5.",
    "call it nonlinear if the p-value is less than 0.05 and the absolute value of r is below 0.5.",
    "if the p-value is greater than or equal to 0.05, report that there is no correlation.",
)
OPTIONS = ("linear", "nonlinear", "none")


@pytest.fixture
def marks(tables: dict[str, Table]) -> Marks:
    return Marks(read_frame(tables["penguins"].frame))


def test_names_placeholders_and_what_is_said_of_them_are_found() -> None:
    closed = read_closed_form(
        'What is the mean? Constraints: 1. Ignore gaps. @m[mean] @p[p] where "mean" is a number '
        'with three decimals and "p" is rounded to 4 decimal places.'
    )
    assert closed is not None
    assert closed.sentences == ("What is the mean?", "Ignore gaps.")
    assert [(slot.name, slot.decimals) for slot in closed.slots] == [("m", 3), ("p", 4)]


def test_a_question_without_names_to_fill_is_none() -> None:
    assert read_closed_form("What is the mean? Write to me@example.org.") is None


@pytest.mark.parametrize(
    ("text", "decimals"),
    [
        ("two decimal places", 2),
        ("the nearest hundredth", 2),
        ("a whole number", 0),
        ("soon", None),
    ],
)
def test_decimals_are_read(text: str, decimals: int | None) -> None:
    assert decimals_in(text) == decimals


def test_columns_are_marked_by_quotes_and_in_words(marks: Marks) -> None:
    marked = marks.mark('the "body_mass_g" column beside the bill length')
    assert marks.columns_in(marked) == ["body_mass_g", "bill_length_mm"]


def test_new_columns_are_known_by_how_they_are_introduced(marks: Marks) -> None:
    marks.mark(
        'Create a new feature called "bill_ratio" by dividing bill_length_mm by bill_depth_mm'
    )
    assert marks.new == ["bill_ratio"]


@pytest.mark.parametrize(
    ("p", "r", "word"), [(0.01, -0.8, "linear"), (0.01, 0.2, "nonlinear"), (0.2, 0.9, "none")]
)
def test_rules_choose_among_the_allowed_words(marks: Marks, p: float, r: float, word: str) -> None:
    facts = Facts(marks, list(LINEAR))
    read_rules(facts)
    assert decide(OPTIONS, "relationship", facts, {"p": p, "r": r}) == word


def test_rules_without_the_figure_that_they_need_are_declined(marks: Marks) -> None:
    facts = Facts(marks, list(LINEAR))
    read_rules(facts)
    with pytest.raises(Declined):
        decide(OPTIONS, "relationship", facts, {"skewness": 0.1})


def test_a_test_without_a_result_is_declined(marks: Marks) -> None:
    facts = Facts(marks, list(LINEAR))
    with pytest.raises(Declined):
        decide(OPTIONS, "relationship", facts, {"p": float("nan"), "r": 0.1})


def test_a_threshold_without_its_subject_belongs_to_the_one_before(marks: Marks) -> None:
    text = marks.mark(
        'treat a correlation coefficient of at least 0.7 as "strong", between 0.4 and 0.7 as '
        '"moderate", below 0.4 as "weak".'
    )
    options = ("strong", "moderate", "weak")
    read = [(rule.tests, consequence_options(rule, options, marks)) for rule in rules_of(text)]
    assert read == [
        ([("r", ">=", 0.7)], ["strong"]),
        ([("r", ">=", 0.4), ("r", "<=", 0.7)], ["moderate"]),
        ([("r", "<", 0.4)], ["weak"]),
    ]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("p value", "p"), ("number of outliers", "outlier_count"), ("std dev fare", "std"),
        ("missing percentage", "missing_share"), ("mean squared error", "mse"), ("avg age", "mean"),
    ],
)  # fmt: skip
def test_names_tell_what_they_ask_for(words: str, kind: str) -> None:
    found = concept_in(words)
    assert found is not None
    assert found.kind == kind


def test_the_last_of_the_allowed_words_is_kept() -> None:
    closed = read_closed_form(
        'Is it? @r[r] @kind[word] where "r" is a number and "word" is "linear", "nonlinear" or '
        '"none"'
    )
    assert closed is not None
    assert [slot.about for slot in closed.slots] == [
        "is a number",
        'is "linear", "nonlinear" or "none"',
    ]


def test_abbreviations_end_no_sentence() -> None:
    closed = read_closed_form(
        "What is the mean of Sample Inc. (SMPL) and Example Corp. (EX)? @m[m]"
    )
    assert closed is not None
    assert len(closed.sentences) == 1


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        ("a kolmogorov-smirnov test of the standardised values", ["fitted"]),
        ("a kolmogorov-smirnov test against the standard normal distribution", ["standard"]),
        ("a kolmogorov-smirnov test", ["fitted", "standard"]),
    ],
)
def test_what_a_test_of_normality_compares_with_is_told_by_words(
    marks: Marks, words: str, kinds: list[str]
) -> None:
    assert kolmogorov(Facts(marks, [words])) == kinds


def test_a_condition_of_a_step_is_told_apart_from_no_condition(marks: Marks) -> None:
    facts = Facts(marks, [])
    conditional = "if the p-value is below 0.05, apply a logarithm"
    assert condition_of(facts, conditional, conditional.index("apply")) == [("p", "<", 0.05)]
    assert condition_of(facts, "apply a logarithm", 0) is None
    vague = "if it looks better, apply a logarithm"
    with pytest.raises(Declined):
        condition_of(facts, vague, vague.index("apply"))


@pytest.mark.parametrize(
    ("text", "op", "value"),
    [
        ("in july and august", "month_in", (7, 8)),
        ("between 2013-03-01 and 2013-03-31", "between", ("2013-03-01", "2013-03-31T23:59:59")),
        ("from 2012 to 2013", "between", ("2012-01-01", "2013-12-31T23:59:59")),
        ("before march 5, 2014", "<", "2014-03-05"),
    ],
)
def test_times_are_conditions(tables: dict[str, Table], text: str, op: str, value: object) -> None:
    facts = Facts(Marks(read_frame(tables["weather"].frame)), [text])
    found = [condition for condition, _ in conditions_in(text, facts)]
    assert [(each.column, each.op, each.value) for each in found] == [("date", op, value)]


@pytest.mark.parametrize(
    ("text", "word", "alone"),
    [
        ("the age of the passengers is", "passengers", True),
        ("the age of elderly passengers is", "elderly", False),
        ("the age of the survivors is", "survivors", False),
        ("the age in the north is", "north", False),
    ],
)
def test_nouns_that_call_all_rows_are_told_from_those_of_some(
    text: str, word: str, *, alone: bool
) -> None:
    start = text.index(word)
    assert calls_rows(word, start, start + len(word), text, set()) is alone


def _asked_where(marks: Marks, about: str) -> list[Condition]:
    slot = Slot("share", "p", about, 2)
    return read_ask(slot, Facts(marks, []), ["p"]).where


def test_what_an_answer_may_be_at_all_restricts_no_rows() -> None:
    column = ColumnProfile(name="pct", original_name="pct", type="number", nulls=0, distinct=9)
    frame = Frame(
        name="votes",
        file_id="f",
        filename="votes.csv",
        frame_hash="ab" * 16,
        content_version=1,
        profile=FrameProfile(rows=9, columns=[column]),
    )
    marks = Marks(read_frame(frame))
    assert _asked_where(marks, 'where "p" is the pct between 0 and 100') == []
    assert _asked_where(marks, 'where "p" is the share of rows with pct between 20 and 50') != []
