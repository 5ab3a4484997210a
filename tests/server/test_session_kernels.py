"""The session's own kernel: a real one, in a real Jupyter server's kernel manager."""

import asyncio
import base64
import datetime
import json
import sys
import time

import pytest

from leonidas_jupyter.assistant.executors.worker import Limits
from leonidas_jupyter.assistant.tools.base import ToolFailed
from tests.server.kernelrig import LIMITS, Rig

AFRESH = "started afresh"


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


async def run(rig, code, frames=(), **place):
    """Run code that is to succeed."""
    done = await rig.session(**place).run(code, frames)
    assert done.ok, done.error
    return done


async def sentence(work) -> str:
    with pytest.raises(ToolFailed) as failed:
        await work
    assert failed.value.sentence.endswith(".")
    return failed.value.sentence


def value(done):
    """The single value that the code ended with."""
    assert len(done.table["rows"]) == 1
    return done.table["rows"][0][0]


async def until(condition, seconds=90):
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_frames_have_the_types_that_the_magic_gives_them(rig):
    from leonidas_jupyter.kernel.conversion import to_pandas

    columns = {
        "whole": [1, 2, 3],
        "gaps": [1, None, 3],
        "flag": [True, None, False],
        "day": [datetime.date(2024, 1, day) for day in (1, 2, 3)],
        "text": ["a", None, "ü"],
    }
    sales = rig.frame("sales", columns)
    done = await run(rig, "dict(sales.dtypes.astype(str))", [sales])
    import pyarrow as pa

    same = {name: str(kind) for name, kind in to_pandas(pa.table(columns)).dtypes.items()}
    assert {key: kind for key, kind in done.table["rows"]} == same
    assert [frame.name for frame in done.frames] == ["sales"]
    changed = await run(rig, "sales.loc[0, 'whole'] = 9\nint(sales['whole'].sum())", [sales])
    assert value(changed) == 14


async def test_only_frames_that_the_code_reads_are_loaded(rig):
    frames = [rig.frame(name, {"a": [1]}) for name in ("used", "unused", "overwritten")]
    done = await run(rig, "overwritten = 1\nused.shape[0] + ('unused' in globals())", frames)
    assert value(done) == 1
    assert [frame.name for frame in done.frames] == ["used"]


async def test_variables_of_earlier_code_win_until_they_are_deleted(rig):
    sales = rig.frame("sales", {"a": [1, 2, 3]})
    await run(rig, "sales = sales[sales.a > 1]", [sales])
    again = await run(rig, "len(sales)", [sales])
    assert value(again) == 2
    assert list(again.frames) == []
    assert "not the file sales.csv" in again.notes[0]
    await run(rig, "del sales", [])
    assert value(await run(rig, "len(sales)", [sales])) == 3


async def test_frames_are_bound_anew_when_their_file_has_other_content(rig):
    old, new = rig.frame("sales", {"a": [1]}), rig.frame("sales", {"a": [1, 2]}, content=2)
    assert value(await run(rig, "len(sales)", [old])) == 1
    again = await run(rig, "len(sales)", [new])
    assert value(again) == 2
    assert "has changed" in again.notes[0]
    assert [frame.content_version for frame in again.frames] == [2]


async def test_damaged_copies_of_frames_are_refused(rig):
    sales = rig.frame("sales", {"a": [1, 2]})
    more = sales.profile.model_copy(update={"rows": 3})
    work = rig.session().run("sales", [sales.model_copy(update={"profile": more})])
    assert "damaged" in await sentence(work)


async def test_prints_figures_and_tables_are_shown_as_jupyter_shows_them(rig):
    code = """
import pandas as pd, matplotlib.pyplot as plt
print("first")
plt.plot([1, 2]); plt.show()
print("\\x1b[31mred\\x1b[0m")
pd.DataFrame({"a": [1, None], "b": ["x", "<b>"]})
"""
    done = await run(rig, code)
    kinds = [sorted(bundle) for bundle in done.outputs]
    assert kinds == [
        ["text/plain"],
        ["image/png", "text/plain"],
        ["text/plain"],
        ["application/json", "text/html", "text/plain"],
    ]
    assert base64.b64decode(done.outputs[1]["image/png"]).startswith(b"\x89PNG")
    assert done.outputs[2]["text/plain"] == "red"
    assert done.outputs[3]["application/json"]["rows"] == [[1.0, "x"], [None, "<b>"]]
    assert done.table["columns"] == [
        {"name": "a", "type": "DOUBLE"},
        {"name": "b", "type": "VARCHAR"},
    ]


