"""Wordings of closed-form questions: amounts, ties, abbreviations, words that sort rows out."""

import pytest

from leonidas_jupyter.assistant.analyst.closed import unknown
from leonidas_jupyter.assistant.analyst.closed.decide import consequence_options
from leonidas_jupyter.assistant.analyst.closed.facts import Declined, Rule, lowered
from leonidas_jupyter.assistant.analyst.closed.layout import read_closed_form
from leonidas_jupyter.assistant.analyst.closed.marks import Marks
from leonidas_jupyter.assistant.analyst.closed.reader import Task, read_task
from leonidas_jupyter.assistant.analyst.closed.stages import Stages
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon, read_frame
from tests.golden.judge import Table

SORTING = (
    "What is the mean body mass of the small birds?",
    "What is the average body_mass_g of drawn penguins?",
    "What is the mean body mass of the heavy penguins?",
    "What is the mean body mass of oil companies?",
    'What is the mean body mass of the big penguins? Calculate the mean of "body_mass_g".',
    "What is the mean body mass of companies of technology?",
)
PLAIN = (
    "What is the mean body mass of the remaining penguins?",
    "What is the mean body mass of all observed birds?",
    "What is the mean body mass of the different penguins?",
)


@pytest.fixture
def penguins(tables: dict[str, Table]) -> FrameLexicon:
    return read_frame(tables["penguins"].frame)


@pytest.fixture
def cars(tables: dict[str, Table]) -> FrameLexicon:
    return read_frame(tables["cars"].frame)


def _task(text: str, lexicon: FrameLexicon, form: str = "@mean_mass[x]") -> Task:
    closed = read_closed_form(f"{text}\n\n{form}")
    assert closed is not None
    return read_task(closed, lexicon)


@pytest.mark.parametrize("text", SORTING)
def test_a_familiar_word_before_rows_sorts_them_out(text: str, penguins: FrameLexicon) -> None:
    with pytest.raises(Declined):
        _task(text, penguins)


@pytest.mark.parametrize("text", PLAIN)
def test_words_that_mean_all_rows_sort_none_out(text: str, penguins: FrameLexicon) -> None:
    assert not _task(text, penguins).recipe["steps"]


def test_without_the_check_of_modifiers_all_rows_would_count(
    penguins: FrameLexicon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unknown, "check_modifiers", lambda *_: None)
    assert not _task(SORTING[0], penguins).recipe["steps"]
    assert not _task(SORTING[4], penguins).recipe["steps"]


@pytest.mark.parametrize(
    ("said", "op", "value"),
    [
        ("cars with four cylinders", "==", 4),
        ("cars that have 8 cylinders", "==", 8),
        ("cars having more than 6 cylinders", ">", 6),
        ("cars with at least six cylinders", ">=", 6),
        ("cars with fewer than 5 cylinders", "<", 5),
        ("cars with up to 4 cylinders", "<=", 4),
        ("cars with at least 150 horses (Horsepower)", ">=", 150),
    ],
)
def test_an_amount_may_stand_before_its_column(
    said: str, op: str, value: int, cars: FrameLexicon
) -> None:
    task = _task(f"What is the mean displacement of the {said}?", cars, "@mean_displacement[x]")
    (step,) = task.recipe["steps"]
    assert (step["condition"]["op"], step["condition"]["value"]) == (op, value)


def test_an_amount_of_a_measure_needs_a_comparison(cars: FrameLexicon) -> None:
    with pytest.raises(Declined):
        _task("What is the mean weight of cars with 90 horsepower?", cars, "@mean_weight[x]")


@pytest.mark.parametrize(
    "tie",
    [
        "In case of a tie, take the earliest one.",
        "No tie is possible here.",
        "Ties are broken alphabetically.",
        "If there is a tie, report the island with the smaller number.",
    ],
)
def test_what_is_done_in_a_tie_changes_nothing(tie: str, penguins: FrameLexicon) -> None:
    task = _task(f"Which island has the highest mean body mass? {tie}", penguins, "@island[name]")
    (output,) = task.recipe["outputs"]
    assert (output["op"], output["by"]) == ("top_group", "island")


