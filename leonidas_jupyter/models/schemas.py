"""Shapes of models: what policy allows, whether it answers, and what is connected."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError

from leonidas_jupyter.assistant.models.providers import ProviderSettings
from leonidas_jupyter.assistant.policy import Policy
from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.core.ids import now

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True)
class ModelRules:
    """What the installation decides about models.

    Attributes:
        policy: what is allowed while nothing is connected.
        settings: where models are while nothing is connected.
        may_connect: whether this is a person's own server, on which they may connect a model.
        allowed_by_admin: whether somebody set which models are allowed; others cannot be connected.
        model_by_admin: whether somebody set which model answers; else a connected one does.
        placed_by_admin: the providers whose address somebody set.
    """

    policy: Policy = field(default_factory=Policy)
    settings: ProviderSettings = field(default_factory=ProviderSettings)
    may_connect: bool = False
    allowed_by_admin: bool = False
    model_by_admin: bool = False
    placed_by_admin: frozenset[str] = frozenset()


class StoredConnection(BaseModel):
    """A connected model as it is kept; its key is in ``key_in`` or the variable ``key_from``."""

    model_config = ConfigDict(extra="ignore")

    provider: str
    model: str
    url: str | None = None
    profile: str | None = None
    region: str | None = None
    role_arn: str | None = None
    key_from: str | None = None
    key_in: Literal["keyring", "file"] | None = None
    connected_at: datetime = Field(default_factory=now)

    @property
    def name(self) -> str:
        """As settings and requests name it."""
        return f"{self.provider}:{self.model}"


class ConnectionRequest(BaseModel):
    """A model to connect: of a provider, with a key or a profile, at a URL of one's own.

    ``key_from`` names the environment variable of the server that holds the key, as it is offered
    by ``GET /models``; ``profile``, ``region`` and ``role_arn`` are AWS's.
    """

    model_config = ConfigDict(extra="forbid")

    provider: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")
    model: str = Field(min_length=1, max_length=200, pattern=r"^[^\s*]+$")
    api_key: SecretStr | None = Field(default=None, min_length=1, max_length=4096)
    key_from: str | None = Field(default=None, max_length=100)
    url: str | None = Field(default=None, max_length=500)
    profile: str | None = Field(default=None, min_length=1, max_length=200)
    region: str | None = Field(default=None, pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    role_arn: str | None = Field(default=None, pattern=r"^arn:[^:\s]+:iam::\d{12}:role/\S+$")

    @field_validator("provider")
    @classmethod
    def _of_a_provider(cls, provider: str) -> str:
        if provider == "builtin":
            raise PydanticCustomError("provider", "The built-in analyst needs no connection.")
        return provider

    @field_validator("url")
    @classmethod
    def _whole_url(cls, url: str | None) -> str | None:
        if url is None:
            return None
        try:
            parts = urlsplit(url)
            whole = parts.scheme in {"http", "https"} and bool(parts.hostname)
        except ValueError:
            whole = False
        if not whole or "@" in parts.netloc or parts.query or parts.fragment:
            raise PydanticCustomError("url", "Write a URL like http://127.0.0.1:8000/v1.")
        return url.rstrip("/")

    @property
    def key_would_be_seen(self) -> bool:
        """Whether a key would cross a network in the clear."""
        parts = urlsplit(self.url or "")
        return parts.scheme == "http" and parts.hostname not in _LOOPBACK


class ModelResponse(BaseModel):
    """A model that policy allows, whether it answers, and why not.

    ``local``: it runs inside the server, so that nothing leaves.
    """

    name: str
    provider: str
    default: bool
    local: bool
    connected: bool
    answers: bool
    reason: str | None = None


class OfferResponse(BaseModel):
    """A key that was found in the server's environment; it is used when a person says so."""

    provider: str
    key_from: str
    note: str


class ConnectionResponse(BaseModel):
    """The connected model; never its key."""

    name: str
    provider: str
    model: str
    url: str | None = None
    profile: str | None = None
    region: str | None = None
    role_arn: str | None = None
    key_from: str | None = None
    key_in: Literal["keyring", "file"] | None = None
    connected_at: datetime

    @classmethod
    def of(cls, stored: StoredConnection) -> "ConnectionResponse":
        """The wire shape of a stored connection."""
        return cls(name=stored.name, **stored.model_dump(include=set(cls.model_fields)))


class ModelsResponse(BaseModel):
    """The models that policy allows, and the ceiling of what they may see of the data.

    ``patterns`` are allowed names with ``*``; ``offers`` and ``connection`` are for the person
    whose own server this is, who may connect a model where ``can_connect``.
    """

    models: list[ModelResponse]
    patterns: list[str]
    data_exposure_max: DataExposure
    can_connect: bool
    connection: ConnectionResponse | None = None
    offers: list[OfferResponse] = Field(default_factory=list)
