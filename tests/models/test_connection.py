"""Connecting a model while the server runs: tried before it is kept, and its key never shown."""

import asyncio
import logging
import stat
from contextlib import asynccontextmanager

import keyring
import pytest
from keyring.backend import KeyringBackend
from pydantic import SecretStr
from pydantic_ai.direct import model_request
from pydantic_ai.messages import ModelRequest

from leonidas_jupyter.assistant.models import guarded
from leonidas_jupyter.assistant.models.providers import ProviderSettings
from leonidas_jupyter.assistant.policy import Policy
from leonidas_jupyter.core.errors import LeonidasError
from leonidas_jupyter.models.repository import CONNECTION, KEY, ConnectionRepository
from leonidas_jupyter.models.schemas import ConnectionRequest, ModelRules
from leonidas_jupyter.models.service import ModelsService
from tests.stubs.bedrock_stub import BedrockStub
from tests.stubs.openai_stub import BAD_KEY, BEHAVIOURS, TOO_LONG, OpenAIStub
from tests.stubs.script import Stop

SECRET = "sk-the-key-of-ann"


class Vault(KeyringBackend):
    """A keyring of one test."""

    priority = 5

    def __init__(self):
        super().__init__()
        self.kept = {}

    def set_password(self, service, username, password):
        self.kept[service, username] = password

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def delete_password(self, service, username):
        del self.kept[service, username]


@pytest.fixture
def vault():
    made = Vault()
    keyring.set_keyring(made)
    return made


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    quick = guarded.Patience(attempts=1, first_seconds=0.01)
    monkeypatch.setattr(guarded, "PATIENCE", quick)


@asynccontextmanager
async def service(folder, policy=None, **rules):
    adopted = []
    made = ModelsService(
        repository=ConnectionRepository(folder),
        rules=ModelRules(policy=policy or Policy(), may_connect=True, **rules),
        adopt=adopted.append,
    )
    made.adopted = adopted
    await made.restore()
    try:
        yield made
    finally:
        await made.close()


def at(stub, **more):
    given = {"provider": "openai", "model": "m", "url": stub.base_url, "api_key": SECRET}
    return ConnectionRequest(**(given | more))


def connected(folder, wanted, **rules):
    """What is answered, and what is kept."""

    async def main():
        async with service(folder, **rules) as models:
            answer = await models.connect(wanted)
            return answer, models

    return asyncio.run(main())


def refused(folder, wanted, code, **rules):
    async def main():
        async with service(folder, **rules) as models:
            with pytest.raises(LeonidasError) as caught:
                await models.connect(wanted)
            assert models.connection() is None
            assert models.adopted == []
        assert [path.name for path in folder.iterdir() if path.suffix != ".log"] == []
        return caught.value

    error = asyncio.run(main())
    assert error.code == code
    assert SECRET not in error.message
    assert "\n" not in error.message
    return error.message


