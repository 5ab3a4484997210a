import asyncio
from datetime import timedelta

import pytest

from leonidas_jupyter.assistant.policy import Policy
from leonidas_jupyter.core.errors import ErrorCode
from leonidas_jupyter.core.events import ProjectDeleted
from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.core.ids import now
from leonidas_jupyter.core.security import PERMISSIONS, Action, Caller, Role
from leonidas_jupyter.projects.repository import MEMBERS, PROJECTS
from leonidas_jupyter.projects.schemas import ProjectCreate
from tests.projects.world import ANN, BOB, World, until

CARL = Caller("u-carl", "carl")


def test_a_project_is_made_read_changed_and_deleted(run):
    async def body(world):
        made = await world.call("POST", "/projects", {"name": "  Vögel 🐧 ", "description": "a\nb"})
        assert made.status == 201
        project = made.json
        assert project["name"] == "Vögel 🐧"
        assert project["my_role"] == "owner"
        assert project["data_exposure"] == "aggregates"
        assert (project["file_count"], project["session_count"], project["version"]) == (0, 0, 1)
        path = f"/projects/{project['project_id']}"
        assert (await world.call("GET", path)).json == project
        changed = (await world.call("PUT", path, {"name": "Birds", "kernel_name": "python3"})).json
        assert changed["name"] == "Birds"
        assert changed["kernel_name"] == "python3"
        assert changed["description"] == "a\nb"
        assert changed["version"] == 2
        assert changed["updated_at"] > project["updated_at"]
        reset = (await world.call("PUT", path, {"kernel_name": None})).json
        assert reset["kernel_name"] is None
        assert (await world.call("DELETE", path)).status == 204
        await world.refused(ErrorCode.NOT_FOUND, "GET", path)

    run(body)


def test_the_list_is_mine_newest_first_in_pages(run):
    async def body(world):
        ids = [await world.project(f"P{number}") for number in range(5)]
        await world.project("of Bob", caller=BOB)
        await world.call("DELETE", f"/projects/{ids[1]}")
        seen, path = [], "/projects?limit=2"
        while path:
            page = (await world.call("GET", path)).json
            assert len(page["items"]) <= 2
            seen += [project["project_id"] for project in page["items"]]
            path = page["next"] and f"/projects?limit=2&after={page['next']}"
        assert seen == [ids[4], ids[3], ids[2], ids[0]]

    run(body)


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "limit=-1", "after=nonsense"])
def test_a_wrong_page_is_refused(run, query):
    async def body(world):
        await world.refused(ErrorCode.INVALID_REQUEST, "GET", f"/projects?{query}")

    run(body)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"name": "a\u2028b"}, "name"),
        ({"name": 3}, "name"),
        ({"name": "a", "description": "\x07"}, "description"),
        ({"name": "a", "description": "x" * 4001}, "description"),
        ({"name": "a", "colour": "red"}, "colour"),
        ({"name": "a", "owner_id": "u-bob"}, "owner_id"),
    ],
)
def test_what_is_no_project_is_refused_with_its_field(run, sent, field):
    async def body(world):
        error = await world.refused(ErrorCode.INVALID_REQUEST, "POST", "/projects", sent or b"{}")
        assert field in [each["field"] for each in error.detail["fields"]]
        assert (await world.call("GET", "/projects")).json["items"] == []

    run(body)


@pytest.mark.parametrize("raw", [b"{", b"[]", b"\xff\xfe", b"null", b'{"name": "a"} x'])
def test_malformed_json_is_refused(run, raw):
    async def body(world):
        await world.refused(ErrorCode.INVALID_REQUEST, "POST", "/projects", raw)

    run(body)


@pytest.mark.parametrize(
    "sent", [{"name": None}, {"description": None}, {"kernel_name": "../x"}, {"data_exposure": "x"}]
)
def test_what_is_no_change_is_refused(run, sent):
    async def body(world):
        project_id = await world.project()
        before = (await world.call("GET", f"/projects/{project_id}")).json
        await world.refused(ErrorCode.INVALID_REQUEST, "PUT", f"/projects/{project_id}", sent)
        assert (await world.call("GET", f"/projects/{project_id}")).json == before

    run(body)


