"""Each thing that a person may say of a file is what the reader then does, from the original."""

import pytest

from leonidas_jupyter.data.dialect import DialectOverride

CASES = {
    "encoding": ("k,x\nKöln,1\n".encode("cp1252"), {"encoding": "cp1251"}, [("Kцln", 1)]),
    "delimiter": ("a;b,c\n1;2,3\n4;5,6\n", {"delimiter": ","}, [("1;2", 3), ("4;5", 6)]),
    "delimiter of several signs": ("a<>b\nx y<>2\n", {"delimiter": "<>"}, [("x y", 2)]),
    "quote": ("a,b\n'x,y',2\n", {"quote": "'"}, [("x,y", 2)]),
    "no quote": ('a,b\n"x",2\n"y",3\n', {"quote": ""}, [('"x"', 2), ('"y"', 3)]),
    "escape": ('a,b\n"x^"y",2\n"z",3\n', {"escape": "^"}, [('x"y', 2), ("z", 3)]),
    "comment": ("a,b\n;x,1\ny,2\nz,3\n", {"comment": ";"}, [("y", 2), ("z", 3)]),
    "no comment": ("a,b\n#x\ny,2\nz,3\n", {"comment": ""}, [("#x", None), ("y", 2), ("z", 3)]),
    "skip_rows": ("p,5\nc,d\nx,1\ny,2\n", {"skip_rows": 1}, [("x", 1), ("y", 2)]),
    "header_rows": ("x,1\ny,2\nz,3\n", {"header_rows": 1}, [("y", 2), ("z", 3)]),
    "no header_rows": ("a,b\ny,2\n", {"header_rows": 0}, [("a", "b"), ("y", "2")]),
    "footer_rows": ("a,b\nx,1\ny,2\nz,3\n", {"footer_rows": 1}, [("x", 1), ("y", 2)]),
    "decimal": ("a;b\nx;1.234\ny;5.678\n", {"decimal": ","}, [("x", 1234), ("y", 5678)]),
    "thousands": ("a;b\nx;1,234\ny;5,678\n", {"thousands": ","}, [("x", 1234), ("y", 5678)]),
    "null_words": ("a,b\nx,1\ny,gone\n", {"null_words": ["gone"]}, [("x", 1), ("y", None)]),
    "text_columns": ("a,b\nx,1\ny,2\n", {"text_columns": ["b"]}, [("x", "1"), ("y", "2")]),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_said_of_a_field_is_done(load, name):
    content, said, rows = CASES[name]
    assert load(content, override=DialectOverride(**said)).rows == rows
    assert load(content).rows != rows or name in ("header_rows", "quote")


def test_every_field_of_the_override_is_tried():
    tried = {field for _, said, _ in CASES.values() for field in said}
    assert tried == set(DialectOverride.model_fields) - {"format", "sheet"}
