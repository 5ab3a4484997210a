"""The settings of models: which there are, where they are, and what opens them."""

import re
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

from traitlets import Integer, List, TraitError, Unicode, validate
from traitlets.config import LoggingConfigurable

_MODEL = re.compile(r"[a-z][a-z0-9_-]*(:\S+)?")
_ROLE = re.compile(r"arn:[^:\s]+:iam::\d{12}:role/\S+")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")


class ModelSettings(LoggingConfigurable):
    """The part of the settings that is about models."""

    model = Unicode(
        "builtin",
        help="The model that answers when none is asked for: builtin, bedrock:ID (a model id, an "
        "inference profile or an ARN), openai:NAME, ollama:NAME, or provider:NAME as pydantic-ai "
        "names it.",
    ).tag(config=True)
    allowed_models = List(
        Unicode(),
        ["builtin"],
        help="The models that people may choose from; * stands for any text, as in bedrock:*. "
        "Default: builtin, model, and one that is connected on a person's own server.",
    ).tag(config=True)
    model_region = Unicode(
        help="The AWS region of bedrock: models. Default: that of an ARN, of the profile, or of "
        "AWS's own variables.",
    ).tag(config=True)
    model_profile = Unicode(
        help="The named AWS profile for bedrock: models. Default: AWS's own chain of credentials.",
    ).tag(config=True)
    model_role_arn = Unicode(
        help="A role that is assumed for bedrock: models, as arn:aws:iam::ACCOUNT:role/NAME.",
    ).tag(config=True)
    model_endpoint_url = Unicode(
        help="Bedrock's endpoint, where it is not the region's own; with /v1 at its end it is the "
        "OpenAI-compatible one, for gpt-oss.",
    ).tag(config=True)
    model_base_url = Unicode(
        help="Where openai: models are, as http://127.0.0.1:8000/v1. Default: at OpenAI.",
    ).tag(config=True)
    model_api_key = Unicode(
        help="The key for the provider of model, else for openai: models. Default: the provider's "
        "own variable, as OPENAI_API_KEY, but never for a model_base_url.",
    ).tag(config=True, secret=True)
    ollama_url = Unicode("http://127.0.0.1:11434", help="Where Ollama is.").tag(config=True)
    model_timeout_seconds = Integer(
        60, min=1, help="How long a model may say nothing before its answer is given up."
    ).tag(config=True)

    @validate("model", "allowed_models")
    def _check_models(self, proposal: Any) -> Any:  # noqa: ANN401 - traitlets' Bunch is not typed
        value = proposal["value"]
        for name in [value] if isinstance(value, str) else value:
            if not _MODEL.fullmatch(name):
                raise TraitError(f"{name!r} is not a model; write builtin or provider:name")
        if isinstance(value, str) and "*" in value:
            raise TraitError("a pattern is not a model; write the name of one")
        return value

    @validate("model_base_url", "model_endpoint_url", "ollama_url")
    def _check_model_url(self, proposal: Any) -> str:  # noqa: ANN401 - see above
        url = str(proposal["value"])
        try:
            parts = urlsplit(url)
            whole = parts.scheme in {"http", "https"} and bool(parts.hostname)
        except ValueError:
            whole = False
        if url and not whole:
            raise TraitError("not a URL; write one like http://127.0.0.1:8000/v1")
        if url and "@" in parts.netloc:
            raise TraitError("a URL with a password; set model_api_key instead")
        return url

    @validate("model_role_arn")
    def _check_role(self, proposal: Any) -> str:  # noqa: ANN401 - see above
        arn = str(proposal["value"])
        if arn and not _ROLE.fullmatch(arn):
            raise TraitError("not a role; write one like arn:aws:iam::123456789012:role/NAME")
        return arn

    @validate("model_region")
    def _check_region(self, proposal: Any) -> str:  # noqa: ANN401 - see above
        region = str(proposal["value"])
        if region and not _REGION.fullmatch(region):
            raise TraitError("not a region; write one like eu-central-1")
        return region

    def allow_default(self) -> None:
        """Allow ``model`` where nobody said which models are allowed."""
        if self.model not in self.allowed_models:
            self.allowed_models = [*self.allowed_models, self.model]

    @property
    def model_is_allowed(self) -> bool:
        """Whether ``model`` is one of ``allowed_models``."""
        return any(fnmatchcase(self.model, each) for each in self.allowed_models)
