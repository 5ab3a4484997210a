"""Names of models: ``provider:model``, patterns of them, and what Bedrock's ids say."""

import re
from dataclasses import dataclass

BUILTIN = "builtin"
BEDROCK = "bedrock"
OPENAI = "openai"
OLLAMA = "ollama"

_ARN = re.compile(r"arn:[^:]+:bedrock:(?P<region>[^:]*):[^:]*:(?P<kind>[^/]+)/(?P<id>.+)")
"""A resource of Bedrock's (service authorization reference, "Amazon Bedrock")."""

_NAMED_BY_ARN = ("foundation-model", "inference-profile")
_GPT_OSS = re.compile(r"(openai\.gpt-oss-[a-z0-9-]+?)(?:-\d+:\d+)?")
_PROFILE = re.compile(r"(?:us-gov|us|eu|apac|au|ca|jp|global)\.(?=[a-z0-9]+\.)")
_GEOGRAPHIES = {"us-gov": "us-gov", "us": "us", "eu": "eu", "ap": "apac"}
"""Where a region's cross-region inference profiles begin with another word than ``global``."""


def provider_of(name: str) -> str:
    """What stands before the colon; the built-in analyst is its own provider."""
    return name.partition(":")[0]


def model_of(name: str) -> str:
    """What stands after the colon."""
    return name.partition(":")[2]


def is_pattern(name: str) -> bool:
    """Whether a name stands for several models."""
    return "*" in name


def shown(name: str) -> str:
    """A name as sentences say it: an ARN without its account."""
    arn = _ARN.fullmatch(model_of(name))
    if arn is None:
        return name
    known = arn["id"] if arn["kind"] in _NAMED_BY_ARN else f"{arn['kind']}/{arn['id']}"
    return f"{provider_of(name)}:{known}"


@dataclass(frozen=True)
class BedrockId:
    """A model of Bedrock.

    Attributes:
        asked: what Bedrock is asked for: a model id, the id of an inference profile, or an ARN.
        model: the same without the ARN around it where that names its model; prices and the
            abilities of a model are looked up by it.
        region: the ARN's region.
    """

    asked: str
    model: str
    region: str | None = None

    @classmethod
    def parse(cls, text: str) -> "BedrockId":
        """What follows ``bedrock:``."""
        arn = _ARN.fullmatch(text)
        if arn is None:
            return cls(text, text)
        known = arn["id"] if arn["kind"] in _NAMED_BY_ARN else text
        return cls(text, known, arn["region"] or None)

    @property
    def mantle(self) -> str | None:
        """The name at Bedrock's OpenAI-compatible endpoint of a model that is best asked there."""
        found = _GPT_OSS.fullmatch(self.asked)
        return found[1] if found else None

    def usual_profile(self, region: str | None) -> str:
        """The id of the inference profile that a model usually has in a region."""
        words = (region or "us").split("-")
        geography = _GEOGRAPHIES.get("-".join(words[:2])) or _GEOGRAPHIES.get(words[0], "global")
        return f"{geography}.{_PROFILE.sub('', self.model, count=1)}"
