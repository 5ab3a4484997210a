"""A whole chat whose model is a provider's, made by the registry as a server makes it."""

from contextlib import asynccontextmanager
from dataclasses import replace

from leonidas_jupyter.assistant.models import guarded
from leonidas_jupyter.assistant.models.providers import ProviderSettings
from leonidas_jupyter.assistant.models.registry import ModelRegistry
from leonidas_jupyter.assistant.policy import Policy
from leonidas_jupyter.core.exposure import DataExposure
from tests.chat.world import world

CLAUDE = "bedrock:us.anthropic.claude-sonnet-4-5-20250929-v1:0"
QUICK = guarded.Patience(attempts=3, first_seconds=0.01, longest_seconds=1)

PATIENCE = {"stalled": 2, "silent": 1}
"""Seconds for the behaviours whose time has to be over, by their names."""


def at_bedrock(stub, **more):
    """Settings that lead to a stub of Bedrock."""
    given = {"region": "us-east-1", "endpoint_url": stub.url, "timeout_seconds": 60}
    return ProviderSettings(**(given | more))


def at_openai(stub, **more):
    """Settings that lead to a stub of OpenAI's API."""
    given = {"base_url": stub.base_url, "ollama_url": stub.url, "timeout_seconds": 60}
    return ProviderSettings(**(given | more))


@asynccontextmanager
async def asking(name, settings, monkeypatch, **more):
    """A world that asks a model; the provider may see all that the tools return."""
    monkeypatch.setattr(guarded, "PATIENCE", QUICK)
    given = {"exposure_max": DataExposure.ROWS, "reading_seconds": 0}
    policy = Policy(model=name, allowed_models=("builtin", name), **(given | more))
    registry = ModelRegistry(where=lambda _: settings)
    async with world(policy=policy) as w:
        w.chat.settings = replace(w.chat.settings, policy=policy, models=registry)
        try:
            yield w
        finally:
            await registry.close()
