"""A provider's model with what every provider needs: retries, a second try, failures in words."""

import asyncio
import inspect
import logging
import random
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelRateLimitError,
    ModelServerError,
    ModelTimeoutError,
    ModelUnavailableError,
    RunCancelled,
    UsageLimitExceeded,
)
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings

from leonidas_jupyter.assistant.models.failures import (
    Asked,
    FailureKind,
    ModelFailure,
    failure_of,
    request_id,
)
from leonidas_jupyter.assistant.models.outgoing import outgoing, shortened

log = logging.getLogger(__name__)

_TRANSIENT = (ModelRateLimitError, ModelUnavailableError, ModelServerError)
_LIBRARIES = ("anthropic", "botocore", "httpcore", "httpx", "httpx2", "openai", "urllib3")


@dataclass(frozen=True)
class Patience:
    """How a request that failed before its first byte is tried again.

    Attributes:
        attempts: how often in all; a connection that broke is tried twice at most.
        first_seconds: the first wait; each is twice the one before, and varies by half of it.
        longest_seconds: the longest wait, also where the provider asks for more: then it is said.
    """

    attempts: int = 5
    first_seconds: float = 0.5
    longest_seconds: float = 20.0

    def wait(self, attempt: int, error: Exception) -> float | None:
        """Seconds until the next attempt; None where there is none."""
        broken = isinstance(error, ModelConnectionError) and not isinstance(
            error, ModelTimeoutError
        )
        if not isinstance(error, _TRANSIENT) and not broken:
            return None
        if attempt >= (min(2, self.attempts) if broken else self.attempts):
            return None
        asked = getattr(error, "retry_after", None)
        if asked is not None:
            return float(asked) if asked <= self.longest_seconds else None
        wait: float = self.first_seconds * 2 ** (attempt - 1) * random.uniform(1, 1.5)  # noqa: S311 - no secret
        return min(self.longest_seconds, wait)


PATIENCE = Patience()


class GuardedModel(WrapperModel):
    """Asks another model, and raises `ModelFailure` alone when that has no answer.

    Args:
        wrapped: the provider's model, whose own retries are off.
        asked: whom failures name.
        patience: how requests are tried again.
    """

    def __init__(self, wrapped: Model, asked: Asked, patience: Patience | None = None) -> None:
        super().__init__(wrapped)
        self._asked = asked
        self._patience = patience or PATIENCE

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """The whole response; it is streamed all the same, so that silence is noticed.

        Raises:
            ModelFailure: there is none.
        """
        async with self.request_stream(
            messages, model_settings, model_request_parameters
        ) as streamed:
            async for _ in streamed:
                pass
            return streamed.get()

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: Any = None,  # noqa: ANN401 - of any dependencies
    ) -> AsyncGenerator[StreamedResponse]:
        """The response as it comes.

        Raises:
            ModelFailure: there is none, or it ended before it was whole.
        """
        sent = outgoing(messages, model_request_parameters, self.wrapped)
        request = (model_settings, model_request_parameters, run_context)
        try:
            async with AsyncExitStack() as stack:
                streamed = await self._open(stack, sent, *request)
                yield streamed
                self._check(streamed)
        except Exception as error:
            if not _of_a_provider(error):
                raise
            raise self._failure(error) from error

    async def close(self) -> None:
        """Close the connections that are kept for the next request; answers that go on break."""
        closing = getattr(getattr(self.wrapped, "client", None), "close", None)
        if inspect.iscoroutinefunction(closing):
            await closing()
        elif closing is not None:
            await asyncio.to_thread(closing)

    async def _open(
        self,
        stack: AsyncExitStack,
        messages: list[ModelMessage],
        *request: Any,  # noqa: ANN401 - as request_stream
    ) -> StreamedResponse:
        attempt, cut = 1, False
        while True:
            try:
                opening = self.wrapped.request_stream(messages, *request)
                return await stack.enter_async_context(opening)
            except ModelContextWindowExceededError:
                shorter = None if cut else shortened(messages)
                if shorter is None:
                    raise
                log.info("A conversation was too long for the model; asked again with less of it")
                messages, cut = shorter, True
            except (RunCancelled, UsageLimitExceeded):
                raise
            except Exception as error:
                wait = self._patience.wait(attempt, error)
                if wait is None:
                    raise self._failure(error) from error
                log.info("A model is asked again in %.1f s (%s)", wait, type(error).__name__)
                await asyncio.sleep(wait)
                attempt += 1

    def _check(self, streamed: StreamedResponse) -> None:
        """A response that was read to its end, and whose end is not that of an answer, is none."""
        response = streamed.get()
        kind: FailureKind | None = None
        if streamed.state == "incomplete":
            kind = FailureKind.CUT_OFF
        elif response.state != "complete":
            return
        elif response.finish_reason == "content_filter":
            kind = FailureKind.FILTERED
        elif response.finish_reason == "length":
            kind = FailureKind.CUT_SHORT
        elif not response.finish_reason and not (response.provider_details or {}).get(
            "finish_reason"
        ):
            kind = FailureKind.CUT_OFF
        if kind is not None:
            log.warning("The model %r ended its answer: %s", self._asked.name, kind.value)
            raise ModelFailure(kind, self._asked)

    def _failure(self, error: Exception) -> ModelFailure:
        if isinstance(error, ModelFailure):
            return error
        failure = failure_of(error, self._asked)
        log.warning(
            "The model %r failed: %s (%s, request %s)",
            self._asked.name,
            failure.kind.value,
            type(error).__name__,
            request_id(error),
        )
        return failure


def _of_a_provider(error: Exception) -> bool:
    """Whether an error is a provider's; what the reader of a stream raises is not."""
    if isinstance(error, ModelAPIError):
        return True
    return type(error).__module__.partition(".")[0] in _LIBRARIES
