"""What goes wrong with a model, each in one sentence that names the remedy.

Providers say it in errors of many classes and codes; here it becomes one of a few kinds. What a
provider wrote is never repeated: it may hold keys, accounts, hosts and values of the data.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from leonidas_jupyter.assistant.models.names import (
    BEDROCK,
    OLLAMA,
    OPENAI,
    BedrockId,
    model_of,
    provider_of,
    shown,
)
from leonidas_jupyter.core.errors import ErrorCode, LeonidasError


class FailureKind(StrEnum):
    """Why a model gives no answer."""

    NO_CREDENTIALS = "no_credentials"
    EXPIRED = "expired_credentials"
    BAD_CREDENTIALS = "bad_credentials"
    BAD_KEY = "bad_key"
    NO_KEY = "no_key"
    NO_PROFILE = "no_profile"
    BAD_CONFIG = "bad_configuration"
    NO_ROLE = "no_role"
    NO_REGION = "no_region"
    NO_ACCESS = "no_access"
    NEEDS_PROFILE = "needs_inference_profile"
    UNKNOWN_MODEL = "unknown_model"
    NOT_PULLED = "not_pulled"
    NOT_INSTALLED = "not_installed"
    THROTTLED = "throttled"
    QUOTA = "quota"
    OVERLOADED = "overloaded"
    TOO_LONG = "too_long"
    TIMED_OUT = "timed_out"
    CUT_OFF = "cut_off"
    CUT_SHORT = "cut_short"
    FILTERED = "filtered"
    UNREACHABLE = "unreachable"
    REJECTED = "rejected"
    OTHER = "other"


@dataclass(frozen=True)
class Asked:
    """Whom the failure is about: the model's name, and what else sentences may say."""

    name: str
    region: str | None = None
    timeout_seconds: float | None = None


class ModelFailure(LeonidasError):
    """A model gives no answer; ``kind`` says why, and ``message`` what to do."""

    def __init__(
        self, kind: FailureKind, asked: Asked, *, retry_after: float | None = None
    ) -> None:
        wait = None if retry_after is None else max(1, round(retry_after))
        super().__init__(ErrorCode.MODEL_ERROR, _sentence(kind, asked, wait), retry_after=wait)
        self.kind = kind


_K = FailureKind
_SENTENCES = {
    _K.NO_CREDENTIALS: "There are no AWS credentials for {name}; sign in (for example with "
    "`aws sso login`), or set c.Leonidas.model_profile to a profile that has some.",
    _K.EXPIRED: "The credentials for {name} have expired; sign in again (for example with "
    "`aws sso login`) and ask again.",
    _K.BAD_CREDENTIALS: "AWS does not know the credentials for {name}; correct the access key or "
    "the profile.",
    _K.BAD_KEY: "The key for {name} is not accepted; correct it in c.Leonidas.model_api_key, or "
    "connect the model again.",
    _K.NO_KEY: "There is no key for {name}; set c.Leonidas.model_api_key, or connect the model "
    "with its key.",
    _K.NO_PROFILE: "The AWS profile for {name} does not exist; correct c.Leonidas.model_profile.",
    _K.BAD_CONFIG: "AWS's configuration files cannot be used for {name}; `aws sts "
    "get-caller-identity` says what is wrong with them.",
    _K.NO_ROLE: "The role for {name} could not be assumed; let these credentials assume it, or "
    "correct c.Leonidas.model_role_arn.",
    _K.NO_REGION: "No AWS region is set for {name}; set c.Leonidas.model_region.",
    _K.NO_ACCESS: "These credentials have no access to {name}{region}; ask for access to it in "
    "the AWS console, or choose another model or region (c.Leonidas.model_region).",
    _K.NEEDS_PROFILE: "{Name} is reached through an inference profile only; usually that is "
    "{profile!r}, so set the model to it.",
    _K.UNKNOWN_MODEL: "The provider does not know {name}{region}; correct its name.",
    _K.NOT_PULLED: "Ollama has no model {model!r}; run: ollama pull {model}.",
    _K.NOT_INSTALLED: "What {name} needs is not installed; run: pip install {package!r}.",
    _K.THROTTLED: "{Name} takes no more requests at the moment; ask again {when}.",
    _K.QUOTA: "The account's quota or credit for {name} is used up; raise it at the provider, or "
    "choose another model.",
    _K.OVERLOADED: "The provider of {name} has trouble at the moment; ask again {when}.",
    _K.TOO_LONG: "The question with its tables and results is longer than {name} can take, even "
    "without the conversation before it; ask for less at once.",
    _K.TIMED_OUT: "{Name} said nothing for {seconds:g} seconds; ask again, or raise "
    "c.Leonidas.model_timeout_seconds.",
    _K.CUT_OFF: "The connection to {name} broke in the middle of its answer; ask again.",
    _K.CUT_SHORT: "{Name} reached the greatest length of an answer; ask it to go on, or for less.",
    _K.FILTERED: "The provider's content filter stopped the answer of {name}; ask in other words.",
    _K.UNREACHABLE: "{Name} cannot be reached; check its address and the network, and that its "
    "server runs.",
    _K.REJECTED: "{Name} did not accept the request; choose another model, or ask in other words.",
    _K.OTHER: "{Name} did not answer; ask again in a moment.",
}
_BEYOND_AWS = {
    _K.NO_ACCESS: "The key for {name} has no access to it; ask for access at the provider, or "
    "choose another model.",
    _K.NO_CREDENTIALS: "There are no credentials for {name}; set those of its provider.",
}
"""Sentences that differ where the provider is not AWS."""

