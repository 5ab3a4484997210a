"""Ordinary questions in other words: what is said of them, and what is offered instead."""

import re
from pathlib import Path

import pytest

from tests.golden.judge import Desk, load

COMMITS = """time,count
2015-01-03 01:00:00,2
2015-01-04 04:00:00,3
2015-01-05 05:00:00,1
2015-02-02 05:00:00,4
"""
HOUSES = """price,lotsize,bedrooms,bathrms,garagepl,airco,prefarea
42000,5850,3,1,1,no,no
38500,4000,2,1,0,no,yes
49500,3060,3,2,0,yes,no
60500,6650,3,1,2,yes,yes
"""
DAYS = """Ozone,Wind,Temp,Month,Day
41,7.4,67,5,1
36,8.0,72,5,2
12,12.6,94,6,1
18,11.5,62,6,2
"""
STATES = """state,year,gsp,emp
OHIO,1970,100,10
OHIO,1971,130,11
IOWA,1970,50,5
IOWA,1971,40,6
"""
CAPITAL = """state,year,hwy
OHIO,1970,7
OHIO,1971,8
IOWA,1970,2
IOWA,1971,3
"""
PLACES = """name,city,code
Logan,Boston,BOS
Hollis,Springfield,SPR
"""
OFFERED = re.compile(r"^- (.+)$", re.M)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """From tables, by their names, to a desk that has them."""

    def made(**tables: str) -> Desk:
        for name, text in tables.items():
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        monkeypatch.setattr("tests.golden.judge.TABLES", tmp_path)
        return Desk([load(name, tmp_path) for name in tables])

    return made


def first_cell(one: Desk, question: str, *earlier: str):
    _, outcomes, text = one.ask(question, earlier)
    assert outcomes, text
    return outcomes[0].result["rows"][0][0]


@pytest.mark.parametrize(
    ("question", "cell", "said"),
    [
        ("how many houses are there", 4, "I read “houses” as the rows of windsor_houses."),
        ("how many homes have more than 1 bathroom?", 1, "I read “bathroom” as `bathrms`."),
        ("average price of homes with a garage", 51250, "I read “garage” as `garagepl`."),
        ("cheapest house in the preferred area", 38500, "`prefarea`"),
        ("are bigger lots pricier?", pytest.approx(0.4558, abs=1e-3), "which is not cause"),
        ("what is the typical price?", 45750, "“typical” as the median"),
        ("average price in dollars", 47625, "price"),
        ("average lotsize in hectares", None, "hectares"),
    ],
)
def test_a_question_about_houses_says_how_it_was_read(desk, question, cell, said) -> None:
    one = desk(windsor_houses=HOUSES)
    plan, _, text = one.ask(question)
    assert said in text
    assert (first_cell(one, question) if plan.calls else None) == cell


def test_a_number_far_from_all_of_a_column_is_not_held_against_it(desk) -> None:
    plan, _, text = desk(windsor_houses=HOUSES).ask("houses with 4 bedrooms under 60000")
    assert plan.kind == "refusal"
    assert not plan.calls, text


def test_a_table_of_counts_is_added_up_and_says_so(desk) -> None:
    one = desk(commits=COMMITS)
    assert first_cell(one, "how many commits were there in total?") == 10
    text = one.ask("commits per month")[2]
    assert "I take the total of `count`" in text
    assert not one.ask("average commits per day")[0].calls


def test_months_are_found_in_a_column_of_numbers(desk) -> None:
    one = desk(airquality=DAYS)
    assert first_cell(one, "average temp in june") == 78
    assert first_cell(one, "how many days were hotter than 90 degrees?") == 1
    assert "The months are numbers in `Month`." in one.ask("average temp in june")[2]


def test_growth_without_years_is_from_the_first_to_the_last_and_says_so(desk) -> None:
    one = desk(state_output=STATES)
    assert first_cell(one, "which state's gsp grew the most?") == "OHIO"
    assert first_cell(one, "which state's gsp dropped the most?") == "IOWA"
    assert "You named no years" in one.ask("which state's gsp grew the most?")[2]
    assert one.ask("which state grew the most?")[0].kind == "choice"


