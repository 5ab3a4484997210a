"""Accounts exported and erased by an administrator, over HTTP."""

import asyncio
import getpass
import io
import json
import time
import zipfile
from datetime import datetime, timedelta

import pytest

from leonidas_jupyter.admin.schemas import ERASED, ERASED_QUESTION
from leonidas_jupyter.admin.service import AdminService
from leonidas_jupyter.auth.schemas import ERASE
from leonidas_jupyter.chat.repository import MESSAGES, RUN_EVENTS, RUNS
from leonidas_jupyter.core.ids import now
from leonidas_jupyter.projects.repository import MEMBERS
from leonidas_jupyter.projects.schemas import Member
from leonidas_jupyter.server.engines import SPECS
from leonidas_jupyter.server.health import Health
from leonidas_jupyter.usage.repository import UsageRepository
from tests.server.test_matrix import CSV, QUESTION, world
from tests.servers.stored import items_of


@pytest.fixture
def leonidas_settings(leonidas_settings):
    return leonidas_settings | {"admins": [getpass.getuser(), "chief"], "backup_days": 14}


@pytest.fixture
def quick(monkeypatch):
    """Erasures that wait for no other process."""
    monkeypatch.setattr("leonidas_jupyter.admin.schemas.SETTLE_SECONDS", 0.0)


async def until(found):
    """Whatever ``found`` gives once it gives something."""
    deadline = time.monotonic() + 60
    while (result := await found()) is None:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
    return result


async def user_id(api, auth):
    return (await api("GET", "/auth/me", auth=auth)).json["user_id"]


async def everything(services):
    """Every row of every table, and every object, as one text."""
    health = (await services())[Health]
    rows = [item for spec in SPECS for item in await items_of(health._database, spec)]
    objects = [
        (info.key, [chunk async for chunk in health._store.get(info.key)])
        async for info in health._store.list("")
    ]
    return repr((rows, objects))


async def keys(store, prefix=""):
    """The keys of the objects that begin so."""
    return [info.key async for info in store.list(prefix)]


async def count_usage(services, who):
    """Let somebody have used a model; the built-in analyst counts nothing."""
    usage = UsageRepository((await services())[Health]._database)
    assert await usage.begin_day(who, "openai:m", now())


async def erased(api, who):
    async def gone():
        answer = await api(
            "POST", f"/admin/users/{who}/erase", json_body={"confirm": "bob@example.org"}
        )
        assert answer.status in (202, 404), answer.body
        return answer if answer.status == 404 else None

    return await until(gone)


async def test_only_administrators_in_person_may(api):
    bob = await api.sign_up("bob")
    mine = await user_id(api, "jupyter")
    assert (await api("GET", "/auth/me")).json["role"] == "admin"
    assert (await api("GET", "/auth/me", auth=bob)).json["role"] == "user"
    for verb, body in (("export", {}), ("erase", {"confirm": "x"})):
        path = f"/admin/users/{mine}/{verb}"
        answer = await api("POST", path, auth=bob, json_body=body)
        assert (answer.status, answer.code) == (403, "forbidden_by_policy")
        nobody = await api("POST", path, auth=None, json_body=body)
        assert (nobody.status, nobody.code) == (401, "unauthenticated")
        unknown = await api("POST", f"/admin/users/nobody/{verb}", json_body=body)
        assert (unknown.status, unknown.code) == (404, "not_found")


async def test_nobody_registers_under_an_administrators_name(api):
    account = {"email": "x@example.org", "password": "correct horse battery"}
    answer = await api("POST", "/auth/register", json_body=account | {"username": "chief"})
    assert (answer.status, answer.code) == (409, "conflict")
    answer = await api("POST", "/auth/register", json_body=account | {"username": "other"})
    assert answer.status == 201


