"""Questions from cells: what streams under the cell, what the answer is, stops and breaks."""

import json
import math
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.kernel.jupyterserver import TOKEN, JupyterServer, surroundings

PENGUINS = Path(__file__).parents[2] / "leonidas_jupyter" / "demo" / "penguins.csv"
QUESTION = "What is the average body_mass_g by species?"
VEGALITE = "application/vnd.vegalite.v5+json"


@pytest.fixture(scope="module")
def answered(notebook):
    """The question asked in a cell of its own, over two lines."""
    result = notebook.run("%%leonidas\nWhat is the average body_mass_g\nby species?")
    assert result.status == "ok", result.error
    return result


@pytest.fixture(scope="module")
def expected():
    return pd.read_csv(PENGUINS).groupby("species")["body_mass_g"].mean()


def assert_in_table(text: str, name: str, value: float) -> None:
    """A Markdown table has a row of ``name``, and ``value``, rounded, beside it."""
    (cell,) = re.findall(rf"\| {name} \| ([\d.,]+) \|", text)
    assert math.isclose(float(cell.replace(",", "")), value, rel_tol=1e-5)


def test_the_answer_stands_under_the_cell_with_its_receipt(answered, expected):
    shown, _ = answered.outputs
    markdown = shown["text/markdown"]
    for species, mean in expected.items():
        assert_in_table(markdown, species, mean)
    answer, _, receipt = markdown.partition("<details><summary>")
    assert receipt.startswith("1 step · SQL · ")
    assert receipt.partition("</summary>")[0].endswith(" · built-in analyst, not a language model")
    assert "```sql\nSELECT" in receipt
    assert receipt.rstrip().endswith("</details>")
    assert "SELECT" not in answer
    assert answer.count("| species |") == 1


def test_the_object_is_one_line_and_does_not_repeat_the_answer(answered):
    _, returned = answered.outputs
    assert returned == {"text/plain": "<Answer: 1 step · .text .code .frame .chart .steps>"}


def test_the_answer_is_an_object_in_the_namespace(notebook, answered, expected):
    code = (
        "import json\n"
        "frame = _leo.frame.set_index('species')\n"
        "print(json.dumps([frame.iloc[:, 0].to_dict(), _leo.code, _leo.status, len(_leo.steps),"
        " _leo.steps[0].tool, str(_leo.steps[0].frame.shape), _leo.chart, bool(_leo.run_id)]))"
    )
    means, sql, status, steps, tool, shape, chart, run_id = json.loads(notebook.run(code).stdout)
    assert all(math.isclose(means[species], mean) for species, mean in expected.items())
    assert sql.startswith("SELECT")
    assert [status, steps, tool, chart, run_id] == ["completed", 1, "query", None, True]
    assert shape.startswith("(3, ")


def test_nothing_but_leo_is_assigned_unasked(notebook, answered):
    names = "print(sorted(k for k in globals() if not k.startswith('_')))"
    before = notebook.run(names).stdout
    notebook.run(f"%leonidas ask {QUESTION}")
    assert notebook.run(names).stdout == before
    notebook.run(f"%%leonidas --into means\n{QUESTION}")
    assert notebook.run("print(type(means).__name__, means.shape[0])").stdout == "DataFrame 3\n"


def test_a_question_in_one_line(notebook, answered):
    for line in (f"answer = %leonidas ask {QUESTION}", f"%%leonidas {QUESTION}"):
        assert notebook.run(line).status == "ok"
    assert (
        notebook.run("print(answer is not _leo, 'Gentoo' in str(answer))").stdout == "True True\n"
    )


def test_a_chart_is_drawn_between_the_answer_and_its_receipt(notebook, expected):
    result = notebook.run("%%leonidas\nBar chart of average body_mass_g by species")
    answer, chart, receipt, _ = result.outputs
    assert "text/markdown" in answer
    values = chart[VEGALITE]["data"]["values"]
    assert {row["species"] for row in values} == set(expected.index)
    assert receipt["text/markdown"].startswith("<details><summary>")
    code = "print(_leo.chart.spec['mark'], list(_leo.chart.spec['data']['values'][0]))"
    assert "species" in notebook.run(code).stdout


