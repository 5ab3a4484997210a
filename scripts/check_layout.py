"""Hold the rules of the house that no linter knows; ``make check`` runs this.

Every domain has exactly its four files; files and functions stay short; the demo data is named with
its licence; and nothing of the machine that the repository was written on (its folders, its package
registries) stands in it.
"""

import ast
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

CHECKOUT = Path(__file__).resolve().parent.parent
PACKAGE = "leonidas_jupyter"
DOMAINS = ("admin", "auth", "chat", "exports", "files", "models", "projects", "sessions", "usage")
FOUR_FILES = {"handlers.py", "repository.py", "schemas.py", "service.py"}
MAX_FILE_LINES = 330
MAX_FUNCTION_LINES = 44
"""The rule is 300 and 40; nobody need split a file for one line more."""

UNWANTED_NAMES = {"helpers.py", "misc.py", "utils.py"}
HOME_FOLDER = re.compile(r"(?<![\w.])/(?:home|Users)/[A-Za-z][\w.-]*/")
ANY_HOME = {"/home/ann/", "/home/jovyan/"}
"""Homes that examples may name: nobody's, and that of the public Jupyter images."""


def tracked_files(root: Path) -> list[Path]:
    """What stands in the repository, or will with the next commit."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    paths = (root / name for name in listing.stdout.split("\0") if name)
    return sorted(path for path in paths if path.is_file())


def domain_problems(package: Path) -> Iterator[str]:
    """A domain that has not exactly the four files."""
    for domain in DOMAINS:
        found = {path.name for path in (package / domain).iterdir() if path.suffix == ".py"}
        extra = found - FOUR_FILES - {"__init__.py"}
        if missing := FOUR_FILES - found:
            yield f"{PACKAGE}/{domain} lacks {', '.join(sorted(missing))}"
        if extra:
            yield f"{PACKAGE}/{domain} has {', '.join(sorted(extra))} beside its four files"


def _body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    start = (first.end_lineno or first.lineno) + 1 if documented else first.lineno
    return (function.end_lineno or start) - start + 1


def size_problems(path: Path) -> Iterator[str]:
    """A file or function that is too long to be read at once, or a file whose name says nothing."""
    if path.name in UNWANTED_NAMES:
        yield f"{path}: say in the file's name what it is for"
    text = path.read_text(encoding="utf-8")
    if (lines := text.count("\n")) > MAX_FILE_LINES:
        yield f"{path}: {lines} lines, more than {MAX_FILE_LINES}"
    if "migrations" in path.parts:  # one statement after another, written once and then left
        return
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if (length := _body_lines(node)) > MAX_FUNCTION_LINES:
            where = f"{path}:{node.lineno}: {node.name}"
            yield f"{where} has {length} lines, more than {MAX_FUNCTION_LINES}"


def registry_hosts() -> set[str]:
    """The hosts of the package registries that this machine uses."""
    settings = [value for name, value in os.environ.items() if "INDEX_URL" in name.upper()]
    for command in (
        [sys.executable, "-m", "pip", "config", "list"],
        ["npm", "config", "get", "registry"],
    ):
        try:
            asked = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        except (OSError, subprocess.TimeoutExpired):
            continue
        settings += asked.stdout.splitlines()
    urls = re.findall(r"https?://[^\s'\"]+", "\n".join(settings))
    return {host for url in urls if (host := urlsplit(url).hostname)}


def machine_traces(root: Path) -> set[str]:
    """Text that would tell on which machine the repository was written."""
    folders = {root, Path.home(), Path(tempfile.gettempdir()) / root.name}
    return {f"{folder}/" for folder in folders if len(folder.parts) > 1} | registry_hosts()


def trace_problems(path: Path, traces: set[str]) -> Iterator[str]:
    """A line that names a folder or a registry of this machine."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    for number, line in enumerate(text.splitlines(), 1):
        found = {trace for trace in traces if trace in line}
        found |= set(HOME_FOLDER.findall(line)) - ANY_HOME
        for trace in sorted(found):
            yield f"{path}:{number}: names {trace}, which is of one machine"


def demo_problems(demo: Path) -> Iterator[str]:
    """A demo file without a line on its source, or too much of them."""
    sources = (demo / "SOURCES.md").read_text(encoding="utf-8")
    tables = sorted(demo.glob("*.csv"))
    for table in tables:
        if f"| `{table.name}` |" not in sources:
            yield f"{table}: SOURCES.md does not name its source and licence"
    if (size := sum(table.stat().st_size for table in tables)) > 500_000:
        yield f"{demo}: {size} bytes of demo data, more than 500,000"


def problems(root: Path) -> Iterator[str]:
    """Everything that is against the rules, one line each."""
    package = root / PACKAGE
    yield from domain_problems(package)
    yield from demo_problems(package / "demo")
    traces = machine_traces(root)
    for path in tracked_files(root):
        if path.suffix == ".py" and path.is_relative_to(package):
            yield from size_problems(path)
        yield from trace_problems(path, traces)


def main() -> int:
    """Print the problems; return 1 when there are any."""
    found = [line.replace(f"{CHECKOUT}/", "") for line in problems(CHECKOUT)]
    print("\n".join(found) or "Layout: kept.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