_PACKAGES = {
    BEDROCK: "leonidas-jupyter[server]",
    OPENAI: "leonidas-jupyter[openai]",
    OLLAMA: "leonidas-jupyter[openai]",
}


def _sentence(kind: FailureKind, asked: Asked, wait: int | None) -> str:
    provider = provider_of(asked.name)
    aws = provider == BEDROCK
    text = _SENTENCES[kind] if aws else _BEYOND_AWS.get(kind, _SENTENCES[kind])
    name = repr(shown(asked.name)[:120])
    profile = BedrockId.parse(model_of(asked.name)).usual_profile(asked.region)
    return text.format(
        Name=f"The model {name}",
        name=f"the model {name}",
        model=model_of(shown(asked.name))[:120],
        region=f" in {asked.region}" if aws and asked.region else "",
        profile=f"{BEDROCK}:{profile}"[:140],
        package=_PACKAGES.get(provider, f"pydantic-ai-slim[{provider[:40]}]"),
        when=f"in about {wait} seconds" if wait else "in a moment",
        seconds=asked.timeout_seconds or 0,
    )


def failure_of(error: BaseException, asked: Asked) -> ModelFailure:
    """An error of a provider, of its library, or of pydantic-ai, as what it comes to."""
    if isinstance(error, ModelFailure):
        return error
    retry_after = getattr(error, "retry_after", None)
    return ModelFailure(kind_of(error), asked, retry_after=retry_after)


def kind_of(error: BaseException) -> FailureKind:
    """The kind of an error, by the codes and classes of it and of its causes."""
    chain = list(_chain(error))
    for look in (_by_code, _by_words, _by_reach, _by_class):
        for each in chain:
            if (kind := look(each)) is not None:
                return kind
    return _K.OTHER


def request_id(error: BaseException) -> str:
    """The provider's id of the failed request, for the log; ``-`` where there is none."""
    for each in _chain(error):
        headers = getattr(each, "headers", None) or {}
        for name in ("x-amzn-requestid", "x-request-id", "request-id"):
            if found := headers.get(name):
                return str(found)[:100]
    return "-"


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    for _ in range(10):
        if seen is None:
            return
        yield seen
        seen = seen.__cause__ or seen.__context__


_CODES = {
    "expiredtokenexception": _K.EXPIRED,
    "expiredtoken": _K.EXPIRED,
    "requestexpired": _K.EXPIRED,
    "accessdeniedexception": _K.NO_ACCESS,
    "unrecognizedclientexception": _K.BAD_CREDENTIALS,
    "invalidclienttokenid": _K.BAD_CREDENTIALS,
    "invalidsignatureexception": _K.BAD_CREDENTIALS,
    "signaturedoesnotmatch": _K.BAD_CREDENTIALS,
    "accessdenied": _K.NO_ROLE,  # STS's word; Bedrock says AccessDeniedException
    "invalid_api_key": _K.BAD_KEY,
    "model_not_found": _K.UNKNOWN_MODEL,
}


