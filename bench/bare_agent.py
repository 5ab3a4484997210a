"""The peer of DS Bro: a pydantic-ai agent alone, on the same stub of a provider.

``python -m bench.bare_agent KIND URL`` reads orders from its input and prints what came of each,
both a line of JSON; times are ``time.monotonic()``, in which all processes of a machine agree.

* ``{"do": "ask", "prompt": …}``: ``first`` and ``last``, when the first and the last text came.
  With ``conversation`` the history of that number goes along and is kept.
* ``{"do": "cancel", "prompt": …, "after": seconds or null}``: asked, and given up after the first
  text, or after so many seconds; ``asked`` says when, ``ended`` when the task was gone.
* ``{"do": "hold", "conversation": n, "turns": [[question, answer], …]}``: a history to go on from.
* ``{"do": "memory"}``: ``mib``, the process's own memory (USS).
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bench.providers import REGION, Provider

if TYPE_CHECKING:
    from pydantic_ai import Agent
    from pydantic_ai.messages import ModelMessage
    from pydantic_ai.models import Model


class BareAgent:
    """Another process with an agent in it; see the module."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def order(self, what: str, **more: object) -> dict[str, Any]:
        """Give an order and wait for what came of it.

        Raises:
            RuntimeError: the process has ended.
        """
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("The agent has no pipes.")
        self._process.stdin.write(json.dumps({"do": what, **more}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("The bare agent ended; its error stands above.")
        found: dict[str, Any] = json.loads(line)
        return found


@contextmanager
def bare_agent(provider: Provider) -> Iterator[BareAgent]:
    """An agent that asks a provider, in a process of its own."""
    command = [sys.executable, "-m", "bench.bare_agent", provider.kind, provider.url]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    try:
        yield BareAgent(process)
    finally:
        # A request that boto3 waits for in a thread would keep the process from its end.
        process.kill()
        process.wait()


def _model(kind: str, url: str) -> "Model":
    if kind == "openai":
        from pydantic_ai.models.openai import OpenAIChatModel
        from pydantic_ai.providers.openai import OpenAIProvider

        return OpenAIChatModel("m", provider=OpenAIProvider(base_url=url, api_key="none"))
    import boto3
    from pydantic_ai.models.bedrock import BedrockConverseModel
    from pydantic_ai.providers.bedrock import BedrockProvider

    session = boto3.Session("AKIAEXAMPLE", "example", region_name=REGION)
    client = session.client("bedrock-runtime", endpoint_url=url)
    return BedrockConverseModel(
        "anthropic.claude-sonnet-4-20250514-v1:0", provider=BedrockProvider(bedrock_client=client)
    )


class _Conversations:
    """The agent, and the histories that it is given."""

    def __init__(self, agent: "Agent[None, str]") -> None:
        self._agent = agent
        self._known: dict[int, list[ModelMessage]] = {}

    async def ask(self, order: Mapping[str, Any]) -> dict[str, float]:
        """Ask; when the first and the last text came."""
        from pydantic_ai import AgentRunResultEvent

        times: list[float] = []
        number = order.get("conversation")
        past = None if number is None else self._known.get(number)
        async with self._agent.run_stream_events(order["prompt"], message_history=past) as events:
            async for event in events:
                if _is_text(event):
                    times.append(time.monotonic())
                    self.first.set()
                elif isinstance(event, AgentRunResultEvent) and number is not None:
                    self._known[number] = event.result.all_messages()
        return {"first": times[0], "last": times[-1]}

    async def cancel(self, order: Mapping[str, Any]) -> dict[str, float]:
        """Ask, and give it up."""
        task = asyncio.create_task(self.ask(order))
        if order["after"] is None:
            await self.first.wait()
        else:
            await asyncio.sleep(order["after"])
        asked = time.monotonic()
        task.cancel()
        await asyncio.wait([task])
        return {"asked": asked, "ended": time.monotonic()}

    async def carry_out(self, order: Mapping[str, Any]) -> dict[str, float]:
        """Do what an order says."""
        self.first = asyncio.Event()
        if order["do"] == "ask":
            return await self.ask(order)
        if order["do"] == "cancel":
            return await self.cancel(order)
        if order["do"] == "hold":
            self._known[order["conversation"]] = _history(order["turns"])
            return {}
        import psutil

        return {"mib": psutil.Process().memory_full_info().uss / 2**20}


def _is_text(event: object) -> bool:
    from pydantic_ai.messages import PartDeltaEvent, PartStartEvent, TextPart, TextPartDelta

    if isinstance(event, PartDeltaEvent):
        return isinstance(event.delta, TextPartDelta) and bool(event.delta.content_delta)
    return (
        isinstance(event, PartStartEvent)
        and isinstance(event.part, TextPart)
        and bool(event.part.content)
    )


def _history(turns: list[list[str]]) -> "list[ModelMessage]":
    from pydantic_ai.messages import ModelRequest, ModelResponse, TextPart, UserPromptPart

    made: list[ModelMessage] = []
    for question, answer in turns:
        made.append(ModelRequest(parts=[UserPromptPart(question)]))
        made.append(ModelResponse(parts=[TextPart(answer)]))
    return made


async def _serve(kind: str, url: str) -> None:
    from pydantic_ai import Agent

    conversations = _Conversations(Agent(_model(kind, url)))
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await conversations.carry_out(json.loads(line))), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], sys.argv[2]))
