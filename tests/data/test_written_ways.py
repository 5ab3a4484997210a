"""Numbers, dates and encodings in the ways that people write them in many places."""

import datetime

import pytest

D = datetime.date
T = datetime.time


@pytest.mark.parametrize(
    ("cells", "values", "marks"),
    [
        (["1,234.50", "(99.00)"], [1234.5, -99.0], {"negative": "()", "thousands": ","}),
        (["$5.00", "($9.50)"], [5.0, -9.5], {"negative": "()", "prefix": "$"}),
        (["1,50", "2,25-"], [1.5, -2.25], {"negative": "after", "decimal": ","}),
        (["\u22121.5", "2.5"], [-1.5, 2.5], {"negative": "\u2212"}),
        (["+1.5", "-2.5", "0"], [1.5, -2.5, 0.0], {"plus": True}),
        (["12,34,567", "999"], [1234567, 999], {"thousands": ",", "indian": True}),
        (["(1)", "(2)"], ["(1)", "(2)"], {}),
        (["+4912345", "+4998765"], ["+4912345", "+4998765"], {}),
        (["+1.5", "2.5"], ["+1.5", "2.5"], {}),
        (["(1", "2"], ["(1", "2"], {}),
        (["++5", "-3"], ["++5", "-3"], {}),
        (["3. März 2024", "24. Mai 2023"], [D(2024, 3, 3), D(2023, 5, 24)], {"months": "März"}),
        (["1 de mayo de 2024"], [D(2024, 5, 1)], {"months": "mayo"}),
        (["15 févr. 2024", "1 mai 2024"], [D(2024, 2, 15), D(2024, 5, 1)], {"months": "févr."}),
        (["1-jan-2024", "2-sept-2024"], [D(2024, 1, 1), D(2024, 9, 2)], {"months": "sept"}),
        (["Wed, 31 Jan 2024"], [D(2024, 1, 31)], {"format": "%a, %d %b %Y"}),
        (["Thu, 31 Jan 2024"], ["Thu, 31 Jan 2024"], {}),
        (["2024年1月31日"], [D(2024, 1, 31)], {"format": "%Y年%-m月%-d日"}),
        (["1:05 p.m.", "11:30 a.m."], [T(13, 5), T(11, 30)], {"format": "%-I:%M %.P"}),
        (["1:05 P.M.", "11:30 A.M."], [T(13, 5), T(11, 30)], {"format": "%-I:%M %.p"}),
        (["01:05 p. m.", "11:30 a. m."], [T(13, 5), T(11, 30)], {"format": "%I:%M %_P"}),
        (["1:05 p.m.", "11:30 am"], ["1:05 p.m.", "11:30 am"], {}),
        (["1:05 p.m.", "11:30 AM"], ["1:05 p.m.", "11:30 AM"], {}),
        (["да", "нет"], [True, False], {"true_word": "да"}),
        (["Tak", "Nie", "Nie"], [True, False, False], {"true_word": "Tak"}),
        (["EVET", "HAYIR"], [True, False], {"false_word": "HAYIR"}),
        (["ja", "nee"], [True, False], {"false_word": "nee"}),
        (["ja", "nej"], [True, False], {"false_word": "nej"}),
        (["Sì", "No"], [True, False], {"true_word": "Sì"}),
        (["1", "\\N", "3"], [1, None, 3], {"null_words": ["\\N"]}),
        (["1,5", "k.A.", "3"], [1.5, None, 3.0], {"null_words": ["k.A."]}),
        (["1", "нет данных"], [1, None], {"null_words": ["нет данных"]}),
        (["a", "\\N", "k.A."], ["a", "\\N", "k.A."], {}),
        (["ND", "SD", "NA"], ["ND", "SD", "NA"], {}),
        (["1 mayo 2024", "1 mai 2024"], ["1 mayo 2024", "1 mai 2024"], {}),
    ],
)
def test_ways_of_writing(load, cells, values, marks):
    loaded = load("\n".join(["k;x", *(f"r{i};{cell}" for i, cell in enumerate(cells))]) + "\n")
    assert loaded.columns["x"] == values
    written = loaded.report.dialect.columns.get("x")
    for name, value in marks.items():
        found = getattr(written, name)
        assert value in found if name == "months" else found == value


