"""Result handles: filled in for the user, however the model's text arrives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leonidas_jupyter.assistant.handles import LONGEST, MISSING, Handles, unfilled
from leonidas_jupyter.assistant.results import Results

TABLE = {
    "columns": [{"name": "region"}, {"name": "mean"}, {"name": "a.b"}],
    "rows": [["north", 1.23456789, 3], ["so*uth", 2e6, 4], ["<img src=x>", None, 5]],
}
EVIL = {
    "columns": [{"name": "v", "type": "VARCHAR"}],
    "rows": [["```\n# stop"], ["- item"], ["1. one"], ["[a](javascript:x)"], ["a`b"], ["=cmd"]],
}


def results():
    found = Results()
    found.add("t1", TABLE)
    found.add("t2", {"columns": [{"name": "n"}], "rows": [[7]], "truncated": True})
    found.add(
        "t3", {"name": "f", "rows": 5, "columns": [{"name": "x", "mean": 3.5}, {"name": "y"}]}
    )
    found.add("t4", {"frames": [{"name": "sales", "rows": 12}, {"name": "costs", "rows": 3}]})
    found.add("t5", EVIL)
    found.add(
        "t6", {"columns": [{"name": "r"}], "rows": [[0.5]], "tables": [{"name": "g", **TABLE}]}
    )
    found.add("t7", {"columns": [{"name": "k"}, {"name": "v"}], "rows": [["a", 1], ["a", 2]]})
    found.add(
        "t8", {"columns": [{"name": "a"}], "rows": [[1]], "truncated": True, "total_rows": 99}
    )
    return found


def filled(text):
    handles = Handles(results())
    return handles.feed(text) + handles.rest()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("a {{t1.0.mean}} b", "a 1.23457 b"),
        ("{{ t1.0.MEAN }}", "1.23457"),
        ("{{t1[north].mean}}", "1.23457"),
        ("{{t1[so*uth, 4].mean}}", "2000000"),
        ("{{t1.1.region}}", "so\\*uth"),
        ("{{t1.0.a.b}} {{t1.0.2}}", "3 3"),
        ("{{t1.rows}} {{t2.rows}} {{t8.rows}}", "3 over 1 99"),
        ("{{t2}} {{t2.n}} {{t2.0}} {{t2.0.n}}", "7 7 7 7"),
        ("{{t3.rows}} {{t3[x].mean}} {{t3.0.mean}}", "5 3.5 3.5"),
        ("{{t4[costs].rows}} {{t4.rows}}", "3 2"),
        ("{{t6.r}} {{t6.g.0.mean}} {{t6.g[so*uth].mean}} {{t6.g.rows}}", "0.5 1.23457 2000000 3"),
        ("{{t1.2.mean}}", "(missing)"),
        ("{{user}} {x} {} {{", "{{user}} {x} {} {{"),
        ("{{table.0.x}} {{t}} {{ten}}", "{{table.0.x}} {{t}} {{ten}}"),
        ("{{{t2}}} {{t1.0.{{t2}}}}", "{7} {{t1.0.7}}"),
        ("{{t1.0\n.mean}}", "{{t1.0\n.mean}}"),
        ("{{t1.0.mean", "{{t1.0.mean"),
        ("**{{t2}}** | {{t2}} |", "**7** | 7 |"),
    ],
)
def test_a_handle_becomes_its_value_whatever_pieces_it_comes_in(said, shown):
    assert filled(said) == shown
    for size in (1, 2, 3, 7):
        handles = Handles(results())
        pieces = [said[at : at + size] for at in range(0, len(said), size)]
        assert "".join(map(handles.feed, pieces)) + handles.rest() == shown


@pytest.mark.parametrize(
    "said",
    [
        "{{t9.0.x}}", "{{t1.7.mean}}", "{{t1.0.zz}}", "{{t1.mean}}", "{{t1}}",
        "{{t1[west].mean}}", "{{t7[a].v}}", "{{t1.0.9}}", "{{t0}}",
    ],
)  # fmt: skip
def test_a_handle_that_names_nothing_says_so_and_is_counted(said):
    handles = Handles(results())
    assert handles.feed(said) == MISSING
    (found,) = unfilled(f"a {MISSING} b")
    assert (found.text, found.start, found.end) == (MISSING, 2, 2 + len(MISSING))


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("{{t5.0.v}}", r"\`\`\` \# stop"),
        ("{{t5.1.v}}", r"\- item"),
        ("{{t5.2.v}}", r"1\. one"),
        ("> {{t5.1.v}}", r"> \- item"),
        ("x {{t5.1.v}}", "x - item"),
        ("{{t5.3.v}}", r"\[a\](javascript:x)"),
        ("{{t1.2.region}}", r"\<img src=x\>"),
        ("`{{t5.4.v}}` and {{t5.4.v}}", r"`a'b` and a\`b"),
        ("```\n{{t5.0.v}}\n```\n{{t5.4.v}}", "```\n''' # stop\n```\na\\`b"),
        ("~~~sql\n{{t1.1.region}}\n~~~\n{{t1.1.region}}", "~~~sql\nso*uth\n~~~\nso\\*uth"),
        ("```\n~~~\n{{t1.1.region}}\n```\n{{t1.1.region}}", "```\n~~~\nso*uth\n```\nso\\*uth"),
    ],
)
def test_a_cell_adds_no_markup_and_ends_no_code(said, shown):
    assert filled(said) == shown


def test_only_what_may_still_be_a_handle_is_held_back():
    handles = Handles(results())
    assert handles.feed("The mean is {{t1.0") == "The mean is "
    assert handles.feed(".mean}} now") == "1.23457 now"
    assert handles.feed("a {b") == "a {b"
    assert handles.feed("{") == ""
    assert handles.feed("x") == "{x"
    assert handles.feed("{{t1." + "x" * LONGEST).startswith("{{t1.")
    assert handles.rest() == ""


@given(st.text(alphabet="{}t1.0mean[] \n`a", max_size=60), st.integers(1, 9))
def test_pieces_never_matter_and_text_without_handles_is_untouched(text, size):
    whole = filled(text)
    handles = Handles(results())
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert "".join(map(handles.feed, pieces)) + handles.rest() == whole
    if "{{t" not in text.replace(" ", ""):
        assert whole == text
