"""What the analyst says: sentences, refusals, choices, suggestions; and that it is pure."""

import pytest

from leonidas_jupyter.assistant.analyst.analyst import Analyst
from leonidas_jupyter.assistant.analyst.plan import ToolOutcome
from leonidas_jupyter.assistant.tools.frames import description
from leonidas_jupyter.data.frames import Frame
from leonidas_jupyter.data.profile import ColumnProfile, FrameProfile, TopValue
from tests.golden.judge import Desk


@pytest.fixture(scope="module")
def penguins(tables) -> Desk:
    return Desk([tables["penguins"]])


@pytest.fixture(scope="module")
def several(tables) -> Desk:
    return Desk([tables["penguins"], tables["cars"], tables["gapminder"]])


def test_the_answer_comes_first_then_the_reading(penguins: Desk) -> None:
    _, _, text = penguins.ask("avergae body mass of Gentoo penguins")
    first, read = text.split("\n\n")
    assert (
        first == "The mean of `body_mass_g` is **5076.02** where `species` is Gentoo in penguins."
    )
    assert read.startswith(
        "I read this as the mean of `body_mass_g` where `species` is Gentoo in penguins."
    )
    assert "I read “avergae” as “average”." in read
    assert "1 row without `body_mass_g` left out." in read


def test_loosely_matched_columns_are_named(penguins: Desk) -> None:
    assert "I read “mass” as `body_mass_g`." in penguins.ask("average mass")[2]


def test_asked_decimals_are_given(penguins: Desk) -> None:
    assert "**43.9219**" in penguins.ask("mean bill length, rounded to 4 decimal places")[2]


def test_a_refusal_names_the_words_and_offers_questions_that_are_answered(penguins: Desk) -> None:
    plan, _, text = penguins.ask("What is the average wingspan of penguins?")
    assert plan.kind == "refusal"
    assert "“wingspan”" in text
    assert "built-in analyst, not a language model" in text
    offers = [line.removeprefix("- ") for line in text.splitlines() if line.startswith("- ")]
    assert len(offers) == 3
    assert all(penguins.ask(offer)[0].calls for offer in offers)


@pytest.mark.parametrize("name", ["penguins", "cars", "weather", "gapminder"])
def test_every_suggestion_is_answerable(tables, name: str) -> None:
    desk = Desk([tables[name]])
    offers = desk.analyst.offers(12)
    assert len(offers) >= 8
    for offer in offers:
        plan, outcomes, _ = desk.ask(offer)
        assert plan.calls, offer
        assert all(outcome.ok for outcome in outcomes), offer


@pytest.mark.parametrize("question", ["help", "What can you do?", "who are you", "are you an AI?"])
def test_help_introduces_the_analyst(penguins: Desk, question: str) -> None:
    plan, _, text = penguins.ask(question)
    assert (plan.kind, plan.calls) == ("help", ())
    assert "built-in analyst, not a language model" in text


def test_a_greeting_is_answered_with_one() -> None:
    assert (
        Analyst([])
        .plan("Hi!")
        .say()
        .startswith("Hello. I am the built-in analyst, not a language model.")
    )


def test_without_tables_it_says_what_to_do() -> None:
    plan = Analyst([]).plan("average mass")
    assert (plan.kind, plan.calls) == ("refusal", ())
    assert "upload a CSV file" in plan.say()


def test_equally_good_columns_are_offered(penguins: Desk) -> None:
    plan, _, text = penguins.ask("average length")
    assert plan.kind == "choice"
    offers = [line.removeprefix("- ") for line in text.splitlines() if line.startswith("- ")]
    assert offers == ["What is the mean bill_length_mm?", "What is the mean flipper_length_mm?"]
    assert all(penguins.ask(offer)[0].calls for offer in offers)


def test_the_frame_is_found_by_its_columns(several: Desk) -> None:
    plan, outcomes, _ = several.ask("average horsepower")
    assert '"cars"' in plan.calls[0].arguments["sql"]
    assert outcomes[0].result["rows"][0][0] == pytest.approx(105.0825)


def test_the_frame_is_found_by_its_name(several: Desk) -> None:
    _, outcomes, _ = several.ask("how many rows are in gapminder?")
    assert outcomes[0].result["rows"] == [[682]]


def test_a_question_that_fits_several_frames_is_asked_back(several: Desk) -> None:
    plan, _, text = several.ask("how many rows per year")
    assert plan.kind == "choice"
    assert "how many rows per year in penguins" in text
    assert all(
        several.ask(line.removeprefix("- "))[0].calls
        for line in text.splitlines()
        if line.startswith("- ")
    )


def test_a_column_of_another_frame_than_the_named_one_is_refused(several: Desk) -> None:
    plan, _, text = several.ask("average horsepower of penguins")
    assert not plan.calls
    assert "horsepower" in text