VALUES = [
    ("3.5", ["value"], [[3.5]]),
    ("'x'", ["value"], [["x"]]),
    ("float('nan')", ["value"], [[None]]),
    ("{'n': 2, 'mean': 1.5}", ["key", "value"], [["n", 2], ["mean", 1.5]]),
    ("pd.Series([1, 2], index=['a', 'b'], name='n')", ["index", "n"], [["a", 1], ["b", 2]]),
    ("np.arange(3)", ["value"], [[0], [1], [2]]),
    ("np.float64(2) / 0", ["value"], [["Infinity"]]),
    ("pd.Timestamp('2024-01-02')", ["value"], [["2024-01-02T00:00:00"]]),
    (
        "pd.DataFrame({'g': ['a'], 'v': [1]}).groupby('g').agg(['min', 'max'])",
        ["g", "v min", "v max"],
        [["a", 1, 1]],
    ),
    ("[object()]", None, None),
    ("x = 1", None, None),
]


async def test_values_come_out_as_tables(rig):
    await run(rig, "import numpy as np, pandas as pd, warnings; warnings.simplefilter('ignore')")
    for code, names, rows in VALUES:
        done = await run(rig, code)
        if names is None:
            assert done.table is None, code
        else:
            assert [column["name"] for column in done.table["columns"]] == names, code
            assert done.table["rows"] == rows, code


async def test_large_results_stay_in_the_kernel_and_are_offered_as_a_file(rig, tmp_path):
    code = "import pandas as pd\nbig = pd.DataFrame({'a': range(20_000), 'b': 'x'})\nbig"
    done = await run(rig, code)
    assert done.table["total_rows"] == 20_000
    assert len(done.table["rows"]) == 1_000
    assert done.table["truncated"]
    assert "save_file" in done.notes[0]
    assert len(json.dumps(list(done.outputs))) < 320 * 1024
    await run(rig, "big['a'] = 0")  # what is saved is what was shown
    target = tmp_path / "big.csv"
    assert await rig.session().write(done.kept, target) == ["b"]
    lines = target.read_text().splitlines()
    assert (len(lines), lines[-1]) == (20_001, "19999,x")
    gone = rig.session().write("nothing", target)
    assert "compute it again" in await sentence(gone)


async def test_errors_are_readable_for_people_and_short_for_the_model(rig):
    done = await rig.session().run("print('before')\nx = {}\nx['nothing']", [])
    assert not done.ok
    assert done.error == "KeyError: 'nothing' (line 3)"
    assert "x['nothing']" in done.traceback
    assert "\x1b" not in done.traceback
    assert done.text == "before"
    wrong = await rig.session().run("for", [])
    assert wrong.error.startswith("SyntaxError: ")


async def test_output_is_bounded(rig):
    done = await run(rig, "for i in range(100_000): print('x' * 50)")
    assert len(json.dumps(list(done.outputs))) < 320 * 1024
    assert any("printed text" in note for note in done.notes)
    many = await run(rig, "for i in range(200): display(i)")
    assert len(many.outputs) == 50


async def test_pictures_that_can_hold_scripts_are_left_out(rig):
    code = """
from IPython.display import SVG, display
display(SVG("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"))
display({"image/png": "<script>", "text/plain": "no picture"}, raw=True)
display({"application/javascript": "alert(1)", "text/plain": "script"}, raw=True)
"""
    done = await run(rig, code)
    assert "<script>" not in json.dumps(list(done.outputs))
    assert "alert" not in json.dumps(list(done.outputs))
    assert "SVG" in done.notes[0]
    assert "script" in done.text


async def test_the_kernel_is_listed_under_a_name_that_tells(rig, api):
    await run(rig, "1", title="Sales in May")
    kernels = (await api("GET", f"{api.base}api/kernels", raw=True)).json
    assert [kernel["id"] for kernel in kernels] == [rig.worker().kernel_id]
    (session,) = (await api("GET", f"{api.base}api/sessions", raw=True)).json
    assert session["name"] == "DS Bro: Sales in May"
    assert session["type"] == "console"
    assert session["kernel"]["id"] == rig.worker().kernel_id


async def test_code_works_in_a_folder_of_its_session(rig, tmp_path):
    await run(rig, "open('note.txt', 'w').write('kept')")
    folder = tmp_path / "kernels" / "s1"
    assert (folder / "note.txt").read_text() == "kept"
    assert folder.stat().st_mode & 0o777 == 0o700
    await rig.pool.forget("s1")
    assert not folder.exists()


