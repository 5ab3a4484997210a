"""What a person does: pip install from a checkout into an empty environment, and start."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.serving import Server

CHECKOUT = Path(__file__).resolve().parents[2]


def _install(folder: Path, *requirements: str) -> Path:
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=120)
    python = folder / "bin" / "python"
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, *requirements], cwd=CHECKOUT, check=True, timeout=1200)
    return python


@pytest.mark.soak
def test_with_server_it_is_enabled_and_the_demo_project_is_there(tmp_path: Path) -> None:
    python = _install(tmp_path / "venv", ".[server]")
    listing = subprocess.run(
        [python.parent / "jupyter", "server", "extension", "list"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "leonidas_jupyter" in listing.stdout + listing.stderr
    with Server(python, tmp_path) as server:
        projects = server.get("leonidas/api/v1/projects")
        assert [item["name"] for item in projects.json["items"]] == ["Demo"]


@pytest.mark.soak
def test_the_base_brings_no_server_and_nothing_slow(tmp_path: Path) -> None:
    python = _install(tmp_path / "venv", ".")
    pip = [python, "-m", "pip", "list", "--format=json", "--disable-pip-version-check"]
    listing = subprocess.run(pip, capture_output=True, text=True, timeout=60, check=True)
    names = {package["name"].lower() for package in json.loads(listing.stdout)}
    assert not names & {"jupyter_server", "jupyter-server", "pydantic", "duckdb", "sqlalchemy"}
