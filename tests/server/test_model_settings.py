"""What the settings say about models, as the providers' models get it."""

import pytest

from leonidas_jupyter.core.config import Leonidas
from leonidas_jupyter.server.connections import provider_settings


def test_settings_reach_the_models():
    settings = provider_settings(
        Leonidas(
            model_region="eu-west-1",
            model_profile="lab",
            model_role_arn="arn:aws:iam::123456789012:role/analyst",
            model_endpoint_url="https://bedrock.example.org",
            model_base_url="http://127.0.0.1:8000/v1",
            ollama_url="http://127.0.0.1:1",
            model_timeout_seconds=7,
        )
    )
    assert (settings.region, settings.profile) == ("eu-west-1", "lab")
    assert settings.role_arn == "arn:aws:iam::123456789012:role/analyst"
    assert settings.endpoint_url == "https://bedrock.example.org"
    assert settings.base_url == "http://127.0.0.1:8000/v1"
    assert (settings.ollama_url, settings.timeout_seconds) == ("http://127.0.0.1:1", 7)
    assert settings.own_variables


@pytest.mark.parametrize(
    ("model", "whose"),
    [("builtin", "openai"), ("bedrock:m", "openai"), ("openai:m", "openai"), ("groq:m", "groq")],
)
def test_the_key_is_that_of_the_models_provider(model, whose):
    settings = provider_settings(Leonidas(model=model, model_api_key="sk-1"))
    assert settings.key_for == whose
    assert settings.key_of(f"{whose}:m") == "sk-1"
    assert settings.key_of("mistral:m") is None
    assert "sk-1" not in repr(settings)
