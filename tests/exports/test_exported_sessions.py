"""Sessions taken away from a real server; the notebooks run in fresh kernels, without it."""

import json
import math
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from leonidas_jupyter.kernel.connection import connect
from tests.kernel.jupyterserver import TOKEN, JupyterServer, surroundings

DEMO = Path(__file__).parents[2] / "leonidas_jupyter" / "demo"
QUESTIONS = (
    "how many penguins are there by species?",
    "average body mass by species and sex",
    "top 5 countries by population",
    "bar chart of the number of penguins by island",
    "how many missing values are there in each column of penguins?",
    "why are penguins so cute?",
    "is gentoo significantly heavier than adelie?",
    "rainiest day in seattle_weather",
)
VEGALITE = "application/vnd.vegalite.v5+json"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    started = JupyterServer(tmp_path_factory.mktemp("exports"))
    yield started
    started.close()


@pytest.fixture(scope="module")
def session_id(server: JupyterServer) -> str:
    """A session with questions of every kind, and one cell of text that would be code."""
    with connect("Demo", server.url, TOKEN) as connection:
        for question in QUESTIONS:
            connection.ask(question)
        connection.ask("![x](http://127.0.0.1:9/pixel.png) <img src=x onerror=alert(1)>")
        assert connection.current_session is not None
        return connection.current_session.session_id


