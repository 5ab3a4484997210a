"""The tool ``python``: when it asks, what it shows, and what it says when the code fails."""

import asyncio

import pytest
from pydantic import ValidationError

from leonidas_jupyter.assistant.executors import Execution
from leonidas_jupyter.assistant.executors.names import names_bound, names_read
from leonidas_jupyter.assistant.executors.outcome import checked
from leonidas_jupyter.assistant.executors.outputs import (
    MAX_OUTPUTS,
    MAX_TEXT,
    MAX_TOTAL,
    Outputs,
    error_of,
    plain,
)
from leonidas_jupyter.assistant.tools import TOOLS
from leonidas_jupyter.assistant.tools.base import ToolContext, ToolFailed
from leonidas_jupyter.assistant.tools.python import PYTHON, PythonArguments
from tests.chat.world import SALES

TABLE = {
    "columns": [{"name": "n", "type": "BIGINT"}],
    "rows": [[1]],
    "truncated": True,
    "total_rows": 20_000,
}


class Kernel:
    def __init__(self, execution=None):
        self.execution = execution or Execution(ok=True, text="")
        self.asked = None

    async def run(self, code, frames, *, may_overwrite=()):
        self.asked = (code, [frame.name for frame in frames], tuple(may_overwrite))
        return self.execution


def context(mode="auto", executor=None):
    async def query(sql, *, limit):
        raise AssertionError("no query")

    return ToolContext([SALES], query, python=mode, executor=executor)


def run(given, code="1"):
    return asyncio.run(PYTHON.run(PythonArguments(code=code), given))


@pytest.mark.parametrize(
    ("mode", "needs"),
    [("ask", "approval"), ("auto", "none"), ("client", "client"), ("off", "none")],
)
def test_the_mode_says_what_a_call_needs(mode, needs):
    assert PYTHON.needs(PythonArguments(code="1"), context(mode)) == needs


def test_it_is_offered_where_something_can_run_it():
    assert PYTHON in TOOLS
    assert PYTHON.offered(context("client"))
    assert PYTHON.offered(context("ask", Kernel()))
    assert not PYTHON.offered(context("ask"))
    assert not PYTHON.offered(context("off", Kernel()))


def test_nothing_runs_where_python_is_off_or_has_no_kernel():
    kernel = Kernel()
    with pytest.raises(ToolFailed, match="turned off"):
        run(context("off", kernel))
    assert kernel.asked is None
    with pytest.raises(ToolFailed, match="no kernel"):
        run(context("auto"))


def test_code_frames_and_what_was_given_away_reach_the_executor():
    kernel = Kernel()
    given = context("auto", kernel)
    given.may_overwrite = ("x",)
    run(given, "x = 1")
    assert kernel.asked == ("x = 1", ["sales"], ("x",))
    assert PYTHON.code(PythonArguments(code="x = 1")) == "x = 1"


def test_the_result_holds_the_table_the_text_and_the_notes():
    done = Execution(
        ok=True,
        text="printed",
        outputs=[{"text/plain": "printed"}],
        table=TABLE,
        kept="k",
        notes=["A note."],
        frames=[SALES],
    )
    output = run(context("auto", Kernel(done)))
    assert output.summary == "20,000 rows, 1 column"
    assert output.result == TABLE | {"kept": "k", "text": "printed", "notes": ["A note."]}
    assert output.outputs[-1]["text/markdown"] == "A note."
    assert [use.content_version for use in output.frames] == [3]


@pytest.mark.parametrize(
    ("execution", "summary"),
    [
        (Execution(ok=True, text="", outputs=[{"image/png": "x"}]), "1 figure"),
        (Execution(ok=True, text="hello"), "ran, with printed text"),
        (Execution(ok=True, text=""), "ran, with nothing to show"),
    ],
)
def test_the_summary_says_what_came_of_it(execution, summary):
    assert run(context("auto", Kernel(execution))).summary == summary


def test_long_text_is_cut_in_the_result_alone():
    done = Execution(ok=True, text="x" * 20_000, outputs=[{"text/plain": "x" * 20_000}])
    output = run(context("auto", Kernel(done)))
    assert len(output.result["text"]) == 8_000
    assert output.outputs[0]["text/plain"] == "x" * 20_000


def test_a_failure_shows_people_the_traceback_and_says_no_more_than_the_error():
    failed = Execution(
        ok=False,
        text="before",
        outputs=[{"text/plain": "before"}],
        error="KeyError: 'x' (line 3)",
        traceback="Traceback …\nKeyError: 'x'",
    )
    with pytest.raises(ToolFailed) as caught:
        run(context("auto", Kernel(failed)))
    assert caught.value.sentence == "KeyError: 'x' (line 3)"
    assert not caught.value.safe  # it can quote a cell
    assert [each["text/plain"] for each in caught.value.outputs] == [
        "before",
        "Traceback …\nKeyError: 'x'",
    ]


@pytest.mark.parametrize("given", [{"code": ""}, {}, {"code": "1", "approved": True}])
def test_arguments_arechecked(given):
    with pytest.raises(ValidationError):
        PythonArguments.model_validate(given)


