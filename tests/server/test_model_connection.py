"""Who may connect a model: the person whose server it is, as Jupyter names them, and nobody else.

What code in a kernel can get hold of, a token of ours by the kernel's secret, must not do: it would
send the data elsewhere.
"""

import os

import keyring
import pytest
from keyring.backends.fail import Keyring
from pydantic_ai import models

from leonidas_jupyter.assistant.models import availability
from tests.server.test_identity import SECRET as KERNEL_SECRET
from tests.server.test_identity import JupyterHubLike, Named, cookies, header, published
from tests.servers.chosen import CHOSEN
from tests.stubs.openai_stub import OpenAIStub

KEY = "sk-the-key-of-ann"


@pytest.fixture(autouse=True)
def nothing_of_this_machine(monkeypatch):
    monkeypatch.setattr(availability, "LOOK_SECONDS", 60)
    monkeypatch.setattr(
        availability, "WAIT_SECONDS", 60
    )  # a slow machine is no provider that hangs
    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    # On the engines of AWS the database has keys of its own there.
    foreign = ("AWS_", "OPENAI_") if CHOSEN.in_memory else ("OPENAI_",)
    for name in list(os.environ):
        if name.startswith(foreign) or "PROXY" in name.upper():
            monkeypatch.delenv(name)
    with models.override_allow_model_requests(True):
        yield
    keyring.set_keyring(before)


@pytest.fixture
def stub():
    with OpenAIStub(("ok",), key=KEY) as made:
        yield made


def wanted(stub):
    return {"provider": "openai", "model": "m", "url": stub.base_url, "api_key": KEY}


async def test_it_holds_without_a_restart_until_it_is_taken_back(api, stub):
    before = (await api("GET", "/models")).json
    assert (before["can_connect"], before["connection"]) == (True, None)
    answer = await api("PUT", "/models/connection", json_body=wanted(stub))
    assert (answer.status, answer.json["name"]) == (200, "openai:m")
    assert KEY.encode() not in answer.body
    shown = await api("GET", "/models")
    assert KEY.encode() not in shown.body
    assert [(m["name"], m["default"], m["answers"]) for m in shown.json["models"]] == [
        ("builtin", False, True),
        ("openai:m", True, True),
    ]
    assert shown.json["connection"]["url"] == stub.base_url
    said = await ask(api)
    assert (said["status"], said["message"]["model"]) == ("completed", "openai:m")
    assert said["message"]["content"] == "ok"
    assert (await api("DELETE", "/models/connection")).status == 204
    asked = len(stub.requests)
    refused = await ask(api, model="openai:m")
    assert refused["error"]["code"] == "forbidden_by_policy"
    assert (await ask(api))["message"]["model"] == "builtin"
    assert len(stub.requests) == asked


async def ask(api, **more):
    project = (await api("POST", "/projects", json_body={"name": "p"})).json
    path = f"/projects/{project['project_id']}/sessions"
    session = (await api("POST", path, json_body={})).json
    asked = {"content": "how many rows?", **more}
    return (await api("POST", f"/sessions/{session['session_id']}/chat", json_body=asked)).json


async def test_one_that_does_not_answer_is_502_and_nothing_is_kept(api, stub, leonidas_settings):
    bad = wanted(stub) | {"api_key": "sk-wrong"}
    answer = await api("PUT", "/models/connection", json_body=bad)
    assert (answer.status, answer.code) == (502, "model_error")
    assert "is not accepted" in answer.json["error"]["message"]
    assert b"sk-wrong" not in answer.body
    assert (await api("GET", "/models")).json["connection"] is None
    names = os.listdir(leonidas_settings["data_dir"])
    assert not [name for name in names if name.startswith("connected")]


async def test_code_in_a_kernel_connects_nothing(api, stub):
    await published()
    secret = os.environ[KERNEL_SECRET]
    exchanged = await api("POST", "/auth/token", auth=None, json_body={"kernel_secret": secret})
    token = exchanged.json["access_token"]
    of_jupyter = await api.token()
    for auth in (token, of_jupyter):
        for method, body in (("PUT", wanted(stub)), ("DELETE", None)):
            answer = await api(method, "/models/connection", auth=auth, json_body=body)
            assert (answer.status, answer.code) == (403, "forbidden_by_policy")
    for sent in ({"Authorization": f"Bearer {secret}"}, {"X-Kernel-Secret": secret}, {}):
        answer = await api(
            "PUT", "/models/connection", auth=None, headers=sent, json_body=wanted(stub)
        )
        assert answer.status == 401
    with_secret = wanted(stub) | {"kernel_secret": secret}
    answer = await api("PUT", "/models/connection", auth=None, json_body=with_secret)
    assert answer.status == 401
    assert stub.requests == []


async def test_a_page_of_another_site_connects_nothing(api, stub, jp_base_url):
    browser = {"Cookie": header(await cookies(api, jp_base_url))}
    answer = await api(
        "PUT", "/models/connection", auth=None, headers=browser, json_body=wanted(stub)
    )
    assert (answer.status, answer.code) == (403, "xsrf_failed")
    assert stub.requests == []


class TestPasswords:
    """Accounts of Leonidas's own: several persons."""

    @pytest.fixture
    def leonidas_settings(self, leonidas_settings):
        return leonidas_settings | {"auth": "password"}

    async def test_nobody_connects_a_model(self, api, stub):
        token = await api.sign_up("bob")
        for auth in (token, "jupyter"):
            answer = await api("PUT", "/models/connection", auth=auth, json_body=wanted(stub))
            assert (answer.status, answer.code) == (403, "forbidden_by_policy")
        shown = (await api("GET", "/models", auth=token)).json
        assert (shown["can_connect"], shown["offers"]) == (False, [])


class TestSeveralPeople:
    """An identity provider that gives real names."""

    @pytest.fixture
    def jp_server_config(self, jp_server_config):
        jp_server_config["ServerApp"]["identity_provider_class"] = Named
        return jp_server_config

    async def test_nobody_connects_a_model(self, api, stub):
        ann = {"X-Remote-User": "ann"}
        answer = await api(
            "PUT", "/models/connection", auth=None, headers=ann, json_body=wanted(stub)
        )
        assert (answer.status, answer.code) == (403, "forbidden_by_policy")
        assert "administrator" in answer.json["error"]["message"]
        assert stub.requests == []


class TestHub:
    """A user's server inside a JupyterHub."""

    @pytest.fixture
    def jp_server_config(self, jp_server_config, monkeypatch):
        monkeypatch.setenv("JUPYTERHUB_USER", "ann")
        jp_server_config["ServerApp"]["identity_provider_class"] = JupyterHubLike
        return jp_server_config

    async def test_its_owner_connects_no_model(self, api, stub):
        ann = {"X-Remote-User": "ann"}
        answer = await api(
            "PUT", "/models/connection", auth=None, headers=ann, json_body=wanted(stub)
        )
        assert (answer.status, answer.code) == (403, "forbidden_by_policy")
        shown = (await api("GET", "/models", auth=None, headers=ann)).json
        assert shown["can_connect"] is False
