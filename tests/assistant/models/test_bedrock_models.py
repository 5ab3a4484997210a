"""Models on Bedrock in a whole chat: a real boto3 client talks to the stub of the runtime."""

import asyncio
import logging
import time
from dataclasses import replace

import pytest
from pydantic_ai.models.bedrock import BedrockConverseModel

from leonidas_jupyter.assistant.models import bedrock
from leonidas_jupyter.assistant.models.names import BedrockId
from leonidas_jupyter.assistant.models.providers import ProviderSettings
from leonidas_jupyter.assistant.models.registry import guarded_model
from tests.assistant.models.asking import CLAUDE, PATIENCE, asking, at_bedrock
from tests.chat.world import ANN, until
from tests.stubs.bedrock_stub import (
    BEHAVIOURS,
    BROKEN,
    NEEDS_PROFILE,
    NO_ACCESS,
    NO_PERMISSION,
    ROLE_KEY,
    THROTTLED,
    TOO_LONG,
    UNKNOWN_MODEL,
    BedrockStub,
)
from tests.stubs.openai_stub import OpenAIStub
from tests.stubs.script import Call, CutOff, Stall, Stop, Thought

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
            ("stalled", "said nothing for 2 seconds", "The answer "),
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
            answer = answer_of(stub, monkeypatch, asked, timeout_seconds=PATIENCE.get(name, 60))
        assert answer.status == "failed"
        assert said in answer.error
        assert "\n" not in answer.error
        assert "Exception" not in answer.error
        assert answer.message.content == kept

    def test_a_stream_that_ends_too_early_is_no_answer(self, monkeypatch):
        with BedrockStub(("The answer ", CutOff(clean=True))) as stub:
            answer = answer_of(stub, monkeypatch)
        assert answer.status == "failed"
        assert "broke in the middle" in answer.error

    def test_an_answer_that_reached_its_greatest_length_says_so(self, monkeypatch):
        with BedrockStub(("The answer ", Stop("max_tokens"))) as stub:
            answer = answer_of(stub, monkeypatch)
        assert "greatest length" in answer.error
        assert answer.message.content == "The answer "

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
            async with asking(CLAUDE, at_bedrock(stub, timeout_seconds=600), monkeypatch) as w:
                session = await w.session()
                run = await w.say(session)
                await until(lambda: stub.requests)
                if len(turn) > 1:
                    following = await w.chat.follow(*_whose(run), 0)
                    async for event in following:
                        if event.name == "text_delta":
                            break
                assert not stub.hangups
                await w.chat.cancel(*_whose(run))
                answer = await w.chat.ended(run)
                assert answer.status == "cancelled"
                await until(lambda: stub.hangups)

        with BedrockStub(turn) as stub:
            asyncio.run(main(stub))


@pytest.mark.usefixtures("aws_keys")
class TestWhatIsSent:
    def test_reasoning_does_not_go_back_as_text(self, monkeypatch):
        with BedrockStub((Thought("secret plan"), "Hm. ", SUM), ("6",)) as stub:
            assert answer_of(stub, monkeypatch, GPT_OSS).status == "completed"
            assert "Hm. " in stub.requests[1].raw
            assert "think" not in stub.requests[1].raw
            assert "secret plan" not in stub.heard
            assert stub.models == ["openai.gpt-oss-120b-1:0"] * 2

    def test_signed_reasoning_goes_back_where_the_model_wants_it(self, monkeypatch):
        with BedrockStub((Thought("plan", "signature"), SUM), ("6",)) as stub:
            answer_of(stub, monkeypatch)
            sent = stub.requests[1].body["messages"][1]["content"][0]
        assert sent == {
            "reasoningContent": {"reasoningText": {"text": "plan", "signature": "signature"}}
        }

    def test_an_agent_without_tools_may_have_a_history_with_calls(self):
        from pydantic_ai import Agent
        from pydantic_ai.messages import ModelRequest, ModelResponse, ToolCallPart, ToolReturnPart

        history = [
            ModelRequest.user_text_prompt("what is the total?"),
            ModelResponse(parts=[ToolCallPart("query", {"sql": "select 1"}, "t1")]),
            ModelRequest(parts=[ToolReturnPart("query", {"total": 6}, "t1")]),
        ]

        async def main(stub):
            model = guarded_model(CLAUDE, at_bedrock(stub))
            try:
                return (await Agent(model).run("give it a title", message_history=history)).output
            finally:
                await model.close()

        with BedrockStub(("The total",)) as stub:
            assert asyncio.run(main(stub)) == "The total"
            assert "toolUse" not in stub.heard
            assert "(Called query with" in stub.heard

    def test_a_conversation_that_is_too_long_is_cut_to_its_newest_turns_once(self, monkeypatch):
        async def main(stub):
            async with asking(CLAUDE, at_bedrock(stub), monkeypatch) as w:
                session = await w.session()
                for word in ("oldest", "older", "old"):
                    await w.ask(session, f"{word} " * 40)
                stub.turns = [*stub.turns, (TOO_LONG,), ("It is 6.",)]
                return await w.ask(session, "and now?")

        with BedrockStub(("ok",), ("ok",), ("ok",)) as stub:
            answer = asyncio.run(main(stub))
            first, second = stub.requests[-2:]
        assert answer.status == "completed"
        assert answer.message.content.startswith("It is 6.")
        assert "oldest " in first.raw
        assert "oldest " not in second.raw
        assert "and now?" in second.raw


