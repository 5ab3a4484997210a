"""What a person says about a file is bounded, and ends in a frame or a sentence whatever it is."""

import itertools

import pytest
from pydantic import ValidationError

from leonidas_jupyter.data.dialect import DialectOverride
from leonidas_jupyter.data.errors import UnreadableFile

TABLE = 'a,b\n1,"x, y"\n2,z\n3,w\n'


@pytest.mark.parametrize(
    "said",
    [
        {"delimiter": ""},
        {"delimiter": "123456789"},
        {"delimiter": "\n"},
        {"delimiter": "\0"},
        {"quote": '""'},
        {"quote": "\r"},
        {"escape": "\\\\"},
        {"comment": "#\n"},
        {"skip_rows": 1_000_001},
        {"footer_rows": 100_001},
        {"thousands": "--"},
        {"thousands": "1"},
        {"encoding": ""},
        {"encoding": "x" * 41},
        {"null_words": ["x"] * 101},
        {"null_words": ["x" * 201]},
        {"delimiter": '"', "quote": '"'},
        {"delimiter": "\\", "escape": "\\"},
        {"decimal": ",", "thousands": ","},
    ],
)
def test_what_cannot_be_meant_is_refused(said):
    with pytest.raises(ValidationError):
        DialectOverride(**said)


@pytest.mark.parametrize("encoding", ["utf-16", "UTF_16_LE", "utf-32", "utf-32-be", "idna"])
def test_an_encoding_that_the_file_is_not_in(load, encoding):
    for content in (TABLE, TABLE + "4,é\n", TABLE + "1"):
        with pytest.raises(UnreadableFile, match=r"(not in|no encoding called).*\.$"):
            load(content, override=DialectOverride(encoding=encoding))


ODD = [
    {"delimiter": "é"},
    {"delimiter": "🎉🎉"},
    {"quote": "é"},
    {"quote": ""},
    {"quote": "", "escape": '"'},
    {"escape": ""},
    {"escape": "x"},
    {"escape": "é"},
    {"comment": "a"},
    {"comment": "(((("},
    {"skip_rows": 1000},
    {"footer_rows": 1000},
    {"header_rows": 10},
    {"thousands": "."},
    {"thousands": "\\"},
    {"thousands": "", "decimal": ","},
    {"null_words": []},
    {"null_words": ["1", "", "'"]},
    {"text_columns": ["nobody"]},
]


@pytest.mark.parametrize("pair", [*itertools.combinations(ODD, 2)][::3])
def test_odd_words_end_in_a_frame_or_a_sentence(load, pair):
    said = pair[0] | pair[1]
    if said.get("delimiter") == said.get("escape", "none"):
        said.pop("escape")
    try:
        rows, sentence = load(TABLE, override=DialectOverride(**said)).report.rows, "."
    except UnreadableFile as error:
        rows, sentence = 0, error.sentence
    assert rows <= 4
    assert sentence.endswith(".")
