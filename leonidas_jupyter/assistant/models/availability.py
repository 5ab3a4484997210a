"""Whether models answer: cheap looks at keys, credentials and servers, remembered for a while."""

import asyncio
import json
import logging
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from time import monotonic
from typing import Any
from urllib.error import HTTPError, URLError

from leonidas_jupyter.assistant.models.failures import FailureKind, ModelFailure, failure_of
from leonidas_jupyter.assistant.models.names import (
    BEDROCK,
    BUILTIN,
    OLLAMA,
    OPENAI,
    BedrockId,
    model_of,
    provider_of,
)
from leonidas_jupyter.assistant.models.providers import (
    OPENAI_URL,
    ProviderSettings,
    asked_of,
    make_model,
)

log = logging.getLogger(__name__)

REMEMBERED_SECONDS = 60.0
FAILED_SECONDS = 10.0
"""How long a model that does not answer is taken as such: people mend it and look again."""
WAIT_SECONDS = 1.8
"""How long somebody who asks waits; what takes longer is remembered for the next time."""
LOOK_SECONDS = 1.5
MOST_BYTES = 1_000_000


@dataclass(frozen=True)
class Answers:
    """Whether a model answers, as far as can be told without asking it; else why not."""

    yes: bool
    reason: str | None = None


PENDING = Answers(yes=False, reason="It is being looked at; look again in a moment.")


class Availability:
    """Looks at each model at most once at a time, and remembers what it found.

    ``where`` gives the settings that hold for a model.
    """

    def __init__(self, where: Callable[[str], ProviderSettings]) -> None:
        self._where = where
        self._known: dict[str, tuple[float, Answers]] = {}
        self._looking: dict[str, asyncio.Task[Answers]] = {}

    async def of(self, name: str) -> Answers:
        """What is known of a model; never later than WAIT_SECONDS."""
        if name == BUILTIN:
            return Answers(yes=True)
        known = self._known.get(name)
        if known is not None and known[0] > monotonic():
            return known[1]
        task = self._looking.get(name)
        if task is None:
            task = self._looking[name] = asyncio.create_task(self._look(name))
        done, _ = await asyncio.wait([task], timeout=WAIT_SECONDS)
        return task.result() if done else known[1] if known else PENDING

    def forget(self, name: str | None = None) -> None:
        """Look anew at a model, or at all of them: the settings have changed."""
        if name is None:
            self._known.clear()
        else:
            self._known.pop(name, None)

    async def close(self) -> None:
        """End what is being looked at."""
        for task in self._looking.values():
            task.cancel()
        await asyncio.gather(*self._looking.values(), return_exceptions=True)

    async def _look(self, name: str) -> Answers:
        try:
            found = await asyncio.to_thread(look, name, self._where(name))
        finally:
            self._looking.pop(name, None)
        lasts = REMEMBERED_SECONDS if found.yes else FAILED_SECONDS
        self._known[name] = (monotonic() + lasts, found)
        return found


def look(name: str, settings: ProviderSettings) -> Answers:
    """Look at one model, in a thread: credentials and keys, and servers of one's own."""
    try:
        _look_at(name, settings)
    except ModelFailure as failure:
        log.info("The model %r does not answer: %s", name, failure.kind.value)
        return Answers(yes=False, reason=failure.message)
    return Answers(yes=True)


def _look_at(name: str, settings: ProviderSettings) -> None:
    provider = provider_of(name)
    if provider in (OPENAI, OLLAMA) and find_spec("openai") is None:
        raise ModelFailure(FailureKind.NOT_INSTALLED, asked_of(name, settings))
    looks = {BEDROCK: _look_at_bedrock, OPENAI: _look_at_openai, OLLAMA: _look_at_ollama}
    try:
        looks.get(provider, make_model)(name, settings)
    except Exception as error:
        raise failure_of(error, asked_of(name, settings)) from error


def _look_at_bedrock(name: str, settings: ProviderSettings) -> None:
    """Whether there are a region and credentials; Bedrock itself is not asked."""
    from leonidas_jupyter.assistant.models.bedrock import aws_session

    wanted = BedrockId.parse(model_of(name))
    session = aws_session(settings, wanted.region)
    if session.region_name is None and settings.endpoint_url is None:
        raise ModelFailure(FailureKind.NO_REGION, asked_of(name, settings))
    found = session.get_credentials()
    if found is None:
        raise ModelFailure(FailureKind.NO_CREDENTIALS, asked_of(name, settings))
    found.get_frozen_credentials()


def _look_at_openai(name: str, settings: ProviderSettings) -> None:
    """Whether the key opens the list of models, and whether the model is in it."""
    key = settings.key_of(name)
    if key is None and settings.base_url is None:
        raise ModelFailure(FailureKind.NO_KEY, asked_of(name, settings))
    listed = fetch((settings.base_url or OPENAI_URL).rstrip("/") + "/models", name, settings, key)
    names = [each.get("id") for each in _listing(listed, "data")]
    if names and model_of(name) not in names:
        raise ModelFailure(FailureKind.UNKNOWN_MODEL, asked_of(name, settings))


def _look_at_ollama(name: str, settings: ProviderSettings) -> None:
    """Whether Ollama runs and has the model."""
    names = ollama_models(name, settings)
    wanted = model_of(name)
    if wanted not in names and f"{wanted}:latest" not in names:
        raise ModelFailure(FailureKind.NOT_PULLED, asked_of(name, settings))


def ollama_models(name: str, settings: ProviderSettings) -> list[str]:
    """The models that Ollama has.

    Raises:
        ModelFailure: it cannot be reached.
    """
    listed = fetch(settings.ollama_url.rstrip("/") + "/api/tags", name, settings, None)
    return [str(each.get("name")) for each in _listing(listed, "models")]


def fetch(url: str, name: str, settings: ProviderSettings, key: str | None) -> Any:  # noqa: ANN401 - any JSON
    """The JSON at an address; redirects are not followed, for they would take the key along.

    Raises:
        ModelFailure: there is none.
    """
    asked = replace(asked_of(name, settings), timeout_seconds=LOOK_SECONDS)
    headers = {"Accept": "application/json"}
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the settings take http(s) alone
    try:
        with _opener.open(request, timeout=LOOK_SECONDS) as answer:
            return json.loads(answer.read(MOST_BYTES))
    except HTTPError as error:
        kind = FailureKind.BAD_KEY if error.code in (401, 403) else FailureKind.UNREACHABLE
        error.close()
        raise ModelFailure(kind, asked) from error
    except (URLError, TimeoutError, OSError, ValueError) as error:
        raise ModelFailure(FailureKind.UNREACHABLE, asked) from error


class _Stay(urllib.request.HTTPRedirectHandler):
    """Takes a redirect as an answer that is none."""

    def redirect_request(self, *_: Any) -> None:  # noqa: ANN401 - as the base class
        """Go nowhere."""
        return


_opener = urllib.request.build_opener(_Stay)


def _listing(answer: object, field: str) -> list[dict[str, Any]]:
    found = answer.get(field) if isinstance(answer, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