async def test_two_sessions_share_nothing_but_the_machine(rig):
    await run(rig, "mine = 1", session_id="s1")
    done = await run(rig, "'mine' in globals()", session_id="s2")
    assert value(done) is False


async def test_two_runs_of_one_session_never_interleave(rig):
    await run(rig, "order = []")
    code = "import time\norder.append({0}); time.sleep(0.2); order.append({0})"
    await asyncio.gather(*(run(rig, code.format(number)) for number in range(3)))
    assert [row[0] for row in (await run(rig, "order")).table["rows"]] == [0, 0, 1, 1, 2, 2]


async def test_a_cancelled_run_is_interrupted_and_its_kernel_lives_on(rig):
    await run(rig, "kept = 5")
    code = """
import time
open('began', 'w').close()
try:
    time.sleep(600)
finally:
    after = 1
"""
    running = asyncio.ensure_future(run(rig, code))
    began = rig.folder / "kernels" / "s1" / "began"
    await until(lambda: asyncio.to_thread(began.exists))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert rig.pool._sessions["s1"].lock.locked()  # the caller goes before the code has ended
    assert value(await run(rig, "kept + after")) == 6
    assert rig.worker().life


async def test_code_over_its_time_is_stopped_and_keeps_its_variables(make_rig):
    rig = make_rig(Limits(seconds=2, memory_bytes=LIMITS.memory_bytes))
    await run(rig, "kept = 5")
    said = await sentence(rig.session().run("import time\nwhile True: time.sleep(0.01)", []))
    assert "longer than 2 seconds" in said
    assert "variables" not in said
    assert value(await run(rig, "kept")) == 5


async def test_code_that_does_not_stop_loses_its_kernel(make_rig):
    rig = make_rig(Limits(seconds=2, memory_bytes=LIMITS.memory_bytes))
    stubborn = """
import time
while True:
    try:
        while True: time.sleep(0.01)
    except KeyboardInterrupt:
        pass
"""
    said = await sentence(rig.session().run(stubborn, []))
    assert "with all variables" in said
    assert rig.kernels._manager.list_kernel_ids() == []
    done = await run(rig, "1")
    assert AFRESH in done.notes[0]


async def test_a_kernel_that_dies_is_said_and_replaced(rig):
    said = await sentence(rig.session().run("import os\nos._exit(1)", []))
    assert "ended while the code ran" in said
    done = await run(rig, "1 + 1")
    assert value(done) == 2
    assert AFRESH in done.notes[0]
    assert not (await run(rig, "1")).notes


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
async def test_memory_has_a_limit_that_code_survives(rig):
    await run(rig, "import numpy as np\nkept = 7")
    half = await run(rig, "a = np.ones(256 * 1024**2 // 8); len(a)")
    assert value(half) == 256 * 1024**2 // 8
    over = await rig.session().run("b = np.ones(700 * 1024**2 // 8)", [])
    assert not over.ok
    assert "MemoryError" in over.error
    assert value(await run(rig, "kept")) == 7


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
async def test_a_frame_that_does_not_fit_is_one_sentence(make_rig):
    import numpy as np

    rig = make_rig(Limits(seconds=60, memory_bytes=256 * 1024**2))
    await run(rig, "kept = 7")
    big = rig.frame("big", {"a": np.zeros(25_000_000)})
    said = await sentence(rig.session().run("len(big)", [big]))
    assert "does not fit into the memory" in said
    assert value(await run(rig, "kept")) == 7


async def test_a_kernel_restarted_by_hand_is_noticed(rig, api):
    await run(rig, "kept = 1")
    path = f"{api.base}api/kernels/{rig.worker().kernel_id}/restart"
    assert (await api("POST", path, raw=True)).status == 200
    done = await run(rig, "'kept' in globals()")
    assert value(done) is False
    assert AFRESH in done.notes[0]


async def test_a_kernel_of_a_server_that_ended_is_noticed(rig, make_rig):
    await run(rig, "kept = 1")
    await rig.pool.close()
    done = await run(make_rig(), "'kept' in globals()")
    assert value(done) is False
    assert AFRESH in done.notes[0]


async def test_refreshing_ends_the_kernel_and_says_nothing_of_it(rig, tmp_path):
    await run(rig, "kept = 1\nopen('note.txt', 'w').close()")
    await rig.pool.refresh("s1")
    assert rig.kernels._manager.list_kernel_ids() == []
    done = await run(rig, "'kept' in globals()")
    assert value(done) is False
    assert not done.notes
    assert not (tmp_path / "kernels" / "s1" / "note.txt").exists()