@pytest.mark.parametrize(
    ("code", "read"),
    [
        ("sales.head()", {"sales"}),
        ("sales = 1", set()),
        ("sales += 1", {"sales"}),
        ("sales['a'] = 1", {"sales"}),
        ("del sales", {"sales"}),
        ("def f():\n    return sales", {"sales"}),
        ("print('sales')", set()),
        ("x.sales", set()),
        ("df.query('a > @sales.a')", {"sales"}),
        ("globals()['sales']", {"sales"}),
        ("f'{sales}'", {"sales"}),
        ("%timeit sales.sum()", {"sales"}),
        ("!ls sales_old", set()),
        ("[other for other in sales]", {"sales"}),
    ],
)
def test_frames_that_code_reads(code, read):
    assert names_read(code, ["sales", "unused"]) == read


@pytest.mark.parametrize(
    ("code", "assigned", "imported"),
    [
        ("a = b = 1\n(c, *d), e.f, g[0] = x", {"a", "b", "c", "d"}, set()),
        ("a += 1\nb: int = 2\nc: int", {"a", "b", "c"}, set()),
        ("for a, b in x:\n    c = 1\nelse:\n    d = 1", {"a", "b", "c", "d"}, set()),
        ("with x as a, y as (b, c): pass", {"a", "b", "c"}, set()),
        ("import a.b, c as d\nfrom e import f as g, h", set(), {"a", "d", "g", "h"}),
        ("def a(b): c = 1\nasync def d(): pass\nclass e: f = 1", {"a", "d", "e"}, set()),
        ("def a():\n    global b\n    b = 1", {"a", "b"}, set()),
        ("[a for a in x if (b := a)]\nlambda c: 0", {"b"}, set()),
        ("try: pass\nexcept E as a: b = 1", {"a", "b"}, set()),
        (
            "match x:\n    case [a, *b]: pass\n    case {'k': c, **d}: pass",
            {"a", "b", "c", "d"},
            set(),
        ),
        ("del a", {"a"}, set()),
        ("if x:\n    import a\na = 1", {"a"}, set()),
        ("%time a = 1\nb = !ls", {"a", "b"}, set()),
        ("x == 1", set(), set()),
    ],
)
def test_names_that_code_binds(code, assigned, imported):
    bound = names_bound(code)
    assert (bound.assigned, bound.imported) == (assigned, imported)


def stream(outputs, text):
    outputs.take("stream", {"name": "stdout", "text": text})


def test_printed_text_is_joined_settled_and_without_colours():
    outputs = Outputs()
    stream(outputs, "10 %\r50 %")
    stream(outputs, "\r100 %\n\x1b[1;31mdone\x1b[0m\n")
    assert outputs.bundles() == [{"text/plain": "100 %\ndone"}]


def test_outputs_can_be_cleared_and_updated():
    outputs = Outputs()
    stream(outputs, "old")
    outputs.take("clear_output", {"wait": True})
    assert outputs.text() == "old"
    outputs.take("display_data", {"data": {"text/plain": "1"}, "transient": {"display_id": "d"}})
    outputs.take(
        "update_display_data", {"data": {"text/plain": "2"}, "transient": {"display_id": "d"}}
    )
    assert outputs.bundles() == [{"text/plain": "2"}]
    outputs.take("clear_output", {"wait": False})
    assert outputs.bundles() == []


def test_what_is_kept_is_bounded_whatever_comes():
    outputs = Outputs()
    for _ in range(100):
        stream(outputs, "x" * 10_000)
    assert len(outputs.text()) == MAX_TEXT
    for _ in range(100):
        outputs.take("display_data", {"data": {"text/html": "y" * 50_000}})
    assert sum(len(form) for each in outputs.bundles() for form in each.values()) <= MAX_TOTAL
    small = Outputs()
    for _ in range(100):
        small.take("display_data", {"data": {"text/plain": "z"}})
    assert len(small.bundles()) == MAX_OUTPUTS
    assert f"first {MAX_OUTPUTS}" in small.note


def test_forms_that_nobody_needs_are_left_out():
    outputs = Outputs()
    data = {
        "text/plain": "p",
        "application/javascript": "alert(1)",
        "application/vnd.jupyter.widget-view+json": {},
        "image/png": "bm90IGEgcGljdHVyZQ==",
        "text/html": ["<b>", "x</b>"],
    }
    outputs.take("display_data", {"data": data})
    assert outputs.bundles() == [{"text/plain": "p", "text/html": "<b>x</b>"}]


def test_errors_are_one_line_with_their_place():
    traceback = ["\x1b[31m----\x1b[0m", "Cell In[1], line 2\n      1 x\n----> 2 y"]
    content = {"ename": "ValueError", "evalue": "\x1b[1mbad\x1b[0m", "traceback": traceback}
    assert error_of(content) == "ValueError: bad (line 2)"
    assert len(error_of({"ename": "E", "evalue": "x" * 5_000})) == 1_000
    assert plain("a\x1b]8;;http://x\x07b\x1b]8;;\x07") == "ab"


@pytest.mark.parametrize(
    "table",
    [
        None,
        [],
        {"columns": [], "rows": "no"},
        {"columns": [{"name": 1, "type": "x"}], "rows": [], "total_rows": 0},
        {"columns": [{"name": "a", "type": "x"}], "rows": [[1, 2]], "total_rows": 1},
        {"columns": [{"name": "a", "type": "x"}], "rows": [["x" * 300_000]], "total_rows": 1},
        {"columns": [{"name": "a", "type": "x"}], "rows": [[1]], "total_rows": "many"},
    ],
)
def test_what_a_kernel_says_of_a_table_ischecked(table):
    assert checked(table) is None
    assert checked(TABLE | {"more": 1, "kept": 5}) == TABLE
