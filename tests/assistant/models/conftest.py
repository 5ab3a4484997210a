"""Models of providers in a whole chat, with stubs in their place and nothing of this machine."""

import os

import pytest
from pydantic_ai import models


@pytest.fixture(autouse=True)
def nothing_of_this_machine(monkeypatch, tmp_path):
    """No key, profile or address of whoever runs the tests; requests to the stubs are let out."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "OPENAI_", "OLLAMA_", "ANTHROPIC_")) or "PROXY" in name.upper():
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with models.override_allow_model_requests(True):
        yield


@pytest.fixture(scope="session", autouse=True)
def read_once():
    """boto3 reads its descriptions of the services once, not again for each client."""
    import botocore.session

    loader = botocore.session.create_loader()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", lambda *_: loader)
        yield


@pytest.fixture
def aws_keys(monkeypatch):
    """Credentials as the environment has them."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cr3t-of-the-environment")