def test_a_tie_of_which_all_are_asked_is_no_mere_remark() -> None:
    closed = read_closed_form("Which one? In case of a tie, list all of them.\n\n@one[name]")
    assert closed is not None
    assert len(closed.sentences) == 2


@pytest.mark.parametrize(
    "said",
    [
        "Negative body masses are to be included.",
        "A negative body mass means a faulty scale.",
    ],
)
def test_values_that_stay_are_no_condition(said: str, penguins: FrameLexicon) -> None:
    assert not _task(f"What is the mean body mass? {said}", penguins).recipe["steps"]


@pytest.mark.parametrize(
    ("said", "option"),
    [
        ("reject the null hypothesis", "not normal"),
        ("do not reject it", "normal"),
        ("fail to reject the null hypothesis", "normal"),
        ("accept the alternative hypothesis", "not normal"),
        ("reject the null hypothesis and say that it is not normally distributed", "not normal"),
    ],
)
def test_a_consequence_that_rejects_leads_to_the_word_that_rejects(
    said: str, option: str, penguins: FrameLexicon
) -> None:
    rule = Rule([("p", "<", 0.05)], said)
    assert consequence_options(rule, ["normal", "not normal"], Marks(penguins)) == [option]


def test_a_column_is_marked_as_it_is_written_in_brackets(tables: dict[str, Table]) -> None:
    marks = Marks(read_frame(tables["weather"].frame))
    marks.mark("the mean of the gusts (wind)")
    assert marks.columns == ["wind"]
    other = Marks(read_frame(tables["weather"].frame))
    other.mark("the correlation coefficient (r)")
    assert other.columns == []


def test_a_name_of_values_in_a_column_is_no_column(tables: dict[str, Table]) -> None:
    marks = Marks(read_frame(tables["penguins"].frame))
    text = marks.mark('Count each sex in the "island" column.')
    assert marks.columns_in(text) == ["island"]


def test_a_condition_explains_one_word_said_before_it(penguins: FrameLexicon) -> None:
    said = "Only consider the rows with island 'Dream'."
    task = _task(f"What is the mean body mass of the elderly penguins? {said}", penguins)
    (step,) = task.recipe["steps"]
    assert step["condition"] == {"op": "==", "left": "island", "value": "Dream"}
    with pytest.raises(Declined):
        _task(f"What is the mean body mass of the elderly veterans? {said}", penguins)


def test_outliers_that_are_meant_by_them_are_removed(penguins: FrameLexicon) -> None:
    text = (
        "How many outliers has body_mass_g by the IQR method? What is its mean after removing them?"
    )
    task = _task(text, penguins, "@outliers[n] @mean_without_outliers[x]")
    assert [step["op"] for step in task.recipe["steps"]] == ["treat_outliers"]


def test_a_figure_without_outliers_needs_their_removal(penguins: FrameLexicon) -> None:
    text = "How many outliers has body_mass_g by the IQR method? What is its mean?"
    with pytest.raises(Declined):
        _task(text, penguins, "@outliers[n] @mean_without_outliers[x]")


def test_texts_that_are_left_out_of_numbers_need_no_step() -> None:
    stages = Stages()
    left_out = {"op": "not", "condition": {"op": "==", "left": "found", "value": "ancient"}}
    either = {"op": "or", "conditions": [{"op": "is_null", "left": "found"}, left_out]}
    stages.add("filter", {"op": "filter", "condition": either})
    stages.convert("found", "number")
    assert [step["op"] for step in stages.steps] == ["convert"]
    stages = Stages()
    left_out["condition"]["value"] = 1800  # type: ignore[index]
    stages.add("filter", {"op": "filter", "condition": either})
    stages.convert("found", "number")
    assert [step["op"] for step in stages.steps] == ["convert", "filter"]


def test_lowered_leaves_amounts_in_words_to_their_columns() -> None:
    assert lowered("cars with four cylinders") == "cars with four cylinders"
