"""What the documentation says is so: settings, codes, links, and every command."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from leonidas_jupyter.core.errors import STATUS
from scripts import reference, run_lab
from scripts.serving import Server

CHECKOUT = Path(__file__).resolve().parents[2]
README = CHECKOUT / "README.md"
API = CHECKOUT / "docs" / "api.md"
PAGES = sorted([*CHECKOUT.glob("*.md"), *CHECKOUT.glob("docs/*.md"), CHECKOUT / "bench/RESULTS.md"])
SALES = "region,amount\nnorth,12.50\nsouth,7.25\nnorth,3.00\n"


def _blocks(page: Path, language: str, heading: str) -> list[str]:
    """The code blocks in a language under a heading."""
    section = re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    text = next(part for part in section if part.startswith(heading))
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


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
    blocks = [
        *_blocks(README, "bash", "Over REST"),
        *_blocks(API, "bash", "Who is calling"),
        *_blocks(API, "bash", "Upload"),
    ]
    assert len(blocks) == 3
    script = "\n".join(["set -euo pipefail", *blocks])
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


def test_the_routes_and_parameters_of_the_api_page_are_in_the_document() -> None:
    page = API.read_text(encoding="utf-8")
    paths = json.loads((CHECKOUT / "docs" / "openapi.json").read_text(encoding="utf-8"))["paths"]
    named = re.findall(r"`(GET|POST|PUT|DELETE) (/[\w/{}.-]+)", page)
    assert len(named) > 4
    for method, path in named:
        assert method.lower() in paths[path], path
    known = {
        parameter["name"]
        for operations in paths.values()
        for operation in operations.values()
        for parameter in operation.get("parameters", [])
    }
    assert set(re.findall(r"\?(\w+)=", page)) <= known


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
    cells = _blocks(README, "python", "In a notebook")
    assert len(cells) == 3
    code = [line for cell in cells for line in _as_cells(cell)]
    code.append("assert float(sales['amount'].sum()) == 22.75")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in code])
    environment = {"PATH": os.environ["PATH"], "HOME": str(server.home)}
    client = NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(tmp_path)}})
    client.execute(env=environment, stderr=subprocess.DEVNULL)
    text = nbformat.writes(notebook)
    assert "Gentoo" in text


def _as_cells(block: str) -> list[str]:
    """A block as cells: comments go, and a cell magic stays one cell."""
    text = re.sub(r" +# .*$", "", block, flags=re.MULTILINE)
    return [text] if text.startswith("%%") else text.splitlines()