def test_a_name_may_have_120_characters(run):
    async def body(world):
        assert (await world.call("POST", "/projects", {"name": "ä" * 120})).status == 201

    run(body)


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_if_match_holds_or_nothing_happens(run, method):
    async def body(world):
        path = f"/projects/{await world.project()}"
        sent = {"name": "B"} if method == "PUT" else None
        stale = {"If-Match": '"7"'}
        await world.refused(ErrorCode.VERSION_MISMATCH, method, path, sent, headers=stale)
        nonsense = {"If-Match": "newest"}
        await world.refused(ErrorCode.INVALID_REQUEST, method, path, sent, headers=nonsense)
        assert (await world.call("GET", path)).json["version"] == 1
        await world.call(method, path, sent, headers={"If-Match": '"1"'})

    run(body)


def test_of_two_changes_of_one_version_one_wins(run):
    async def body(world):
        path = f"/projects/{await world.project()}"
        match = {"If-Match": "1"}
        results = await asyncio.gather(
            *(world.call("PUT", path, {"name": n}, headers=match) for n in ("A", "B")),
            return_exceptions=True,
        )
        won = [result for result in results if not isinstance(result, Exception)]
        assert len(won) == 1
        assert (await world.call("GET", path)).json == won[0].json

    run(body)


def test_exposure_is_only_stricter_than_the_ceiling(run):
    async def body(world):
        path = f"/projects/{await world.project()}"
        assert (await world.call("GET", path)).json["data_exposure"] == "summary"
        for level in ("none", "schema", "summary"):
            changed = await world.call("PUT", path, {"data_exposure": level})
            assert changed.json["data_exposure"] == level
        for level in ("aggregates", "rows"):
            error = await world.refused(
                ErrorCode.FORBIDDEN_BY_POLICY, "PUT", path, {"data_exposure": level}
            )
            assert error.detail == {"data_exposure_max": "summary"}
        assert (await world.call("PUT", path, {"data_exposure": None})).json[
            "data_exposure"
        ] == "summary"

    run(body, policy=Policy(exposure_max=DataExposure.SUMMARY))


def test_a_ceiling_that_was_lowered_holds_for_what_was_chosen_before(run):
    async def body(world):
        project_id = await world.project()
        path = f"/projects/{project_id}"
        await world.call("PUT", path, {"data_exposure": "rows"})
        world.projects.policy = Policy(exposure_max=DataExposure.SCHEMA)
        assert (await world.call("GET", path)).json["data_exposure"] == "schema"

    run(body, policy=Policy(exposure_max=DataExposure.ROWS))


UNKNOWN = ["unknown", "0197a000-0000-7000-8000-000000000000", "x" * 3000, "a\x00b", "é", "%2e%2e"]


@pytest.mark.parametrize("project_id", UNKNOWN)
def test_an_unknown_project_is_not_found(run, project_id):
    async def body(world):
        for method in ("GET", "PUT", "DELETE"):
            await world.refused(
                ErrorCode.NOT_FOUND, method, f"/projects/{project_id}", {"name": "x"}
            )

    run(body)


