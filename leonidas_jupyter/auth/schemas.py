"""The shapes of accounts and tokens: what is stored, what comes in, what goes out."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints
from pydantic_core import PydanticCustomError

from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.core.text import unprintable
from leonidas_jupyter.tables.base import Item
from leonidas_jupyter.tables.leases import Leased

API_VERSION = "1.0"
"""Clients and servers work together with one minor version either way."""

WELCOME = "welcome"
"""What is unfinished on a user who has been seen but has no first project yet."""

ERASE = "erase"
"""What is unfinished on a user whose account is being erased: nobody signs in to it any more."""

UserRole = Literal["user", "admin"]
PythonTool = Literal["ask", "auto", "off"]

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")


class StoredUser(Leased):
    """A user as stored.

    Whom Jupyter or a Hub names has a ``username`` only; who registered has an ``email`` (in lower
    case) and a ``password_hash`` (PHC text, Argon2id), too.
    """

    user_id: str
    username: str
    email: str | None = None
    password_hash: str | None = None
    role: UserRole = "user"


class TokenFamily(Item):
    """The refresh tokens that follow from one sign-in; only the newest ``generation`` is good.

    ``kernel``: the sign-in was a kernel's, with its secret.
    """

    family_id: str
    user_id: str
    generation: int = 1
    revoked_at: datetime | None = None
    kernel: bool | None = None
    expires_at: datetime


def _email(text: str) -> str:
    normal = unicodedata.normalize("NFKC", text).lower()
    if unprintable(normal) or not _EMAIL.fullmatch(normal):
        raise PydanticCustomError("email", "It is not an e-mail address.")
    return normal


def _username(text: str) -> str:
    normal = unicodedata.normalize("NFKC", text)
    if not re.fullmatch(r"\w[\w.+-]{0,63}", normal):
        raise PydanticCustomError(
            "username", "A user name has letters, digits and . + - _ and at most 64 characters."
        )
    return normal


def _new_password(password: SecretStr) -> SecretStr:
    if not 12 <= len(password.get_secret_value()) <= 128:
        raise PydanticCustomError("password", "A password has 12 to 128 characters.")
    return password


Email = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=254), AfterValidator(_email)
]
Username = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=64), AfterValidator(_username)
]

NewPassword = Annotated[
    SecretStr,
    AfterValidator(_new_password),
    Field(json_schema_extra={"minLength": 12, "maxLength": 128}),
]


class UserRegister(BaseModel):
    """A new account; without a ``username`` the e-mail address is it."""

    model_config = ConfigDict(extra="forbid")

    email: Email
    password: NewPassword
    username: Username | None = None


class UserLogin(BaseModel):
    """E-mail and password."""

    model_config = ConfigDict(extra="forbid")

    email: Email
    password: SecretStr = Field(max_length=1024)


class TokenRequest(BaseModel):
    """What is exchanged for tokens: the identity that Jupyter established, or a kernel's secret."""

    model_config = ConfigDict(extra="forbid")

    kernel_secret: SecretStr | None = Field(default=None, max_length=200)


class RefreshRequest(BaseModel):
    """The newest refresh token of its family."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: SecretStr = Field(max_length=1024)


class LogoutRequest(BaseModel):
    """Beside the family of the access token itself, that of a refresh token."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: SecretStr | None = Field(default=None, max_length=1024)


class Policy(BaseModel):
    """What the installation lets a user do; a project may hold them to less.

    Attributes:
        models: that may be asked; ``*`` in one stands for any characters.
        data_exposure_max: the most that a model may see of the data.
        exposure_k: how many rows must share what it sees below the level ``rows``.
        python: whether DS Bro may run it.
        tool_rounds: how often a model may ask for tools in one answer.
        run_tokens: what one answer may use; null without a bound.
        budget: in tokens a day; null without.
    """

    models: list[str]
    data_exposure_max: DataExposure
    exposure_k: int = 10
    python: PythonTool
    tool_rounds: int = 8
    run_tokens: int | None = None
    budget: int | None = None


@dataclass(frozen=True)
class Kernels:
    """What kernels that this server started may be exchanged for: its own user."""

    secret: str
    username: str


@dataclass(frozen=True)
class AuthSettings:
    """What the installation decides; ``admins`` are the user names of administrators."""

    policy: Policy
    refresh_seconds: int
    kernels: Kernels | None = None
    admins: frozenset[str] = frozenset()


class UserResponse(BaseModel):
    """Who is calling, and what the policy lets them do."""

    user_id: str
    username: str
    email: str | None
    role: UserRole
    policy: Policy
    api_version: str = API_VERSION
    created_at: datetime


class AuthResponse(BaseModel):
    """Tokens of a user; ``expires_in`` is the access token's life in seconds."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the kind of a token, not a secret
    expires_in: int
    user: UserResponse