@pytest.mark.parametrize(
    ("codec", "word"),
    [
        ("cp1252", "Müller;Jürgen;Bärbel;Düsseldorf"),
        ("iso8859-15", "Orléans 5 €;Besançon 7 €;Nîmes 9 €"),
        ("cp1250", "Łódź;Święty Mikołaj;Część później"),
        ("iso8859-2", "Łódź;Święty Mikołaj;Część później"),
        ("cp1254", "İstanbul;Eskişehir;Iğdır;Güneş, doğa"),  # noqa: RUF001 - Turkish
        ("mac_roman", "Zoé Noël;Réné Besançon;Hélène Sète"),
        ("cp1251", "Столица России;Город на Волге;Центр Сибири"),
        ("koi8_r", "Столица России;Город на Волге;Центр Сибири"),
        ("cp866", "Столица России;Город на Волге;Центр Сибири"),
        ("cp1253", "Πρωτεύουσα της Ελλάδας;Λιμάνι στην Πελοπόννησο"),
    ],
)
def test_single_byte_encodings_by_their_letters(load, codec, word):
    words = word.split(";")
    loaded = load(
        "\n".join(["k;x", *(f"{i};{word}" for i, word in enumerate(words))]).encode(codec)
    )
    assert loaded.columns["x"] == words


def test_the_end_mark_of_dos_is_no_row(load):
    assert load(b"a,b\r\n1,x\r\n2,y\r\n\x1a").rows == [(1, "x"), (2, "y")]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Report,,\nMade,2024-01-02,\nk,n,v\na,1,2.5\nb,2,3.5\n", ["k", "n", "v"]),
        ("k,n\n---,---\na,1\nb,2\n", ["k", "n"]),
        ("k,2023,2023\n,n,v\na,1,2.5\nb,2,3.5\n", ["k", "2023 n", "2023 v"]),
    ],
)
def test_layouts_of_reports(load, text, names):
    loaded = load(text)
    assert loaded.names == names
    assert [row[0] for row in loaded.rows] == ["a", "b"]


@pytest.mark.parametrize("mark", ["|~|", ";;", "##", "@@", "->", " | ", "\t\t", "¦", "§", "þ"])
def test_uncommon_delimiters(load, mark):
    rows = [("name", "n", "v"), ("x y", "1", "2.5"), ("z", "2", "3.5"), ("u v", "3", "4.5")]
    loaded = load("\n".join(map(mark.join, rows)) + "\n")
    assert loaded.names == ["name", "n", "v"]
    assert loaded.rows == [("x y", 1, 2.5), ("z", 2, 3.5), ("u v", 3, 4.5)]


def test_a_sign_that_also_stands_alone_or_not_in_every_line_is_no_part_of_a_delimiter(load):
    assert load("a;b;c\n1;;x\n2;;y\n3;;z\n").names == ["a", "b", "c"]
    assert load("text\nsee -> there\nno\nmore -> or less\n").names == ["text"]


@pytest.mark.parametrize("count", [3, 40])
def test_points_that_may_separate_thousands_are_said_and_decided_by_many(load, count):
    cells = [f"{n}.{(n * 373) % 1000:03}" for n in range(1, count)] + ["86", "7"]
    loaded = load("town;people\n" + "".join(f"t{n};{cell}\n" for n, cell in enumerate(cells)))
    assert any("“people” could separate" in s for s in loaded.report.dialect.assumed)
    marks = loaded.report.dialect.columns.get("people")
    assert (marks is not None and marks.thousands == ".") == (count > 20)


def test_money_has_no_three_decimals(load):
    assert load("k;x\na;$8,823\nb;$17,100\n").columns["x"] == [8823, 17100]
    assert load("k;x\na;8,823 %\nb;17,101 %\n").columns["x"] == [8.823, 17.101]