def test_another_users_project_looks_as_if_it_were_not_there(run):
    async def body(world):
        project_id = await world.project()
        for method in ("GET", "PUT", "DELETE"):
            theirs = await world.refused(
                ErrorCode.NOT_FOUND, method, f"/projects/{project_id}", {"name": "x"}, caller=BOB
            )
            nobodys = await world.refused(
                ErrorCode.NOT_FOUND, method, "/projects/nobody", {"name": "x"}, caller=BOB
            )
            assert theirs.body("r") == nobodys.body("r")
        assert (await world.call("GET", f"/projects/{project_id}")).json["name"] == "Penguins"

    run(body)


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("role", [*Role, None])
def test_authorize_follows_the_table_of_roles_and_actions(tmp_path, role, action):
    async def main():
        world = World(tmp_path)
        project_id = await world.project()
        caller = {Role.OWNER: ANN, None: CARL}.get(role, BOB)
        if caller is BOB:
            await world.member(project_id, BOB, role)
        try:
            project = await world.projects.authorize(caller, project_id, action)
            outcome = project.project_id
        except Exception as error:  # noqa: BLE001 - any other outcome fails below
            outcome = error.code
        if role is None:
            assert outcome == ErrorCode.NOT_FOUND
        elif action in PERMISSIONS[role]:
            assert outcome == project_id
        else:
            assert outcome == ErrorCode.FORBIDDEN_BY_POLICY
        await world.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("role", "method", "sent", "allowed"),
    [
        (Role.VIEWER, "GET", None, True),
        (Role.VIEWER, "PUT", {"name": "x"}, False),
        (Role.VIEWER, "PUT", {"data_exposure": "none"}, False),
        (Role.VIEWER, "DELETE", None, False),
        (Role.EDITOR, "GET", None, True),
        (Role.EDITOR, "PUT", {"name": "x"}, True),
        (Role.EDITOR, "PUT", {"data_exposure": "none"}, False),
        (Role.EDITOR, "PUT", {"kernel_name": "python3"}, False),
        (Role.EDITOR, "DELETE", None, False),
    ],
)
def test_members_do_what_their_role_allows(run, role, method, sent, allowed):
    async def body(world):
        project_id = await world.project()
        await world.member(project_id, BOB, role)
        path = f"/projects/{project_id}"
        if allowed:
            answer = await world.call(method, path, sent, caller=BOB)
            assert answer.json["my_role"] == role.value
        else:
            error = await world.refused(
                ErrorCode.FORBIDDEN_BY_POLICY, method, path, sent, caller=BOB
            )
            assert error.detail["role"] == role.value

    run(body)


def test_a_member_is_known_by_name_and_not_by_id(run):
    async def body(world):
        project_id = await world.project()
        await world.member(project_id, BOB, Role.VIEWER)
        namesake = Caller("u-other", "user:bob")
        await world.refused(ErrorCode.NOT_FOUND, "GET", f"/projects/{project_id}", caller=namesake)

    run(body)


def test_a_deleted_project_is_gone_at_once_and_everywhere(run):
    async def body(world):
        project_id = await world.project()
        session_id = await world.session(project_id)
        place = await world.begin(project_id, b"a\n1\n")
        await world.member(project_id, BOB, Role.EDITOR)
        never = asyncio.Event()

        async def hang(_event):
            await never.wait()

        world.bus.subscribe(ProjectDeleted, hang)
        await world.call("DELETE", f"/projects/{project_id}")
        for method, path, sent in [
            ("GET", f"/projects/{project_id}", None),
            ("PUT", f"/projects/{project_id}", {"name": "x"}),
            ("DELETE", f"/projects/{project_id}", None),
            ("GET", f"/projects/{project_id}/sessions", None),
            ("POST", f"/projects/{project_id}/sessions", None),
            ("GET", f"/sessions/{session_id}", None),
            ("POST", f"/sessions/{session_id}/refresh", None),
            ("GET", f"/projects/{project_id}/files", None),
            ("POST", f"/projects/{project_id}/files/upload-url", {"filename": "a", "size": 1}),
            ("GET", f"/files/{place['file_id']}", None),
            ("POST", f"/files/{place['file_id']}/confirm", None),
        ]:
            for caller in (ANN, BOB):
                await world.refused(ErrorCode.NOT_FOUND, method, path, sent, caller=caller)
        assert (await world.call("GET", "/projects")).json["items"] == []

    run(body)


async def gone(world, project_id):
    return await world.database.table(PROJECTS).get(project_id) is None


def test_everything_in_a_deleted_project_goes(run):
    async def body(world):
        project_id, other = await world.project(), await world.project("Other")
        for number in range(3):
            await world.session(project_id, f"S{number}")
        kept = await world.session(other)
        for number in range(2):
            place = await world.begin(project_id, b"a\n1\n", f"f{number}.csv")
            await world.put(place, b"a\n1\n")
        await world.member(project_id, BOB, Role.VIEWER)
        await world.call("DELETE", f"/projects/{project_id}")
        await until(lambda: gone(world, project_id))
        sessions = await world.sessions._repository.of_project(project_id, after=None, limit=10)
        files = await world.files._repository.of_project(project_id, after=None, limit=10)
        assert sessions.items == files.items == []
        assert await world.objects() == []
        assert (await world.database.table(MEMBERS).query(None, project_id)).items == []
        assert (await world.call("GET", f"/sessions/{kept}")).status == 200

    run(body)


