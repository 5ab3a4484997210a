"""What is known of the providers: their settings, their keys, and how their models are made."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from leonidas_jupyter.assistant.models.failures import Asked, FailureKind, ModelFailure
from leonidas_jupyter.assistant.models.names import (
    BEDROCK,
    OLLAMA,
    OPENAI,
    BedrockId,
    model_of,
    provider_of,
)

if TYPE_CHECKING:
    from pydantic_ai.models import Model

OPENAI_URL = "https://api.openai.com/v1"
OLLAMA_URL = "http://127.0.0.1:11434"

KEY_VARIABLES: Mapping[str, str] = {
    OPENAI: "OPENAI_API_KEY",
    "anthropic": "ANTHROPIC_API_KEY",
    "google": "GOOGLE_API_KEY",
    "mistral": "MISTRAL_API_KEY",
    "groq": "GROQ_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
}
"""Where the providers' own tools look for a key."""


def no_key() -> str | None:
    """There is no key."""
    return None


@dataclass(frozen=True)
class ProviderSettings:
    """Where models are, and what opens them.

    Attributes:
        region: the AWS region; that of an ARN goes before it.
        profile: the named AWS profile; without one, AWS's own chain of credentials.
        role_arn: the role that is assumed with these credentials.
        endpoint_url: Bedrock's endpoint where it is not the region's own.
        base_url: where ``openai:`` models are, when not at OpenAI.
        ollama_url: where Ollama is.
        key: reads the key, from the keyring for example; called in a thread.
        key_for: the provider whose key it is, so that no other one gets it; None: any.
        own_variables: whether a provider's own variable may hold the key.
        timeout_seconds: how long a model may say nothing.
        ca_bundle: a file of certificates to trust; None: those that the libraries trust.
    """

    region: str | None = None
    profile: str | None = None
    role_arn: str | None = None
    endpoint_url: str | None = None
    base_url: str | None = None
    ollama_url: str = OLLAMA_URL
    key: Callable[[], str | None] = field(default=no_key, repr=False)
    key_for: str | None = None
    own_variables: bool = True
    timeout_seconds: float = 60.0
    ca_bundle: str | None = None

    def key_of(self, name: str) -> str | None:
        """The key for a model.

        That of the settings; without one the provider's own variable, but only where the provider
        itself is asked: a key of OpenAI's never goes to another server.
        """
        provider = provider_of(name)
        if provider in (BEDROCK, OLLAMA):
            return None
        if self.key_for in (None, provider) and (key := self.key()) is not None:
            return key
        if not self.own_variables or (provider == OPENAI and self.base_url is not None):
            return None
        variable = KEY_VARIABLES.get(provider)
        return os.environ.get(variable) or None if variable else None


def asked_of(name: str, settings: ProviderSettings) -> Asked:
    """Whom failures of a model name."""
    region = None
    if provider_of(name) == BEDROCK:
        region = BedrockId.parse(model_of(name)).region or settings.region
    return Asked(name, region, settings.timeout_seconds)


def make_model(name: str, settings: ProviderSettings) -> "Model":
    """The model of a name; imports its provider's library, so call it in a thread.

    Raises:
        Exception: whatever the library raises; `failure_of` says it in words.
    """
    provider, model = provider_of(name), model_of(name)
    if provider == BEDROCK:
        from leonidas_jupyter.assistant.models.bedrock import bedrock_model

        return bedrock_model(BedrockId.parse(model), settings)
    if provider in (OPENAI, OLLAMA):
        from leonidas_jupyter.assistant.models.compatible import ollama_model, openai_model

        made = openai_model if provider == OPENAI else ollama_model
        return made(name, settings)
    return _inferred(name, settings)


def _inferred(name: str, settings: ProviderSettings) -> "Model":
    """Whatever else pydantic-ai knows; its provider takes its key from its own variable."""
    from pydantic_ai.exceptions import UserError
    from pydantic_ai.models import infer_model
    from pydantic_ai.providers import infer_provider_class

    try:
        infer_provider_class(provider_of(name))
    except ValueError as error:
        raise ModelFailure(FailureKind.UNKNOWN_MODEL, asked_of(name, settings)) from error
    key = settings.key_of(name)
    if key is None and not settings.own_variables:
        raise ModelFailure(FailureKind.NO_KEY, asked_of(name, settings))
    try:
        if key is None:
            return infer_model(name)
        # Every provider but those of AWS takes its key under this name.
        return infer_model(name, lambda each: cast("Any", infer_provider_class(each))(api_key=key))
    except UserError as error:
        if "API_KEY" in str(error):
            raise ModelFailure(FailureKind.NO_KEY, asked_of(name, settings)) from error
        raise
