"""Splitting, spelling and the lexicon."""

import pytest

from leonidas_jupyter.assistant.analyst.column import same_word
from leonidas_jupyter.assistant.analyst.form import read_form
from leonidas_jupyter.assistant.analyst.lexicon import read_frame
from leonidas_jupyter.assistant.analyst.spelling import correction
from leonidas_jupyter.assistant.analyst.vocabulary import EXACT, LOOSE, NEAR
from leonidas_jupyter.assistant.analyst.words import pieces, singular, tokenize


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("bill_length_mm", ("bill", "length", "mm")),
        ("billLengthMM", ("bill", "length", "mm")),
        ("Mar.2019", ("mar", "2019")),
        ("row m/z", ("row", "m", "z")),
        ("GDP (million US$)", ("gdp", "million", "us")),
        ("Größe", ("große".replace("ß", "ss").replace("ö", "o"),)),
    ],
)
def test_names_are_split_into_words(name: str, words: tuple[str, ...]) -> None:
    assert pieces(name) == words


def test_contractions_and_possessives_are_written_out() -> None:
    low = [
        token.low
        for token in tokenize("What's Gentoo's mass? It isn't 1,250.5 or -3 or 2010-01-02")
    ]
    assert low == [
        "what",
        "is",
        "gentoo",
        "mass",
        "?",
        "it",
        "is",
        "not",
        "1,250.5",
        "or",
        "-3",
        "or",
        "2010-01-02",
    ]


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("species", "species"),
        ("islands", "island"),
        ("categories", "category"),
        ("boxes", "box"),
        ("mass", "mass"),
        ("people", "person"),
    ],
)
def test_plurals_have_a_singular(plural: str, one: str) -> None:
    assert singular(plural) == one


def test_columns_fit_exactly_nearly_or_loosely(tables) -> None:
    lexicon = read_frame(tables["penguins"].frame)
    assert lexicon.column("body_mass_g").fits(["body", "mass", "g"]) == EXACT
    assert lexicon.column("body_mass_g").fits(["body", "weight"]) == NEAR
    assert lexicon.column("body_mass_g").fits(["mass"]) == LOOSE
    assert lexicon.column("body_mass_g").fits(["body"]) == 0
    assert read_frame(tables["cars"].frame).column("Miles_per_Gallon").fits(["mpg"]) == NEAR


def test_a_minimum_is_not_a_number_of_minutes(tables) -> None:
    lexicon = read_frame(tables["weather"].frame)
    assert lexicon.column("temp_min").unit is None
    assert lexicon.column("temp_min").fits(["temperature"]) == LOOSE
    assert lexicon.column("temp_max").fits(["temperature"]) == LOOSE


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("avergae", "average"), ("specis", "species"), ("flippr", "flipper"), ("bdoy", "body")],
)
def test_slips_are_corrected(tables, typed: str, meant: str) -> None:
    lexicon = read_frame(tables["penguins"].frame)
    found = correction(typed, lexicon, ["penguins"])
    assert found is not None
    assert singular(found) == meant


@pytest.mark.parametrize("word", ["county", "model", "medium", "weather", "wing", "horse"])
def test_real_words_are_not_taken_for_slips(tables, word: str) -> None:
    assert correction(word, read_frame(tables["gapminder"].frame), ["gapminder"]) is None


def test_words_cut_short_in_a_name_stand_for_the_whole_word() -> None:
    assert same_word("expectancy", "expect")
    assert same_word("population", "pop")
    assert not same_word("popular", "pop")
    assert not same_word("billion", "bill")


@pytest.mark.parametrize(
    ("question", "rest", "decimals"),
    [
        ("mean mass rounded to two decimals", "mean mass", 2),
        ("mean mass, to 3 decimal places", "mean mass", 3),
        ("mean mass rounded to the nearest integer", "mean mass", 0),
        ("top 3 islands", "top 3 islands", None),
    ],
)
def test_the_form_of_the_answer_is_read(question: str, rest: str, decimals: int | None) -> None:
    form = read_form(question)
    assert (form.question.strip(), form.decimals) == (rest, decimals)