def test_a_model_that_answers_is_kept_and_holds_at_once(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    with OpenAIStub(key=SECRET) as stub:
        answer, models = connected(tmp_path, at(stub))
        assert (answer.name, answer.url, answer.key_in) == ("openai:m", stub.base_url, "file")
        (policy,) = models.adopted
        assert policy.allowed_models == ("builtin", "openai:m")
        assert policy.model == "openai:m"
        assert models.where("openai:m").base_url == stub.base_url
        assert models.where("openai:m").key() == SECRET
        assert models.where("openai:other").key() is None
        assert stub.requests[0].body["max_completion_tokens"] == 16
    assert (tmp_path / KEY).read_text() == SECRET
    for name in (KEY, CONNECTION):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert SECRET not in (tmp_path / CONNECTION).read_text()
    assert SECRET not in answer.model_dump_json()
    assert SECRET not in caplog.text
    assert SECRET not in repr(models.where("openai:m"))


def test_the_key_goes_to_the_keyring_where_there_is_a_real_one(tmp_path, vault):
    with OpenAIStub(key=SECRET) as stub:
        answer, models = connected(tmp_path, at(stub))
    assert answer.key_in == "keyring"
    assert list(vault.kept.values()) == [SECRET]
    assert [path.name for path in tmp_path.iterdir()] == [CONNECTION]
    assert models.where("openai:m").key() == SECRET

    async def forget():
        async with service(tmp_path) as again:
            await again.disconnect()

    asyncio.run(forget())
    assert vault.kept == {}
    assert list(tmp_path.iterdir()) == []


def test_another_key_for_the_same_model_holds_at_once(tmp_path):
    async def main(stub):
        async with service(tmp_path) as models:
            await models.connect(at(stub))
            first = models.registry["openai:m"].make([])
            assert models.registry["openai:m"].make([]) is first
            stub.key = "sk-the-next"
            await models.connect(at(stub, api_key="sk-the-next"))
            second = models.registry["openai:m"].make([])
            await model_request(second, [ModelRequest.user_text_prompt("q")])

    with OpenAIStub(key=SECRET) as stub:
        asyncio.run(main(stub))
        assert stub.requests[-1].headers["authorization"] == "Bearer sk-the-next"
        assert (tmp_path / KEY).read_text() == "sk-the-next"


def test_a_keyring_that_refuses_leaves_a_file(tmp_path, vault, monkeypatch):
    from keyring.errors import KeyringError

    def locked(*_):
        raise KeyringError("locked")

    monkeypatch.setattr(vault, "set_password", locked)
    with OpenAIStub(key=SECRET) as stub:
        assert connected(tmp_path, at(stub))[0].key_in == "file"


def test_it_outlives_the_server_and_goes_when_it_is_disconnected(tmp_path):
    with OpenAIStub(key=SECRET) as stub:
        connected(tmp_path, at(stub))

    async def main():
        async with service(tmp_path) as models:
            assert models.connection().name == "openai:m"
            assert models.policy.model == "openai:m"
            assert models.where("openai:m").key() == SECRET
            await models.disconnect()
            assert models.connection() is None
            assert models.adopted[-1] == Policy()
        async with service(tmp_path) as models:
            assert models.connection() is None

    asyncio.run(main())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("turns", "said"),
    [
        (((BAD_KEY,),), "is not accepted"),
        (BEHAVIOURS["unknown_model"], "does not know"),
        (BEHAVIOURS["throttled"], "takes no more requests"),
        (((TOO_LONG,),), "longer than"),
        (BEHAVIOURS["cut_off"], "broke in the middle"),
    ],
)
def test_a_model_that_does_not_answer_is_not_kept(tmp_path, turns, said):
    with OpenAIStub(*turns) as stub:
        assert said in refused(tmp_path, at(stub), "model_error")


def test_nobody_there_and_nothing_installed_are_said(tmp_path, monkeypatch):
    with OpenAIStub() as stub:
        wanted = at(stub)
    assert "cannot be reached" in refused(tmp_path, wanted, "model_error")
    monkeypatch.setitem(__import__("sys").modules, "openai", None)
    for name in list(__import__("sys").modules):
        if name.startswith(("pydantic_ai.models.openai", "pydantic_ai.providers.openai")):
            monkeypatch.delitem(__import__("sys").modules, name)
    said = refused(tmp_path, wanted, "model_error")
    assert "pip install 'leonidas-jupyter[openai]'" in said


def test_a_trial_that_takes_too_long_ends(tmp_path, monkeypatch):
    from leonidas_jupyter.assistant.models import trial

    monkeypatch.setattr(trial, "SECONDS", 0.3)
    with OpenAIStub(*BEHAVIOURS["silent"]) as stub:
        assert "said nothing for 0.3 seconds" in refused(tmp_path, at(stub), "model_error")


def test_an_answer_that_is_cut_short_is_one(tmp_path):
    with OpenAIStub(("ok", Stop("length"))) as stub:
        assert connected(tmp_path, at(stub))[0].name == "openai:m"