def test_a_cascade_that_failed_is_taken_up_when_its_lease_is_over(run):
    async def body(world):
        project_id = await world.project()
        await world.session(project_id)
        failing = True

        async def fail(_event):
            if failing:
                raise OSError("the disk is away")

        world.bus.subscribe(ProjectDeleted, fail)
        await world.call("DELETE", f"/projects/{project_id}")
        await until(lambda: idle(world))
        assert not await gone(world, project_id)
        failing = False
        await world.recover()
        await asyncio.sleep(0)
        assert not await gone(world, project_id), "the lease still stood"
        world.leases._clock = lambda: now() + timedelta(seconds=601)
        await until(lambda: recovered(world, project_id))

    async def recovered(world, project_id):
        await world.recover()
        return await gone(world, project_id)

    run(body, lease_seconds=600)


async def idle(world):
    return world.tasks.idle


def test_the_owner_of_a_service_can_make_a_project(run):
    async def body(world):
        made = await world.projects.create(BOB, ProjectCreate(name="First"))
        project = await world.projects.authorize(BOB, made.project_id, Action.SHARE)
        assert await world.projects.role(BOB, project) is Role.OWNER

    run(body)


STRICT = Policy(
    allowed_models=("builtin", "bedrock:*"), python="ask", tool_rounds=6, run_tokens=50_000
)


def test_an_owner_narrows_what_is_allowed(run):
    async def body(world):
        path = f"/projects/{await world.project()}"
        before = (await world.call("GET", path)).json
        assert (before["python"], before["models"]) == ("ask", ["builtin", "bedrock:*"])
        assert (before["tool_rounds"], before["run_tokens"]) == (6, 50_000)
        chosen = {"python": "off", "models": ["bedrock:a.*"], "tool_rounds": 2, "run_tokens": 9_000}
        changed = (await world.call("PUT", path, chosen)).json
        assert {name: changed[name] for name in chosen} == chosen
        given_back = (await world.call("PUT", path, dict.fromkeys(chosen))).json
        assert {name: given_back[name] for name in chosen} == {n: before[n] for n in chosen}

    run(body, policy=STRICT)


@pytest.mark.parametrize(
    "looser",
    [
        {"python": "auto"},
        {"models": ["openai:x"]},
        {"models": ["builtin", "openai:*"]},
        {"tool_rounds": 7},
        {"run_tokens": 60_000},
        {"data_exposure": "rows"},
    ],
)
def test_an_owner_loosens_nothing(run, looser):
    async def body(world):
        path = f"/projects/{await world.project()}"
        before = (await world.call("GET", path)).json
        error = await world.refused(ErrorCode.FORBIDDEN_BY_POLICY, "PUT", path, looser)
        assert error.detail
        assert (await world.call("GET", path)).json == before

    run(body, policy=STRICT)


@pytest.mark.parametrize(
    "sent", [{"python": "yes"}, {"models": []}, {"models": ["a b"]}, {"tool_rounds": 0}]
)
def test_what_is_no_limit_is_refused(run, sent):
    async def body(world):
        path = f"/projects/{await world.project()}"
        await world.refused(ErrorCode.INVALID_REQUEST, "PUT", path, sent)

    run(body, policy=STRICT)


def test_only_the_owner_sets_limits(run):
    async def body(world):
        project_id = await world.project()
        await world.member(project_id, BOB, Role.EDITOR)
        for sent in ({"python": "off"}, {"models": ["builtin"]}, {"run_tokens": 5_000}):
            await world.refused(
                ErrorCode.FORBIDDEN_BY_POLICY, "PUT", f"/projects/{project_id}", sent, caller=BOB
            )

    run(body, policy=STRICT)


def test_a_policy_that_became_stricter_holds_for_what_was_chosen_before(run):
    async def body(world):
        path = f"/projects/{await world.project()}"
        chosen = {"python": "auto", "models": ["openai:x", "builtin"], "tool_rounds": 9}
        await world.call("PUT", path, chosen)
        world.projects.policy = STRICT
        holds = (await world.call("GET", path)).json
        assert (holds["python"], holds["models"], holds["tool_rounds"]) == ("ask", ["builtin"], 6)

    run(body, policy=Policy(allowed_models=("builtin", "openai:x"), python="auto", tool_rounds=10))
