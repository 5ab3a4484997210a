"""A stand-in for servers that speak OpenAI's API: OpenAI, vLLM, Ollama, and Bedrock's Mantle.

``/v1/chat/completions`` and ``/v1/responses`` stream; ``/v1/models`` lists; ``/api/tags`` and
``/api/version`` are Ollama's.

    with OpenAIStub(("The answer is ", "42.")) as openai:
        ...  # base_url = openai.base_url, any key; a key other than ``openai.key`` is refused
"""

import json
from typing import Any

from tests.stubs.script import (
    Call,
    CutOff,
    Fault,
    Pause,
    Stall,
    Step,
    Stop,
    Stub,
    StubHandler,
    Thought,
    Turn,
)

THROTTLED = Fault("rate_limit_exceeded", "Rate limit reached for requests.", 429)
NO_QUOTA = Fault("insufficient_quota", "You exceeded your current quota.", 429)
BAD_KEY = Fault("invalid_api_key", "Incorrect API key provided: sk-secret-in-the-answer.", 401)
UNKNOWN_MODEL = Fault("model_not_found", "The model `m` does not exist.", 404)
TOO_LONG = Fault("context_length_exceeded", "This model's maximum context length is 8192 tokens.")
BROKEN = Fault("server_error", "The server had an error.", 500)

BEHAVIOURS: dict[str, tuple[Turn, ...]] = {
    "normal": (("The answer ", "is 42."),),
    "slow": (("The ", Pause(0.1), "answer ", Pause(0.1), "is 42."),),
    "stalled": (("The answer ", Stall()),),
    "silent": ((Stall(),),),
    "cut_off": (("The answer ", CutOff()),),
    "throttled_before": ((THROTTLED,), ("The answer ", "is 42.")),
    "throttled": ((THROTTLED,),),
    "throttled_mid_stream": (("The answer ", THROTTLED),),
    "bad_arguments": ((Call("query", '{"sql": '),),),
    "unknown_tool": ((Call("quer<|channel|>y", {}),), ("The answer ", "is 42.")),
    "unknown_model": ((UNKNOWN_MODEL,),),
    "too_long": ((TOO_LONG,),),
    "filtered": (("The answer ", Stop("content_filter")),),
    "bad_key": ((BAD_KEY,),),
    "no_quota": ((NO_QUOTA,),),
}
"""What a model may do, by name: the turns for it."""

USAGE = {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200}


class OpenAIHandler(StubHandler):
    """Chat completions, responses, and the lists of models."""

    def do_GET(self) -> None:
        stub = self.stub
        stub.looked.append(self.headers.get("Authorization"))
        if stub.moved_to is not None:
            self.answer(302, b"", "text/plain", Location=stub.moved_to + self.path)
        elif self.path == "/api/tags":
            self.answer_json({"models": [{"name": name, "model": name} for name in stub.models]})
        elif self.path == "/api/version":
            self.answer_json({"version": "0.12.0"})
        elif self.path.endswith("/models") and self._authorized():
            data = [{"id": name, "object": "model", "owned_by": "stub"} for name in stub.models]
            self.answer_json({"object": "list", "data": data})
        elif not self.path.endswith("/models"):
            self.answer_json({"error": {"message": "Not found"}}, 404)

    def do_POST(self) -> None:
        received = self.receive()
        self._call = 0
        self._talk: Any = {"chat/completions": _Chat, "v1/responses": _Responses}.get(
            "/".join(received.path.rsplit("/", 2)[1:])
        )
        if self._talk is None:
            self.answer_json({"error": {"message": "Not found"}}, 404)
        elif self._authorized():
            self._talk = self._talk(self, received.body["model"])
            self.speak(self.stub.next_turn(received))

    def refuse(self, fault: Fault) -> None:
        self.answer_json({"error": _error(fault)}, fault.status, **fault.headers)

    def break_off(self, fault: Fault) -> None:
        self.event({"error": _error(fault)})

    def open_answer(self) -> None:
        self.begin("text/event-stream", **{"x-request-id": "req-stub"})
        self._talk.open()

    def say(self, step: Step) -> None:
        if isinstance(step, str):
            self._talk.text(step)
        elif isinstance(step, Thought):
            self._talk.thought(step)
        elif isinstance(step, Call):
            self._talk.call(step, step.id or f"call_{len(self.stub.requests)}_{self._call}")
            self._call += 1

    def close_answer(self, stop: str | None, *, called: bool) -> None:
        self._talk.close(stop, called)

    def event(self, data: Any, name: str = "") -> None:
        text = data if isinstance(data, str) else json.dumps(data)
        self.chunk(f"{f'event: {name}' + chr(10) if name else ''}data: {text}\n\n".encode())

    def _authorized(self) -> bool:
        key = self.stub.key
        given = self.headers.get("Authorization", "")
        if key is None or given == f"Bearer {key}":
            return True
        self.refuse(BAD_KEY)
        return False


