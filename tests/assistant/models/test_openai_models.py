"""Models that speak OpenAI's API in a whole chat: servers of one's own, OpenAI itself, Ollama."""

import asyncio

import pytest

from leonidas_jupyter.assistant.models import compatible
from leonidas_jupyter.assistant.models.failures import FailureKind, ModelFailure
from leonidas_jupyter.assistant.models.providers import ProviderSettings
from leonidas_jupyter.assistant.models.registry import guarded_model
from tests.assistant.models.asking import PATIENCE, asking, at_openai
from tests.chat.world import ANN, until
from tests.stubs.openai_stub import BEHAVIOURS, OpenAIStub
from tests.stubs.script import Call, CutOff, Stall, Thought

SUM = Call("query", {"sql": "select sum(amount) as total from sales"})
OWN = "openai:gpt-4o"
KEY = "sk-of-the-settings"


def answer_of(stub, monkeypatch, name=OWN, **more):
    """One question, and its whole answer."""

    async def main():
        async with asking(name, at_openai(stub, **more), monkeypatch) as w:
            return await w.ask(await w.session())

    return asyncio.run(main())


@pytest.mark.parametrize("name", ["normal", "slow", "throttled_before", "unknown_tool"])
def test_a_model_that_gets_there(name, monkeypatch):
    with OpenAIStub(*BEHAVIOURS[name]) as stub:
        answer = answer_of(stub, monkeypatch)
    assert (answer.status, answer.error) == ("completed", None)
    assert answer.message.content.startswith("The answer is 42.")


@pytest.mark.parametrize(
    ("name", "said", "kept"),
    [
        ("stalled", "said nothing for 2 seconds", "The answer "),
        ("silent", "said nothing for 1 seconds", ""),
        ("cut_off", "broke in the middle", "The answer "),
        ("throttled", "takes no more requests at the moment", ""),
        ("throttled_mid_stream", "takes no more requests", "The answer "),
        ("bad_arguments", "gave no usable answer", ""),
        ("unknown_model", "does not know the model 'openai:gpt-4o'", ""),
        ("too_long", "longer than the model", ""),
        ("filtered", "content filter", "The answer "),
        ("bad_key", "is not accepted; correct it in c.Leonidas.model_api_key", ""),
        ("no_quota", "quota or credit", ""),
    ],
)
def test_a_model_that_does_not_is_said_in_one_sentence(name, said, kept, monkeypatch, caplog):
    with OpenAIStub(*BEHAVIOURS[name]) as stub:
        answer = answer_of(
            stub, monkeypatch, timeout_seconds=PATIENCE.get(name, 60), key=lambda: KEY
        )
    assert answer.status == "failed"
    assert said in answer.error
    assert "\n" not in answer.error
    assert answer.message.content == kept
    assert "sk-" not in answer.error + caplog.text


@pytest.mark.parametrize("name", [OWN, "openai:gpt-5", "ollama:qwen3"])
def test_a_stream_that_ends_too_early_is_no_answer(name, monkeypatch):
    with OpenAIStub(("The answer ", CutOff(clean=True))) as stub:
        monkeypatch.setattr(compatible, "OPENAI_URL", stub.base_url)
        base_url = stub.base_url if name == OWN else None
        answer = answer_of(stub, monkeypatch, name, key=lambda: KEY, base_url=base_url)
        assert stub.requests[0].path.endswith("responses" if "5" in name else "completions")
    assert answer.status == "failed"
    assert "broke in the middle" in answer.error


def test_the_answer_is_what_follows_the_tool(monkeypatch):
    with OpenAIStub(("Let me look. ", SUM), ("The total ", "is 6.")) as stub:
        answer = answer_of(stub, monkeypatch)
    assert answer.message.content.startswith("Let me look. \n\nThe total is 6.")
    used = answer.message.usage
    assert (used.input_tokens, used.output_tokens) == (2000, 400)


def test_ollama_is_asked_without_a_key_and_its_reasoning_goes_back_in_its_field(monkeypatch):
    monkeypatch.setenv("OLLAMA_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OLLAMA_API_KEY", "sk-not-for-this-server")
    with OpenAIStub((Thought("plan"), SUM), ("It is 6.",)) as stub:
        answer = answer_of(stub, monkeypatch, "ollama:qwen3", base_url=None)
        assert answer.status == "completed"
        assert stub.requests[0].path == "/v1/chat/completions"
        assert "sk-not" not in stub.requests[0].headers["authorization"]
        said = stub.requests[1].body["messages"][-2]
    assert said["reasoning"] == "plan"
    assert "plan" not in (said.get("content") or "")


def test_keys_and_addresses_of_the_environment_go_nowhere_else(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    with OpenAIStub() as other:
        monkeypatch.setenv("OPENAI_BASE_URL", other.base_url)
        with OpenAIStub() as stub:
            assert answer_of(stub, monkeypatch).status == "completed"
            assert "sk-of-openai" not in stub.requests[0].headers["authorization"]
        assert other.requests == []


def test_a_key_goes_to_its_own_provider_only(monkeypatch):
    settings = ProviderSettings(key=lambda: KEY, key_for="openai")
    assert settings.key_of("openai:m") == KEY
    assert settings.key_of("anthropic:m") is None
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant")
    assert settings.key_of("anthropic:m") == "sk-ant"
    connected = ProviderSettings(own_variables=False)
    assert connected.key_of("anthropic:m") is None
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    with pytest.raises(ModelFailure, match="There is no key"):
        guarded_model("openai-responses:m", connected)


def test_openai_itself_is_asked_by_responses_and_keeps_nothing(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    with OpenAIStub(("Let me look. ", SUM), ("It is 6.",), key="sk-of-openai") as stub:
        monkeypatch.setattr(compatible, "OPENAI_URL", stub.base_url)
        answer = answer_of(stub, monkeypatch, "openai:gpt-5", base_url=None)
        assert answer.message.content.startswith("Let me look. \n\nIt is 6.")
        assert [request.path for request in stub.requests] == ["/v1/responses"] * 2
        assert all(request.body["store"] is False for request in stub.requests)
    assert answer.message.usage.cost > 0


def test_no_key_and_no_address_is_said(monkeypatch):
    settings = ProviderSettings()
    with pytest.raises(ModelFailure) as caught:
        guarded_model("openai:gpt-5", settings)
    assert caught.value.kind is FailureKind.NO_KEY
    for name in ("anthropic:claude-x", "nobody:x"):
        with pytest.raises(ModelFailure):
            guarded_model(name, settings)


@pytest.mark.parametrize("turn", [("word ", Stall()), (Stall(),)], ids=["middle", "before"])
def test_cancelling_closes_the_connection_at_once(turn, monkeypatch):
    async def main(stub):
        async with asking(OWN, at_openai(stub, timeout_seconds=600), monkeypatch) as w:
            run = await w.say(await w.session())
            await until(lambda: stub.requests and (len(turn) == 1 or stub.began))
            assert not stub.hangups
            await w.chat.cancel(ANN, run.session_id, run.run_id)
            answer = await w.chat.ended(run)
            assert answer.status == "cancelled"
            await until(lambda: stub.hangups)

    with OpenAIStub(turn) as stub:
        asyncio.run(main(stub))
