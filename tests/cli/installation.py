"""An installation in a folder, as a server leaves it, and the command that copies it."""

import asyncio
import hashlib
import json
import os
import secrets
import sqlite3
import subprocess
import sys
from pathlib import Path

from leonidas_jupyter.auth.repository import USERS
from leonidas_jupyter.auth.schemas import StoredUser
from leonidas_jupyter.chat.repository import MESSAGES
from leonidas_jupyter.chat.schemas import Message, MessageRole
from leonidas_jupyter.core.ids import new_id
from leonidas_jupyter.data.framestore import Content
from leonidas_jupyter.data.reading import FileStatus
from leonidas_jupyter.files.repository import FILES
from leonidas_jupyter.files.schemas import FileSource, StoredFile
from leonidas_jupyter.projects.repository import PROJECTS
from leonidas_jupyter.projects.schemas import Project
from leonidas_jupyter.server.engines import open_database, open_store
from leonidas_jupyter.sessions.repository import SESSIONS
from leonidas_jupyter.sessions.schemas import Session
from leonidas_jupyter.storage.signing import UrlSigner

COMMAND = "from leonidas_jupyter.cli import main; main()"
SIGNER = UrlSigner(b"k" * 32, "")


async def _fill(folder: Path, messages: int, files: int, size: int) -> None:
    database = open_database(f"sqlite:///{folder}/leonidas.db")
    store = open_store((folder / "objects").as_uri(), SIGNER)
    user, project, session = new_id(), new_id(), new_id()
    await database.table(USERS).load([StoredUser(user_id=user, username="ann")])
    await database.table(PROJECTS).load(
        [Project(project_id=project, name="Größe", owner_id=user, file_count=files)]
    )
    await database.table(SESSIONS).load([Session(session_id=session, project_id=project)])
    said = [
        Message(
            session_id=session,
            message_id=new_id(),
            role=MessageRole.USER,
            content=f"{number} " + "question " * 20,
        )
        for number in range(messages)
    ]
    for at in range(0, messages, 1000):
        await database.table(MESSAGES).load(said[at : at + 1000])
    for number in range(files):
        await database.table(FILES).load([await _file(store, project, number, size)])
    await database.close()


async def _file(store, project: str, number: int, size: int) -> StoredFile:
    bytes_ = secrets.token_bytes(size)
    content = Content(project, new_id(), 1)
    frame_hash = f"{number:064x}"
    await store.put(content.original, bytes_)
    await store.put(content.frame(frame_hash), b"frame" + bytes_)
    await store.put(content.profile(frame_hash), b"{}")
    return StoredFile(
        file_id=content.file_id,
        project_id=project,
        status=FileStatus.COMPLETED,
        source=FileSource.USER_UPLOAD,
        filename=f"{number}.csv",
        frame_name=f"t_{number}",
        frame_key=f"{project}/t_{number}",
        size=size,
        sha256=hashlib.sha256(bytes_).hexdigest(),
        frame_hash=frame_hash,
        frame_sha256=hashlib.sha256(b"frame" + bytes_).hexdigest(),
    )


def fill(folder: Path, *, messages: int = 250, files: int = 6, size: int = 10_000) -> None:
    """Make an installation with a user, a project, messages and files."""
    folder.mkdir(parents=True)
    asyncio.run(_fill(folder, messages, files, size))


def rows(folder: Path) -> dict[str, list]:
    """All rows of an installation, in order of their keys."""
    file = sqlite3.connect(folder / "leonidas.db")
    names = [
        name
        for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        if not name.startswith(("alembic", "leonidas", "sqlite"))
    ]
    found = {}
    for name in names:
        every = file.execute(f'SELECT * FROM "{name}"')  # noqa: S608 - a table of our own
        found[name] = sorted(every, key=repr)
    file.close()
    return found


def objects(folder: Path) -> dict[str, bytes]:
    """All objects of an installation."""
    root = folder / "objects" / "objects"
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and "_copy" not in path.parts
    }


def same(one: Path, other: Path) -> bool:
    """Whether two installations hold the same."""
    return rows(one) == rows(other) and objects(one) == objects(other)


def environment(home: Path, **variables: str) -> dict[str, str]:
    """A machine on which ``home/data/leonidas`` is what is configured."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LEONIDAS_", "JUPYTER", "JPY_", "AWS_"))
    }
    return {
        **kept,
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        **variables,
    }


def start(home: Path, *arguments: str, **variables: str) -> subprocess.Popen:
    """Start ``jupyter leonidas …``."""
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, *arguments],
        env=environment(home, **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(home: Path, *arguments: str, **variables: str) -> tuple[int, str, str]:
    """Run ``jupyter leonidas …``: exit code, what it said, what it said of errors."""
    process = start(home, *arguments, **variables)
    said, errors = process.communicate(timeout=200)
    return process.returncode, said, errors


def run_json(home: Path, *arguments: str, **variables: str) -> tuple[int, dict]:
    """Run it with ``--json``."""
    code, said, errors = run(home, *arguments, "--json", **variables)
    assert said, errors
    return code, json.loads(said)
