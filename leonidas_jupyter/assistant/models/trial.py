"""A model tried out with the smallest question, before anybody relies on it."""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from leonidas_jupyter.assistant.models.failures import FailureKind, ModelFailure
from leonidas_jupyter.assistant.models.providers import ProviderSettings, asked_of

if TYPE_CHECKING:
    from leonidas_jupyter.assistant.models.guarded import GuardedModel

SECONDS = 15.0
"""How long the question and its answer may take in all."""

MAKING_SECONDS = 60.0
"""How long a provider's library may take to be imported, cold and on a busy machine."""

SILENCE_SECONDS = 10.0
QUESTION = "Reply with the one word: ok"
MOST_TOKENS = 16
"""The fewest that every provider takes."""


async def try_out(name: str, settings: ProviderSettings) -> None:
    """Ask a model for a word.

    Raises:
        ModelFailure: it does not answer.
    """
    quick = replace(settings, timeout_seconds=min(SILENCE_SECONDS, settings.timeout_seconds))
    limit = MAKING_SECONDS
    try:
        async with asyncio.timeout(limit) as waiting:
            model = await _made(name, quick)
            limit = SECONDS
            waiting.reschedule(asyncio.get_running_loop().time() + limit)
            await _ask(model)
    except TimeoutError as error:
        asked = replace(asked_of(name, settings), timeout_seconds=limit)
        raise ModelFailure(FailureKind.TIMED_OUT, asked) from error
    except ModelFailure as failure:
        # An answer that needs more room is one.
        if failure.kind is not FailureKind.CUT_SHORT:
            raise


async def _made(name: str, settings: ProviderSettings) -> "GuardedModel":
    def make() -> "GuardedModel":
        import pydantic_ai.direct  # noqa: F401 - takes a while, too

        from leonidas_jupyter.assistant.models.registry import guarded_model

        return guarded_model(name, settings)

    return await asyncio.to_thread(make)


async def _ask(model: "GuardedModel") -> None:
    from pydantic_ai.direct import model_request
    from pydantic_ai.messages import ModelRequest

    question = ModelRequest.user_text_prompt(QUESTION)
    try:
        await model_request(model, [question], model_settings={"max_tokens": MOST_TOKENS})
    finally:
        await model.close()