class OpenAIStub(Stub):
    """The server.

    Attributes:
        key: where it is given, no other one is taken.
        models: what it lists.
        moved_to: where lists are, for a server that sends clients elsewhere.
        looked: what came as ``Authorization`` with each look at a list.
    """

    handler = OpenAIHandler

    def __init__(self, *turns: Turn, key: str | None = None, models: tuple[str, ...] = ("m",)):
        super().__init__(*turns)
        self.key = key
        self.models = models
        self.moved_to: str | None = None
        self.looked: list[str | None] = []

    @property
    def base_url(self) -> str:
        """What a client of OpenAI's takes."""
        return f"{self.url}/v1"


class _Chat:
    """Chat completions."""

    def __init__(self, handler: OpenAIHandler, model: str) -> None:
        self._handler = handler
        self._model = model

    def open(self) -> None:
        self._send({"role": "assistant", "content": ""})

    def text(self, text: str) -> None:
        self._send({"content": text})

    def thought(self, thought: Thought) -> None:
        self._send({"reasoning": thought.text})

    def call(self, call: Call, call_id: str) -> None:
        number = self._handler._call
        half = len(call.text) // 2
        first = {"name": call.tool, "arguments": call.text[:half]}
        whole = {"index": number, "id": call_id, "type": "function", "function": first}
        self._send({"tool_calls": [whole]})
        rest = {"index": number, "function": {"arguments": call.text[half:]}}
        self._send({"tool_calls": [rest]})

    def close(self, stop: str | None, called: bool) -> None:
        self._send({}, finish=stop or ("tool_calls" if called else "stop"))
        self._handler.event({**self._base(), "choices": [], "usage": USAGE})
        self._handler.event("[DONE]")

    def _base(self) -> dict[str, Any]:
        return {
            "id": "chatcmpl-stub",
            "object": "chat.completion.chunk",
            "created": 1_700_000_000,
            "model": self._model,
        }

    def _send(self, delta: dict[str, Any], finish: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        self._handler.event({**self._base(), "choices": [choice]})


class _Responses:
    """Responses, as Bedrock's Mantle serves gpt-oss."""

    def __init__(self, handler: OpenAIHandler, model: str) -> None:
        self._handler = handler
        self._model = model
        self._number = 0
        self._items: list[dict[str, Any]] = []
        self._message: dict[str, Any] | None = None

    def open(self) -> None:
        self._send("response.created", response=self._response("in_progress"))

    def text(self, text: str) -> None:
        if self._message is None:
            self._message = {
                "type": "message",
                "id": f"msg_{len(self._items)}",
                "role": "assistant",
                "status": "in_progress",
                "content": [],
            }
            self._add(self._message)
            part = {"type": "output_text", "text": "", "annotations": []}
            self._send(
                "response.content_part.added",
                **self._where(self._message),
                content_index=0,
                part=part,
            )
        self._send(
            "response.output_text.delta",
            **self._where(self._message),
            content_index=0,
            delta=text,
            logprobs=[],
        )

    def thought(self, thought: Thought) -> None:
        item = {"type": "reasoning", "id": f"rs_{len(self._items)}", "summary": []}
        self._add(item)
        self._send(
            "response.reasoning_text.delta",
            **self._where(item),
            content_index=0,
            delta=thought.text,
        )
        self._done({**item, "content": [{"type": "reasoning_text", "text": thought.text}]})

    def call(self, call: Call, call_id: str) -> None:
        self._message = None
        item = {
            "type": "function_call",
            "id": f"fc_{call_id}",
            "call_id": call_id,
            "name": call.tool,
            "arguments": "",
            "status": "in_progress",
        }
        self._add(item)
        self._send("response.function_call_arguments.delta", **self._where(item), delta=call.text)
        self._done({**item, "arguments": call.text, "status": "completed"})

    def close(self, stop: str | None, called: bool) -> None:
        del called
        self._message = None
        done = self._response("incomplete" if stop else "completed")
        done["usage"] = {
            "input_tokens": 1000,
            "output_tokens": 200,
            "total_tokens": 1200,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 0},
        }
        if stop:
            done["incomplete_details"] = {"reason": stop}
        self._send("response.incomplete" if stop else "response.completed", response=done)

    def _add(self, item: dict[str, Any]) -> None:
        self._items.append(item)
        self._send("response.output_item.added", output_index=len(self._items) - 1, item=item)

    def _done(self, item: dict[str, Any]) -> None:
        self._items[-1] = item
        self._send("response.output_item.done", output_index=len(self._items) - 1, item=item)

    def _where(self, item: dict[str, Any]) -> dict[str, Any]:
        return {"item_id": item["id"], "output_index": len(self._items) - 1}

    def _response(self, status: str) -> dict[str, Any]:
        return {
            "id": "resp_stub",
            "object": "response",
            "created_at": 1_700_000_000,
            "model": self._model,
            "status": status,
            "output": [],
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
        }

    def _send(self, kind: str, **data: Any) -> None:
        self._handler.event({"type": kind, "sequence_number": self._number, **data}, kind)
        self._number += 1


def _error(fault: Fault) -> dict[str, Any]:
    return {"message": fault.message, "type": fault.code, "code": fault.code, "param": None}
