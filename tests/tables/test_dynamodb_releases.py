"""Two neighbouring releases on one database, and the way back from the newer to the older."""

import asyncio
from enum import StrEnum

import pytest
from pydantic import BaseModel, Field

from leonidas_jupyter.core.dynamodbplace import DynamoPlace
from leonidas_jupyter.tables.base import (
    Add,
    Exists,
    Index,
    Item,
    Put,
    TableSpec,
    Unavailable,
    Update,
)
from leonidas_jupyter.tables.dynamodb import DynamoDatabase
from tests.tables.test_dynamodb_engine import raw


class OldState(StrEnum):
    OPEN = "open"


class OldStep(BaseModel):
    name: str


class OldTask(Item):
    task_id: str
    owner: str | None = None
    title: str = ""
    state: OldState = OldState.OPEN
    steps: list[OldStep] = Field(default_factory=list)
    count: int = 0
    email: str | None = None


class NewState(StrEnum):
    OPEN = "open"
    PAUSED = "paused"


class NewStep(OldStep):
    seconds: float = 0.0


class NewTask(OldTask):
    schema_version: int = 2
    state: NewState = NewState.OPEN  # type: ignore[assignment]
    steps: list[NewStep] = Field(default_factory=list)  # type: ignore[assignment]
    colour: str = "red"
    executor: str | None = "session"
    place: str | None = None
    nickname: str | None = None


OWNER = Index("owner", "owner", "created_at")
OLD = TableSpec("tasks", OldTask, key=("task_id",), unique=("email",), indexes=(OWNER,))
NEW = TableSpec(
    "tasks",
    NewTask,
    key=("task_id",),
    unique=("email", "nickname"),
    indexes=(OWNER, Index("place", "place", "created_at")),
)


@pytest.fixture
def both(on_dynamodb):
    """Runs ``body(old, new, table_of_old, table_of_new)`` on tables that the newer release made."""

    def run(body):
        async def with_both(newer):
            prefix = newer.tables["tasks"].removesuffix("-tasks")
            place = DynamoPlace(prefix, None)
            older = DynamoDatabase(newer.client, place, [OLD], objects=newer.objects)
            try:
                await body(older, newer, older.table(OLD), newer.table(NEW))
            finally:
                await older.close()

        on_dynamodb(with_both, specs=[NEW])

    return run


def new_task(**fields):
    made = {
        "task_id": "t",
        "owner": "ann",
        "colour": "blue",
        "executor": None,
        "place": "here",
        "nickname": "nick",
        "steps": [NewStep(name="one", seconds=1.5)],
    }
    return NewTask(**{**made, **fields})


def test_what_an_older_release_does_not_know_outlives_its_changes(both):
    async def body(older, newer, old, new):
        stored = await new.put(new_task(), if_absent=True)
        seen = await old.get("t")
        assert (seen.title, seen.steps, seen.schema_version) == ("", [OldStep(name="one")], 2)
        await old.update("t", {"title": "changed"}, if_version=1)
        await old.add("t", "count", 2)
        await older.transact([Update(OLD, "t", {"owner": "bob"}), Put(OLD, OldTask(task_id="u"))])
        await older.transact([Update(OLD, "t", {"email": "x"}), Add(OLD, "u", "count", 1)])
        after = await new.get("t")
        changed = {"title": "changed", "owner": "bob", "email": "x", "count": 2, "version": 4}
        assert after == stored.model_copy(update={**changed, "updated_at": after.updated_at})
        assert after.steps[0].seconds == 1.5
        assert (await new.find("nickname", "nick")) == after
        assert (await new.query("place", "here")).items == [after]
        assert (await new.query("owner", "bob")).items == [after]

    both(body)


def test_a_newer_release_reads_what_an_older_one_wrote(both):
    async def body(_older, _newer, old, new):
        await old.put(OldTask(task_id="t", owner="ann", email="x"), if_absent=True)
        seen = await new.get("t")
        assert (seen.colour, seen.executor, seen.place, seen.schema_version) == (
            "red",
            "session",
            None,
            1,
        )
        await new.update("t", {"executor": None, "place": "here"})
        assert (await old.update("t", {"title": "x"})).version == 3
        again = await new.get("t")
        assert (again.executor, again.place, again.title) == (None, "here", "x")
        assert (await new.query("place", "here")).items == [again]

    both(body)


def test_what_is_large_and_unknown_is_kept(both):
    from tests.tables.test_dynamodb_large import NOISE

    async def body(_older, newer, old, new):
        await new.put(new_task(colour=NOISE, title=NOISE[::-1]))
        await old.update("t", {"title": "short"})
        await old.update("t", {"title": NOISE[5:]})
        after = await new.get("t")
        assert after.colour == NOISE
        assert after.title == NOISE[5:]
        assert len([info async for info in newer.store.list("")]) == 2

    both(body)


def test_an_unknown_value_fails_its_item_alone(both, caplog):
    async def body(older, _newer, old, new):
        await new.put(new_task(state=NewState.PAUSED))
        await new.put(NewTask(task_id="u", owner="ann"))
        for attempt in (
            old.get("t"),
            old.update("t", {"title": "x"}),
            old.find("email", "e"),
            older.transact([Update(OLD, "t", {"title": "x"}), Add(OLD, "u", "count", 1)]),
        ):
            if attempt.__name__ == "find":
                assert await attempt is None
                continue
            with pytest.raises(Unavailable, match="bring the server up to date"):
                await attempt
        assert [each.task_id for each in (await old.query("owner", "ann")).items] == ["u"]
        assert "cannot be read" in caplog.text
        assert "blue" not in caplog.text
        with pytest.raises(Unavailable, match="another version"):  # a copy leaves nothing out
            await old.scan()
        assert (await new.get("t")).state is NewState.PAUSED
        assert (await new.get("t")).version == 1
        assert await old.add("t", "count", 1) == 1
        await old.delete("u")

    both(body)


def test_values_of_a_unique_field_that_an_older_release_replaced_are_free(both):
    """Only a put over an item that stands replaces what it does not know; nothing does that."""

    async def body(_older, _newer, old, new):
        await new.put(new_task(), if_absent=True)
        await old.put(OldTask(task_id="t"))
        assert await new.find("nickname", "nick") is None
        await new.put(NewTask(task_id="u", nickname="nick"), if_absent=True)
        with pytest.raises(Exists):
            await new.update("t", {"nickname": "nick"})

    both(body)


def test_a_field_that_is_needed_and_absent_fails_its_item_alone(both):
    async def body(_older, newer, _old, new):
        await new.put(new_task())
        await asyncio.to_thread(
            newer.client.update_item,
            TableName=newer.tables["tasks"],
            Key={"task_id": {"S": "t"}},
            UpdateExpression="SET #t = :n REMOVE updated_at",
            ExpressionAttributeNames={"#t": "title"},
            ExpressionAttributeValues={":n": {"N": "1"}},
        )
        with pytest.raises(Unavailable, match="another version"):
            await new.get("t")
        assert (await raw(newer, NEW, "t"))["colour"] == {"S": "blue"}

    both(body)
