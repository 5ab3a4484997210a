"""Code in a notebook's own kernel: its names and its page are the user's."""

import asyncio
import json
import sys
import time

import pytest

from leonidas_jupyter.assistant.executors.channel import Channel, Request
from leonidas_jupyter.assistant.executors.worker import Limits
from leonidas_jupyter.assistant.tools.base import ToolFailed
from tests.server.kernelrig import LIMITS, Rig


@pytest.fixture
def make_rig(jp_serverapp, extension, tmp_path, jp_asyncio_loop):
    rigs = []

    def make(limits: Limits = LIMITS) -> Rig:
        rigs.append(Rig(jp_serverapp, extension._site.identity, tmp_path, limits))
        return rigs[-1]

    yield make
    for rig in rigs:
        jp_asyncio_loop.run_until_complete(rig.pool.close())


@pytest.fixture
def rig(make_rig):
    return make_rig()


class Notebook:
    """A notebook's kernel, as its page uses it."""

    def __init__(self, rig, kernel_id) -> None:
        self.id = kernel_id
        self._channel = Channel(rig.kernels.connection(kernel_id))

    async def open(self):
        await self._channel.open(30)
        return self

    async def cell(self, code, **expressions):
        """Run a cell; returns its reply."""
        return await self._channel.execute(Request(code, expressions=expressions))

    async def value(self, expression):
        reply = await self.cell("", value=expression)
        return reply["user_expressions"]["value"]["data"]["text/plain"]

    def close(self):
        self._channel.close()


@pytest.fixture
def notebook(rig, jp_serverapp, jp_asyncio_loop):
    async def start():
        kernel_id = await jp_serverapp.kernel_manager.start_kernel(kernel_name="python3")
        return await Notebook(rig, kernel_id).open()

    notebook = jp_asyncio_loop.run_until_complete(start())
    yield notebook
    notebook.close()


async def sentence(work) -> str:
    with pytest.raises(ToolFailed) as failed:
        await work
    return failed.value.sentence


async def until(condition, seconds=90):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


class Gated:
    """A cell that says when it has begun, and ends when it is let go."""

    def __init__(self, notebook, folder) -> None:
        self._begun, self._let_go = folder / "begun", folder / "let-go"
        code = (
            "import pathlib, time\n"
            f"pathlib.Path({str(self._begun)!r}).touch()\n"
            f"while not pathlib.Path({str(self._let_go)!r}).exists(): time.sleep(0.02)\n"
            "late = 1"
        )
        self._cell = asyncio.ensure_future(notebook.cell(code))

    async def __aenter__(self):
        await until(self._begun.exists)

    async def __aexit__(self, *_):
        self._let_go.touch()
        await self._cell


async def test_code_runs_among_the_notebooks_own_variables(rig, notebook):
    await notebook.cell("import pandas as pd\nmine = pd.DataFrame({'a': [1, 2]})")
    other = rig.frame("sales", {"b": [5]})
    done = await rig.notebook(notebook.id).run("int(mine.a.sum() + sales.b.sum())", [other])
    assert done.ok, done.error
    assert done.table["rows"] == [[8]]
    assert [frame.name for frame in done.frames] == ["sales"]


async def test_the_notebooks_page_is_left_alone(rig, notebook):
    before = await notebook.value("get_ipython().execution_count")
    hidden = await notebook.value("sorted(n for n in globals() if 'leo' in n.lower())")
    await rig.notebook(notebook.id).run("new = 1\nnew", [])
    assert await notebook.value("get_ipython().execution_count") == before
    assert await notebook.value("'new' in get_ipython().history_manager.input_hist_raw") == "False"
    after = await notebook.value("sorted(n for n in globals() if 'leo' in n.lower())")
    assert after == hidden


async def test_the_users_variable_wins_over_a_frame_of_that_name(rig, notebook):
    await notebook.cell("sales = 'mine'")
    done = await rig.notebook(notebook.id).run("sales", [rig.frame("sales", {"a": [1]})])
    assert done.table["rows"] == [["mine"]]
    assert list(done.frames) == []
    assert done.notes[0] == "It read the notebook's `sales`, not the file sales.csv."
    assert done.frames == []
    assert [(own.name, own.filename, own.place) for own in done.own] == [
        ("sales", "sales.csv", "notebook")
    ]


async def test_names_that_would_be_overwritten_are_named(rig, notebook):
    await notebook.cell("import numpy as np\nx = y = total = 1\ndef f(): pass\nimportant = 1")
    code = """
import numpy as np
import json as total
x, fresh = 1, 2
def f(): return 1
for y in range(3): pass
del important
"""
    executor = rig.notebook(notebook.id)
    assert sorted(await executor.overwrites(code)) == ["f", "important", "total", "x", "y"]
    assert list(await executor.overwrites("1 + x")) == []
    assert await notebook.value("x") == "1"  # asking runs nothing of it


async def test_nothing_is_overwritten_that_nobody_gave_away(rig, notebook):
    await notebook.cell("x = 'mine'")
    executor = rig.notebook(notebook.id)
    said = await sentence(executor.run("done = 1\nx = 2", []))
    assert "overwrite what the notebook has as x" in said
    assert await notebook.value("x, 'done' in globals()") == "('mine', False)"
    assert (await executor.run("x = 2", [], may_overwrite=["x"])).ok
    assert await notebook.value("x") == "2"


