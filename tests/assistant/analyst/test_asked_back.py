"""What the analyst asks back, offers and explains where a table gives words two meanings."""

from pathlib import Path

import pytest

from leonidas_jupyter.data.frames import Frame, frame_name
from leonidas_jupyter.data.ingest import ingest
from tests.golden.judge import Desk, Table

JOBS = """job,sex,year,count
Nurse,women,1950,400
Nurse,men,1950,20
Farmer,women,1950,100
Farmer,men,1950,4000
Nurse,women,2000,2000
Nurse,men,2000,160
Farmer,women,2000,90
Farmer,men,2000,660
"""
RIOTS = """name,age,sex,death_date,type
Ada,31,Female,1992-04-30,Homicide
Bo,25,Male,1992-04-30,Death
Cy,40,Male,1992-05-01,Homicide
Di,18,Female,1992-05-02,Shooting
Ed,,Male,1992-05-04,Death
"""
QUAKES = """mag,place,depth_km
4.5,"Adak, Alaska",10
5.5,"Kodiak, Alaska",20
2.5,"Aguanga, CA",5
3.5,"Castaic, CA",7
""" + "".join(f'1.{n % 10},"{n} km of somewhere else {n}",{n}\n' for n in range(400))


def desk_of(folder: Path, name: str, text: str) -> Desk:
    source, parquet = folder / f"{name}.csv", folder / f"{name}.parquet"
    source.write_text(text, encoding="utf-8")
    report = ingest(source, parquet, filename=source.name, override=None, progress=lambda _: None)
    frame = Frame(
        name=frame_name(source.name),
        file_id=name,
        filename=source.name,
        frame_hash=report.frame_hash,
        content_version=1,
        profile=report.profile,
    )
    return Desk([Table(name, frame, parquet)])


@pytest.fixture
def jobs(tmp_path: Path) -> Desk:
    return desk_of(tmp_path, "jobs", JOBS)


@pytest.fixture
def riots(tmp_path: Path) -> Desk:
    return desk_of(tmp_path, "riots", RIOTS)


@pytest.fixture
def quakes(tmp_path: Path) -> Desk:
    return desk_of(tmp_path, "quakes", QUAKES)


def cells(desk: Desk, question: str) -> list[list[object]]:
    plan, outcomes, _ = desk.ask(question)
    assert plan.calls, question
    return [list(row) for row in outcomes[0].result["rows"]]


def test_an_aggregate_before_count_is_of_the_column_of_counts(jobs: Desk) -> None:
    assert [row[:2] for row in cells(jobs, "total count per year")] == [[1950, 4520], [2000, 2910]]
    assert cells(jobs, "average count of women")[0][0] == 647.5


@pytest.mark.parametrize(
    ("question", "offered"),
    [
        ("How many women in 2000?", "the total count of women in 2000?"),
        ("Which job had the most women?", "Which job had the highest total count of women?"),
        ("count by year", "the total count by year"),
    ],
)
def test_counting_rows_of_a_table_of_counts_is_asked_back(
    jobs: Desk, question: str, offered: str
) -> None:
    plan, _, text = jobs.ask(question)
    assert plan.kind == "choice"
    assert f"- {offered}" in text
    assert cells(jobs, offered)


def test_a_share_of_rows_of_a_table_of_counts_is_declined(jobs: Desk) -> None:
    plan, _, text = jobs.ask("share of men per year")
    assert plan.kind == "refusal"
    assert "the total of `count`" in text


@pytest.mark.parametrize(
    "question", ["how many rows per year", "row count", "count of rows by sex"]
)
def test_rows_that_are_named_are_counted(jobs: Desk, question: str) -> None:
    assert all(row[-1] in (4, 8) for row in cells(jobs, question))


def test_a_value_that_is_also_what_a_column_is_of_is_asked_back(riots: Desk) -> None:
    plan, _, text = riots.ask("deaths on or after 1 May 1992")
    assert plan.kind == "choice"
    assert "- rows on or after 1 May 1992\n- rows with type Death on or after 1 May 1992" in text
    assert cells(riots, "how many homicides") == [[2]]


def test_people_are_the_rows_of_a_table_of_people(riots: Desk, jobs: Desk) -> None:
    assert cells(riots, "how many people are over 30") == [[2]]
    _, _, text = riots.ask("average age of the people who are male")
    assert "I read “people” as the rows of riots." in text
    assert not jobs.ask("how many people in 1950")[0].calls