@pytest.mark.usefixtures("aws_keys")
class TestWhereItIsAsked:
    def profile(self, tmp_path):
        (tmp_path / "credentials").write_text(
            "[lab]\naws_access_key_id = AKIALAB\naws_secret_access_key = s\n"
        )
        (tmp_path / "config").write_text("[profile lab]\nregion = eu-west-3\n")

    def test_a_named_profile_signs(self, tmp_path, monkeypatch):
        self.profile(tmp_path)
        with BedrockStub() as stub:
            answer_of(stub, monkeypatch, profile="lab", region=None)
            assert stub.scopes == [("AKIALAB", "eu-west-3")]

    def test_a_role_is_assumed_and_signs(self, monkeypatch):
        role = "arn:aws:iam::123456789012:role/analyst"
        with BedrockStub() as stub:
            monkeypatch.setenv("AWS_ENDPOINT_URL_STS", stub.url)
            answer = answer_of(stub, monkeypatch, role_arn=role)
            assert answer.status == "completed"
            assert stub.roles == [role]
            assert stub.scopes == [(ROLE_KEY, "us-east-1")]
            assert stub.requests[0].headers["x-amz-security-token"] == "token-of-the-role"

    def test_a_role_that_may_not_be_assumed_is_said(self, monkeypatch):
        with BedrockStub() as stub:
            stub.role_refused = True
            monkeypatch.setenv("AWS_ENDPOINT_URL_STS", stub.url)
            role = "arn:aws:iam::123456789012:role/analyst"
            answer = answer_of(stub, monkeypatch, role_arn=role)
        assert "could not be assumed" in answer.error
        assert "123456789012" not in answer.error

    def test_the_region_of_an_arn_goes_before(self, monkeypatch):
        arn = "arn:aws:bedrock:ap-south-1:123456789012:inference-profile/apac.amazon.nova-pro-v1:0"
        with BedrockStub((SUM,), ("6",)) as stub:
            answer = answer_of(stub, monkeypatch, f"bedrock:{arn}")
            assert stub.models == [arn] * 2
            assert {region for _, region in stub.scopes} == {"ap-south-1"}
        assert answer.message.usage.cost > 0

    def test_an_arn_of_a_foundation_model_has_its_price(self, monkeypatch):
        arn = (
            "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0"
        )
        with BedrockStub() as stub:
            assert answer_of(stub, monkeypatch, f"bedrock:{arn}").message.usage.cost > 0
            assert stub.models == [arn]

    def test_one_client_is_used_again(self, monkeypatch):
        async def main(stub):
            async with asking(CLAUDE, at_bedrock(stub), monkeypatch) as w:
                for _ in range(3):
                    await w.ask(await w.session())
                made = w.chat.settings.models
                return made[CLAUDE].make([]) is made[CLAUDE].make([])

        with BedrockStub() as stub:
            assert asyncio.run(main(stub))
            assert len({request.headers["amz-sdk-invocation-id"] for request in stub.requests}) == 3
            assert stub.connections == 1

    @pytest.mark.parametrize("credentials", ["profile", "role"])
    def test_gpt_oss_is_asked_at_the_openai_compatible_endpoint(
        self, credentials, tmp_path, monkeypatch
    ):
        self.profile(tmp_path)
        role = "arn:aws:iam::123456789012:role/analyst"
        more = {"profile": "lab"} if credentials == "profile" else {"role_arn": role}
        turns = ((Thought("plan"), "Let me look. ", SUM), ("The total is 6.",))
        with OpenAIStub(*turns) as stub, BedrockStub() as sts:
            monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)
            answer = answer_of(stub, monkeypatch, GPT_OSS, endpoint_url=stub.base_url, **more)
            assert answer.status == "completed"
            assert answer.message.content.startswith("Let me look. \n\nThe total is 6.")
            assert [request.path for request in stub.requests] == ["/v1/responses"] * 2
            assert stub.requests[0].body["model"] == "openai.gpt-oss-120b"
            assert stub.requests[0].body["store"] is False
            signed = stub.requests[0].headers["authorization"]
        key = "AKIALAB" if credentials == "profile" else ROLE_KEY
        assert f"Credential={key}/" in signed
        assert "/us-east-1/bedrock-mantle/aws4_request" in signed
        assert (answer.message.usage.input_tokens, answer.message.usage.output_tokens) == (
            2000,
            400,
        )
        assert answer.message.usage.cost == pytest.approx(0.00054)

    def test_gpt_oss_is_asked_by_converse_without_the_extra(self, monkeypatch):
        monkeypatch.setattr(bedrock, "find_spec", lambda _: None)
        wanted = BedrockId.parse("openai.gpt-oss-120b-1:0")
        model = bedrock.bedrock_model(wanted, ProviderSettings(region="us-east-1"))
        assert isinstance(model, BedrockConverseModel)
        monkeypatch.undo()
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
        model = bedrock.bedrock_model(wanted, ProviderSettings(region="us-east-1"))
        assert model.base_url == "https://bedrock-mantle.us-east-1.api.aws/v1/"