@pytest.mark.usefixtures("aws_keys")
def test_a_model_on_bedrock_takes_a_profile_and_no_key(tmp_path, monkeypatch):
    (tmp_path / "aws").mkdir()
    credentials = tmp_path / "aws" / "credentials"
    credentials.write_text("[lab]\naws_access_key_id=AKIALAB\naws_secret_access_key=s\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    folder = tmp_path / "data"
    folder.mkdir()
    with BedrockStub(("ok",)) as stub:
        wanted = ConnectionRequest(
            provider="bedrock",
            model="us.amazon.nova-pro-v1:0",
            profile="lab",
            region="us-west-2",
            url=stub.url,
        )
        answer, models = connected(folder, wanted)
        assert stub.scopes == [("AKIALAB", "us-west-2")]
    assert (answer.profile, answer.key_in) == ("lab", None)
    assert models.where(answer.name).profile == "lab"
    with_key = wanted.model_copy(update={"api_key": SecretStr(SECRET)})
    (folder / CONNECTION).unlink()
    assert "takes no key" in refused(folder, with_key, "invalid_request")


def test_a_key_of_the_environment_is_used_when_it_is_named_and_not_otherwise(tmp_path, monkeypatch):
    from leonidas_jupyter.assistant.models import compatible

    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    with OpenAIStub(("ok",), key=SECRET) as stub:
        monkeypatch.setattr(compatible, "OPENAI_URL", stub.base_url)
        plain = ConnectionRequest(provider="openai", model="m")
        assert "There is no key" in refused(tmp_path, plain, "model_error")
        to_another = ConnectionRequest(
            provider="openai", model="m", url=stub.base_url, key_from="OPENAI_API_KEY"
        )
        assert "leave the URL out" in refused(tmp_path, to_another, "invalid_request")
        assert stub.requests == []
        named = ConnectionRequest(provider="openai", model="m", key_from="OPENAI_API_KEY")
        answer, models = connected(tmp_path, named)
        assert stub.requests[0].path == "/v1/responses"
        assert stub.requests[0].body["store"] is False
    assert (answer.key_from, answer.key_in) == ("OPENAI_API_KEY", None)
    assert [path.name for path in tmp_path.iterdir()] == [CONNECTION]
    assert models.where("openai:m").key() == SECRET
    other = ConnectionRequest(provider="openai", model="m", key_from="AWS_SECRET_ACCESS_KEY")
    (tmp_path / CONNECTION).unlink()
    assert "is offered" in refused(tmp_path, other, "invalid_request")


def test_the_administrators_settings_go_before(tmp_path):
    with OpenAIStub(key=SECRET) as stub:
        only = Policy(allowed_models=("builtin", "bedrock:*"))
        said = refused(
            tmp_path, at(stub), "forbidden_by_policy", policy=only, allowed_by_admin=True
        )
        assert "builtin, bedrock:*" in said
        placed = frozenset({"openai"})
        said = refused(tmp_path, at(stub), "forbidden_by_policy", placed_by_admin=placed)
        assert "leave the URL out" in said
        assert stub.requests == []
        listed = Policy(allowed_models=("builtin", "openai:*"), model="builtin")
        _, models = connected(
            tmp_path, at(stub), policy=listed, allowed_by_admin=True, model_by_admin=True
        )
        assert models.policy == listed  # allowed already, and another one was set to answer


def test_elsewhere_than_on_a_persons_own_server_nothing_is_connected(tmp_path):
    with OpenAIStub(key=SECRET) as stub:
        connected(tmp_path, at(stub))
        wanted = at(stub)

    async def main():
        rules = ModelRules(may_connect=False)
        models = ModelsService(repository=ConnectionRepository(tmp_path), rules=rules)
        await models.restore()
        assert models.connection() is None  # what lies there is not taken up
        for attempt in (models.connect(wanted), models.disconnect()):
            with pytest.raises(LeonidasError, match="administrator") as caught:
                await attempt
            assert caught.value.code == "forbidden_by_policy"

    asyncio.run(main())
    assert (tmp_path / CONNECTION).exists()


@pytest.mark.parametrize(
    "more",
    [
        {"url": "ftp://host/v1"},
        {"url": "http://me:secret@host/v1"},
        {"url": "http://[broken"},
        {"provider": "builtin"},
        {"provider": "../x"},
        {"model": "openai *"},
        {"model": "*"},
        {"region": "Frankfurt"},
        {"colour": "red"},
    ],
)
def test_what_is_no_connection_is_refused(more):
    with pytest.raises(ValueError, match="validation error"):
        ConnectionRequest(**({"provider": "openai", "model": "m"} | more))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"url": "http://models.example.org/v1", "api_key": SECRET}, "https only"),
        ({"api_key": SECRET, "key_from": "OPENAI_API_KEY"}, "not both"),
        ({"profile": "lab"}, "for bedrock models"),
        ({"provider": "ollama", "api_key": SECRET}, "takes no key"),
        ({"provider": "anthropic", "url": "https://x.example.org", "api_key": SECRET}, "A URL is"),
    ],
)
def test_what_does_not_go_together_is_said(tmp_path, more, said):
    wanted = ConnectionRequest(**({"provider": "openai", "model": "m"} | more))
    assert said in refused(tmp_path, wanted, "invalid_request")


def test_a_file_that_was_broken_connects_nothing(tmp_path, caplog):
    (tmp_path / CONNECTION).write_text('{"provider": 5}')

    async def main():
        async with service(tmp_path) as models:
            assert models.connection() is None

    asyncio.run(main())
    assert "cannot be read" in caplog.text


def test_the_settings_stay_where_nothing_is_connected(tmp_path):
    settings = ProviderSettings(region="eu-west-1")
    models = ModelsService(
        repository=ConnectionRepository(tmp_path), rules=ModelRules(settings=settings)
    )
    assert models.where("bedrock:m") is settings