async def test_an_export_holds_everything_and_no_secret(api, services):
    bob = await api.sign_up("bob")
    ids = await world(api, bob)
    who = await user_id(api, bob)
    await count_usage(services, who)

    async def ready():
        answer = await api("POST", f"/admin/users/{who}/export", json_body={})
        assert answer.status == 202, answer.body
        assert answer.json["status"] != "failed"
        return answer.json if answer.json["status"] == "ready" else None

    shown = await until(ready)
    got = await api("GET", shown["download_url"], auth=None, raw=True)
    assert got.status == 200
    assert len(got.body) == shown["size"]
    archive = zipfile.ZipFile(io.BytesIO(got.body))
    assert archive.testzip() is None
    texts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert json.loads(texts["user.json"])["email"] == "bob@example.org"
    assert "argon2" not in "".join(texts.values())
    folder = f"projects/{ids['project_id']}/"
    assert texts[f"{folder}files/{ids['file_id']}/a.csv"].encode() == CSV
    (question, answer) = map(json.loads, texts[f"{folder}messages.jsonl"].splitlines())
    assert question["content"] == QUESTION["content"]
    assert answer["role"] == "ASSISTANT"
    assert json.loads(texts["questions.jsonl"])["message_id"] == ids["message_id"]
    assert json.loads(texts[f"{folder}files.jsonl"])["filename"] == "a.csv"
    assert json.loads(texts[f"{folder}sessions.jsonl"])["session_id"] == ids["session_id"]
    assert len(texts[f"{folder}runs.jsonl"].splitlines()) == 1
    assert json.loads(texts["usage.jsonl"])["model"] == "openai:m"
    assert texts["sign_ins.jsonl"]
    again = (await api("POST", f"/admin/users/{who}/export", json_body={})).json
    assert again["begun_at"] == shown["begun_at"]
    fresh = await api("POST", f"/admin/users/{who}/export", json_body={"fresh": True})
    assert fresh.json["begun_at"] > shown["begun_at"]


async def test_erasing_needs_the_name_and_spares_oneself(api):
    bob = await api.sign_up("bob")
    who, mine = await user_id(api, bob), await user_id(api, "jupyter")
    for confirm in ("", "Bob@example.org", "bob"):
        answer = await api("POST", f"/admin/users/{who}/erase", json_body={"confirm": confirm})
        assert (answer.status, answer.code) == (400, "invalid_request")
    assert (await api("POST", f"/admin/users/{who}/erase", json_body={})).status == 400
    own = {"confirm": getpass.getuser()}
    answer = await api("POST", f"/admin/users/{mine}/erase", json_body=own)
    assert (answer.status, answer.code) == (409, "conflict")
    assert (await api("GET", "/auth/me", auth=bob)).status == 200


@pytest.mark.usefixtures("quick")
async def test_an_erased_account_leaves_nothing(api, services):
    bob = await api.sign_up("bob")
    ann = await api.sign_up("ann")
    owned = await world(api, bob)
    who = await user_id(api, bob)
    await count_usage(services, who)
    others = await world(api, ann)
    database = (await services())[Health]._database
    member = Member(
        project_id=others["project_id"],
        member="user:bob@example.org",
        role="editor",
        added_by="ann@example.org",
    )
    await database.table(MEMBERS).put(member)
    path = f"/sessions/{others['session_id']}/chat"
    asked = await api("POST", path, auth=bob, json_body={"content": "what did bob write here"})
    assert asked.status == 200, asked.body
    await api("POST", f"/admin/users/{who}/export", json_body={})

    begun = await api("POST", f"/admin/users/{who}/erase", json_body={"confirm": "bob@example.org"})
    assert begun.status == 202, begun.body
    until_then = datetime.fromisoformat(begun.json["recoverable_until"]) - now()
    assert timedelta(days=13) < until_then <= timedelta(days=14)
    assert any("14 days" in sentence for sentence in begun.json["remains"])
    assert (await api("GET", "/auth/me", auth=bob)).status == 401
    await erased(api, who)

    left = await everything(services)
    for gone in (who, "bob@example.org", "what did bob write", *owned.values()):
        if gone != "t1":
            assert gone not in left, gone
    run = await database.table(RUNS).get(asked.json["run_id"])
    assert run.user_id == ERASED
    question = await database.table(MESSAGES).get((run.session_id, run.question_id))
    assert question.content == ERASED_QUESTION
    answer = await database.table(MESSAGES).get((run.session_id, run.message_id))
    assert answer.content
    assert (await database.table(RUN_EVENTS).query(None, run.run_id)).items == []
    assert (await api("GET", f"/files/{others['file_id']}", auth=ann)).status == 200
    account = {"email": "bob@example.org", "password": "correct horse battery"}
    assert (await api("POST", "/auth/register", json_body=account)).status == 201


