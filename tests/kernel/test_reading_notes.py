"""What a notebook says of how a file was read, and of names and options typed otherwise."""

import pytest

from leonidas_jupyter.kernel.arguments import parse
from leonidas_jupyter.kernel.dialects import how_read
from leonidas_jupyter.kernel.errors import LeonidasError
from leonidas_jupyter.kernel.frames import no_such_frame
from leonidas_jupyter.kernel.profiles import FrameProfile
from leonidas_jupyter.kernel.wire import File

BASE = {"file_id": "f", "project_id": "p", "filename": "a.csv", "status": "COMPLETED"}
MESSY = {
    "encoding": "cp1252",
    "delimiter": ";",
    "columns": {"price": {"decimal": ","}},
    "assumed": [
        "The encoding is taken to be cp1252.",
        "The first 3 lines are not part of the table.",
    ],
}


def read(dialect, **more):
    return how_read(File(**BASE, columns=3, dialect=dialect, **more))


def test_a_plain_file_needs_no_words():
    assert read({"encoding": "utf-8", "delimiter": ",", "assumed": []}) == []


def test_what_was_assumed_of_a_messy_one_is_said():
    assert read(MESSY) == [
        "Read with encoding cp1252, separator ';', decimal comma.",
        "The first 3 lines are not part of the table.",
    ]
    assert read({"delimiter": "\t"}) == ["Read with separator tab."]
    # One column has no separator, and a workbook none that anybody wrote.
    assert how_read(File(**BASE, columns=1, dialect={"delimiter": ";"})) == []
    assert read({"format": "excel", "delimiter": ";"}) == []


def test_rows_that_do_not_fit_are_told_by_their_lines():
    first = [{"line": line} for line in (3, 7, 1200, 1300, 1400, 1500)]
    (one,) = read({}, bad_rows={"count": 1, "first": first[:1]})
    assert one.startswith("1 row does not have the table's number of cells")
    assert one.endswith(": line 3.")
    (many,) = read({}, bad_rows={"count": 2000, "first": first})
    assert many.endswith(": lines 3, 7, 1,200, 1,300, 1,400 and 1,995 more.")


def test_a_profile_says_it_too():
    profile = FrameProfile(File(**BASE, columns=3, dialect=MESSY), {})
    assert "not part of the table" in repr(profile)
    assert "encoding cp1252" in profile._repr_html_()


def test_a_name_typed_a_little_otherwise_is_guessed_at():
    known = ["verkäufe_2024", "penguins"]
    assert no_such_frame("verkaufe_2024", known).endswith("did you mean 'verkäufe_2024'?")
    assert no_such_frame("Penguin", known).endswith("did you mean 'penguins'?")
    assert no_such_frame("x", known).endswith("there are: verkäufe_2024, penguins.")
    assert no_such_frame("x", []).endswith("upload a CSV file first.")
    assert no_such_frame("x", [f"frame_{n}" for n in range(25)]).endswith(" and 5 more.")


@pytest.mark.parametrize(
    "line",
    ["load x as y --sep ;", "load x --sep ; as y", "load --sep ; x as y", "load x --reset as y"],
)
def test_the_variable_may_stand_before_or_after_options(line):
    arguments = parse(line)
    assert (arguments.name, arguments.as_variable) == ("x", ["as", "y"])


def test_what_follows_and_is_not_understood_is_said():
    with pytest.raises(LeonidasError, match="Unrecognized arguments: y"):
        parse("load x --sep ; y")
    with pytest.raises(LeonidasError, match="are required: name;"):
        parse("load")
    assert parse("save t --replace as t.csv").as_file == ["as", "t.csv"]
