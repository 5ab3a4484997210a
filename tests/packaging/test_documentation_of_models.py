"""What the documentation says of models is so: tried with a stub that plays the provider."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from scripts.serving import Server
from tests.packaging.pages import ASSISTANT, README, as_cells, blocks
from tests.stubs.openai_stub import OpenAIStub
from tests.stubs.script import Call, Received

MODEL = "openai:gpt-5"
CODE = "heavy = penguins['body_mass_g'].max()\nheavy"


def says(received: Received) -> tuple[object, ...]:
    """Python once, then an answer."""
    messages = received.body["messages"]
    if "tools" not in received.body or messages[-1]["role"] == "tool":
        return ("The heaviest weighs {{t1.0.0}} g.",)
    return (Call("python", {"code": CODE}),)


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenAIStub]:
    """What plays every provider that is asked."""
    with OpenAIStub(says, models=("qwen3", "gpt-5")) as stub:
        yield stub


def configured(provider: OpenAIStub) -> list[str]:
    """The options of the page, but for the provider's address."""
    return [
        f"--Leonidas.model={MODEL}",
        f"--Leonidas.model_base_url={provider.base_url}",
        f"--Leonidas.ollama_url={provider.url}",
        "--Leonidas.allowed_models=builtin",
        "--Leonidas.allowed_models=openai:*",
        "--Leonidas.allowed_models=ollama:*",
        "--Leonidas.allowed_models=bedrock:*",
    ]


@pytest.fixture(scope="module")
def server(provider: OpenAIStub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server as the page configures it, in which models are connected."""
    home = tmp_path_factory.mktemp("home")
    with Server(sys.executable, home, *configured(provider)) as running:
        yield running


@pytest.fixture
def fresh_server(provider: OpenAIStub, tmp_path: Path) -> Iterator[Server]:
    """The same, in which none was."""
    with Server(sys.executable, tmp_path, *configured(provider)) as running:
        yield running


def bash(server: Server, *parts: str) -> str:
    """What the blocks print, run as one script after those of "Over REST"."""
    script = "\n".join(["set -euo pipefail", *blocks(README, "bash", "Over REST"), *parts])
    done = subprocess.run(
        ["bash", "-c", script.replace("http://localhost:8888", server.url.rstrip("/"))],
        env={"PATH": os.environ["PATH"], "TOKEN": server.token},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr + server.log()
    return done.stdout


def test_a_model_is_connected_as_the_readme_says(server: Server, provider: OpenAIStub) -> None:
    provider.turns = [("Yes.",)]
    printed = bash(server, *blocks(README, "bash", "With a model"))
    assert '"name":"ollama:qwen3","provider":"ollama"' in printed
    assert re.search(r'"name":"ollama:qwen3"[^}]*"connected":true,"answers":true', printed)


def test_the_commands_about_models_and_projects_work(server: Server, provider: OpenAIStub) -> None:
    provider.turns = [("Yes.",)]
    connecting, narrowing = (
        *blocks(ASSISTANT, "bash", "Models"),
        *blocks(ASSISTANT, "bash", "Limits per project"),
    )
    # The key of the environment goes to OpenAI alone, which no test may ask.
    connecting = connecting.replace(
        '"provider": "openai", "model": "gpt-5", "key_from": "OPENAI_API_KEY"',
        '"provider": "ollama", "model": "qwen3"',
    )
    printed = bash(server, connecting, narrowing)
    assert '"name":"ollama:qwen3"' in printed
    assert '"data_exposure":"summary"' in printed
    assert '"run_tokens":60000' in printed


def test_usage_is_told_as_the_readme_says(server: Server) -> None:
    (command,) = re.findall(r"`(curl[^`]*/usage)`", README.read_text(encoding="utf-8"))
    assert '"total":{"runs":' in bash(server, command)


def test_the_cells_about_python_work(fresh_server: Server, provider: OpenAIStub) -> None:
    server = fresh_server
    provider.turns = [says]
    (block,) = blocks(README, "python", "With a model")
    cells = ["%load_ext leonidas_jupyter", "%leonidas use Demo", *as_cells(block)]
    cells.append("assert heavy == 6300, heavy")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
    environment = {"PATH": os.environ["PATH"], "HOME": str(server.home)}
    client = NotebookClient(
        notebook, timeout=120, resources={"metadata": {"path": str(server.home)}}
    )
    client.execute(env=environment, stderr=subprocess.DEVNULL)
    text = nbformat.writes(notebook)
    assert "in the session's own kernel" in text
    assert "in this notebook" in text
    assert text.count("The heaviest weighs") >= 3
    exported = nbformat.read(server.home / "talk.ipynb", as_version=4)
    assert any(CODE in cell.source for cell in exported.cells)
