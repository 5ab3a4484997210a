"""Who may do what, on every row of the route table: generated from it and from PERMISSIONS."""

import hashlib
import re
from dataclasses import replace

import pytest

from leonidas_jupyter.auth.service import AuthService
from leonidas_jupyter.core.security import PERMISSIONS, Action, Role
from leonidas_jupyter.projects.repository import MEMBERS
from leonidas_jupyter.projects.schemas import Member
from leonidas_jupyter.server.health import Health
from leonidas_jupyter.server.routes import ROUTES

CSV = b"city,people\nOslo,709\nBergen,291\n"
QUESTION = {"content": "help"}

BODIES = {
    "POST /projects": {"name": "x"},
    "PUT /projects/{project_id}": {"description": "other words"},
    "POST /projects/{project_id}/sessions": {"title": "x"},
    "PUT /sessions/{session_id}": {"title": "y"},
    "POST /projects/{project_id}/files/upload-url": {"filename": "b.csv", "size": 5},
    "POST /files/{file_id}/confirm": {},
    "POST /projects/{project_id}/query": {"sql": "SELECT 1"},
    "PUT /files/{file_id}/rename": {"filename": "other.csv"},
    "PUT /files/{file_id}/dialect": {"delimiter": ";"},
    "POST /sessions/{session_id}/chat": QUESTION,
    "PUT /sessions/{session_id}/chat/{message_id}": QUESTION,
}

ACTIONS = {
    "GET /projects/{project_id}": Action.READ,
    "PUT /projects/{project_id}": Action.EDIT,
    "DELETE /projects/{project_id}": Action.DELETE_PROJECT,
    "GET /projects/{project_id}/sessions": Action.READ,
    "POST /projects/{project_id}/sessions": Action.CHAT,
    "GET /sessions/{session_id}": Action.READ,
    "PUT /sessions/{session_id}": Action.EDIT,
    "DELETE /sessions/{session_id}": Action.EDIT,
    "POST /sessions/{session_id}/refresh": Action.CHAT,
    "POST /projects/{project_id}/files/upload-url": Action.UPLOAD,
    "POST /files/{file_id}/confirm": Action.UPLOAD,
    "GET /projects/{project_id}/files": Action.READ,
    "GET /files/{file_id}": Action.READ,
    "GET /files/{file_id}/download-url": Action.READ,
    "GET /files/{file_id}/preview": Action.READ,
    "POST /projects/{project_id}/query": Action.READ,
    "PUT /files/{file_id}/rename": Action.EDIT,
    "PUT /files/{file_id}/dialect": Action.EDIT,
    "DELETE /files/{file_id}": Action.EDIT,
    "GET /sessions/{session_id}/chat": Action.READ,
    "POST /sessions/{session_id}/chat": Action.CHAT,
    "PUT /sessions/{session_id}/chat/{message_id}": Action.CHAT,
    "DELETE /sessions/{session_id}/chat/{message_id}": Action.CHAT,
    "GET /sessions/{session_id}/runs/{run_id}/events": Action.READ,
    "POST /sessions/{session_id}/runs/{run_id}/calls/{call_id}/claim": Action.CHAT,
    "POST /sessions/{session_id}/runs/{run_id}/cancel": Action.CHAT,
    "GET /sessions/{session_id}/export": Action.READ,
    "WEBSOCKET /projects/{project_id}/events": Action.READ,
}
"""What a role must be allowed, for every row that is about something in a project."""


def name(route):
    return f"{route.method} {route.path}"


ABOUT_PROJECTS = [r for r in ROUTES if "{" in r.path and r.who == "user"]


def filled(path, ids):
    return re.sub(r"\{(\w+)\}", lambda match: ids[match[1]], path)


async def world(api, auth):
    """A project with one of everything in it."""
    project = (await api("POST", "/projects", auth=auth, json_body={"name": "w"})).json
    ids = {"project_id": project["project_id"]}
    path = f"/projects/{ids['project_id']}"
    session = (await api("POST", f"{path}/sessions", auth=auth, json_body={})).json
    ids["session_id"] = session["session_id"]
    begun = await api(
        "POST",
        f"{path}/files/upload-url",
        auth=auth,
        json_body={
            "filename": "a.csv",
            "size": len(CSV),
            "sha256": hashlib.sha256(CSV).hexdigest(),
        },
    )
    ids["file_id"] = begun.json["file_id"]
    put = await api("PUT", begun.json["upload_url"], auth=None, raw=True, body=CSV)
    assert put.status == 204
    chat = f"/sessions/{ids['session_id']}/chat"
    answer = await api("POST", chat, auth=auth, json_body=QUESTION)
    assert answer.status == 200, answer.body
    ids["run_id"], ids["call_id"] = answer.json["run_id"], "t1"
    messages = (await api("GET", chat, auth=auth)).json["items"]
    ids["message_id"] = messages[0]["message_id"]
    ids["user_id"] = (await api("GET", "/auth/me", auth=auth)).json["user_id"]
    return ids


async def share(services, ids, role):
    """Make ann a member of the project; there is no route for that yet."""
    database = (await services())[Health]._database
    member = Member(
        project_id=ids["project_id"], member="user:ann@example.org", role=role, added_by="bob"
    )
    await database.table(MEMBERS).put(member)


