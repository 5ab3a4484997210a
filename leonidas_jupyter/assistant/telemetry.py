"""What is told of answers while they are made: spans and counters, with ids and sizes alone.

request → ``leonidas.run`` → ``leonidas.model_request`` and ``leonidas.tool_call``. With the setting
``trace_content`` pydantic-ai's own spans come besides, which hold everything that was said.
"""

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any

from leonidas_jupyter.assistant.events import (
    AnswerEvent,
    TextSaid,
    TokensUsed,
    ToolBegan,
    ToolCalled,
    ToolReturned,
)
from leonidas_jupyter.assistant.record import AnswerRecord
from leonidas_jupyter.assistant.shapes import RunRow, RunStatus
from leonidas_jupyter.core import metrics
from leonidas_jupyter.core.tracing import recording, span

if TYPE_CHECKING:
    from pydantic_ai import Agent
    from pydantic_ai.models import Model


class Meter:
    """Counts one stretch of work on an answer: from its beginning, or a pause, to the next."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._began = perf_counter()
        self._first_text: float | None = None
        self._open: dict[str, str] = {}
        self._named: dict[str, str] = {}
        self.status = RunStatus.RUNNING.value

    def take(self, event: AnswerEvent) -> None:
        """See a step of the answer."""
        if isinstance(event, TextSaid):
            if self._first_text is None:
                self._first_text = perf_counter() - self._began
        elif isinstance(event, ToolCalled):
            self._named[event.id] = event.tool
            if event.needs == "none":
                self._open[event.id] = event.tool
        elif isinstance(event, ToolBegan):
            self._open[event.id] = self._named.get(event.id, metrics.OTHER)
        elif isinstance(event, ToolReturned):
            tool = self._open.pop(event.id, None) or self._named.get(event.id, metrics.OTHER)
            metrics.count_tool_call(tool, "ok" if event.ok else "failed")

    def ended(self, status: RunStatus, used: TokensUsed) -> None:
        """Count how the stretch ended, and what it took."""
        for tool in self._open.values():
            metrics.count_tool_call(tool, "interrupted")
        self._open.clear()
        self.status = status.value
        seconds = perf_counter() - self._began
        metrics.count_run(self._model, self.status, seconds, self._first_text)
        metrics.count_tokens(self._model, used.input_tokens, used.output_tokens)


class Waiting:
    """Which answers wait for an approval, as far as this process knows."""

    def __init__(self) -> None:
        self._runs: set[str] = set()

    def change(self, run_id: str, status: RunStatus) -> None:
        """See how far a run has come."""
        if status is RunStatus.PENDING:
            self._runs.add(run_id)
        else:
            self._runs.discard(run_id)
        metrics.set_pending(len(self._runs))


@contextmanager
def metered(run: RunRow, record: AnswerRecord) -> Iterator[Meter]:
    """One stretch of work on an answer, in a span, its steps counted; tell the meter its end."""
    meter = Meter(run.model)
    record.observe = meter.take
    facts = {"run_id": run.run_id, "session_id": run.session_id, "model": run.model}
    with span("leonidas.run", facts) as current:
        yield meter
        current.set("status", meter.status)


def traced(model: "Model", name: str) -> "Model":
    """The model, its requests in spans where somebody takes them."""
    if not recording():
        return model
    from pydantic_ai.models.wrapper import WrapperModel

    class Traced(WrapperModel):
        """Requests with their sizes, and what they took."""

        async def request(self, messages: Any, *rest: Any) -> Any:  # noqa: ANN401 - as it is there
            with span("leonidas.model_request", _facts(messages, streamed=False)) as current:
                response = await super().request(messages, *rest)
                _tell(current, response.usage)
                return response

        @asynccontextmanager
        async def request_stream(
            self,
            messages: Any,  # noqa: ANN401 - as it is there
            *rest: Any,  # noqa: ANN401 - as it is there
        ) -> AsyncGenerator[Any]:
            with span("leonidas.model_request", _facts(messages, streamed=True)) as current:
                async with super().request_stream(messages, *rest) as stream:
                    yield stream
                    _tell(current, stream.usage)

    def _facts(messages: Any, *, streamed: bool) -> dict[str, Any]:  # noqa: ANN401 - pydantic-ai's
        return {"model": name, "messages": len(messages), "streamed": streamed}

    def _tell(current: Any, usage: Any) -> None:  # noqa: ANN401 - pydantic-ai's usage
        current.set("input_tokens", usage.input_tokens)
        current.set("output_tokens", usage.output_tokens)

    return Traced(model)


def with_content(agent: "Agent[None, Any]") -> None:
    """Let pydantic-ai's own spans hold what is said; for the setting ``trace_content`` alone."""
    from opentelemetry import trace
    from pydantic_ai.models.instrumented import InstrumentationSettings

    if recording():
        agent.instrument = InstrumentationSettings(tracer_provider=trace.get_tracer_provider())
