"""The layout check finds what it is there for, and the package declares what it imports."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts import check_layout

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGE = CHECKOUT / "leonidas_jupyter"
BROUGHT = {
    *("botocore", "jupyter_client", "jupyter_core", "pydantic_core", "tornado", "traitlets"),
    "urllib3",
}
"""Parts of boto3, IPython, Jupyter Server and pydantic that never come apart from them."""
ANOTHER_PROCESS = {"serve.py"}
"""The private server: `kernel` starts it in a process of its own, where Jupyter Server is there."""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package of five empty domains."""
    for domain in check_layout.DOMAINS:
        folder = tmp_path / check_layout.PACKAGE / domain
        folder.mkdir(parents=True)
        for name in ("__init__.py", *check_layout.FOUR_FILES):
            (folder / name).touch()
    return tmp_path / check_layout.PACKAGE


def test_a_domain_has_exactly_its_four_files(package: Path) -> None:
    assert list(check_layout.domain_problems(package)) == []
    (package / "chat" / "service.py").unlink()
    (package / "files" / "uploads.py").touch()
    assert list(check_layout.domain_problems(package)) == [
        "leonidas_jupyter/chat lacks service.py",
        "leonidas_jupyter/files has uploads.py beside its four files",
    ]


def test_long_files_and_functions_and_empty_names_are_found(tmp_path: Path) -> None:
    path = tmp_path / "utils.py"
    body = "".join(f"    x = {number}\n" for number in range(45))
    path.write_text(f'def long():\n    """Say."""\n{body}' + "\n" * 330, encoding="utf-8")
    problems = "\n".join(check_layout.size_problems(path))
    assert "say in the file's name" in problems
    assert "lines, more than 330" in problems
    assert "long has 45 lines, more than 44" in problems


def test_traces_of_a_machine_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://somebody@packages.example.test/simple")
    traces = check_layout.machine_traces(tmp_path)
    assert "packages.example.test" in traces
    path = tmp_path / "notes.md"
    home = "/".join(("", "home", "somebody", "x"))
    lines = ["fine", f"{tmp_path}/x", "https://packages.example.test/", home, "/home/ann/work"]
    path.write_text("\n".join(lines), encoding="utf-8")
    found = [line.split(":")[1] for line in check_layout.trace_problems(path, traces)]
    assert found == ["2", "3", "4"]


def test_demo_data_without_a_source_is_found(tmp_path: Path) -> None:
    (tmp_path / "SOURCES.md").write_text("| `known.csv` | 1 |\n", encoding="utf-8")
    (tmp_path / "known.csv").write_text("a\n1\n", encoding="utf-8")
    assert list(check_layout.demo_problems(tmp_path)) == []
    (tmp_path / "unknown.csv").write_text("a\n" * 300_000, encoding="utf-8")
    problems = list(check_layout.demo_problems(tmp_path))
    assert len(problems) == 2
    assert "unknown.csv" in problems[0]


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def _declared(project: dict[str, object], *extras: str) -> set[str]:
    requirements = list(project["dependencies"])
    for extra in extras:
        requirements += project["optional-dependencies"][extra]
    return {canonicalize_name(Requirement(text).name) for text in requirements}


@pytest.mark.parametrize(
    ("folder", "extras"), [("kernel", []), (".", ["server", "openai", "postgres"])]
)
def test_what_is_imported_is_declared(folder: str, extras: list[str]) -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = _declared(project, *extras)
    owners = packages_distributions()
    known = {*sys.stdlib_module_names, "leonidas_jupyter", *BROUGHT}
    for path in (PACKAGE / folder).rglob("*.py"):
        if path.name in ANOTHER_PROCESS:
            continue
        for name in set(_imports(path)) - known:
            distributions = {canonicalize_name(owner) for owner in owners.get(name, [name])}
            assert distributions & declared, f"{path.name} imports {name}, which is not declared"


def test_an_old_python_is_named_in_one_sentence(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\ncase "$2" in *exit*) exit 1;; *) echo 3.9.2;; esac\n')
    old.chmod(0o755)
    done = _make("run", f"PYTHON={old}", f"VENV={tmp_path / 'venv'}")
    assert done.returncode != 0
    assert f"Leonidas needs Python 3.11 or newer; {old} is 3.9.2." in done.stderr
    missing = _make("run", f"PYTHON={tmp_path / 'none'}", f"VENV={tmp_path / 'venv'}")
    assert "there is no" in missing.stderr
    assert not (tmp_path / "venv").exists()


def _make(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [shutil.which("make") or "make", *arguments],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_the_contracts_of_the_layers_name_every_package() -> None:
    text = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    layers = next(
        contract["layers"]
        for contract in tomllib.loads(text)["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    )
    named = set(re.findall(r"leonidas_jupyter\.(\w+)", " ".join(layers)))
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert named == packages - {"kernel"}