class TestWhatIsMissing:
    @pytest.mark.parametrize(
        ("more", "said"),
        [
            ({}, "There are no AWS credentials"),
            ({"profile": "nobody"}, "profile for the model"),
            ({"region": None}, "No AWS region is set"),
        ],
    )
    def test_it_is_said(self, more, said, monkeypatch):
        with BedrockStub() as stub:
            answer = answer_of(stub, monkeypatch, **more)
        assert answer.status == "failed"
        assert said in answer.error

    @pytest.mark.usefixtures("aws_keys")
    def test_nobody_at_the_endpoint_is_said(self, monkeypatch):
        with BedrockStub() as stub:
            gone = stub.url
        answer = answer_of(stub, monkeypatch, endpoint_url=gone)
        assert "cannot be reached" in answer.error
        assert "127.0.0.1" not in answer.error


@pytest.mark.usefixtures("aws_keys")
class TestSecrets:
    @pytest.mark.parametrize("fault", [NO_PERMISSION, NO_ACCESS, NEEDS_PROFILE, UNKNOWN_MODEL])
    def test_neither_sentence_nor_log_repeats_the_provider(self, fault, monkeypatch, caplog):
        caplog.set_level(logging.INFO, logger="leonidas_jupyter")
        arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-pro-v1:0"
        with BedrockStub((fault,)) as stub:
            answer = answer_of(stub, monkeypatch, f"bedrock:{arn}")
        assert "123456789012" not in answer.error
        assert fault.message[:30] not in answer.error
        assert fault.message[:30] not in caplog.text
        assert "s3cr3t" not in caplog.text
        assert "request req-stub" in caplog.text
        assert "HTTP" in caplog.text or "Model" in caplog.text

    def test_retry_after_is_kept_to_where_it_is_short_and_else_said(self, monkeypatch):
        soon = replace(THROTTLED, headers={"Retry-After": "1"})
        with BedrockStub((soon,), ("ok",)) as stub:
            began = time.monotonic()
            assert answer_of(stub, monkeypatch).status == "completed"
            assert time.monotonic() - began >= 1
        late = replace(THROTTLED, headers={"Retry-After": "40"})
        with BedrockStub((late,), ("ok",)) as stub:
            answer = answer_of(stub, monkeypatch)
            assert len(stub.requests) == 1
        assert "ask again in about 40 seconds" in answer.error

    def test_an_error_of_the_server_is_tried_again_and_a_refusal_is_not(self, monkeypatch):
        for fault, tries in ((BROKEN, 3), (NO_ACCESS, 1), (TOO_LONG, 1)):
            with BedrockStub((fault,)) as stub:
                answer_of(stub, monkeypatch)
                assert len(stub.requests) == tries


def _whose(run):
    return ANN, run.session_id, run.run_id
