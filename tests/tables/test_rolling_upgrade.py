"""Two neighbouring releases on one database, and a release that comes back after a newer one."""

import asyncio
import contextlib
import importlib.util
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import inspect

from leonidas_jupyter.projects.repository import SPECS
from leonidas_jupyter.projects.schemas import Project
from leonidas_jupyter.tables import migrations
from leonidas_jupyter.tables.base import Unavailable
from leonidas_jupyter.tables.migrations import revisions, upgrade
from leonidas_jupyter.tables.sql import driver_of, open_sql
from leonidas_jupyter.tables.sqlite import open_engine

ADDS = """
revision = "9001"
down_revision = "{newest}"
compatible_from = "{newest}"

def upgrade():
    op.add_column("projects", sa.Column("mood", sa.Text(), nullable=True))
    op.add_column(
        "projects", sa.Column("stars", sa.BigInteger(), nullable=True, server_default="5")
    )
    op.create_index("ix_projects_mood", "projects", ["mood", "project_id"])
"""
CHANGES = """
revision = "9002"
down_revision = "9001"

def upgrade():
    op.create_table("more", sa.Column("a", sa.Text(), nullable=True))
"""
HEAD = '"""A next revision."""\nimport sqlalchemy as sa\nfrom alembic import op\n'


class NewProject(Project):
    mood: str | None = None
    stars: int | None = 5


OLD = next(spec for spec in SPECS if spec.name == "projects")
NEW = replace(OLD, model=NewProject)


@pytest.fixture(params=["sqlite", "duckdb", "postgresql"])
def url(request, tmp_path):
    if request.param == "postgresql":
        return request.getfixturevalue("postgres_url")
    tmp_path.chmod(0o700)
    return f"{request.param}:///{tmp_path / 'a.db'}"


@pytest.fixture
def release(tmp_path):
    """Opens a database as a release does: this one, or one with further revisions."""
    newest = revisions()[-1]
    folders = [migrations._HERE]
    for name, text in (("adds", ADDS), ("changes", CHANGES)):
        folder = tmp_path / name
        shutil.copytree(folders[-1], folder, ignore=shutil.ignore_patterns("__pycache__"))
        number = f"{900}{len(folders)}"
        path = folder / "versions" / f"0{number}.py"
        path.write_text(HEAD + text.format(newest=newest).replace('"900', '"0900'))
        folders.append(folder)

    @contextlib.asynccontextmanager
    async def opened(url, number, create=False):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(migrations, "_HERE", folders[number])
            spec = NEW if number else OLD
            database = await asyncio.to_thread(open_sql, url, [spec], create_tables=create)
        try:
            yield database.table(spec)
        finally:
            await database.close()

    return opened


def project(kind, name, **more):
    return kind(project_id=name, name=name, owner_id="ann", **more)


def test_an_older_release_goes_on_and_leaves_alone_what_it_does_not_know(url, release):
    async def main():
        async with release(url, 0, create=True) as old:
            await old.put(project(Project, "before"))
        async with release(url, 1, create=True) as new:
            assert (await new.get("before")).stars == 5
            await new.update("before", {"mood": "calm", "stars": 7})
            await new.put(project(NewProject, "later", mood="glad"))
        async with release(url, 0, create=True) as old:
            assert (await old.get("later")).name == "later"
            await old.update("before", {"name": "changed"})
            await old.add("before", "file_count", 2)
            await old.put(project(Project, "later", description="put again"))
            await old.put(project(Project, "of old"))
            found = await old.query("owner", "ann")
            assert len(found.items) == 3
        async with release(url, 1) as new:
            before, later, of_old = [await new.get(n) for n in ("before", "later", "of old")]
        assert (before.name, before.file_count, before.mood, before.stars) == (
            *("changed", 2, "calm", 7),
        )
        assert (later.description, later.mood) == ("put again", "glad")
        assert (of_old.mood, of_old.stars) == (None, 5)

    asyncio.run(main())


