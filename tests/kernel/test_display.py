"""What is drawn under a cell while an answer streams, and how often."""

import pytest

from leonidas_jupyter.kernel import display
from leonidas_jupyter.kernel.answer import SPEAKER, Answer, Step

RESULT = {"columns": [{"name": "n", "type": "BIGINT"}], "rows": [[3]], "elapsed_ms": 40.0}
TABLE = {"application/json": RESULT, "text/markdown": "| n |\n| --- |\n| 3 |"}
CHART = {display.MARKDOWN: "", "application/vnd.vegalite.v5+json": {"mark": {"type": "bar"}}}


class Screen:
    """Takes the place of the front end."""

    def __init__(self) -> None:
        self.drawn: list[str] = []
        self.others: list[object] = []

    def display(self, shown, **options):
        if options.get("display_id"):
            return self
        self.others.append(shown)
        return None

    def update(self, bundle, **_options) -> None:
        self.drawn.append(bundle["text/markdown"])


@pytest.fixture
def screen(monkeypatch):
    made = Screen()
    monkeypatch.setattr(display, "_display", made.display)
    return made


def answer(**given) -> Answer:
    return Answer(question="How many?", session_id="s1", run_id="r1", **given)


def test_a_fast_stream_is_not_drawn_token_by_token(screen, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(display.time, "monotonic", lambda: now[0])
    cell, growing = display.CellDisplay(), answer()
    for _ in range(1000):
        growing.text += "word "
        now[0] += 0.001
        cell.update(growing)
    assert 9 <= len(screen.drawn) <= 11
    growing.status = "completed"
    cell.finish(growing)
    assert screen.drawn[-1].count("word") == 1000


def test_what_is_going_on_is_said(screen):
    cell = display.CellDisplay()
    cell.update(answer(steps=[Step("t1", "query", {}, "SELECT 1")]))
    assert screen.drawn == ["*Running query…*"]


def test_a_result_that_the_text_does_not_show_is_added(screen):
    step = Step("t1", "query", {}, "SELECT 3 AS n", ok=True, summary="1 row", outputs=[TABLE])
    display.CellDisplay().finish(answer(text="Three.", status="completed", steps=[step]))
    (text,) = screen.drawn
    assert text.startswith(
        "Three.\n\n| n |\n| --- |\n| 3 |\n\n<details><summary>1 step · SQL · 0.04 s"
    )


@pytest.mark.parametrize(
    ("model", "text", "labels"),
    [
        ("builtin", "There are 3 tables.", 1),
        ("builtin", "I am the built-in analyst, not a language model.", 0),
        ("openai:m", "There are 3 tables.", 0),
    ],
)
def test_the_built_in_analyst_is_labelled_also_where_it_ran_nothing(
    screen, capsys, model, text, labels
):
    given = answer(text=text, status="completed", model=model)
    display.CellDisplay().finish(given)
    assert screen.drawn[-1].count(f"*{SPEAKER}*") == labels
    display.TextDisplay().finish(given)
    assert capsys.readouterr().out.count(f"({SPEAKER})") == labels


def test_code_that_two_steps_ran_stands_once(screen):
    steps = [
        Step("t1", "query", {}, "SELECT 3", ok=True, outputs=[TABLE]),
        Step("t2", "chart", {}, "SELECT 3", ok=True, outputs=[CHART]),
    ]
    given = answer(text="A chart.", status="completed", steps=steps)
    display.CellDisplay().finish(given)
    assert screen.drawn == ["A chart."]
    chart, receipt = screen.others
    assert repr(chart) == "<Chart: bar>"
    assert receipt["text/markdown"].count("SELECT 3") == 1
    assert given.code == "SELECT 3"


def test_a_step_that_failed_is_in_the_receipt(screen):
    step = Step(
        "t1", "query", {}, "SELECT nothing", ok=False, summary="There is no <b>nothing</b>."
    )
    text = answer(text="No.", steps=[step]).markdown()
    assert "query: There is no &lt;b>nothing&lt;/b>." in text


def test_a_terminal_never_gets_a_text_twice(capsys):
    shown, growing = display.TextDisplay(), answer(text="Gen")
    shown.update(growing)
    growing.text = ""  # the connection broke, and what was not stored comes again
    shown.update(growing)
    growing.text = "Gentoo"
    shown.update(growing)
    growing.status = "completed"
    shown.finish(growing)
    assert capsys.readouterr().out.startswith("Gentoo\n")
