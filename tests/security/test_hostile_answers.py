"""Cells and names that try to leave the place where an answer shows them."""

import pytest

from leonidas_jupyter.kernel import display
from leonidas_jupyter.kernel.answer import Answer, Step
from leonidas_jupyter.kernel.listing import Column, Listing
from leonidas_jupyter.kernel.markdown import for_terminal

ESCAPES = ["\x1b[2J", "\x1b]0;owned\x07", "\x1b]52;c;cm0gLXJm\x07", "\x9b31m", "\x08\x08", "\r"]


@pytest.mark.parametrize("escape", ESCAPES)
def test_a_terminal_is_not_told_what_to_do(escape, capsys):
    table = {"text/markdown": f"| {escape} |", "application/json": {"columns": [], "rows": []}}
    step = Step("t1", "query", {}, f"SELECT '{escape}'", True, "", [table])
    answer = Answer("?", "s1", text=f"It is {escape}now", status="completed", steps=[step])
    screen = display.TextDisplay()
    screen.update(answer)
    screen.finish(answer)
    shown = capsys.readouterr().out
    assert "It is " in shown
    assert "SELECT" in shown
    assert not set(shown) & {"\x1b", "\x9b", "\x07", "\x08", "\r"}


@pytest.mark.parametrize("escape", ESCAPES)
def test_nor_is_one_told_by_an_answer_that_is_shown_again(escape, monkeypatch):
    shown = []
    monkeypatch.setattr(display, "_display", lambda bundle, **_: shown.append(bundle))
    monkeypatch.setattr(display, "in_notebook", lambda: False)
    display.show_again(Answer("?", "s1", text=escape, status="completed"))
    assert not set(shown[0]["text/plain"]) & {"\x1b", "\x9b", "\x07", "\x08", "\r"}


def test_what_is_no_control_character_stays():
    text = "naïve\t日本語 😀\n| a | b |"
    assert for_terminal(text) == text


def test_names_in_a_listing_are_text_and_no_html():
    names = ["<script>alert(1)</script>", "\"' onmouseover=alert(1)", "&lt;b&gt;"]
    html = Listing(names, [Column("<b>Name</b>", str)], note="<i>note</i>")._repr_html_()
    for tag in ("<script", "<b>", "<i>", "onmouseover=alert(1)>"):
        assert tag not in html
    assert "&amp;lt;b&amp;gt;" in html


@pytest.mark.parametrize("escape", ESCAPES)
def test_a_listing_as_text_obeys_no_name(escape):
    shown = repr(Listing([escape], [Column("Name", str)], note=escape))
    assert not set(shown) & {"\x1b", "\x9b", "\x07", "\x08", "\r"}
