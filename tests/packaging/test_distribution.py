"""What the wheel holds, and what a person gets who installs it with and without [server]."""

import os
import re
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from scripts.serving import Server

INSIDE = ("conftest", "test_", ".ci/", "bench/", "scripts/", ".git")


def _run(*command: str | Path, home: Path) -> str:
    """The output of a command that must succeed, in an environment without the developer's."""
    done = subprocess.run(
        command,
        env={"HOME": str(home), "PATH": os.defpath},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_wheel_holds_the_package_its_data_and_the_switch(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in (
        "leonidas_jupyter/py.typed",
        "leonidas_jupyter/demo/SOURCES.md",
        "leonidas_jupyter/demo/penguins.csv",
        "leonidas_jupyter/demo/seattle_weather.csv",
        "leonidas_jupyter/demo/countries.csv",
        "leonidas_jupyter/tables/migrations/env.py",
    ):
        assert wanted in names
    data = [name for name in names if ".data/data/" in name]
    assert [name.split(".data/data/")[1] for name in data] == [
        "etc/jupyter/jupyter_server_config.d/leonidas_jupyter.json"
    ]
    assert not [name for name in names if any(part in name for part in INSIDE)]


def test_the_sdist_builds_the_same_wheel_and_holds_no_tests(built: Path, wheel: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    in_wheel = {n for n in zipfile.ZipFile(wheel).namelist() if n.startswith("leonidas_jupyter/")}
    assert in_wheel <= names
    assert {"pyproject.toml", "README.md", "LICENSE"} <= names
    assert not [name for name in names if any(part in name for part in INSIDE)]


def test_with_server_the_extension_is_enabled_and_answers_from_what_it_declares(
    environment: Callable[..., Path], tmp_path: Path
) -> None:
    python = environment(extras=frozenset({"server"}))
    listing = _run(python, "-m", "jupyter_server.extension.serverextension", "list", home=tmp_path)
    plain = " ".join(re.sub(r"\x1b\[\d+m", "", listing).split())
    assert re.search(r"leonidas_jupyter enabled .*Validating leonidas_jupyter\.\.\.", plain)
    assert re.search(r"leonidas_jupyter \d\S* OK", plain)
    with Server(python, tmp_path) as server:
        assert server.get("leonidas/api/v1/healthz").status == 200
        names = [item["name"] for item in server.get("leonidas/api/v1/projects").json["items"]]
        assert "Demo" in names


def test_without_server_the_jupyter_server_runs_and_one_line_says_what_to_install(
    environment: Callable[..., Path], tmp_path: Path
) -> None:
    python = environment("jupyter_server")
    with Server(python, tmp_path) as server:
        assert server.get("api/status").status == 200
        assert server.get("leonidas/api/v1/projects").status == 404
    said = [line for line in server.log().splitlines() if "leonidas" in line.lower()]
    advice = [line for line in said if "pip install 'leonidas-jupyter[server]'" in line]
    assert len(advice) == 1
    assert "Traceback" not in server.log()


def test_the_base_loads_in_ipython_without_a_server(
    environment: Callable[..., Path], tmp_path: Path
) -> None:
    python = environment()
    _run(python, "-m", "IPython", "-c", "%load_ext leonidas_jupyter", home=tmp_path)
