"""Models of providers, with stubs in their place and nothing of this machine."""

import pytest

from tests.assistant.models.conftest import aws_keys, nothing_of_this_machine, read_once

__all__ = ["aws_keys", "nothing_of_this_machine", "read_once"]


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """A slow machine is not a provider that hangs."""
    from leonidas_jupyter.assistant.models import availability

    monkeypatch.setattr(availability, "LOOK_SECONDS", 60)
    monkeypatch.setattr(availability, "WAIT_SECONDS", 60)


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch):
    """No test writes into the keyring of whoever runs it."""
    import keyring
    from keyring.backends.fail import Keyring

    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    yield
    keyring.set_keyring(before)
