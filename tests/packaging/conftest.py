"""The built distribution, and environments that hold exactly what it declares."""

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist, built from a copy of the checkout's files."""
    source = tmp_path_factory.mktemp("source") / "leonidas"
    shutil.copytree(
        CHECKOUT,
        source,
        ignore=shutil.ignore_patterns(".*", "__pycache__", "tests", "bench", "build", "dist"),
    )
    out = tmp_path_factory.mktemp("dist")
    build = (
        "import hatchling.build as b, sys; b.build_wheel(sys.argv[1]); b.build_sdist(sys.argv[1])"
    )
    subprocess.run(
        [sys.executable, "-c", build, out], cwd=source, check=True, capture_output=True, timeout=120
    )
    return out


@pytest.fixture(scope="session")
def wheel(built: Path) -> Path:
    """The wheel."""
    return next(built.glob("*.whl"))


def _requirements(dist: Distribution, extras: Iterable[str]) -> list[str]:
    """What a distribution with these extras requires here."""
    requirements = [Requirement(text) for text in dist.requires or []]
    return [
        f"{each.name}[{','.join(each.extras)}]" if each.extras else each.name
        for each in requirements
        if each.marker is None or any(each.marker.evaluate({"extra": e}) for e in ("", *extras))
    ]


def _closure(requirements: Iterable[str]) -> dict[str, Distribution]:
    """The installed distributions that the requirements lead to, by their text."""
    found: dict[str, Distribution] = {}
    queue = list(requirements)
    while queue:
        text = queue.pop()
        if text in found:
            continue
        requirement = Requirement(text)
        try:
            found[text] = distribution(requirement.name)
        except PackageNotFoundError:
            pytest.fail(f"{text} is not installed: run make test")
        queue += _requirements(found[text], requirement.extras)
    return found


def _link(dist: Distribution, target: Path) -> None:
    """Make what the distribution installed importable from target, and nothing else."""
    for file in dist.files or []:
        top = file.parts[0]
        source = Path(str(dist.locate_file(top)))
        if top not in ("..", "__pycache__", "bin") and not (target / top).exists():
            if _is_shared(source):
                (target / file).parent.mkdir(parents=True, exist_ok=True)
                (target / file).symlink_to(str(dist.locate_file(file)))
            else:
                (target / top).symlink_to(source)


def _is_shared(folder: Path) -> bool:
    """Whether several distributions install into it (a namespace package)."""
    return folder.is_dir() and not folder.suffix and not (folder / "__init__.py").exists()


@pytest.fixture
def environment(tmp_path: Path, wheel: Path) -> Callable[..., Path]:
    """Make a virtual environment with the wheel and what the named requirements declare.

    pip would take a minute to download what is already here, so the distributions of the running
    environment are linked into it: those, and only those, to which the requirements lead.
    """

    def make(*others: str, extras: frozenset[str] = frozenset()) -> Path:
        root = tmp_path / "venv"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", root], check=True)
        site = next(root.glob("lib/python*/site-packages"))
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(site)
        for data in site.glob("*.data/data"):
            shutil.copytree(data, root, dirs_exist_ok=True)
        built = Distribution.at(next(site.glob("leonidas_jupyter-*.dist-info")))
        for dist in _closure([*_requirements(built, extras), *others]).values():
            _link(dist, site)
        return root / "bin" / "python"

    return make