def exported(server: JupyterServer, session_id: str, form: str) -> tuple[bytes, dict[str, str]]:
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{server.url}leonidas/api/v1/sessions/{session_id}/export?format={form}",
        headers={"Authorization": f"token {TOKEN}"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own server
        return answer.read(), dict(answer.headers)


def executed(notebook: nbformat.NotebookNode, folder: Path, home: Path) -> nbformat.NotebookNode:
    client = NotebookClient(
        notebook, timeout=90, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute(env=surroundings(home))
    return notebook


def test_an_exported_notebook_runs_in_a_fresh_kernel_and_finds_the_same_numbers(
    server, session_id, tmp_path
) -> None:
    content, headers = exported(server, session_id, "ipynb")
    notebook = nbformat.reads(content.decode(), 4)
    nbformat.validate(notebook)
    assert headers["Content-Disposition"].startswith("attachment; filename=")
    assert ".ipynb" in headers["Content-Disposition"]
    for source in DEMO.glob("*.csv"):
        shutil.copy(source, tmp_path)
    # Whether Leonidas is installed makes no difference where the files are at hand.
    hiding = {
        "cell_type": "code",
        "source": "import sys\nsys.modules['leonidas_jupyter'] = None",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "id": "hide",
    }
    notebook.cells.insert(0, nbformat.from_dict(hiding))
    checks = [cell for cell in notebook.cells if cell.source.startswith(("query(", "chart("))]
    stored = [cell.outputs for cell in checks]
    (tested,) = [cell for cell in notebook.cells if "stats.ttest_ind" in cell.source]
    (statistic,) = re.findall(r"\| (-?[\d.]+) \|", tested.outputs[0]["data"]["text/markdown"])[:1]
    assert len(checks) >= 5
    for number, cell in enumerate(checks):
        if cell.source.startswith("query("):
            shown = f"found_{number}.to_json(orient='split', date_format='iso')"
            cell.source = f"found_{number} = {cell.source}\nprint({shown})"
    executed(notebook, tmp_path, tmp_path)
    compared = 0
    for cell, outputs in zip(checks, stored, strict=True):
        if cell.source.startswith("chart("):
            spec = cell.outputs[0]["data"][VEGALITE]
            before = outputs[0]["data"][VEGALITE]["data"]["values"]
            compared += _same_rows(spec["data"]["values"], before)
            continue
        found = json.loads(cell.outputs[0]["text"])
        table = outputs[0]["data"]["text/markdown"]
        compared += _same_as_table(found, table)
    assert compared >= 20
    figures = re.findall(r"-?\d+\.\d+", tested.outputs[-1]["data"]["text/plain"])
    assert math.isclose(float(figures[0]), float(statistic), rel_tol=1e-4)


def _same_rows(found: list[dict], before: list[dict]) -> int:
    assert len(found) == len(before)
    for new, old in zip(found, before, strict=True):
        assert set(new) == set(old)
        assert all(_equal(new[name], old[name]) for name in old)
    return len(before)


def _equal(new: object, old: object) -> bool:
    if isinstance(new, int | float) and isinstance(old, int | float):
        return math.isclose(new, old, rel_tol=1e-9)
    return str(new)[:10] == str(old)[:10]


def _same_as_table(found: dict, table: str) -> int:
    """Compare with the stored Markdown table, whose numbers have six digits."""
    lines = [line for line in table.split("\n") if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]
    assert len(found["columns"]) == len(cells[0])
    count = 0
    for new, old in zip(found["data"], cells, strict=False):
        for value, shown in zip(new, old, strict=True):
            if isinstance(value, int | float):
                assert math.isclose(value, float(shown), rel_tol=1e-5), (value, shown)
                count += 1
    return count


def test_where_the_files_are_not_at_hand_the_frames_come_through_leonidas(
    server, session_id, tmp_path
) -> None:
    content, _ = exported(server, session_id, "ipynb")
    notebook = nbformat.reads(content.decode(), 4)
    client = NotebookClient(
        notebook, timeout=90, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute(env=surroundings(server.home, LEONIDAS_URL=server.url, LEONIDAS_TOKEN=TOKEN))
    tables = [cell for cell in notebook.cells if cell.source.startswith("query(")]
    assert tables
    assert all("text/html" in cell.outputs[-1]["data"] for cell in tables)


@pytest.mark.parametrize("form", ["ipynb", "md", "json"])
def test_the_same_session_gives_the_same_bytes(server, session_id, form) -> None:
    assert exported(server, session_id, form)[0] == exported(server, session_id, form)[0]


def test_markdown_holds_every_question_answer_and_code_and_nothing_that_acts(
    server, session_id
) -> None:
    text = exported(server, session_id, "md")[0].decode()
    for question in QUESTIONS:
        assert question in text
    assert "```sql\nSELECT" in text
    assert "| Adelie |" in text
    assert "the built-in analyst, not a language model" in text
    assert "<img" not in text
    assert "![x]" not in text


def test_nothing_acts_in_the_notebook_and_no_secret_is_in_it(server, session_id) -> None:
    text = exported(server, session_id, "ipynb")[0].decode()
    cells = json.loads(text)["cells"]
    shown = "\n".join(cell["source"] for cell in cells if cell["cell_type"] == "markdown")
    assert "<img" not in shown
    assert "![x]" not in shown
    for secret in (
        TOKEN,
        "leo-kernel-",
        "LEONIDAS_",
        str(server.home),
        "127.0.0.1:" + str(server.port),
    ):
        assert secret not in text
    forms = {form for cell in cells for out in cell.get("outputs", []) for form in out["data"]}
    assert "text/html" not in forms


def test_json_is_the_whole_session(server, session_id) -> None:
    whole = json.loads(exported(server, session_id, "json")[0])
    assert whole["project"] == "Demo"
    assert {file["filename"] for file in whole["files"]} == {
        path.name for path in DEMO.glob("*.csv")
    }
    asked = [message["content"] for message in whole["messages"] if message["role"] == "USER"]
    assert asked[: len(QUESTIONS)] == list(QUESTIONS)
    assert any(message["tool_calls"] for message in whole["messages"])


def test_an_unknown_form_is_refused_in_one_sentence(server, session_id) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        exported(server, session_id, "docx")
    assert refused.value.code == 400
    error = json.loads(refused.value.read())["error"]
    assert error["message"] == "format takes one of: ipynb, md, json."
