import asyncio
from datetime import timedelta

import pytest

from leonidas_jupyter.assistant.policy import Policy
from leonidas_jupyter.core.errors import ErrorCode
from leonidas_jupyter.core.events import SessionDeleted
from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.core.ids import new_id, now
from leonidas_jupyter.core.security import Role
from leonidas_jupyter.projects.repository import PROJECTS
from leonidas_jupyter.sessions.repository import SESSIONS
from leonidas_jupyter.sessions.schemas import Session
from tests.projects.world import BOB, until


async def count(world, project_id):
    return (await world.call("GET", f"/projects/{project_id}")).json["session_count"]


async def gone(world, session_id):
    return await world.database.table(SESSIONS).get(session_id) is None


def test_a_session_is_made_read_renamed_and_deleted(run):
    async def body(world):
        project_id = await world.project()
        made = await world.call("POST", f"/projects/{project_id}/sessions")
        session = made.json
        assert made.status == 201
        assert (session["title"], session["message_count"], session["version"]) == ("", 0, 1)
        assert session["last_message_at"] is None
        assert session["data_exposure"] == "aggregates"
        assert await count(world, project_id) == 1
        path = f"/sessions/{session['session_id']}"
        assert (await world.call("GET", path)).json == session
        changed = (await world.call("PUT", path, {"title": " Bills "})).json
        assert (changed["title"], changed["version"]) == ("Bills", 2)
        assert (await world.call("DELETE", path)).status == 204
        assert await count(world, project_id) == 0
        for method in ("GET", "PUT", "DELETE"):
            await world.refused(ErrorCode.NOT_FOUND, method, path, {"title": "x"})
        await until(lambda: gone(world, session["session_id"]))

    run(body)


def test_the_list_is_the_projects_own_newest_first_in_pages(run):
    async def body(world):
        project_id, other = await world.project(), await world.project()
        ids = [await world.session(project_id, f"S{number}") for number in range(3)]
        await world.session(other)
        await world.call("DELETE", f"/sessions/{ids[1]}")
        seen, path = [], f"/projects/{project_id}/sessions?limit=1"
        while path:
            page = (await world.call("GET", path)).json
            seen += [session["session_id"] for session in page["items"]]
            path = page["next"] and f"/projects/{project_id}/sessions?limit=1&after={page['next']}"
        assert seen == [ids[2], ids[0]]

    run(body)


@pytest.mark.parametrize(
    "sent",
    [{"title": "x" * 201}, {"title": "a\x00"}, {"title": "a\u202e"}, {"name": "x"}, {"title": 1}],
)
def test_what_is_no_session_is_refused(run, sent):
    async def body(world):
        project_id = await world.project()
        path = f"/sessions/{await world.session(project_id)}"
        await world.refused(
            ErrorCode.INVALID_REQUEST, "POST", f"/projects/{project_id}/sessions", sent
        )
        await world.refused(ErrorCode.INVALID_REQUEST, "PUT", path, sent)
        assert await count(world, project_id) == 1

    run(body)


def test_refresh_cuts_the_context_and_keeps_the_history(run):
    async def body(world):
        project_id = await world.project()
        session_id = await world.session(project_id, "Bills")
        table = world.database.table(SESSIONS)
        await table.update(session_id, {"message_count": 4})
        before = new_id()
        answer = await world.call("POST", f"/sessions/{session_id}/refresh")
        stored = await table.get(session_id)
        assert before < stored.context_from < new_id()
        assert answer.json["message_count"] == 4
        assert answer.json["title"] == "Bills"
        again = (await world.call("POST", f"/sessions/{session_id}/refresh")).json
        assert again["version"] == answer.json["version"] + 1
        assert (await table.get(session_id)).context_from > stored.context_from

    run(body)


def test_a_title_from_the_first_question_does_not_replace_another(run):
    async def body(world):
        project_id = await world.project()
        nameless, named = await world.session(project_id), await world.session(project_id, "Mine")
        for session_id in (nameless, named):
            await world.sessions.entitle(session_id, "Average mass?")
        await world.sessions.entitle(nameless, "Second question")
        await world.sessions.entitle("unknown", "Nothing happens")
        titles = [
            (await world.call("GET", f"/sessions/{each}")).json["title"]
            for each in (nameless, named)
        ]
        assert titles == ["Average mass?", "Mine"]

    run(body)


def test_titles_and_renames_at_once_lose_neither(run):
    async def body(world):
        session_id = await world.session(await world.project())
        await asyncio.gather(
            world.call("PUT", f"/sessions/{session_id}", {"title": "Mine"}),
            *(world.sessions.entitle(session_id, f"Q{number}") for number in range(5)),
        )
        assert (await world.call("GET", f"/sessions/{session_id}")).json["title"] == "Mine"

    run(body)