async def test_idle_kernels_are_ended_and_busy_ones_are_not(make_rig):
    rig = make_rig(Limits(seconds=30, memory_bytes=LIMITS.memory_bytes, idle_seconds=0.3))
    await run(rig, "1", session_id="idle")
    busy = asyncio.ensure_future(run(rig, "import time; time.sleep(1.5); 2", session_id="busy"))

    async def ended():
        await rig.pool.cull()
        return rig.worker("idle") is None

    await until(ended)
    assert value(await busy) == 2
    again = await run(rig, "3", session_id="idle")
    assert AFRESH in again.notes[0]


async def test_jupyters_own_culling_ends_it_too(rig, jp_serverapp):
    await run(rig, "1")
    manager = jp_serverapp.kernel_manager
    manager.cull_idle_timeout = 1
    long_ago = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)

    async def culled():
        for kernel_id in manager.list_kernel_ids():
            manager.get_kernel(kernel_id).last_activity = long_ago
        await manager.cull_kernels()
        return not manager.list_kernel_ids()

    await until(culled)
    assert value(await run(rig, "2")) == 2


async def test_the_end_of_the_executors_ends_their_kernels(rig):
    await run(rig, "1")
    busy = asyncio.ensure_future(rig.session("s2").run("import time; time.sleep(600)", []))

    async def started():
        return len(rig.kernels._manager.list_kernel_ids()) == 2

    await until(started)
    await rig.pool.close()
    assert rig.kernels._manager.list_kernel_ids() == []
    with pytest.raises(ToolFailed):
        await busy


async def test_a_missing_kernel_is_one_sentence_with_the_remedy(rig):
    said = await sentence(rig.session(kernel_name="no-such-kernel").run("1", []))
    assert said.startswith("There is no kernel 'no-such-kernel' on this server; choose one of: ")
    assert "python3" in said


def kernelspec(jp_data_dir, name, **changes):
    folder = jp_data_dir / "kernels" / name
    folder.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": name, "language": "python", **changes}
    (folder / "kernel.json").write_text(json.dumps(spec))


async def test_the_projects_kernelspec_runs_it(rig, jp_data_dir):
    kernelspec(jp_data_dir, "mine", env={"MARK": "mine"})
    code = "import os\nos.environ['MARK']"
    assert value(await run(rig, code, kernel_name="mine")) == "mine"
    assert "choose a Python kernel" in await sentence(_in_r(rig, jp_data_dir))


def _in_r(rig, jp_data_dir):
    kernelspec(jp_data_dir, "ir", language="R")
    return rig.session("other", kernel_name="ir").run("1", [])


async def test_a_kernel_that_does_not_start_is_one_sentence(rig, jp_data_dir):
    kernelspec(jp_data_dir, "broken", argv=["/no/such/program", "{connection_file}"])
    assert "could not be started" in await sentence(rig.session(kernel_name="broken").run("1", []))
    kernelspec(jp_data_dir, "ending", argv=[sys.executable, "-c", "", "{connection_file}"])
    ends = rig.session("s3", kernel_name="ending").run("1", [])
    assert "ended as it started" in await sentence(ends)
    assert rig.kernels._manager.list_kernel_ids() == []


async def test_a_kernel_without_pandas_is_one_sentence_with_the_remedy(rig, jp_data_dir, tmp_path):
    (tmp_path / "hide.py").write_text(
        "import sys\n"
        "class Hide:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'pandas': raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Hide())\n"
        "import importlib.util as util\n"
        "real = util.find_spec\n"
        "def find(name, package=None):\n"
        "    return None if name == 'pandas' else real(name, package)\n"
        "util.find_spec = find\n"
        "from ipykernel.kernelapp import launch_new_instance\n"
        "launch_new_instance()\n"
    )
    argv = [sys.executable, str(tmp_path / "hide.py"), "-f", "{connection_file}"]
    kernelspec(jp_data_dir, "bare", argv=argv)
    said = await sentence(rig.session(kernel_name="bare").run("1", []))
    assert said.startswith("The kernel has no pandas: install pandas there")


async def test_a_gateways_kernels_are_left_alone(rig, monkeypatch):
    monkeypatch.setattr(rig.kernels, "_remote", True)
    assert "gateway" in await sentence(rig.session().run("1", []))


async def test_input_is_refused_and_does_not_hang(rig):
    done = await rig.session().run("input('name?')", [])
    assert done.error.startswith("StdinNotImplementedError")
