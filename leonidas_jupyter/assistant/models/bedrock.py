"""Models on Amazon Bedrock: Converse through boto3, and gpt-oss where it is served better."""

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from leonidas_jupyter.assistant.models.names import BedrockId
from leonidas_jupyter.assistant.models.providers import ProviderSettings
from leonidas_jupyter.core.aws import CONNECT_SECONDS, AwsOptions, session_of

if TYPE_CHECKING:
    import boto3
    from pydantic_ai.models import Model

CONNECTIONS = 50
"""How many answers may be streamed at once; boto3's own ten would make the others wait."""


def bedrock_model(wanted: BedrockId, settings: ProviderSettings) -> "Model":
    """A model on Bedrock. gpt-oss is asked at the OpenAI-compatible endpoint where that can be.

    Raises:
        ImportError: boto3 is not installed.
        botocore.exceptions.BotoCoreError: there is no such profile, or no region.
    """
    session = aws_session(settings, wanted.region)
    if wanted.mantle is not None and _mantle_can_be(settings):
        from leonidas_jupyter.assistant.models.mantle import mantle_model

        return mantle_model(wanted.mantle, wanted.model, session, settings)
    from pydantic_ai.models.bedrock import BedrockModelSettings
    from pydantic_ai.providers.bedrock import BedrockProvider

    from leonidas_jupyter.assistant.models.converse import ConverseModel, remember_connections

    client = runtime_client(session, settings)
    remember_connections(client)
    asked = BedrockModelSettings()
    if wanted.asked != wanted.model:
        asked["bedrock_inference_profile"] = wanted.asked
    return ConverseModel(
        wanted.model, provider=BedrockProvider(bedrock_client=client), settings=asked
    )


def aws_session(settings: ProviderSettings, region: str | None = None) -> "boto3.Session":
    """A session of the profile or of the default chain; with the role, where one is to be assumed.

    Raises:
        botocore.exceptions.ProfileNotFound: there is no such profile.
    """
    return session_of(
        AwsOptions(
            region=region or settings.region,
            profile=settings.profile,
            role_arn=settings.role_arn,
            ca_bundle=settings.ca_bundle,
        )
    )


def runtime_client(session: "boto3.Session", settings: ProviderSettings) -> Any:  # noqa: ANN401 - boto3 makes its classes as it runs
    """A client of the runtime.

    Its time-outs are short, because a request that is given up before its first byte goes on until
    then; it tries nothing again, because `GuardedModel` does.

    Raises:
        botocore.exceptions.NoRegionError: no region is known.
    """
    from botocore.config import Config

    return session.client(
        "bedrock-runtime",
        endpoint_url=settings.endpoint_url,
        verify=settings.ca_bundle,
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=settings.timeout_seconds,
            retries={"total_max_attempts": 1},
            max_pool_connections=CONNECTIONS,
        ),
    )


def _mantle_can_be(settings: ProviderSettings) -> bool:
    """Whether OpenAI's client is there, and no endpoint is set that speaks Converse."""
    if find_spec("openai") is None:
        return False
    return settings.endpoint_url is None or settings.endpoint_url.rstrip("/").endswith("/v1")