def test_a_follow_up_goes_on_in_the_same_session(notebook, answered):
    notebook.run("%leonidas ask --session new How many rows does penguins have?")
    notebook.run(f"%leonidas ask {QUESTION}")
    history = notebook.run(
        "_h = %leonidas history\nprint([m.content for m in _h if m.role == 'USER'])"
    )
    assert history.stdout == f"['How many rows does penguins have?', {QUESTION!r}]\n"
    newest = notebook.run("_h = %leonidas history 1\nprint(len(_h), _h[0].role)")
    assert newest.stdout == "1 ASSISTANT\n"
    sessions = notebook.run("%leonidas sessions").text
    assert "▸" in sessions
    assert "How many rows does penguins have?" in sessions


def test_a_question_that_is_not_understood_is_answered_and_not_an_error(notebook):
    result = notebook.run("%%leonidas\nWhy is the moon lonely?")
    assert result.status == "ok"
    assert result.outputs[0]["text/markdown"]
    assert notebook.run("print(_leo.frame, _leo.code == '')").stdout == "None True\n"
    into = notebook.run("%%leonidas --into nothing\nWhy is the moon lonely?")
    assert into.error["evalue"] == "This answer has no table to put into 'nothing'."


def test_text_in_the_data_cannot_run_in_the_notebook(notebook, tmp_path):
    hostile = "<img src=x onerror=alert(1)>"
    (tmp_path / "hostile.csv").write_text(f'who,n\n"{hostile}",1\n"![x](https://e.example/)",2\n')
    notebook.run(f"%leonidas upload {tmp_path}/hostile.csv")
    result = notebook.run("%%leonidas\nWhat is the sum of n by who in hostile?")
    markdown = result.outputs[0]["text/markdown"].partition("<details>")[0]
    assert "onerror" in markdown
    assert "<img" not in markdown
    assert "![" not in markdown


def test_the_interrupt_button_stops_the_run_on_the_server(notebook, server):
    notebook.run("%leonidas ask --session new How many rows does penguins have?")
    patched = (
        "import leonidas_jupyter.kernel.run as _run\n"
        "_old = _run.Run._take\n"
        "def _slow(self, event):\n"
        "    _old(self, event)\n"
        "    if event.name == 'tool_call':\n"
        "        import time; time.sleep(30)\n"
        "_run.Run._take = _slow"
    )
    notebook.run(patched)
    result = notebook.run(f"%%leonidas\n{QUESTION}", interrupt=True)
    notebook.run("_run.Run._take = _old")
    assert result.status == "error"
    assert result.error["evalue"].startswith("Stopped; ")
    assert len(result.error["traceback"]) == 1
    assert "*Stopped.*" in result.outputs[-1]["text/markdown"]
    assert notebook.run("print(_leo.status)").stdout == "cancelled\n"


def test_a_server_that_is_killed_is_used_again_once_it_is_back(tmp_path_factory, kernels):
    home = tmp_path_factory.mktemp("killed")
    settings = {
        "LEONIDAS_DEMO_PROJECT": "false",  # its files would be read, killed, and read again
    }
    server = JupyterServer(home, **settings)
    kernel = kernels(LEONIDAS_URL=server.url, LEONIDAS_TOKEN=TOKEN)
    try:
        kernel.run("%load_ext leonidas_jupyter")
        kernel.run("%leonidas ask How many rows does penguins have?")
        server.kill()
        lost = kernel.run(f"%leonidas ask {QUESTION}")
        assert lost.status == "error"
        assert lost.error["evalue"].startswith("No server answers at")
        server = JupyterServer(home, server.port, **settings)
        again = kernel.run("_h = %leonidas history\nprint(_h[0].content)")
        assert again.stdout == "How many rows does penguins have?\n", again.error
        assert kernel.run(f"%leonidas ask {QUESTION}").status == "ok"
    finally:
        kernel.close()
        server.close()


def test_a_terminal_gets_text(server, tmp_path):
    lines = ["%load_ext leonidas_jupyter", f"%leonidas ask {QUESTION}", "%leonidas fiels"]
    env = surroundings(
        tmp_path, LEONIDAS_URL=server.url, LEONIDAS_TOKEN=TOKEN, LEONIDAS_PROJECT="Demo"
    )
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner", "--colors=nocolor"],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        env=env,
        cwd=tmp_path,
    )
    said = done.stdout + done.stderr
    assert_in_table(said, "Gentoo", 5076.016)
    assert "SELECT" in said
    assert "<Answer: 1 step" in said
    assert "There is no command 'fiels'" in said
    for never in ("Traceback", "display.Markdown", "text/markdown", "<details>"):
        assert never not in said