def _by_code(error: BaseException) -> FailureKind | None:
    response = getattr(error, "response", None)
    code = getattr(error, "provider_error_code", None)
    if code is None and isinstance(response, dict):
        code = response.get("Error", {}).get("Code")
    return _CODES.get(str(code).lower())


_WORDS = (
    ("ModelRequestRejectedError", "inference profile", _K.NEEDS_PROFILE),
    ("ModelRequestRejectedError", "model identifier is invalid", _K.UNKNOWN_MODEL),
    ("ModelRequestRejectedError", "content filtering policy", _K.FILTERED),
    ("ModelAPIError", "ended without a `finish_reason`", _K.CUT_OFF),
    ("OpenAIError", "could not find credentials", _K.NO_CREDENTIALS),
    ("OpenAIError", "requires an aws region", _K.NO_REGION),
    ("UserError", "api_key", _K.NO_KEY),
)
"""What is said in words only: the class of the error, and what it says."""


def _by_words(error: BaseException) -> FailureKind | None:
    names, said = _class_names(error), str(error).lower()
    found = (kind for of, words, kind in _WORDS if of in names and words in said)
    return next(found, None)


_UNREACHABLE = frozenset(
    {
        "ConnectError",
        "ConnectTimeout",
        "ConnectTimeoutError",
        "EndpointConnectionError",
        "InvalidURL",
        "ProxyConnectionError",
        "ProxyError",
        "SSLError",
        "UnsupportedProtocol",
    }
)


def _by_reach(error: BaseException) -> FailureKind | None:
    """A connection that was never made; it is the cause of an error that says less."""
    return _K.UNREACHABLE if _class_names(error) & _UNREACHABLE else None


_CLASSES = {
    "ImportError": _K.NOT_INSTALLED,
    "NoCredentialsError": _K.NO_CREDENTIALS,
    "PartialCredentialsError": _K.NO_CREDENTIALS,
    "CredentialRetrievalError": _K.NO_CREDENTIALS,
    "SSOError": _K.EXPIRED,
    "SSOTokenLoadError": _K.EXPIRED,
    "TokenRetrievalError": _K.EXPIRED,
    "UnauthorizedSSOTokenError": _K.EXPIRED,
    "LoginRefreshRequired": _K.EXPIRED,
    "ProfileNotFound": _K.NO_PROFILE,
    "InvalidConfigError": _K.BAD_CONFIG,
    "ConfigParseError": _K.BAD_CONFIG,
    "InfiniteLoopConfigError": _K.BAD_CONFIG,
    "NoRegionError": _K.NO_REGION,
    "InvalidRegionError": _K.NO_REGION,
    "ModelRateLimitError": _K.THROTTLED,
    "ModelQuotaExceededError": _K.QUOTA,
    "ModelUnavailableError": _K.OVERLOADED,
    "ModelServerError": _K.OVERLOADED,
    "ModelContextWindowExceededError": _K.TOO_LONG,
    "ModelAuthenticationError": _K.BAD_KEY,
    "ModelNotFoundError": _K.UNKNOWN_MODEL,
    "ModelRequestRejectedError": _K.REJECTED,
    "ModelRequestTimeout": _K.TIMED_OUT,
    "ModelTimeoutError": _K.TIMED_OUT,
    "ModelConnectionError": _K.CUT_OFF,
    "ContentFilterError": _K.FILTERED,
    "OutputTokenLimitExceeded": _K.CUT_SHORT,
}
"""By the names of classes, so that no library is imported to look at an error of another one."""


def _by_class(error: BaseException) -> FailureKind | None:
    if getattr(error, "status_code", None) == 403:
        return _K.NO_ACCESS
    found = (_CLASSES.get(each.__name__) for each in type(error).__mro__)
    return next((kind for kind in found if kind is not None), None)


def _class_names(error: BaseException) -> set[str]:
    return {each.__name__ for each in type(error).__mro__}
