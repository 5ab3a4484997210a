"""What a database held at one moment, where its engine can say that without holding others up."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import make_url

from leonidas_jupyter.tables.sqlite import explained


def snapshot(url: str, folder: Path) -> str:
    """The URL of a copy of a SQLite database as it was at one moment, made in ``folder``.

    One that was made before is replaced. Other engines are read as they are: it is ``url`` itself.
    The database is neither changed nor brought up to date. Blocks.

    Raises:
        Unavailable: it cannot be read, or there is no room for the copy.
    """
    if not url.startswith("sqlite:"):
        return url
    name = make_url(url).database or ""
    path = folder / "snapshot.db"
    for old in folder.glob("snapshot.db*"):
        old.unlink()
    # In one step, so that writers do not make it begin again.
    with (
        explained(),
        closing(sqlite3.connect(name.removeprefix("file:"), timeout=30)) as source,
        closing(sqlite3.connect(path)) as target,
    ):
        source.backup(target, pages=-1)
    return f"sqlite:///{path}"
