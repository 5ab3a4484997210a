"""Code in a session's kernel that means harm: to what is kept of it, and to what comes after it."""

import asyncio
import json
import time

import pytest
from pydantic_core import to_json

from leonidas_jupyter.assistant.executors.outcome import checked
from leonidas_jupyter.assistant.executors.outputs import (
    MAX_TEXT,
    MAX_TOTAL,
    Outputs,
    error_of,
    traceback_of,
)
from leonidas_jupyter.assistant.tools.base import ToolFailed
from tests.server.kernelrig import Rig

RAW = """
import json
kernel = get_ipython().kernel
kernel.session.pack = lambda content: json.dumps(content, default=str).encode()
def publish(kind, **content):
    kernel.session.send(kernel.iopub_socket, kind, content=content, parent=kernel.get_parent())
"""
"""What code needs to publish whatever it likes."""


@pytest.fixture
def rig(jp_serverapp, extension, tmp_path, jp_asyncio_loop):
    rig = Rig(jp_serverapp, extension._site.identity, tmp_path)
    yield rig
    jp_asyncio_loop.run_until_complete(rig.pool.close())


def storable(done):
    """Whether everything that came of a run can be stored and sent."""
    sent = [done.text, list(done.outputs), done.table, done.error, done.traceback, list(done.notes)]
    found = to_json(sent, inf_nan_mode="constants").decode()
    return "NaN" not in found and "\\u0000" not in found


async def test_messages_of_no_known_form_are_passed_over(rig):
    code = (
        RAW
        + """
publish("display_data", data=5, transient=3)
publish("display_data", data={"text/plain": [1, 2], "text/html": {"a": 1}})
publish("display_data", data={"text/plain": "listed"}, transient={"display_id": [1]})
publish("update_display_data", data={"text/plain": "x"}, transient={"display_id": [1]})
publish("update_display_data", data=None, transient=None)
publish("stream", text={"a": 1})
publish("clear_output")
print("the end")
"""
    )
    done = await rig.session().run(code, [])
    assert done.ok
    assert done.text.endswith("the end")


async def test_what_no_store_takes_is_left_out(rig):
    lone = "'a\\ud800b\\x00c'"
    code = f"""
print({lone})
publish("display_data", data={{"text/plain": {lone}, "text/html": {lone}, "text/markdown": {lone}}})
{lone}
"""
    for each in (RAW + code, f"raise ValueError({lone})"):
        done = await rig.session().run(each, [])
        assert storable(done)
        assert "a?bc" in done.text + (done.error or "")


@pytest.mark.parametrize(
    "answer",
    ["5", "None", "{'columns': 1}", "{'columns': [], 'rows': [], 'total_rows': -1}"],
)
async def test_code_that_changes_what_works_for_us_there_is_one_sentence(rig, answer):
    sales = rig.frame("sales", {"a": [1, 2, 3]})
    changed = f"""
import sys
class Reply:
    def _repr_mimebundle_(self, **_):
        return {{"text/plain": "", "application/json": {answer}}}
sys.modules["_leonidas"].call = lambda *_: Reply()
41 + 1
"""
    done = await rig.session().run(changed, [])
    assert (done.ok, done.text, done.table) == (True, "42", None)
    with pytest.raises(ToolFailed, match="could not take the frames"):
        await rig.session().run("sales.a.sum()", [sales])
    await rig.pool.refresh("s1")
    done = await rig.session().run("int(sales.a.sum())", [sales])
    assert done.table["rows"] == [[6]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"rows": [[{"a": 1}]]},
        {"rows": [[[1]]]},
        {"rows": [[float("nan")]]},
        {"rows": [[float("inf")]]},
        {"rows": [[1, 2]]},
        {"rows": "ab"},
        {"total_rows": -3},
        {"total_rows": True},
        {"total_rows": 0},
        {"columns": [5]},
        {"columns": [{"name": 1, "type": "X"}]},
    ],
)
def test_a_table_has_single_values_and_counts_its_rows(wrong):
    table = {"columns": [{"name": "a", "type": "X"}], "rows": [[1]], "total_rows": 1}
    assert checked(table) is not None
    assert checked(table | wrong) is None


def test_the_last_picture_of_an_animation_is_kept():
    outputs = Outputs()
    shown = {"transient": {"display_id": "d"}}
    outputs.take("display_data", shown | {"data": {"text/plain": "first"}})
    for number in range(1_000):
        data = {"text/plain": f"frame {number}", "text/html": "x" * (MAX_TOTAL // 10)}
        outputs.take("update_display_data", shown | {"data": data})
    outputs.take("stream", {"text": "the end"})
    (last, end) = outputs.bundles()
    assert last["text/plain"] == "frame 999"
    assert len(last["text/html"]) == MAX_TOTAL // 10
    assert end == {"text/plain": "the end"}
    assert outputs.note is None
    # What is too large changes nothing, and takes no room.
    outputs.take("update_display_data", shown | {"data": {"text/plain": "x" * (MAX_TOTAL + 1)}})
    assert outputs.bundles()[0]["text/plain"] == "frame 999"


def test_huge_errors_are_cut_before_they_are_read():
    mark = "\x1b[31m"
    content = {
        "ename": "E" * 10_000_000,
        "evalue": mark * 5_000_000,
        "traceback": [mark * 5_000_000] * 3 + ["----> 7 here"] + ["x"] * 100_000,
    }
    began = time.perf_counter()
    said, shown = error_of(content), traceback_of(content)
    assert time.perf_counter() - began < 30
    assert len(said) < 1_300
    assert len(shown) <= MAX_TEXT + 10
    for odd in (None, 5, "text", {"a": 1}):
        assert error_of({"ename": "E", "traceback": odd}) == "E"


async def test_a_kernel_that_leaves_itself_is_replaced(rig):
    sales = rig.frame("sales", {"a": [1, 2, 3]})
    for leave in (
        "exit()",
        "quit()",
        "import os; os.kill(os.getpid(), 9)",
        "import sys; sys.exit(3)",
    ):
        try:
            await rig.session().run(leave, [])
        except ToolFailed as error:
            assert "The kernel ended" in error.sentence  # noqa: PT017 - not all of them do
        await asyncio.sleep(0.12)  # IPython leaves a tenth of a second after exit()
        for _ in range(2):
            try:
                done = await asyncio.wait_for(rig.session().run("len(sales)", [sales]), 60)
            except ToolFailed as error:
                assert "The kernel ended" in error.sentence  # noqa: PT017 - once at most
            else:
                break
        assert json.loads(json.dumps(done.table["rows"])) == [[3]]


async def test_a_run_that_outlives_its_session_starts_no_kernel(rig, api):
    running = rig.session()
    assert (await running.run("1", [])).ok
    await rig.pool.forget("s1")
    with pytest.raises(ToolFailed, match="is deleted"):
        await running.run("2", [])
    assert (await api("GET", f"{api.base}api/kernels", raw=True)).json == []


@pytest.mark.parametrize("seconds", [0.0, 0.5])
@pytest.mark.parametrize("end", ["forget", "refresh", "cancel"])
async def test_what_ends_while_its_kernel_starts_leaves_none(rig, api, end, seconds):
    running = asyncio.ensure_future(rig.session().run("import time; time.sleep(600)", []))
    await asyncio.sleep(seconds)
    if end == "cancel":
        running.cancel()
    else:
        await getattr(rig.pool, end)("s1")
    done, _ = await asyncio.wait([running], timeout=60)
    assert done
    assert running.cancelled() or isinstance(running.exception(), ToolFailed)
    await rig.pool.close()
    assert (await api("GET", f"{api.base}api/kernels", raw=True)).json == []