@pytest.mark.parametrize(
    "question",
    ["what does age mean?", "what does the age column stand for", "meaning of age", "define age"],
)
def test_what_a_name_means_is_not_a_mean(riots: Desk, question: str) -> None:
    plan, _, text = riots.ask(question)
    assert plan.kind == "describe_column"
    assert text.startswith("The table does not say what `age` means; this is what it holds.")


def test_a_number_may_follow_the_column_that_it_bounds(quakes: Desk) -> None:
    assert cells(quakes, "how many quakes above magnitude 5") == [[1]]
    assert cells(quakes, "how many quakes were stronger than magnitude 4") == [[2]]
    assert cells(quakes, "how many quakes between magnitude 2 and 4") == [[2]]
    assert "I read “magnitude” as `mag`." in quakes.ask("mean magnitude")[2]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("whats the average age of the victims", "I read “victims” as the rows of riots."),
        ("How many of the victims were not male?", "I read “victims” as the rows of riots."),
        ("how many women were killed", "I read “were killed” as being in riots"),
    ],
)
def test_what_a_row_is_called_is_said(riots: Desk, question: str, said: str) -> None:
    assert said in riots.ask(question)[2]


def test_offers_are_whole_sentences(riots: Desk) -> None:
    _, _, text = riots.ask("how many women were blorped")
    assert text.endswith("Did you mean:\n\n- how many women were there")


def test_a_word_of_free_text_is_searched_for(quakes: Desk) -> None:
    assert cells(quakes, "How many quakes in Alaska?") == [[2]]
    assert "I looked for “Alaska” in `place`." in quakes.ask("How many quakes in Alaska?")[2]


def test_a_day_before_the_year_takes_it_from_the_next(riots: Desk) -> None:
    assert cells(riots, "how many rows between April 30 and May 2 1992") == [[4]]


PLACES = """code,candidate_name,city,state,party,strength (%)
a1,Ann,Washington,DC,DEM,12
a2,Ben,Seattle,WA,REP,20
a3,Cal,Austin,TX,REP,31
a4,Dot,Dallas,TX,DEM,44
"""


@pytest.fixture
def places(tmp_path: Path) -> Desk:
    return desk_of(tmp_path, "places", PLACES)


def test_a_state_is_known_by_its_code_and_asked_back_where_a_city_has_its_name(
    places: Desk,
) -> None:
    assert cells(places, "how many rows are in Texas") == [[2]]
    plan, _, text = places.ask("how many rows are in Washington")
    assert plan.kind == "choice"
    assert "city Washington" in text
    assert "state WA" in text


def test_what_a_column_names_stands_for_its_rows(places: Desk) -> None:
    assert cells(places, "how many candidates are Republicans") == [[2]]


def test_a_percent_sign_bounds_a_column_that_says_it(places: Desk) -> None:
    assert cells(places, "how many rows with a strength of more than 30%") == [[2]]
    assert not places.ask("how many rows with a code above 30%")[0].calls


def test_dates_that_were_read_as_text_are_named(tmp_path: Path) -> None:
    bills = desk_of(tmp_path, "bills", "date,value\n02/01/2019,4\n08//01/2019,5\nsoon,6\n")
    assert "`date` was read as text" in bills.ask("total value per day")[2]


def test_letters_name_groups_in_mid_sentence(tmp_path: Path) -> None:
    trial = desk_of(tmp_path, "trial", "arm,score\nA,1\nB,3\nA,2\nB,5\n")
    assert cells(trial, "average score of arm A") == [[1.5, 2, 0]]
    assert trial.ask("make a histogram of score")[0].kind == "histogram"


def test_a_code_is_a_place_only_where_its_column_says_so(tmp_path: Path) -> None:
    text = "network,mag\nak,1.5\nak,2.5\nci,3.5\nci,0.5\n"
    assert not desk_of(tmp_path, "events", text).ask("how many rows in Alaska")[0].calls


def test_a_word_for_a_column_is_not_the_table_of_like_name(tmp_path: Path) -> None:
    text = "area,amount\nrent,10\nrent,20\nfuel,5\nfuel,6\n"
    spending = desk_of(tmp_path, "spending", text)
    assert not spending.ask("amount by area")[0].calls
    assert cells(spending, "total spend by area")[0][1] in (11, 30)
