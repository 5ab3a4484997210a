"""A model tried out with the smallest question, before anybody relies on it."""

import asyncio
from dataclasses import replace

from leonidas_jupyter.assistant.models.failures import FailureKind, ModelFailure
from leonidas_jupyter.assistant.models.providers import ProviderSettings, asked_of

SECONDS = 15.0
"""How long the trial may take in all."""

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
    try:
        async with asyncio.timeout(SECONDS):
            await _ask(name, quick)
    except TimeoutError as error:
        asked = replace(asked_of(name, settings), timeout_seconds=SECONDS)
        raise ModelFailure(FailureKind.TIMED_OUT, asked) from error
    except ModelFailure as failure:
        # An answer that needs more room is one.
        if failure.kind is not FailureKind.CUT_SHORT:
            raise


async def _ask(name: str, settings: ProviderSettings) -> None:
    from leonidas_jupyter.assistant.models.registry import guarded_model

    model = await asyncio.to_thread(guarded_model, name, settings)
    from pydantic_ai.direct import model_request
    from pydantic_ai.messages import ModelRequest

    question = ModelRequest.user_text_prompt(QUESTION)
    try:
        await model_request(model, [question], model_settings={"max_tokens": MOST_TOKENS})
    finally:
        await model.close()
