"""What the documentation says is so: settings, codes, links, and every command."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pyarrow as pa
import pytest
from nbclient import NotebookClient

from leonidas_jupyter.assistant.shapes import RUN_EVENTS
from leonidas_jupyter.assistant.tools import TOOLS
from leonidas_jupyter.core import metrics
from leonidas_jupyter.core.config import CLIENT_VARIABLES, Leonidas
from leonidas_jupyter.core.errors import STATUS
from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.kernel.arguments import parse
from scripts import reference, run_lab
from scripts.serving import Server
from tests.packaging.pages import (
    API,
    ASSISTANT,
    CHECKOUT,
    EXPOSURE,
    PAGES,
    README,
    as_cells,
    blocks,
)

SALES = "region,amount\nnorth,12.50\nsouth,7.25\nnorth,3.00\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with an empty home."""
    with Server(sys.executable, tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.mark.parametrize("path", reference.pages(), ids=lambda path: path.name)
def test_the_settings_are_those_of_the_code(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == reference.pages()[path], "run make docs"


def test_the_codes_are_those_of_the_code() -> None:
    page = (CHECKOUT / "docs" / "errors.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", page, flags=re.MULTILINE)
    assert sorted(rows) == sorted((str(status), code.value) for code, status in STATUS.items())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text)
    for target in [*links, *re.findall(r"src(?:set)?=\"([^\"]+)\"", text)]:
        assert (page.parent / target).exists(), target


def test_the_commands_of_the_readme_and_of_the_api_page_work(
    server: Server, tmp_path: Path
) -> None:
    (tmp_path / "sales.csv").write_text(SALES, encoding="utf-8")
    commands = [
        *blocks(README, "bash", "Over REST"),
        *blocks(API, "bash", "Who is calling"),
        *blocks(API, "bash", "Upload"),
        *blocks(API, "bash", "SQL"),
    ]
    assert len(commands) == 4
    script = "\n".join(["set -euo pipefail", *commands])
    done = subprocess.run(
        ["bash", "-c", script.replace("http://localhost:8888", server.url.rstrip("/"))],
        env={"PATH": os.environ["PATH"], "TOKEN": server.token},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr + server.log()
    assert "5,076" in done.stdout or "5076" in done.stdout  # Gentoo's mean in grams: 5076.016
    assert "access_token" in done.stdout
    with (tmp_path / "result.arrows").open("rb") as stream:
        counted = pa.ipc.open_stream(stream).read_all().to_pydict()
    assert dict(zip(counted["species"], counted["n"], strict=True))["Gentoo"] == 124


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_routes_and_parameters_are_in_the_document(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    paths = json.loads((CHECKOUT / "docs" / "openapi.json").read_text(encoding="utf-8"))["paths"]
    for method, path in re.findall(r"`(GET|POST|PUT|DELETE) (/(?!api/me)[\w/{}.-]+)", text):
        assert method.lower() in paths[path], path
    known = {
        parameter["name"]
        for operations in paths.values()
        for operation in operations.values()
        for parameter in operation.get("parameters", [])
    }
    assert set(re.findall(r"`\?(\w+)=", text)) <= known


def test_the_pages_that_tell_of_routes_name_some() -> None:
    for page, least in ((API, 6), (ASSISTANT, 6)):
        named = re.findall(r"`(GET|POST|PUT|DELETE) /", page.read_text(encoding="utf-8"))
        assert len(named) >= least, page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_settings_and_variables_that_are_named_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    known = set(Leonidas.class_traits(config=True))
    assert set(re.findall(r"\bLeonidas\.(\w+)", text)) <= known
    measuring = {"LEONIDAS_QUESTIONS", "LEONIDAS_CSV_ROBUSTNESS"}
    for variable in set(re.findall(r"\bLEONIDAS_[A-Z_]+\b", text)) - measuring:
        name = variable.removeprefix("LEONIDAS_")
        assert name.removesuffix("_FILE").lower() in known or name in CLIENT_VARIABLES, variable


def test_the_page_of_the_assistant_calls_settings_by_their_names() -> None:
    """Words in code that look like a setting's name are one, or else named here."""
    text = re.sub(r"^```.*?^```", "", ASSISTANT.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    words = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", text))
    others = {tool.name for tool in TOOLS} | {*re.findall(r"leonidas_\w+", text)}
    others |= {code.value for code in STATUS}
    others |= {"api_key", "key_from", "role_arn", "kernel_id", "kernel_name", "data_exposure"}
    assert words - others <= set(Leonidas.class_traits(config=True))
    assert "python_tool" in words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_magic_that_is_named_is_one(page: Path) -> None:
    text = re.sub(r"`%leonidas`|%%leonidas", "", page.read_text(encoding="utf-8"))
    for line in re.findall(r"%leonidas (\w[^`\n]*)", text):
        command = re.sub(r" +# .*$", "", line)
        if command != "help":  # which is told by being raised
            assert parse(command).command == shlex.split(command, posix=False)[0]


@pytest.mark.parametrize("page", [README, EXPOSURE], ids=lambda page: page.name)
def test_the_levels_of_exposure_are_those_of_the_code(page: Path) -> None:
    (table,) = re.findall(r"^\| Level \|.*?(?=\n\n)", page.read_text("utf-8"), re.M | re.S)
    assert re.findall(r"^\| `(\w+)`", table, re.MULTILINE) == [*DataExposure]


def test_the_tools_and_metrics_of_the_assistants_page_are_those_of_the_code() -> None:
    text = ASSISTANT.read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", text, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"\w+", row)} == {t.name for t in TOOLS}
    counted = metrics.exposition().decode()
    for name in re.findall(r"`(leonidas_\w+)`", text):
        assert f"# TYPE {name}" in counted, name


def test_the_events_of_the_api_page_are_those_of_the_code() -> None:
    section = API.read_text(encoding="utf-8").split("| Event |")[1].split("\n\n")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE))
    assert [*rows] == [*RUN_EVENTS]
    for name, event in RUN_EVENTS.items():
        assert set(event.model_fields) <= set(re.findall(r"`(\w+)`", rows[name])), name


def _questions() -> list[str]:
    sources = (CHECKOUT / "leonidas_jupyter" / "demo" / "SOURCES.md").read_text(encoding="utf-8")
    listed = re.findall(r"^- (.*)", sources.split("## Questions to begin with")[1], re.MULTILINE)
    return [*listed, *re.findall(r"%leonidas ask (.*)", run_lab.BANNER)]


def test_the_questions_that_are_proposed_are_answered(server: Server) -> None:
    base = "leonidas/api/v1"
    project = server.get(f"{base}/projects").json["items"][0]["project_id"]
    session = server.send("POST", f"{base}/projects/{project}/sessions", {}).json["session_id"]
    assert len(_questions()) == 12
    for question in _questions():
        answer = server.send("POST", f"{base}/sessions/{session}/chat", {"content": question}).json
        ran = [call["ok"] for call in answer["message"]["tool_calls"]]
        assert ran, (question, answer["message"]["content"])
        assert all(ran), question


def test_the_cells_of_the_readme_work(server: Server, tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text(SALES, encoding="utf-8")
    cells = blocks(README, "python", "In a notebook")
    assert len(cells) == 3
    code = [line for cell in cells for line in as_cells(cell)]
    code.append("assert float(sales['amount'].sum()) == 22.75")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in code])
    environment = {"PATH": os.environ["PATH"], "HOME": str(server.home)}
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
    client.execute(env=environment, stderr=subprocess.DEVNULL)
    text = nbformat.writes(notebook)
    assert "Gentoo" in text
