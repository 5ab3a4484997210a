"""How answers look: the first sentence, tables, charts, suggestions and questions back."""

import pytest

from leonidas_jupyter.assistant.analyst.analyst import Analyst
from leonidas_jupyter.assistant.analyst.reply import table
from tests.golden.judge import Desk


@pytest.fixture(scope="module")
def penguins(tables) -> Desk:
    return Desk([tables["penguins"]])


def _spec(desk: Desk, question: str) -> dict:
    plan, _, _ = desk.ask(question)
    return next(call.arguments["spec"] for call in plan.calls if call.tool == "chart")


@pytest.mark.parametrize("question", ["{}", "bar chart of the {}"])
def test_an_answer_by_groups_begins_with_the_highest_and_the_lowest(
    penguins: Desk, question: str
) -> None:
    first = penguins.ask(question.format("average body mass by species"))[2].split("\n\n")[0]
    assert first == (
        "**Gentoo** has the highest mean of `body_mass_g`, **5076.02**; "
        "**Adelie** the lowest, **3700.66**."
    )


def test_groups_that_share_a_place_are_all_named(penguins: Desk) -> None:
    text = penguins.ask("median body mass by species")[2]
    assert "**Adelie** and **Chinstrap** the lowest, **3700**" in text


def test_a_cut_result_has_no_highest(penguins: Desk) -> None:
    plan, outcomes, _ = penguins.ask("average body mass by species")
    outcomes[0].result["truncated"] = True
    assert "the highest" not in plan.say(outcomes)


def test_columns_are_named_in_words_and_numbers_stand_to_the_right(penguins: Desk) -> None:
    text = penguins.ask("average body mass by species")[2]
    assert "| species | mean of body_mass_g | rows |\n|---|---:|---:|" in text


def test_months_are_named_in_the_first_sentence(tables) -> None:
    text = Desk([tables["weather"]]).ask("average wind per month of the year")[2]
    assert text.startswith("**February** has the highest mean of `wind`")


def test_a_column_of_the_table_that_is_called_share_is_no_percentage() -> None:
    assert table(["share_price", "share"], [[12.5, 0.25]]).endswith("| 12.5 | 0.25 |")
    assert table(["share"], [[0.25]], None, {"share": "share"}).endswith("| 25.0 % |")


def test_few_short_names_stand_upright_under_bars_that_fall(penguins: Desk) -> None:
    spec = _spec(penguins, "bar chart of the average body mass by species")
    assert (spec["width"], spec["height"]) == (420, 260)
    assert spec["encoding"]["x"]["axis"] == {"labelAngle": 0}
    assert spec["encoding"]["x"]["sort"] == "-y"
    assert spec["encoding"]["y"]["title"] == "mean of body_mass_g"


def test_long_names_stand_beside_lying_bars(tables) -> None:
    spec = _spec(Desk([tables["countries"]]), "bar chart of the total population by continent")
    assert spec["encoding"]["y"]["field"] == "Continent"
    assert spec["encoding"]["y"]["sort"] == "-x"


def test_months_make_an_axis_of_time(tables) -> None:
    spec = _spec(Desk([tables["weather"]]), "line chart of total precipitation per calendar month")
    assert spec["encoding"]["x"]["type"] == "temporal"
    assert spec["encoding"]["x"]["axis"] == {"format": "%b %Y"}


def test_neither_years_nor_ids_are_suggested_as_measures(tables) -> None:
    for name in ("penguins", "cars", "weather", "gapminder", "barley", "countries"):
        offers = Desk([tables[name]]).analyst.offers(3)
        assert len(offers) == 3
        for offer in offers:
            assert "average year" not in offer.lower()
            assert "cluster" not in offer


def test_an_unknown_word_is_answered_with_the_question_without_it(penguins: Desk) -> None:
    plan, _, text = penguins.ask("average bill length of fluffy Gentoo penguins")
    assert plan.kind == "refusal"
    assert text.endswith("Did you mean:\n\n- average bill length of Gentoo penguins")


def test_an_ambiguous_month_is_asked_back_as_whole_questions(tables) -> None:
    text = Desk([tables["weather"]]).ask("average wind by month")[2]
    assert "- average wind per calendar month" in text
    assert "- average wind by month of the year" in text


def test_a_question_of_any_table_as_a_whole_is_answered_for_each(tables) -> None:
    desk = Desk([tables["penguins"], tables["cars"]])
    plan, _, text = desk.ask("how many rows have missing values?")
    assert len(plan.calls) == 2
    assert "in penguins" in text
    assert "in cars" in text


def test_a_conversion_of_units_is_said(penguins: Desk) -> None:
    text = penguins.ask("how many penguins weigh more than 4 kg")[2]
    assert "I read 4 kg as 4,000 in `body_mass_g`." in text


def test_the_place_in_the_name_of_the_table_may_be_said_again(tables) -> None:
    frame = tables["weather"].frame
    named = Analyst([frame.model_copy(update={"name": "seattle_weather"})])
    assert named.plan("hottest day in seattle").calls
    assert not Analyst([frame]).plan("hottest day in seattle").calls


def test_a_column_that_is_not_there_is_named_alone_beside_those_that_are(penguins: Desk) -> None:
    text = penguins.ask("mean of salary in penguins")[2]
    assert text.startswith("I did not understand “salary”, so I compute nothing")
    assert "Columns of penguins: `species`, `island`, `bill_length_mm`" in text


def test_columns_of_several_tables_are_not_listed(tables) -> None:
    text = Desk([tables["penguins"], tables["weather"]]).ask("mean of salary")[2]
    assert "Columns of" not in text


def test_why_is_no_question_of_columns(penguins: Desk) -> None:
    assert "Columns of" not in penguins.ask("Why is the mean body mass so high?")[2]


def test_a_row_of_totals_that_is_counted_in_is_said(tables) -> None:
    desk = Desk([tables["penguins"]])
    plan, outcomes, text = desk.ask("average body mass")
    assert "looks like a total" not in text
    frame = desk.frames[0]
    profile = frame.profile.model_copy(update={"total_at": 2})
    warned = Analyst([frame.model_copy(update={"profile": profile})]).plan("average body mass")
    assert warned.calls == plan.calls
    assert warned.say(outcomes).startswith(text)
    assert "`%leonidas load penguins --footer-rows 2`" in warned.say(outcomes)