@pytest.mark.parametrize(
    "code", ["exec('x = 2')", "globals().update(x=2)", "get_ipython().push({'x': 2})", "%reset -f"]
)
async def test_what_no_reading_of_the_code_finds_is_put_back(rig, notebook, code):
    await notebook.cell("x = 'mine'")
    done = await rig.notebook(notebook.id).run(f"{code}\n1 / 0", [])
    assert not done.ok
    assert await notebook.value("x") == "'mine'"
    assert any("`x` was put back" in note for note in done.notes)
    agreed = await rig.notebook(notebook.id).run("exec('x = 2')", [], may_overwrite=["x"])
    assert not agreed.notes
    assert await notebook.value("x") == "2"


async def test_a_busy_notebook_is_waited_for_then_said(make_rig, notebook, tmp_path):
    impatient = make_rig(Limits(seconds=60, busy_seconds=0.5))
    async with Gated(notebook, tmp_path):
        said = await sentence(impatient.notebook(notebook.id).run("late = 2", []))
        assert "busy with a cell" in said
    assert await notebook.value("late") == "1"  # what did not run then does not run later
    patient = make_rig()
    assert (await patient.notebook(notebook.id).run("late", [])).table["rows"] == [[1]]


async def test_a_busy_notebook_is_waited_for(rig, notebook, tmp_path):
    async with Gated(notebook, tmp_path):
        running = asyncio.ensure_future(rig.notebook(notebook.id).run("late", []))
        await asyncio.sleep(0.2)  # so that the question is on its way while the cell runs
    assert (await running).table["rows"] == [[1]]


async def test_a_busy_notebook_may_have_every_name(rig, notebook, tmp_path):
    executor = rig.notebook(notebook.id)
    assert list(await executor.overwrites("b = a = 1")) == []
    async with Gated(notebook, tmp_path):
        assert list(await executor.overwrites("b = a = 1")) == ["a", "b"]


async def test_cancelling_interrupts_the_code_and_nothing_else(rig, notebook, tmp_path):
    begun = tmp_path / "begun"
    code = f"import pathlib, time\npathlib.Path({str(begun)!r}).touch()\ntime.sleep(600)"
    await notebook.cell("kept = 1")
    running = asyncio.ensure_future(rig.notebook(notebook.id).run(code, []))
    await until(begun.exists)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await notebook.value("kept") == "1"


async def test_a_cell_that_waits_behind_failing_code_runs_all_the_same(rig, notebook, tmp_path):
    begun, let_go = tmp_path / "begun", tmp_path / "let-go"
    code = f"""
import pathlib, time
pathlib.Path({str(begun)!r}).touch()
while not pathlib.Path({str(let_go)!r}).exists(): time.sleep(0.02)
1 / 0
"""
    running = asyncio.ensure_future(rig.notebook(notebook.id).run(code, []))
    await until(begun.exists)
    waiting = asyncio.ensure_future(notebook.cell("kept = 1"))
    await asyncio.sleep(0.2)  # so that it stands in the kernel's queue
    let_go.touch()
    assert not (await running).ok
    assert (await waiting)["status"] == "ok"


async def test_code_that_does_not_stop_leaves_the_kernel_to_the_user(make_rig, notebook, tmp_path):
    rig = make_rig(Limits(seconds=0.5))
    let_go = tmp_path / "let-go"
    stubborn = f"""
import pathlib, time
end = pathlib.Path({str(let_go)!r})
while not end.exists():
    try:
        while not end.exists(): time.sleep(0.01)
    except KeyboardInterrupt:
        pass
"""
    said = await sentence(rig.notebook(notebook.id).run(stubborn, []))
    assert "interrupt the notebook's kernel" in said
    let_go.touch()
    assert await notebook.value("end.exists()") == "True"


async def test_a_kernel_that_dies_is_said(rig, notebook):
    said = await sentence(rig.notebook(notebook.id).run("import os; os._exit(1)", []))
    assert said == "The notebook's kernel ended while the code ran."


async def test_kernels_that_are_not_there_or_not_the_callers_are_one_sentence(rig, notebook):
    for executor in (rig.notebook("no-such"), rig.notebook(notebook.id, username="stranger")):
        assert "is not there" in await sentence(executor.run("1", []))
        assert "is not there" in await sentence(executor.overwrites("x = 1"))
    done = await rig.notebook(notebook.id).run("1", [])
    assert done.ok


async def test_servers_of_several_people_lend_nobody_a_notebook(rig, notebook, monkeypatch):
    from dataclasses import replace

    several = replace(rig.kernels._identity, names_people=True)
    monkeypatch.setattr(rig.kernels, "_identity", several)
    assert "is not there" in await sentence(rig.notebook(notebook.id).run("1", []))


async def test_a_notebook_in_another_language_gets_the_sessions_python(rig, jp_data_dir):
    folder = jp_data_dir / "kernels" / "ir"
    folder.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "R", "language": "R"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    kernel_id = await rig.kernels._manager.start_kernel(kernel_name="ir")
    executor = rig.notebook(kernel_id)
    assert list(await executor.overwrites("x = 1")) == []
    done = await executor.run("1 + 1", [])
    assert done.table["rows"] == [[2]]
    assert "The notebook runs r" in done.notes[0]
    assert rig.worker().kernel_id != kernel_id


async def test_closing_leaves_the_notebooks_kernel(rig, notebook):
    await rig.notebook(notebook.id).run("kept = 1", [])
    await rig.pool.close()
    assert await notebook.value("kept") == "1"


async def test_results_of_the_notebook_can_be_written(rig, notebook, tmp_path):
    executor = rig.notebook(notebook.id)
    done = await executor.run("import pandas as pd\npd.DataFrame({'a': [1], 'b': ['x']})", [])
    assert await executor.write(done.kept, tmp_path / "r.csv") == ["b"]
    assert (tmp_path / "r.csv").read_text() == "a,b\n1,x\n"