def test_exposure_is_only_stricter_than_the_projects(run):
    async def body(world):
        project_id = await world.project()
        path = f"/sessions/{await world.session(project_id)}"
        await world.call("PUT", f"/projects/{project_id}", {"data_exposure": "summary"})
        assert (await world.call("GET", path)).json["data_exposure"] == "summary"
        stricter = await world.call("PUT", path, {"data_exposure": "schema"})
        assert stricter.json["data_exposure"] == "schema"
        error = await world.refused(
            ErrorCode.FORBIDDEN_BY_POLICY, "PUT", path, {"data_exposure": "rows"}
        )
        assert error.detail == {"data_exposure_max": "summary"}
        await world.call("PUT", f"/projects/{project_id}", {"data_exposure": "none"})
        assert (await world.call("GET", path)).json["data_exposure"] == "none"

    run(body, policy=Policy(exposure_max=DataExposure.ROWS))


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_if_match_holds_or_nothing_happens(run, method):
    async def body(world):
        project_id = await world.project()
        path = f"/sessions/{await world.session(project_id)}"
        sent = {"title": "B"} if method == "PUT" else None
        stale = {"If-Match": "9"}
        await world.refused(ErrorCode.VERSION_MISMATCH, method, path, sent, headers=stale)
        assert (await world.call("GET", path)).json["version"] == 1
        await world.call(method, path, sent, headers={"If-Match": "1"})

    run(body)


CALLS = [
    ("GET", "/sessions/{id}", None, True),
    ("PUT", "/sessions/{id}", {"title": "x"}, False),
    ("POST", "/sessions/{id}/refresh", None, False),
    ("DELETE", "/sessions/{id}", None, False),
    ("GET", "/projects/{project}/sessions", None, True),
    ("POST", "/projects/{project}/sessions", None, False),
]


@pytest.mark.parametrize(("method", "path", "sent", "reads"), CALLS)
@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR, None])
def test_members_do_what_their_role_allows(run, role, method, path, sent, reads):
    async def body(world):
        project_id = await world.project()
        real = path.format(project=project_id, id=await world.session(project_id))
        if role is None:
            theirs = await world.refused(ErrorCode.NOT_FOUND, method, real, sent, caller=BOB)
            unknown = path.format(project="unknown", id="unknown")
            none = await world.refused(ErrorCode.NOT_FOUND, method, unknown, sent, caller=BOB)
            assert theirs.body("r") == none.body("r")
            return
        await world.member(project_id, BOB, role)
        if reads or role is Role.EDITOR:
            await world.call(method, real, sent, caller=BOB)
        else:
            await world.refused(ErrorCode.FORBIDDEN_BY_POLICY, method, real, sent, caller=BOB)

    run(body)


def test_two_deletes_at_once_count_once(run):
    async def body(world):
        project_id = await world.project()
        await world.session(project_id)
        path = f"/sessions/{await world.session(project_id)}"
        results = await asyncio.gather(
            *(world.call("DELETE", path) for _ in range(4)), return_exceptions=True
        )
        refusals = [result.code for result in results if isinstance(result, Exception)]
        assert refusals == [ErrorCode.NOT_FOUND] * 3
        assert await count(world, project_id) == 1

    run(body)


def test_layers_above_hear_of_a_deleted_session_before_its_row_goes(run):
    async def body(world):
        project_id = await world.project()
        session_id = await world.session(project_id)
        heard = []

        async def hear(event):
            heard.append((event, await gone(world, session_id)))

        world.bus.subscribe(SessionDeleted, hear)
        await world.call("DELETE", f"/sessions/{session_id}")
        await until(lambda: gone(world, session_id))
        assert heard == [(SessionDeleted(project_id, session_id), False)]

    run(body)


def test_a_session_made_while_its_project_is_deleted_leaves_nothing(run):
    async def body(world):
        project_id = await world.project()
        repository = world.sessions._repository
        add = repository.add

        async def add_too_late(session):
            await add(session)
            await world.database.table(PROJECTS).update(
                project_id, {"deleted_at": session.created_at}
            )

        repository.add = add_too_late
        await world.refused(ErrorCode.NOT_FOUND, "POST", f"/projects/{project_id}/sessions")
        page = await repository.of_project(project_id, after=None, limit=10)
        assert page.items == []

    run(body)


def test_a_session_of_a_project_that_is_gone_cannot_be_stored(run):
    async def body(world):
        project_id = await world.project()
        project = await world.database.table(PROJECTS).get(project_id)
        await world.database.table(PROJECTS).delete(project_id)

        async def passes(*_args, **_options):
            return project

        world.projects.authorize = passes
        await world.refused(ErrorCode.NOT_FOUND, "POST", f"/projects/{project_id}/sessions")
        page = await world.sessions._repository.of_project(project_id, after=None, limit=10)
        assert page.items == []

    run(body)


def test_a_killed_servers_cascade_is_finished_by_the_next(run):
    async def body(world):
        project_id = await world.project()
        session = Session(
            session_id=new_id(),
            project_id=project_id,
            deleted_at=world.leases.until(),
            **world.leases.fields("cascade") | {"worker_id": "the one that was killed"},
        )
        table = world.database.table(SESSIONS)
        await table.put(session)
        await world.recover()
        await until(lambda: idle(world))
        assert not await gone(world, session.session_id), "its lease still stood"
        world.leases._clock = lambda: now() + timedelta(seconds=601)

        async def recovered():
            await world.recover()
            return await gone(world, session.session_id)

        await until(recovered)
        assert world.seen(SessionDeleted) == [SessionDeleted(project_id, session.session_id)]

    run(body, lease_seconds=600)


async def idle(world):
    return world.tasks.idle
