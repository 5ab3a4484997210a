"""The rules of models: which there are, whether they answer, and who may connect one."""

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import replace

from leonidas_jupyter.assistant.models.availability import Answers, Availability, ollama_models
from leonidas_jupyter.assistant.models.failures import ModelFailure
from leonidas_jupyter.assistant.models.names import (
    BEDROCK,
    BUILTIN,
    OLLAMA,
    OPENAI,
    is_pattern,
    provider_of,
)
from leonidas_jupyter.assistant.models.providers import KEY_VARIABLES, ProviderSettings
from leonidas_jupyter.assistant.models.registry import ModelRegistry
from leonidas_jupyter.assistant.models.trial import try_out
from leonidas_jupyter.assistant.policy import Policy
from leonidas_jupyter.assistant.policy.limits import matches
from leonidas_jupyter.core.errors import ErrorCode, LeonidasError, invalid
from leonidas_jupyter.models import schemas
from leonidas_jupyter.models.repository import ConnectionRepository
from leonidas_jupyter.models.schemas import ConnectionRequest, ModelRules, StoredConnection

log = logging.getLogger(__name__)

MOST_LISTED = 50
"""How many models of a pattern are listed."""


class ModelsService:
    """Models by name, and the one that a person connected on their own server.

    ``adopt`` is called with the policy whenever it changes; ``registry`` makes the models.
    """

    def __init__(
        self,
        *,
        repository: ConnectionRepository,
        rules: ModelRules,
        adopt: Callable[[Policy], None] = lambda _: None,
    ) -> None:
        self._repository = repository
        self._rules = rules
        self._connected: StoredConnection | None = None
        self._settings = rules.settings  # of the connected model
        self._changing = asyncio.Lock()
        self._availability = Availability(self.where)
        self.registry = ModelRegistry(where=self.where)
        self._adopt = adopt

    @property
    def policy(self) -> Policy:
        """What is allowed now, a connected model included."""
        connected, policy = self._connected, self._rules.policy
        if connected is None:
            return policy
        name = connected.name
        if not matches(name, policy.allowed_models):
            policy = replace(policy, allowed_models=(*policy.allowed_models, name))
        return policy if self._rules.model_by_admin else replace(policy, model=name)

    def where(self, name: str) -> ProviderSettings:
        """The settings that hold for a model."""
        connected = self._connected
        if connected is None or connected.name != name:
            return self._rules.settings
        return self._settings

    async def restore(self) -> None:
        """Take up what was connected before this process; on a person's own server only."""
        if not self._rules.may_connect:
            return
        kept = await asyncio.to_thread(self._repository.read)
        if kept is not None and not self._refusal(kept):
            await self._take(kept)

    async def listing(self) -> schemas.ModelsResponse:
        """What policy allows, and whether it answers; never slower than a look at one model."""
        policy = self.policy
        plain = [name for name in policy.allowed_models if not is_pattern(name)]
        patterns = [name for name in policy.allowed_models if is_pattern(name)]
        names = list(dict.fromkeys([*plain, policy.model, *await self._behind(patterns)]))
        answers = await asyncio.gather(*(self._availability.of(name) for name in names))
        mine = self._rules.may_connect
        return schemas.ModelsResponse(
            models=[self._shown(*each) for each in zip(names, answers, strict=True)],
            patterns=patterns,
            data_exposure_max=policy.exposure_max,
            can_connect=mine,
            connection=self.connection(),
            offers=_offers() if mine else [],
        )

    def connection(self) -> schemas.ConnectionResponse | None:
        """What is connected."""
        if self._connected is None:
            return None
        return schemas.ConnectionResponse.of(self._connected)

    async def connect(self, wanted: ConnectionRequest) -> schemas.ConnectionResponse:
        """Try a model out, and keep it where it answers; it holds at once.

        Raises:
            LeonidasError: ``forbidden_by_policy``, ``invalid_request``; ``model_error`` where it
                does not answer, and then nothing is kept.
        """
        self._check_may_connect()
        connection, key = _read(wanted)
        if refusal := self._refusal(connection):
            raise LeonidasError(ErrorCode.FORBIDDEN_BY_POLICY, refusal)
        await try_out(connection.name, self._settings_of(connection, lambda: key))
        stored_key = None if connection.key_from else key
        async with self._changing:
            kept = await asyncio.to_thread(self._repository.write, connection, stored_key)
            await self._take(kept)
        log.info("The model %r is connected", kept.name)
        return schemas.ConnectionResponse.of(kept)

    async def disconnect(self) -> None:
        """Forget what is connected, and its key; it holds at once.

        Raises:
            LeonidasError: ``forbidden_by_policy``.
        """
        self._check_may_connect()
        async with self._changing:
            await asyncio.to_thread(self._repository.remove)
            await self._take(None)

    async def close(self) -> None:
        """End what is being looked at, and the connections to providers."""
        await self._availability.close()
        await self.registry.close()

    async def _take(self, connection: StoredConnection | None) -> None:
        for each in (self._connected, connection):
            if each is not None:
                self._availability.forget(each.name)
        if connection is not None:
            self._settings = self._settings_of(connection, lambda: self._repository.key(connection))
        before, self._connected = self._connected, connection
        if before is not None:
            await self.registry.forget(before.name)
        if connection is not None:
            await self.registry.forget(connection.name)
        self._adopt(self.policy)

    def _check_may_connect(self) -> None:
        if not self._rules.may_connect:
            raise LeonidasError(
                ErrorCode.FORBIDDEN_BY_POLICY,
                "Here the administrator sets the models; a model is connected on a person's own "
                "server only.",
            )

    def _refusal(self, connection: StoredConnection) -> str | None:
        """Why the administrator's settings leave a model out; None where they do not."""
        rules = self._rules
        if rules.allowed_by_admin and not matches(connection.name, rules.policy.allowed_models):
            choices = ", ".join(rules.policy.allowed_models)
            return f"The settings allow these models only: {choices}; change allowed_models first."
        if connection.url is not None and connection.provider in rules.placed_by_admin:
            return "The settings say where this provider's models are; leave the URL out."
        return None

    def _settings_of(
        self, connection: StoredConnection, key: Callable[[], str | None]
    ) -> ProviderSettings:
        base, url = self._rules.settings, connection.url
        settings = replace(
            base,
            key=key,
            key_for=None,
            own_variables=False,
            region=connection.region or base.region,
            profile=connection.profile or base.profile,
            role_arn=connection.role_arn or base.role_arn,
        )
        if url is None:
            return settings
        if connection.provider == BEDROCK:
            return replace(settings, endpoint_url=url)
        if connection.provider == OLLAMA:
            return replace(settings, ollama_url=url)
        return replace(settings, base_url=url)

    async def _behind(self, patterns: list[str]) -> list[str]:
        """The models that patterns stand for, as far as their provider lists them cheaply."""
        if not any(provider_of(each) == OLLAMA for each in patterns):
            return []
        try:
            found = await asyncio.to_thread(ollama_models, f"{OLLAMA}:*", self._rules.settings)
        except ModelFailure:
            return []
        names = [f"{OLLAMA}:{each.removesuffix(':latest')}" for each in found]
        return [name for name in names if matches(name, patterns)][:MOST_LISTED]

    def _shown(self, name: str, answers: Answers) -> schemas.ModelResponse:
        connected = self._connected is not None and self._connected.name == name
        return schemas.ModelResponse(
            name=name,
            provider=provider_of(name),
            default=name == self.policy.model,
            local=name == BUILTIN,
            connected=connected,
            answers=answers.yes,
            reason=answers.reason,
        )


