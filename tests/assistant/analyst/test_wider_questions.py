"""Questions beyond one column of one table: formulas, joins, two in one, tests, "continue"."""

import pytest

from leonidas_jupyter.assistant.analyst import gate, wider
from leonidas_jupyter.assistant.analyst.compound import split
from leonidas_jupyter.assistant.analyst.lexicon import read_frame
from leonidas_jupyter.assistant.analyst.operations import changes
from leonidas_jupyter.assistant.analyst.plan import PlannedCall
from leonidas_jupyter.assistant.analyst.question import Unfit
from leonidas_jupyter.assistant.analyst.view import View, over
from tests.golden.judge import Desk, load


@pytest.fixture(scope="module")
def more(tmp_path_factory: pytest.TempPathFactory) -> dict:
    folder = tmp_path_factory.mktemp("wider")
    names = ("health", "gapminder", "penguins", "grunfeld", "iris", "ohlc", "disasters")
    return {name: load(name, folder) for name in names}


def test_a_formula_is_said_and_its_name_stands_for_it(more) -> None:
    text = Desk([more["ohlc"]]).ask("average spread by signal where spread = high - low")[2]
    assert "`spread` is computed for every row as high - low." in text


def test_columns_of_different_units_are_not_subtracted(more) -> None:
    plan, _, text = Desk([more["penguins"]]).ask("body mass minus flipper length")
    assert not plan.calls
    assert "different units" in text


def test_a_hyphen_after_a_number_is_no_minus(more) -> None:
    plan = Desk([more["grunfeld"]]).analyst.plan("5-year moving average of the total capital")
    assert "ROWS BETWEEN 4 PRECEDING" in plan.calls[0].arguments["sql"]


def test_the_key_of_a_join_and_how_many_rows_it_matched_are_said(more) -> None:
    text = Desk([more["health"], more["gapminder"]]).ask("average fertility by region")[2]
    assert "I joined gapminder with health on `country` = `country`" in text
    assert "671 of 682 rows found a partner." in text


def test_a_join_is_not_tried_where_one_table_answers(more) -> None:
    plan = Desk([more["health"], more["gapminder"]]).analyst.plan("total income by region")
    assert "JOIN" not in plan.calls[0].arguments["sql"]


def test_tables_with_two_possible_keys_are_not_joined(more) -> None:
    frame = more["health"].frame
    twice = frame.model_copy(deep=True, update={"name": "again"})
    extra = twice.profile.columns[0].model_copy(update={"name": "nation"})
    twice.profile.columns.append(extra)
    twice.profile.columns[1].name = "wealth"
    desk = Desk([more["gapminder"], more["health"]])
    desk.analyst._lexicons[1] = read_frame(twice)
    assert not desk.analyst.plan("average fertility by wealth").calls


def test_a_join_needs_columns_of_both_sides(more, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk([more["health"], more["gapminder"]])
    question = "average fertility of the countries in 1990 and 1995 or of cluster 2"
    monkeypatch.setattr(wider, "spans_both", lambda *_: False)
    assert not desk.ask("average fertility by region")[0].calls
    assert not desk.ask(question)[0].calls


def test_their_takes_over_the_conditions_of_the_first_question(more) -> None:
    desk = Desk([more["health"]])
    plan = desk.analyst.plan("how many countries are in america and what is their mean income?")
    assert len(plan.calls) == 2
    assert "'america'" in plan.calls[1].arguments["sql"]


@pytest.mark.parametrize(
    "question",
    [
        "which region has the highest income and what is its population?",
        "mean income of america and how many rows are there?",
        "how many countries are there and why?",
    ],
)
def test_second_questions_that_are_not_clear_are_declined(more, question: str) -> None:
    assert not Desk([more["health"]]).analyst.plan(question).calls


def test_questions_are_cut_at_their_joints() -> None:
    assert ("how many rows", "what is the mean age?") in split(
        "how many rows and what is the mean age?"
    )
    assert split("mean and median of age") == []


def test_continue_answers_the_last_question_again(more) -> None:
    analyst = Desk([more["iris"]]).analyst
    earlier = ["how many rows", "mean sepal width", "thanks"]
    again = analyst.plan("Continue.", earlier)
    assert again.calls == analyst.plan("mean sepal width").calls
    assert not analyst.plan("go on").calls


def test_growth_is_not_dropped_from_a_question(more, monkeypatch: pytest.MonkeyPatch) -> None:
    analyst = Desk([more["grunfeld"]]).analyst
    assert not analyst.plan("trend of average invest by firm").calls
    grown = "growth of average invest by year"
    assert analyst.plan(grown).kind == "growth"
    # Without the operation the gate still sees that growth is asked for.
    monkeypatch.setattr(changes, "_GROWTH", ())
    assert not analyst.plan(grown).calls
    monkeypatch.setitem(gate._CHECKS, "v", lambda *_: True)
    assert analyst.plan(grown).calls


def test_a_test_of_groups_is_in_the_sql(more) -> None:
    plan = Desk([more["grunfeld"]]).analyst.plan("firms with an average invest over 300")
    assert 'HAVING avg("invest") > 300' in plan.calls[0].arguments["sql"]


def test_relative_times_are_said(more) -> None:
    text = Desk([more["grunfeld"]]).ask("total value in the last year")[2]
    assert "I read “last year” as 1954-01-01 to before 1955-01-01, by the end of the data." in text


def test_a_test_of_significance_names_itself_and_its_p_value(more) -> None:
    plan, _, text = Desk([more["penguins"]]).ask("is Gentoo significantly heavier than Adelie?")
    assert plan.calls[0].tool == "statistics"
    assert "Welch's t-test" in text
    assert "p = 7.7e-65" in text


def test_which_is_heavier_says_that_it_compares_means(more) -> None:
    text = Desk([more["penguins"]]).ask("are Gentoo penguins lighter than Adelie?")[2]
    assert text.startswith("**No**: the mean of `body_mass_g` is **5076.02** for Gentoo")
    assert "ask if it is significant" in text


def test_a_prediction_beyond_the_data_warns(more) -> None:
    text = Desk([more["penguins"]]).ask("predict body mass for a flipper length of 400")[2]
    assert "do not rely on it" in text


def test_an_overview_names_what_is_odd(more) -> None:
    text = Desk([more["iris"]]).ask("summarise the data")[2]
    assert "Repeated rows: **1**" in text


def test_metres_and_millions_are_not_confused(more) -> None:
    assert not Desk([more["iris"]]).analyst.plan("rows with a sepal length under 0.05 m").calls


def test_what_is_excluded_is_no_part_of_the_whole(more) -> None:
    desk = Desk([more["disasters"]])
    asked = "what share of the total deaths is Drought, excluding All natural disasters"
    assert "of 32,607,144" in desk.ask(asked)[2]


def test_a_view_comes_before_the_sql_of_every_operation() -> None:
    view = View("v", "SELECT 1 AS x", ())
    plain, nested = over(
        view,
        [PlannedCall("query", {"sql": "SELECT 1"}), PlannedCall("query", {"sql": "WITH a AS (…)"})],
    )
    assert plain.arguments["sql"].startswith('WITH "v" AS (\nSELECT 1 AS x\n)\nSELECT 1')
    assert nested.arguments["sql"].startswith('WITH "v" AS (\nSELECT 1 AS x\n), a AS')
    with pytest.raises(Unfit):
        over(view, [PlannedCall("describe_frame", {"name": "v"})])
