"""Names of models, and the sentences for what goes wrong with them."""

import pytest

from leonidas_jupyter.assistant.models.failures import Asked, FailureKind, ModelFailure, kind_of
from leonidas_jupyter.assistant.models.names import BedrockId, shown
from leonidas_jupyter.assistant.models.registry import ModelRegistry
from leonidas_jupyter.core.errors import LeonidasError

CLAUDE = "anthropic.claude-sonnet-4-5-20250929-v1:0"
ARN = f"arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.{CLAUDE}"


@pytest.mark.parametrize(
    ("text", "model", "region", "mantle"),
    [
        (CLAUDE, CLAUDE, None, None),
        (f"us.{CLAUDE}", f"us.{CLAUDE}", None, None),
        (ARN, f"eu.{CLAUDE}", "eu-central-1", None),
        (f"arn:aws:bedrock:us-east-1::foundation-model/{CLAUDE}", CLAUDE, "us-east-1", None),
        ("openai.gpt-oss-120b-1:0", "openai.gpt-oss-120b-1:0", None, "openai.gpt-oss-120b"),
        ("openai.gpt-oss-20b", "openai.gpt-oss-20b", None, "openai.gpt-oss-20b"),
        (
            "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:application-inference-profile/ab1",
            "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:application-inference-profile/ab1",
            "us-gov-west-1",
            None,
        ),
    ],
)
def test_what_the_ids_of_bedrock_say(text, model, region, mantle):
    wanted = BedrockId.parse(text)
    assert (wanted.asked, wanted.model, wanted.region, wanted.mantle) == (
        text,
        model,
        region,
        mantle,
    )


@pytest.mark.parametrize(
    ("region", "prefix"),
    [
        ("us-east-1", "us"),
        ("us-gov-west-1", "us-gov"),
        ("eu-west-1", "eu"),
        ("ap-northeast-1", "apac"),
        ("sa-east-1", "global"),
        (None, "us"),
    ],
)
def test_the_usual_inference_profile(region, prefix):
    assert BedrockId.parse(CLAUDE).usual_profile(region) == f"{prefix}.{CLAUDE}"
    assert BedrockId.parse(f"jp.{CLAUDE}").usual_profile(region) == f"{prefix}.{CLAUDE}"


def test_sentences_name_no_account():
    assert shown(f"bedrock:{ARN}") == f"bedrock:eu.{CLAUDE}"
    custom = "bedrock:arn:aws:bedrock:us-east-1:123456789012:provisioned-model/ab1"
    assert shown(custom) == "bedrock:provisioned-model/ab1"
    assert shown("openai:gpt-5") == "openai:gpt-5"


@pytest.mark.parametrize("name", [f"bedrock:{ARN}", "openai:gpt-5", "ollama:qwen3", "other:m"])
@pytest.mark.parametrize("kind", list(FailureKind))
def test_every_failure_is_one_sentence_with_a_remedy(kind, name):
    failure = ModelFailure(kind, Asked(name, "eu-central-1", 60.0), retry_after=2.4)
    said = failure.message
    assert (failure.status, failure.retry_after) == (502, 2)
    assert said.endswith(".")
    assert said[0].isupper()
    assert ";" in said or "so set" in said  # what happened; what to do
    assert "\n" not in said
    assert "123456789012" not in said
    assert "{" not in said


def test_a_cause_says_more_than_the_error_around_it():
    class ProfileNotFound(Exception):
        pass

    class InvalidConfigError(Exception):
        pass

    class ConnectTimeoutError(Exception):
        pass

    class ModelTimeoutError(Exception):
        pass

    def around(outer, inner):
        outer.__cause__ = inner
        return kind_of(outer)

    assert around(ModelTimeoutError(), ConnectTimeoutError()) is FailureKind.UNREACHABLE
    assert around(ModelTimeoutError(), ValueError()) is FailureKind.TIMED_OUT
    assert around(RuntimeError(), ProfileNotFound()) is FailureKind.NO_PROFILE
    assert around(RuntimeError(), InvalidConfigError()) is FailureKind.BAD_CONFIG
    assert around(RuntimeError(), ValueError()) is FailureKind.OTHER


def test_a_registry_without_providers_knows_its_entries_only():
    registry = ModelRegistry()
    assert "builtin" in registry
    assert "openai:gpt-5" not in registry
    with pytest.raises(LeonidasError, match="There is no model 'openai:gpt-5' here"):
        registry["openai:gpt-5"]


@pytest.mark.parametrize("name", ["openai:*", "openai:", "gpt-5", 5])
def test_a_pattern_or_half_a_name_is_no_model(name):
    from leonidas_jupyter.assistant.models.providers import ProviderSettings

    assert name not in ModelRegistry(where=lambda _: ProviderSettings())