def test_a_name_that_may_stand_in_several_columns_is_asked_back(desk) -> None:
    one = desk(places=PLACES)
    for question in ("rows in Boston", "where is BOS"):
        assert not one.ask(question)[0].calls or "Boston" in str(one.ask(question)[1])


def test_a_follow_up_takes_the_table_of_the_last_answer(desk) -> None:
    one = desk(airquality=DAYS, other=DAYS)
    asked = "average wind in airquality"
    assert one.ask("average temp")[0].kind == "choice"
    text = one.ask("average temp", [asked])[2]
    assert "I took airquality, as in your question before." in text


def test_us_is_the_country_where_a_column_has_it(desk) -> None:
    one = desk(firms="firm,country,profit\nA,United States,5\nB,Japan,7\nC,United States,1\n")
    assert first_cell(one, "total profit of us firms") == 6
    assert first_cell(one, "tell us the total profit") == 13


@pytest.mark.parametrize(
    "question",
    ["why?", "predict the price", "show me on a map", "delete the second row", "train a model"],
)
def test_what_cannot_be_done_is_said_with_the_nearest_that_can(desk, question: str) -> None:
    plan, _, text = desk(windsor_houses=HOUSES).ask(question)
    assert plan.kind == "refusal"
    assert text.startswith("I cannot ")


REFUSED = [
    "why?",
    "predict the price",
    "what is the blorp of the price",
    "price per square foot by bedrooms",
    "how many dragons have airco",
    "show the lotsize on a map",
]


@pytest.mark.parametrize("question", REFUSED)
def test_every_offer_of_a_refusal_is_answered(desk, question: str) -> None:
    one = desk(windsor_houses=HOUSES)
    plan, _, text = one.ask(question)
    assert plan.kind == "refusal"
    offers = OFFERED.findall(text)
    assert 1 <= len(offers) <= 3
    for offer in offers:
        assert one.ask(offer)[0].calls, offer


def test_offers_speak_of_what_the_question_names(desk) -> None:
    text = desk(windsor_houses=HOUSES).ask("what is the blorp of the lotsize")[2]
    assert all("lotsize" in offer for offer in OFFERED.findall(text))


@pytest.mark.parametrize("said", ["hi", "what can you do?", "thanks, that was helpful"])
def test_small_talk_is_answered(desk, said: str) -> None:
    plan, _, text = desk(windsor_houses=HOUSES).ask(said)
    assert plan.kind in ("greeting", "help")
    assert "did not understand" not in text


def test_two_tables_are_joined_on_two_keys_that_together_name_rows(desk) -> None:
    one = desk(state_output=STATES, public_capital=CAPITAL)
    text = one.ask("average hwy by state with gsp above 45")[2]
    assert "on `state` = `state` and `year` = `year`" in text
    assert "4 of 4 rows found a partner." in text
    assert first_cell(one, "average hwy where gsp is above 99") == 7.5


def test_keys_that_repeat_are_found_when_the_join_is_computed(desk) -> None:
    rows = CAPITAL + "OHIO,1970,9\n"
    one = desk(state_output=STATES, public_capital=rows.replace("IOWA,1971,3\n", ""))
    assert "does not name single rows (1 of its values" in one.ask("average hwy by gsp")[2]


def test_a_weekend_is_computed_from_the_names_of_days(desk) -> None:
    bills = "bill,day\n10,Sun\n20,Sat\n30,Thur\n50,Fri\n"
    one = desk(bills=bills)
    _, outcomes, text = one.ask("weekend vs weekday average bill")
    assert outcomes[0].result["rows"][0][:2] == ["weekday", 40]
    assert outcomes[0].result["rows"][1][:2] == ["weekend", 15]
    assert "computed from `day`" in text
    assert first_cell(one, "average bill on sunday") == 10