async def ask(api, route, ids, auth):
    """The status and the code, if any, of the row's answer."""
    path = filled(route.path, ids)
    if route.method == "WEBSOCKET":
        headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
        headers["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ=="
        headers["Accept"] = "none"
        answer = await api("GET", path, auth=auth, headers=headers)
    else:
        body = BODIES.get(name(route), {}) if route.takes else None
        answer = await api(route.method, path, auth=auth, json_body=body)
    return answer.status, answer.code if answer.status >= 400 else None


def test_the_tables_here_cover_the_route_table():
    assert {name(route) for route in ABOUT_PROJECTS} == set(ACTIONS)


async def test_without_a_caller_everything_but_the_open_is_401(api):
    ids = await world(api, "jupyter")
    open_ones = set()
    for route in ROUTES:
        if route.who in {"open", "signed"}:
            open_ones.add(name(route))
            continue
        assert await ask(api, route, ids, None) == (401, "unauthenticated"), name(route)
    assert open_ones == {
        "POST /auth/refresh",
        "PUT /blobs/{token}",
        "GET /blobs/{token}",
        "GET /healthz",
    }


async def test_signed_urls_need_their_signature(api):
    for method in ("GET", "PUT"):
        answer = await api(method, "/blobs/made.up", body=b"x" if method == "PUT" else None)
        assert (answer.status, answer.code) == (401, "unauthenticated")


async def test_every_id_of_another_user_is_404_on_every_row(api):
    bob = await api.sign_up("bob")
    foreign = await world(api, bob)
    mine = await world(api, "jupyter")
    nothing = dict.fromkeys(mine, "01900000-0000-7000-8000-000000000000")
    for route in ABOUT_PROJECTS:
        # A call is one of its run, and its id is no other's.
        placeholders = [each for each in re.findall(r"\{(\w+)\}", route.path) if each != "call_id"]
        for other in (foreign, nothing):
            for hidden in placeholders:
                ids = {**mine, hidden: other[hidden]}
                where = f"{name(route)} with another's {hidden}"
                assert await ask(api, route, ids, "jupyter") == (404, "not_found"), where
            assert await ask(api, route, other, "jupyter") == (404, "not_found"), name(route)
    for path in ("/projects", f"/projects/{mine['project_id']}/files"):
        shown = (await api("GET", path)).body.decode()
        assert not [found for found in foreign.values() if found in shown]
    for route in ABOUT_PROJECTS:  # and what is bob's still stands
        if route.method == "GET":
            status, _ = await ask(api, route, foreign, bob)
            assert status in {200, 409}, name(route)


ADMINISTRATION = [route for route in ROUTES if route.who == "admin"]


async def test_administration_is_for_administrators_alone(api, services, monkeypatch):
    ids = await world(api, "jupyter")
    own = (await api("GET", "/auth/me")).json["username"]
    bob = await api.sign_up("bob")
    assert {name(route) for route in ADMINISTRATION} == {
        "POST /admin/users/{user_id}/export",
        "POST /admin/users/{user_id}/erase",
    }
    for caller in (bob, "jupyter", await api.token()):
        for route in ADMINISTRATION:
            assert await ask(api, route, ids, caller) == (403, "forbidden_by_policy"), name(route)
    auth = (await services())[AuthService]
    monkeypatch.setattr(auth, "_settings", replace(auth._settings, admins=frozenset({own})))
    auth.forget(await auth._present(ids["user_id"]))
    secret = (await services())[AuthService]._settings.kernels.secret
    kernel = await api("POST", "/auth/token", auth=None, json_body={"kernel_secret": secret})
    for route in ADMINISTRATION:
        allowed, _ = await ask(api, route, ids, "jupyter")
        assert allowed in (202, 400), name(route)
        by_kernel = await ask(api, route, ids, kernel.json["access_token"])
        assert by_kernel == (403, "forbidden_by_policy"), name(route)


def in_order():
    """Runs go when their question is edited; what deletes comes last, projects last of all."""
    depth = {"message_id": 0, "file_id": 1, "session_id": 2, "project_id": 3}

    def place(route):
        last = re.findall(r"\{(\w+)\}", route.path)[-1]
        return (
            route.method == "DELETE",
            last not in ("run_id", "call_id"),
            depth.get(last, 0),
            route.path,
        )

    # A WebSocket that is allowed stays open: test_live.py has that side.
    return sorted((r for r in ABOUT_PROJECTS if r.method != "WEBSOCKET"), key=place)


@pytest.mark.parametrize("role", list(Role))
async def test_each_role_may_do_what_the_table_says_and_no_more(api, services, role):
    bob = await api.sign_up("bob")
    ids = await world(api, bob)
    caller = bob
    if role is not Role.OWNER:
        caller = await api.sign_up("ann")
        await share(services, ids, role)
    for route in in_order():
        status, code = await ask(api, route, ids, caller)
        allowed = ACTIONS[name(route)] in PERMISSIONS[role]
        if allowed:
            assert status < 300 or status == 409, f"{name(route)}: {status} {code}"
        else:
            assert (status, code) == (403, "forbidden_by_policy"), name(route)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
async def test_only_owners_configure(api, services, role):
    ids = await world(api, bob := await api.sign_up("bob"))
    ann = await api.sign_up("ann")
    await share(services, ids, role)
    path = f"/projects/{ids['project_id']}"
    for change in ({"data_exposure": "schema"}, {"kernel_name": "python3"}):
        answer = await api("PUT", path, auth=ann, json_body=change)
        assert (answer.status, answer.code) == (403, "forbidden_by_policy")
        assert (await api("PUT", path, auth=bob, json_body=change)).status == 200
