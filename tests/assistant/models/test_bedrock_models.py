"""Models on Bedrock in a whole chat: a real boto3 client talks to the stub of the runtime."""

import asyncio
import json
import time

import pytest

from leonidas_jupyter.assistant.models.failures import FailureKind, ModelFailure
from leonidas_jupyter.assistant.models.registry import guarded_model
from tests.assistant.models.asking import CLAUDE, asking, at_bedrock
from tests.chat.world import text_of, until
from tests.stubs.bedrock_stub import (
    BEHAVIOURS,
    NEEDS_PROFILE,
    NO_ACCESS,
    NO_PERMISSION,
    ROLE_KEY,
    THROTTLED,
    TOO_LONG,
    UNKNOWN_MODEL,
    BedrockStub,
)
from tests.stubs.script import Call, Fault, Pause, Stall, Stop, Thought

SUM = Call("query", {"sql": "select sum(amount) as total from sales"})
GPT_OSS = "bedrock:openai.gpt-oss-120b-1:0"


def answer_of(stub, monkeypatch, name=CLAUDE, **more):
    """One question, and its whole answer."""

    async def main():
        async with asking(name, at_bedrock(stub, **more), monkeypatch) as w:
            return await w.ask(await w.session())

    return asyncio.run(main())


@pytest.mark.usefixtures("aws_keys")
class TestBehaviours:
    @pytest.mark.parametrize("name", ["normal", "slow", "throttled_before", "unknown_tool"])
    def test_a_model_that_gets_there(self, name, monkeypatch):
        with BedrockStub(*BEHAVIOURS[name]) as stub:
            answer = answer_of(stub, monkeypatch)
            assert (answer.status, answer.error) == ("completed", None)
            assert answer.message.content.startswith("The answer is 42.")
            assert answer.message.usage.input_tokens >= 1000
            if name == "throttled_before":
                assert len(stub.requests) == 2
            if name == "unknown_tool":
                assert "Available tools" in stub.requests[1].raw

    @pytest.mark.parametrize(
        ("name", "said", "kept"),
        [
            ("stalled", "said nothing for 1 seconds", "The answer "),
            ("silent", "said nothing for 1 seconds", ""),
            ("cut_off", "broke in the middle", "The answer "),
            ("throttled", "takes no more requests at the moment; ask again in a moment", ""),
            ("throttled_mid_stream", "takes no more requests", "The answer "),
            ("bad_arguments", "gave no usable answer", ""),
            ("no_access", "no access to the model", ""),
            ("needs_profile", "'bedrock:us.anthropic.claude-sonnet-4-5-20250929-v1:0'", ""),
            ("too_long", "longer than the model", ""),
            ("filtered", "content filter", "The answer "),
            ("expired", "have expired; sign in again", ""),
        ],
    )
    def test_a_model_that_does_not_is_said_in_one_sentence(self, name, said, kept, monkeypatch):
        asked = "bedrock:anthropic.claude-sonnet-4-5-20250929-v1:0"
        with BedrockStub(*BEHAVIOURS[name]) as stub:
            answer = answer_of(stub, monkeypatch, asked, timeout_seconds=1)
        assert answer.status == "failed"
        assert said in answer.error
        assert "\n" not in answer.error
        assert "Exception" not in answer.error
        assert answer.message.content == kept

    def test_text_before_a_tool_call_is_not_the_answer(self, monkeypatch):
        with BedrockStub(("Let me look. ", SUM), ("The total ", "is 6.")) as stub:
            answer = answer_of(stub, monkeypatch)
        assert answer.status == "completed"
        assert answer.message.content.startswith("Let me look. \n\nThe total is 6.")
        (done,) = answer.message.tool_calls
        assert done.outputs[0]["application/json"]["rows"] == [[6]]

    def test_what_is_used_and_what_it_costs_arrive(self, monkeypatch):
        with BedrockStub((SUM,), ("It is 6.",)) as stub:
            used = answer_of(stub, monkeypatch).message.usage
        assert (used.input_tokens, used.output_tokens) == (2000, 400)
        assert used.cost == pytest.approx(0.0132)  # $3.30 and $16.50 per million in the US


@pytest.mark.usefixtures("aws_keys")
class TestStopping:
    @pytest.mark.parametrize("turn", [("word ", Stall()), (Stall(),)], ids=["middle", "before"])
    def test_cancelling_closes_the_connection_at_once(self, turn, monkeypatch):
        async def main(stub):
            async with asking(CLAUDE, at_bedrock(stub, timeout_seconds=30), monkeypatch) as w:
                session = await w.session()
                run = await w.say(session)
                await until(lambda: stub.requests)
                if len(turn) > 1:
                    following = await w.chat.follow(*_whose(run), 0)
                    async for event in following:
                        if event.name == "text_delta":
                            break
                began = time.monotonic()
                await w.chat.cancel(*_whose(run))
                answer = await w.chat.ended(run)
                assert answer.status == "cancelled"
                assert time.monotonic() - began < 1
                await until(lambda: stub.hangups)
                return stub.hangups[0] - began

        with BedrockStub(turn) as stub:
            assert asyncio.run(main(stub)) < 0.5


def _whose(run):
    from tests.chat.world import ANN

    return ANN, run.session_id, run.run_id