def test_a_running_replica_goes_on_while_another_migrates(postgres_url, release):
    async def main():
        async with (
            release(postgres_url, 0, create=True) as old,
            release(postgres_url, 1, create=True) as new,
        ):
            await old.put(project(Project, "of old"))
            await new.put(project(NewProject, "of new", mood="glad"))
            await old.update("of new", {"name": "changed"})
            changed = await new.get("of new")
            assert (changed.name, changed.mood) == ("changed", "glad")
            assert (await new.update("of old", {"mood": "calm"})).version == 2

    asyncio.run(main())


def test_a_schema_that_says_nothing_is_refused_by_older_releases(url, release):
    async def main():
        async with release(url, 2, create=True) as newest:
            await newest.put(project(NewProject, "a"))
        for older in (0, 1):
            with pytest.raises(Unavailable, match="newer Leonidas"):
                async with release(url, older, create=True):
                    pass
        async with release(url, 2) as newest:
            assert (await newest.get("a")).name == "a"

    asyncio.run(main())


def test_a_note_of_another_revision_says_nothing(url, release):
    """As when a release that wrote none has migrated since."""

    async def main():
        async with release(url, 1, create=True):
            pass
        driver = driver_of(url)
        with driver.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '09009'")
        driver.engine.dispose()
        with pytest.raises(Unavailable, match="newer Leonidas"):
            async with release(url, 0):
                pass

    asyncio.run(main())


def compatible(folder: Path) -> list[tuple[str, str]]:
    """The revisions that older releases can go on with, and the oldest of those."""
    found = []
    for path in sorted(folder.glob("versions/0*.py")):
        module = importlib.util.module_from_spec(
            importlib.util.spec_from_file_location(path.stem, path)
        )
        module.__spec__.loader.exec_module(module)
        if (oldest := getattr(module, "compatible_from", module.revision)) != module.revision:
            found.append((oldest, module.revision))
    return found


def shapes(tmp_path, revision):
    engine = open_engine(f"sqlite:///{tmp_path / f'{revision}.db'}")
    with engine.begin() as connection:
        upgrade(connection, revision)
        look = inspect(connection)
        columns = {
            (table, column["name"]): (str(column["type"]), column["nullable"], column["default"])
            for table in look.get_table_names()
            for column in look.get_columns(table)
        }
        unique = {
            (table, index["name"])
            for table in look.get_table_names()
            for index in look.get_indexes(table)
            if index["unique"]
        }
    engine.dispose()
    return columns, unique


def harm(tmp_path, older, newer):
    """What an older release would stumble over: what is gone, changed, or asked of it."""
    (columns, unique), (later, later_unique) = (shapes(tmp_path, each) for each in (older, newer))
    found = [name for name, shape in columns.items() if later.get(name) != shape]
    tables = {table for table, _ in columns}
    for (table, name), (_, nullable, default) in later.items():
        new = table in tables and (table, name) not in columns
        if new and not nullable and default is None:
            found.append((table, name))
    return found + [each for each in later_unique - unique if each[0] in tables]


@pytest.mark.parametrize(("older", "newer"), compatible(migrations._HERE))
def test_a_revision_that_says_that_older_releases_can_go_on_only_adds(tmp_path, older, newer):
    assert harm(tmp_path, older, newer) == []


@pytest.mark.parametrize(
    ("does", "stumbles"),
    [
        ('op.drop_column("projects", "python")', [("projects", "python")]),
        (
            'op.add_column("usage", sa.Column("a", sa.Text(), nullable=False, server_default="x"))',
            [],
        ),
        ('op.create_index("uq", "runs", ["model"], unique=True)', [("runs", "uq")]),
        ('op.create_table("t", sa.Column("a", sa.Text(), nullable=False))', []),
    ],
)
def test_what_does_more_than_add_is_found(tmp_path, monkeypatch, does, stumbles):
    folder = tmp_path / "next"
    shutil.copytree(migrations._HERE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    newest = revisions()[-1]
    body = f'revision = "09001"\ndown_revision = "{newest}"\ndef upgrade():\n    {does}\n'
    (folder / "versions" / "09001.py").write_text(HEAD + body)
    monkeypatch.setattr(migrations, "_HERE", folder)
    assert harm(tmp_path, newest, "09001") == stumbles
