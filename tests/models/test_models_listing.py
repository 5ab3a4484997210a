"""GET /models: what policy allows, and whether it answers; quick whatever the providers do."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from leonidas_jupyter.assistant.models.providers import ProviderSettings
from leonidas_jupyter.assistant.policy import Policy
from leonidas_jupyter.models.repository import ConnectionRepository
from leonidas_jupyter.models.schemas import ModelRules
from leonidas_jupyter.models.service import ModelsService
from tests.stubs.openai_stub import OpenAIStub


@asynccontextmanager
async def service(folder, *allowed, settings=None, **rules):
    policy = Policy(allowed_models=("builtin", *allowed))
    made = ModelsService(
        repository=ConnectionRepository(folder),
        rules=ModelRules(policy=policy, settings=settings or ProviderSettings(), **rules),
    )
    try:
        yield made
    finally:
        await made.close()


def listed(folder, *allowed, **more):
    """What is said of each model, by name."""

    async def main():
        async with service(folder, *allowed, **more) as models:
            shown = await models.listing()
            return {each.name: each for each in shown.models}

    return asyncio.run(main())


def test_the_builtin_analyst_always_answers_and_nothing_leaves(tmp_path):
    (only,) = listed(tmp_path).values()
    assert (only.name, only.provider, only.default, only.local, only.answers, only.reason) == (
        "builtin",
        "builtin",
        True,
        True,
        True,
        None,
    )


def test_a_model_on_bedrock_needs_credentials_and_a_region(tmp_path, monkeypatch):
    name = "bedrock:us.amazon.nova-pro-v1:0"
    (_, shown) = listed(tmp_path, name).values()
    assert (shown.answers, shown.local, shown.provider) == (False, False, "bedrock")
    assert "No AWS region is set" in shown.reason
    (_, shown) = listed(tmp_path, name, settings=ProviderSettings(region="us-east-1")).values()
    assert "There are no AWS credentials" in shown.reason
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    (_, shown) = listed(tmp_path, name, settings=ProviderSettings(region="us-east-1")).values()
    assert (shown.answers, shown.reason) == (True, None)
    of_arn = "bedrock:arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-pro-v1:0"
    (_, shown) = listed(tmp_path, of_arn).values()
    assert shown.answers
    missing = ProviderSettings(region="us-east-1", profile="nobody")
    (_, shown) = listed(tmp_path, name, settings=missing).values()
    assert "The AWS profile" in shown.reason


def test_openai_needs_a_key_and_knows_the_model(tmp_path):
    with OpenAIStub(key="right", models=("m",)) as stub:

        def said(name, key):
            settings = ProviderSettings(base_url=stub.base_url, key=lambda: key)
            return listed(tmp_path, name, settings=settings)[name]

        assert said("openai:m", "right").answers
        assert "is not accepted" in said("openai:m", "wrong").reason
        assert "does not know the model 'openai:other'" in said("openai:other", "right").reason
    settings = ProviderSettings(base_url=stub.base_url)
    gone = listed(tmp_path, "openai:m", settings=settings)["openai:m"]
    assert "cannot be reached" in gone.reason
    assert "There is no key" in listed(tmp_path, "openai:gpt-5")["openai:gpt-5"].reason


def test_a_redirect_does_not_take_the_key_along(tmp_path):
    with OpenAIStub() as other, OpenAIStub() as stub:
        stub.moved_to = other.url
        settings = ProviderSettings(base_url=stub.base_url, key=lambda: "right")
        shown = listed(tmp_path, "openai:m", settings=settings)["openai:m"]
    assert not shown.answers
    assert (stub.looked, other.looked) == (["Bearer right"], [])


def test_ollama_lists_what_it_has(tmp_path):
    with OpenAIStub(models=("qwen3:latest", "llama3:70b")) as stub:
        settings = ProviderSettings(ollama_url=stub.url)
        names = ("ollama:qwen3", "ollama:llama3:70b", "ollama:phi")
        shown = listed(tmp_path, *names, settings=settings)
        assert [shown[name].answers for name in names] == [True, True, False]
        assert "run: ollama pull phi" in shown["ollama:phi"].reason
        shown = listed(tmp_path, "ollama:*", settings=settings)
        assert list(shown) == ["builtin", "ollama:qwen3", "ollama:llama3:70b"]


def test_another_provider_of_pydantic_ai_says_what_it_lacks(tmp_path):
    shown = listed(tmp_path, "nobody:m", "deepseek:deepseek-chat")
    assert "does not know" in shown["nobody:m"].reason
    assert "There is no key" in shown["deepseek:deepseek-chat"].reason


def test_a_server_that_hangs_holds_nobody_up(tmp_path, monkeypatch):
    from leonidas_jupyter.assistant.models import availability

    monkeypatch.setattr(availability, "LOOK_SECONDS", 0.5)

    class Slow(OpenAIStub):
        pass

    with Slow() as stub:
        original, asked = stub.handler.do_GET, []

        def slow(self):
            asked.append(self.path)
            self.wait(3600)
            original(self)

        monkeypatch.setattr(stub.handler, "do_GET", slow)

        async def main():
            settings = ProviderSettings(ollama_url=stub.url, base_url=stub.base_url)
            names = ["ollama:a", "ollama:b", "openai:c"]
            async with service(tmp_path, *names, settings=settings) as models:
                shown = await asyncio.wait_for(models.listing(), 60)
                assert [each.answers for each in shown.models] == [True, False, False, False]
                assert all(each.reason for each in shown.models[1:])
                before = len(asked)
                await models.listing()  # what was found is remembered
                assert len(asked) == before > 0

        asyncio.run(main())


def test_patterns_are_told_and_keys_of_the_environment_are_offered(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")

    async def main(**rules):
        async with service(tmp_path, "bedrock:*", **rules) as models:
            return await models.listing()

    shown = asyncio.run(main(may_connect=True))
    assert shown.patterns == ["bedrock:*"]
    assert [each.name for each in shown.models] == ["builtin"]
    assert shown.can_connect
    (offer,) = shown.offers
    assert "A key was found in OPENAI_API_KEY" in offer.note
    assert "sk-of-the-environment" not in shown.model_dump_json()
    shown = asyncio.run(main(may_connect=False))
    assert (shown.can_connect, shown.offers) == (False, [])


@pytest.mark.usefixtures("aws_keys")
def test_a_look_at_one_model_is_shared(tmp_path, monkeypatch):
    from leonidas_jupyter.assistant.models import availability

    looks = []
    real = availability.look
    monkeypatch.setattr(availability, "look", lambda *a: looks.append(a[0]) or real(*a))

    async def main():
        name = "bedrock:m"
        settings = ProviderSettings(region="us-east-1")
        async with service(tmp_path, name, settings=settings) as models:
            await asyncio.gather(*(models.listing() for _ in range(5)))
            await models.listing()

    asyncio.run(main())
    assert looks == ["bedrock:m"]
