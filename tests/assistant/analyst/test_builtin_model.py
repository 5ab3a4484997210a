"""The analyst as a pydantic-ai model, in a real agent with real tools over DuckDB."""

import asyncio
import json
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from pydantic_ai import Agent, ModelRetry, Tool
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from leonidas_jupyter.assistant.analyst.analyst import Analyst
from leonidas_jupyter.assistant.analyst.plan import PlannedCall
from leonidas_jupyter.assistant.models.builtin import BuiltinModel, outcome_of, read_conversation
from tests.golden.judge import Desk


@pytest.fixture(scope="module")
def desk(tables) -> Desk:
    return Desk([tables["penguins"]])


def agent(desk: Desk, *, broken: str | None = None, wrap: Any = dict) -> Agent[None, str]:
    def call(tool: str, **arguments: Any) -> Any:
        if broken:
            raise ModelRetry(broken)
        return wrap(desk.run(PlannedCall(tool, arguments)).result)

    async def query(sql: str) -> Any:
        return call("query", sql=sql)

    async def chart(sql: str, spec: dict[str, Any]) -> Any:
        return call("chart", sql=sql, spec=spec)

    async def describe_frame(name: str) -> Any:
        return call("describe_frame", name=name)

    async def list_frames() -> Any:
        return call("list_frames")

    async def statistics(
        frame: str, steps: list[dict[str, Any]], outputs: list[dict[str, Any]]
    ) -> Any:
        return call("statistics", frame=frame, steps=steps, outputs=outputs)

    offered = (query, chart, statistics, describe_frame, list_frames)
    tools = [Tool(each, sequential=True) for each in offered]
    return Agent(BuiltinModel(desk.frames), tools=tools, retries={"tools": 2, "output": 1})


def answer(desk: Desk, question: str, history: Sequence[ModelMessage] = (), **options: Any) -> str:
    result = asyncio.run(agent(desk, **options).run(question, message_history=list(history)))
    return str(result.output)


def test_a_question_is_answered_through_the_tools(desk: Desk) -> None:
    assert "**5076.02**" in answer(desk, "average body mass of Gentoo penguins")


def test_several_calls_are_made_in_one_round(desk: Desk) -> None:
    assert "correlation **-0.2351**" in answer(desk, "scatter plot of bill length vs bill depth")


def test_a_test_of_significance_goes_through_the_tool_statistics(desk: Desk) -> None:
    said = answer(desk, "is Gentoo significantly heavier than Adelie in 2008?")
    assert "Welch's t-test" in said
    assert "Significant" in said


def test_two_questions_are_answered_in_one_round(desk: Desk) -> None:
    said = answer(desk, "how many penguins are there and what is their mean body mass?")
    assert "**344** rows" in said
    assert "**4201.75**" in said


def test_continue_goes_on_with_the_question_before(desk: Desk) -> None:
    first = asyncio.run(agent(desk).run("average body mass by species"))
    assert "| Gentoo |" in answer(desk, "continue", first.all_messages())


def test_results_may_come_as_json_text(desk: Desk) -> None:
    assert "**344** rows" in answer(desk, "how many penguins", wrap=json.dumps)


def test_a_question_is_read_beside_the_event_loop(desk: Desk, monkeypatch) -> None:
    readers = set()

    def plan(self: Analyst, *given: Any) -> Any:
        readers.add(threading.get_ident())
        return real(self, *given)

    real = Analyst.plan
    monkeypatch.setattr(Analyst, "plan", plan)
    answer(desk, "how many penguins")
    assert readers
    assert threading.get_ident() not in readers


def test_names_and_provider_say_builtin(desk: Desk) -> None:
    model = BuiltinModel(desk.frames)
    assert (model.model_name, model.system) == ("builtin", "builtin")


def test_it_uses_no_tokens(desk: Desk) -> None:
    result = asyncio.run(agent(desk).run("how many penguins are there"))
    assert (result.usage.input_tokens, result.usage.output_tokens) == (0, 0)


def test_the_text_streams_in_small_pieces(desk: Desk) -> None:
    async def pieces() -> list[str]:
        found = []
        async with agent(desk).run_stream_events("average body mass by species") as events:
            async for event in events:
                if isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
                    found.append(event.part.content)
                elif isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta):
                    found.append(event.delta.content_delta)
        return found

    streamed = asyncio.run(pieces())
    assert len(streamed) > 20
    assert "".join(streamed) == answer(desk, "average body mass by species")


def test_earlier_questions_of_the_history_are_followed(desk: Desk) -> None:
    first = asyncio.run(agent(desk).run("average body mass by species"))
    assert "| Torgersen |" in answer(desk, "and by island?", first.all_messages())


def test_a_failing_tool_is_said_in_one_sentence(desk: Desk) -> None:
    said = answer(desk, "average body mass", broken="The query took too long.")
    assert said == "I could not compute this: The query took too long."


def test_help_needs_no_tool(desk: Desk) -> None:
    assert "not a language model" in answer(desk, "help", broken="never called")


@pytest.mark.parametrize(
    ("parts", "ok"),
    [
        ([ToolReturnPart("query", {"columns": [], "rows": []}, "1")], [True]),
        ([ToolReturnPart("query", '{"columns": [], "rows": []}', "1")], [True]),
        ([ToolReturnPart("query", "no such column", "1")], [False]),
        ([ToolReturnPart("list_frames", [{"name": "x"}], "1")], [True]),
        ([ToolReturnPart("query", {"error": "gone"}, "1")], [False]),
        ([ToolReturnPart("query", None, "1")], [False]),
        ([ToolReturnPart("query", "refused", "1", outcome="denied")], [False]),
        ([ToolReturnPart("query", {}, "1"), ToolReturnPart("chart", {}, "2")], [True, True]),
    ],
)
def test_tool_returns_of_any_shape_are_read(parts: list[Any], ok: list[bool]) -> None:
    history = [
        ModelRequest(parts=[UserPromptPart("q")]),
        ModelResponse(parts=[ThinkingPart("hm")]),
        ModelRequest(parts=parts),
    ]
    assert [outcome.ok for outcome in read_conversation(history).outcomes] == ok


def test_only_results_since_the_last_question_count() -> None:
    history = [
        ModelRequest(parts=[UserPromptPart("first")]),
        ModelResponse(parts=[ToolCallPart("query", {"sql": "SELECT 1"}, "a")]),
        ModelRequest(parts=[ToolReturnPart("query", {"rows": []}, "a")]),
        ModelResponse(parts=[TextPart("answer")]),
        ModelRequest(parts=[UserPromptPart(["second", "part"])]),
    ]
    conversation = read_conversation(history)
    assert (conversation.question, conversation.earlier, conversation.outcomes) == (
        "second part",
        ("first",),
        (),
    )


def test_a_retry_is_an_error_with_its_reason() -> None:
    errors: Any = [{"type": "missing", "loc": ("sql",), "msg": "Field required", "input": {}}]
    history = [
        ModelRequest(parts=[UserPromptPart("q")]),
        ModelRequest(parts=[ToolReturnPart("query", errors, "1", outcome="retried")]),
    ]
    assert [outcome.error for outcome in read_conversation(history).outcomes] == ["Field required"]


def test_a_pydantic_object_is_a_result(tables) -> None:
    outcome = outcome_of(ToolReturnPart("describe_frame", tables["penguins"].frame.profile, "1"))
    assert outcome.ok
    assert outcome.result["rows"] == 344