def _offers() -> list[schemas.OfferResponse]:
    return [
        schemas.OfferResponse(
            provider=provider,
            key_from=variable,
            note=f"A key was found in {variable}; connect a model of {provider} to use it.",
        )
        for provider, variable in KEY_VARIABLES.items()
        if os.environ.get(variable)
    ]


def _read(wanted: ConnectionRequest) -> tuple[StoredConnection, str | None]:
    """The connection and its key.

    Raises:
        LeonidasError: ``invalid_request`` for what does not go together.
    """
    key = wanted.api_key.get_secret_value() if wanted.api_key is not None else None
    if wanted.key_from is not None:
        if key is not None:
            raise invalid("Send api_key or key_from, not both.")
        if KEY_VARIABLES.get(wanted.provider) != wanted.key_from:
            raise invalid("key_from takes a variable that is offered for this provider.")
        if wanted.url is not None:
            raise invalid("A key of the environment goes to its own provider; leave the URL out.")
        key = os.environ.get(wanted.key_from) or None
        if key is None:
            raise invalid(f"There is no key in {wanted.key_from}; set it, or send api_key.")
    if wanted.url is not None and wanted.provider not in (BEDROCK, OPENAI, OLLAMA):
        raise invalid("A URL is for models of bedrock, openai and ollama; leave it out.")
    aws = wanted.profile or wanted.region or wanted.role_arn
    if aws and wanted.provider != BEDROCK:
        raise invalid("profile, region and role_arn are for bedrock models; leave them out.")
    if key is not None and wanted.provider in (BEDROCK, OLLAMA):
        raise invalid(f"A model of {wanted.provider} takes no key; leave it out.")
    if key is not None and wanted.key_would_be_seen:
        raise invalid("A key goes over https only, or to this machine; correct the URL.")
    given = wanted.model_dump(include=set(StoredConnection.model_fields))
    return StoredConnection(**given), key
