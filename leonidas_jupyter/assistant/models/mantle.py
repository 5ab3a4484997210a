"""gpt-oss at Bedrock's OpenAI-compatible endpoint ("Mantle"), where it is served better."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import boto3
from botocore.exceptions import NoCredentialsError, NoRegionError
from openai import AsyncBedrockOpenAI
from pydantic_ai.messages import ModelResponse
from pydantic_ai.models import StreamedResponse
from pydantic_ai.models.bedrock_mantle import BedrockMantleResponsesModel
from pydantic_ai.models.openai import OpenAIResponsesModelSettings
from pydantic_ai.providers.bedrock_mantle import BedrockMantleProvider

from leonidas_jupyter.assistant.models.compatible import timeouts, trusting_client
from leonidas_jupyter.assistant.models.providers import ProviderSettings


class MantleModel(BedrockMantleResponsesModel):
    """A model at this endpoint, with the price that Bedrock has under the runtime's own id."""

    def __init__(self, name: str, runtime_id: str, provider: BedrockMantleProvider) -> None:
        # What is asked and answered is not to be kept there.
        super().__init__(
            name, provider=provider, settings=OpenAIResponsesModelSettings(openai_store=False)
        )
        self._runtime_id = runtime_id

    @asynccontextmanager
    async def request_stream(self, *request: Any, **more: Any) -> AsyncGenerator[StreamedResponse]:  # noqa: ANN401 - as the base class
        """The response as it comes."""
        async with super().request_stream(*request, **more) as streamed:
            # Whoever reads the stream takes the response from here once it has ended.
            streamed.get = self._priced(streamed.get)  # type: ignore[method-assign]
            yield streamed

    def _priced(self, get: Callable[[], ModelResponse]) -> Callable[[], ModelResponse]:
        def read() -> ModelResponse:
            response = get()
            if response.usage.cost is None and response.usage.has_values():
                known = replace(
                    response,
                    model_name=self._runtime_id,
                    provider_name="bedrock",
                    provider_url=None,
                )
                with suppress(LookupError, ValueError):
                    response.usage.cost = known.cost().total_price
            return response

        return read


def mantle_model(
    name: str, runtime_id: str, session: boto3.Session, settings: ProviderSettings
) -> MantleModel:
    """A model by this session's credentials.

    Raises:
        botocore.exceptions.NoRegionError: no region is known.
    """
    if session.region_name is None:
        raise NoRegionError
    url = settings.endpoint_url or f"https://bedrock-mantle.{session.region_name}.api.aws/v1"
    client = AsyncBedrockOpenAI(
        aws_region=session.region_name,
        aws_credentials_provider=_credentials(session),
        base_url=url,
        timeout=timeouts(settings),
        max_retries=0,
        http_client=trusting_client(settings),
    )
    return MantleModel(name, runtime_id, BedrockMantleProvider(openai_client=client))


def _credentials(session: boto3.Session) -> Callable[[], object]:
    """The session's credentials at each request: a role's are renewed."""

    def read() -> object:
        found = session.get_credentials()
        if found is None:
            raise NoCredentialsError
        return found

    return read
