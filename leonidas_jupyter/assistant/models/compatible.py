"""Models of OpenAI, and of servers that speak as it does: vLLM, LM Studio, Ollama."""

from typing import TYPE_CHECKING, Any

from leonidas_jupyter.assistant.models.failures import FailureKind, ModelFailure
from leonidas_jupyter.assistant.models.names import model_of
from leonidas_jupyter.assistant.models.providers import (
    OPENAI_URL,
    ProviderSettings,
    asked_of,
)

if TYPE_CHECKING:
    from pydantic_ai.models import Model
    from pydantic_ai.profiles.openai import OpenAIModelProfile

CONNECT_SECONDS = 5.0
NO_KEY = "none"
"""What is sent to a server of one's own that asks for no key; the library wants one."""


def openai_model(name: str, settings: ProviderSettings) -> "Model":
    """A model of OpenAI's by the Responses API, where nothing is kept.

    Where ``base_url`` is set, one of another server by chat completions, which all of them have.

    Raises:
        ImportError: the extra is not installed.
        ModelFailure: OpenAI itself is asked, and there is no key.
    """
    from pydantic_ai.models.openai import (
        OpenAIChatModel,
        OpenAIResponsesModel,
        OpenAIResponsesModelSettings,
    )
    from pydantic_ai.providers.openai import OpenAIProvider
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

    key = settings.key_of(name)
    if settings.base_url is not None:
        provider = OpenAICompatibleProvider(
            "compatible", openai_client=_client(settings.base_url, key, settings), profile=_whole()
        )
        return OpenAIChatModel(model_of(name), provider=provider)
    if key is None:
        raise ModelFailure(FailureKind.NO_KEY, asked_of(name, settings))
    return OpenAIResponsesModel(
        model_of(name),
        provider=OpenAIProvider(openai_client=_client(OPENAI_URL, key, settings)),
        settings=OpenAIResponsesModelSettings(openai_store=False),
    )


def ollama_model(name: str, settings: ProviderSettings) -> "Model":
    """A model that Ollama runs.

    Raises:
        ImportError: the extra is not installed.
    """
    from pydantic_ai.models.ollama import OllamaModel
    from pydantic_ai.profiles import merge_profile
    from pydantic_ai.providers.ollama import OllamaProvider

    client = _client(settings.ollama_url.rstrip("/") + "/v1", None, settings)
    provider, model = OllamaProvider(openai_client=client), model_of(name)
    profile = merge_profile(provider.model_profile(model), _whole())
    return OllamaModel(model, provider=provider, profile=profile)


def timeouts(settings: ProviderSettings) -> Any:  # noqa: ANN401 - of an extra
    """A short time to connect, the settings' time between any two bytes."""
    from openai import Timeout

    return Timeout(settings.timeout_seconds, connect=CONNECT_SECONDS)


def _whole() -> "OpenAIModelProfile":
    """What is known of every such server: an answer without a reason for its end is cut off."""
    from pydantic_ai.profiles.openai import OpenAIModelProfile

    return OpenAIModelProfile(openai_chat_streaming_requires_finish_reason=True)


def _client(url: str, key: str | None, settings: ProviderSettings) -> Any:  # noqa: ANN401 - of an extra
    """A client whose address and key are ours alone, whatever the environment says."""
    from openai import AsyncOpenAI

    return AsyncOpenAI(
        base_url=url,
        api_key=key or NO_KEY,
        organization=None,
        project=None,
        timeout=timeouts(settings),
        max_retries=0,
    )
