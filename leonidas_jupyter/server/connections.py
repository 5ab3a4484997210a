"""The models of an installation: what its settings say about them, put together."""

from collections.abc import Callable

from leonidas_jupyter.assistant.models.names import BEDROCK, BUILTIN, OLLAMA, OPENAI, provider_of
from leonidas_jupyter.assistant.models.providers import ProviderSettings
from leonidas_jupyter.assistant.policy import Policy
from leonidas_jupyter.core.config import Leonidas
from leonidas_jupyter.models.repository import ConnectionRepository
from leonidas_jupyter.models.schemas import ModelRules
from leonidas_jupyter.models.service import ModelsService

_PLACES = {"model_endpoint_url": BEDROCK, "model_base_url": OPENAI, "ollama_url": OLLAMA}


def models_service(
    settings: Leonidas, policy: Policy, *, personal: bool, adopt: Callable[[Policy], None]
) -> ModelsService:
    """The models of these settings.

    On a ``personal`` server its person may connect one; ``adopt`` is called with the policy that
    holds then.
    """
    given = settings.given
    return ModelsService(
        repository=ConnectionRepository(settings.directory),
        rules=ModelRules(
            policy=policy,
            settings=provider_settings(settings),
            may_connect=personal,
            allowed_by_admin="allowed_models" in given,
            model_by_admin="model" in given,
            placed_by_admin=frozenset(of for name, of in _PLACES.items() if name in given),
        ),
        adopt=adopt,
    )


def provider_settings(settings: Leonidas) -> ProviderSettings:
    """Where models are and what opens them."""
    key = settings.model_api_key or None
    provider = provider_of(settings.model)
    keyless = provider in (BUILTIN, BEDROCK, OLLAMA)
    return ProviderSettings(
        region=settings.model_region or None,
        profile=settings.model_profile or None,
        role_arn=settings.model_role_arn or None,
        endpoint_url=settings.model_endpoint_url or None,
        base_url=settings.model_base_url or None,
        ollama_url=settings.ollama_url,
        key=lambda: key,
        key_for=OPENAI if keyless else provider,
        timeout_seconds=settings.model_timeout_seconds,
        ca_bundle=settings.ca_bundle or None,
    )