@pytest.mark.usefixtures("quick")
async def test_an_erasure_that_broke_off_goes_on(api, services, monkeypatch):
    bob = await api.sign_up("bob")
    owned = await world(api, bob)
    who = await user_id(api, bob)
    store = (await services())[Health]._store
    purged, real = [], type(store).purge

    async def purge(that, prefix):
        purged.append(prefix)
        if len(purged) == 2:
            raise OSError("the bucket is gone for a moment")
        await real(that, prefix)

    monkeypatch.setattr(type(store), "purge", purge)
    service = (await services())[AdminService]
    await api("POST", f"/admin/users/{who}/erase", json_body={"confirm": "bob@example.org"})

    async def failed():
        return True if len(purged) == 2 else None

    await until(failed)
    assert (await service._repository.user(who)).unfinished == ERASE
    answer = await api("GET", "/auth/me", auth=bob)
    assert answer.status == 401
    await erased(api, who)
    # What had been written down before its rows went is purged all the same.
    assert purged[2] == f"exports/{who}/"
    assert f"projects/{owned['project_id']}/" in purged[3:]
    assert len(purged) == 6  # the project that everybody begins with, and the note
    assert who not in await everything(services)


@pytest.mark.usefixtures("quick")
async def test_an_export_that_ends_after_the_erasure_leaves_nothing(api, services, monkeypatch):
    bob = await api.sign_up("bob")
    who = await user_id(api, bob)
    service, store = (await services())[AdminService], (await services())[Health]._store
    begun, go_on, real = asyncio.Event(), asyncio.Event(), service._members

    async def members(user):
        async for member in real(user):
            begun.set()
            await go_on.wait()
            yield member

    monkeypatch.setattr(service, "_members", members)
    await api("POST", f"/admin/users/{who}/export", json_body={})
    await begun.wait()
    await api("POST", f"/admin/users/{who}/erase", json_body={"confirm": "bob@example.org"})
    answer = await api("POST", f"/admin/users/{who}/export", json_body={"fresh": True})
    assert answer.status in (409, 404)
    await erased(api, who)
    go_on.set()

    async def over():
        names = [task.get_name() for task in asyncio.all_tasks()]
        return True if f"export {who}" not in names else None

    await until(over)
    assert [key for key in await keys(store) if who in key] == []


async def test_an_account_that_is_being_erased_lets_nobody_in(api, services):
    bob = await api.sign_up("bob")
    who = await user_id(api, bob)
    await api("POST", f"/admin/users/{who}/erase", json_body={"confirm": "bob@example.org"})
    account = {"email": "bob@example.org", "password": "correct horse battery"}
    answer = await api("POST", "/auth/login", json_body=account)
    assert (answer.status, answer.code) == (403, "forbidden_by_policy")
    assert (await api("POST", "/projects", auth=bob, json_body={"name": "x"})).status == 401


async def test_old_exports_are_swept(api, services, monkeypatch):
    bob = await api.sign_up("bob")
    who = await user_id(api, bob)

    async def ready():
        answer = await api("POST", f"/admin/users/{who}/export", json_body={})
        return answer.json if answer.json["status"] == "ready" else None

    await until(ready)
    service, store = (await services())[AdminService], (await services())[Health]._store
    await service._sweep()
    assert await keys(store, "exports/")
    from leonidas_jupyter.admin import service as module

    monkeypatch.setattr(module, "KEPT", module.KEPT * 0)
    await service._sweep()
    assert not await keys(store, "exports/")
