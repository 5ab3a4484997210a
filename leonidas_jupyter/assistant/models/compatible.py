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


def trusting_client(settings: ProviderSettings) -> Any:  # noqa: ANN401 - of an extra
    """What sends the requests, trusting the settings' certificates; None: the library's own.

    Proxies come from the environment either way.
    """
    if settings.ca_bundle is None:
        return None
    import ssl

    from openai import DefaultAsyncHttpxClient

    return DefaultAsyncHttpxClient(verify=ssl.create_default_context(cafile=settings.ca_bundle))


def _whole() -> "OpenAIModelProfile":
    """What is known of every such server: an answer without a reason for its end is cut off."""
    from pydantic_ai.profiles.openai import OpenAIModelProfile

    return OpenAIModelProfile(openai_chat_streaming_requires_finish_reason=True)


def _client(url: str, key: str | None, settings: ProviderSettings) -> Any:  # noqa: ANN401 - of an extra
    """A client whose address and key are ours alone, whatever the environment says."""
    from openai import AsyncOpenAI

    client = AsyncOpenAI(
        base_url=url,
        api_key=key or NO_KEY,
        organization=None,
        project=None,
        timeout=timeouts(settings),
        max_retries=0,
        http_client=trusting_client(settings),
    )
    # The library walks every message against its types, on the event loop: 1 ms for each turn.
    client.chat.completions.create = _untyped(client.chat.completions.create, "messages")  # type: ignore[method-assign]
    client.responses.create = _untyped(client.responses.create, "input")  # type: ignore[method-assign]
    return client


def _untyped(create: Any, name: str) -> Any:  # noqa: ANN401 - of an extra
    """The call with its long argument handed over as it is, which has the JSON's form already."""

    async def created(**arguments: Any) -> Any:  # noqa: ANN401 - of an extra
        body = {**(arguments.pop("extra_body", None) or {}), name: arguments.pop(name)}
        return await create(**arguments, **{name: []}, extra_body=body)

    return created