def test_sizes_without_a_name_are_given_for_every_frame(several: Desk) -> None:
    plan, _, text = several.ask("how many rows are there?")
    assert [call.tool for call in plan.calls] == ["list_frames"]
    assert all(name in text for name in ("penguins", "cars", "gapminder", "344", "406", "682"))


def test_a_follow_up_stays_with_its_frame(several: Desk) -> None:
    _, outcomes, text = several.ask(
        "and by origin?", ["how many rows?", "average horsepower of cars"]
    )
    assert [row[0] for row in outcomes[0].result["rows"]] == ["Europe", "Japan", "USA"]
    assert "This follows your question before." in text


def test_the_same_question_gives_the_same_plan(tables) -> None:
    frames = [tables["penguins"].frame, tables["cars"].frame]
    question = "average body mass by species and sex for penguins not on Dream"
    first, second = Analyst(frames).plan(question), Analyst(frames).plan(question)
    assert first == second
    assert first.calls


def test_a_tools_error_becomes_one_sentence(penguins: Desk) -> None:
    plan = penguins.analyst.plan("average body mass")
    said = plan.say([ToolOutcome(ok=False, error="the query took longer than 30 s.")])
    assert said == "I could not compute this: the query took longer than 30 s."


def test_a_missing_result_is_said(penguins: Desk) -> None:
    assert "got no result" in penguins.analyst.plan("average body mass").say([])


def test_very_long_questions_are_declined(penguins: Desk) -> None:
    plan = penguins.analyst.plan("average body mass " * 300)
    assert plan.kind == "refusal"


def _odd_frame() -> Frame:
    odd = 'we"ird; DROP TABLE x'
    columns = [
        ColumnProfile(name=odd, original_name=odd, type="number", nulls=0, distinct=3),
        ColumnProfile(
            name="who's", original_name="who's", type="text", nulls=0, distinct=2,
            categories=["O'Brien", "x"], top=[TopValue(value="O'Brien", count=2)],
        ),
    ]  # fmt: skip
    profile = FrameProfile(rows=3, columns=columns)
    return Frame(
        name="odd",
        file_id="f",
        filename="odd.csv",
        frame_hash="0" * 64,
        content_version=1,
        profile=profile,
    )


def test_names_and_values_are_quoted_in_sql() -> None:
    analyst = Analyst([_odd_frame()])
    sql = analyst.plan("average weird drop table x of O'Brien").calls[0].arguments["sql"]
    assert 'avg("we""ird; DROP TABLE x")' in sql
    assert "= 'O''Brien'" in sql


def _wide_frame(count: int) -> Frame:
    names = [f"sensor_{number}_{'abcdefgh'[number % 8] * 12}" for number in range(count)]
    columns = [
        ColumnProfile(name=name, original_name=name, type="number", nulls=at % 3, distinct=9)
        for at, name in enumerate(names)
    ]
    profile = FrameProfile(rows=100, columns=columns)
    return Frame(
        name="wide",
        file_id="f",
        filename="wide.csv",
        frame_hash="0" * 64,
        content_version=1,
        profile=profile,
    )


def test_missing_values_of_a_wide_frame_come_from_its_profile() -> None:
    frame = _wide_frame(600)
    plan = Analyst([frame]).plan("missing values per column")
    assert [call.tool for call in plan.calls] == ["describe_frame"]
    said = plan.say([ToolOutcome(ok=True, result=description(frame))])
    assert "**600** missing values in total; **400** of 600 columns" in said


@pytest.mark.parametrize("question", ["are there duplicates?", "how many rows have missing values"])
def test_sql_longer_than_the_tool_takes_is_not_planned(question: str) -> None:
    plan = Analyst([_wide_frame(600)]).plan(question)
    assert not plan.calls
    assert "too many columns" in plan.say()


def test_a_cut_result_is_said_to_be_cut(penguins: Desk) -> None:
    plan, outcomes, _ = penguins.ask("average body mass by species")
    cut = ToolOutcome(ok=True, result={**outcomes[0].result, "truncated": True})
    assert "There are more groups than the 3 that are shown here." in plan.say([cut])


@pytest.mark.parametrize(
    "question",
    [
        "",
        "?",
        "   ",
        "🐧🐧🐧",
        "by by by",
        "not not not",
        "average",
        "and",
        "\x00",
        "((((",
        "a" * 500,
        "12 12 12",
        "> < >",
        "between and",
        "top",
        "% % %",
    ],
)
def test_nonsense_is_refused_and_never_raises(penguins: Desk, question: str) -> None:
    plan = penguins.analyst.plan(question)
    assert not plan.calls
    assert plan.say()
