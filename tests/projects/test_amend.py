import asyncio

import pytest

from leonidas_jupyter.core.exposure import DataExposure, strictest
from leonidas_jupyter.core.ids import new_id
from leonidas_jupyter.projects.repository import PROJECTS
from leonidas_jupyter.projects.schemas import Project
from leonidas_jupyter.tables.amend import amend
from leonidas_jupyter.tables.base import Missing, Stale, Unavailable


async def stored(world):
    project = Project(project_id=new_id(), name="0", owner_id="u")
    table = world.database.table(PROJECTS)
    await table.put(project)
    return table, project.project_id


def test_changes_that_build_on_each_other_are_all_made(run):
    async def body(world):
        table, key = await stored(world)
        await asyncio.gather(
            *(amend(table, key, lambda p: {"name": str(int(p.name) + 1)}) for _ in range(6))
        )
        assert (await table.get(key)).name == "6"

    run(body)


def test_no_change_writes_nothing(run):
    async def body(world):
        table, key = await stored(world)
        assert (await amend(table, key, lambda _: None)).version == 1
        assert (await table.get(key)).version == 1

    run(body)


def test_what_is_not_there_or_not_as_known_is_not_changed(run):
    async def body(world):
        table, key = await stored(world)
        with pytest.raises(Missing):
            await amend(table, "unknown", lambda _: {"name": "x"})
        with pytest.raises(Stale):
            await amend(table, key, lambda _: {"name": "x"}, if_version=2)
        assert (await amend(table, key, lambda _: {"name": "x"}, if_version=1)).name == "x"

    run(body)


def test_somebody_who_is_always_quicker_is_given_way_to_in_the_end(run):
    async def body(world):
        table, key = await stored(world)

        class Racing:
            async def get(self, key):
                item = await table.get(key)
                await table.update(key, {"name": "other"})
                return item

            def __getattr__(self, name):
                return getattr(table, name)

        with pytest.raises(Unavailable):
            await amend(Racing(), key, lambda _: {"name": "x"})
        assert (await table.get(key)).name == "other"

    run(body)


def test_the_strictest_level_holds():
    assert strictest([DataExposure.ROWS, None, DataExposure.SCHEMA]) is DataExposure.SCHEMA
    assert [level.rank for level in DataExposure] == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="empty"):
        strictest([None])
