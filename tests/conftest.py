"""What every test may use: a Jupyter server in the process (pytest-jupyter)."""

from functools import cache

import pytest
from hypothesis import HealthCheck, settings
from jupyter_client.connect import LocalPortCache

from leonidas_jupyter.core import passwords
from scripts.servers.process import free_port
from tests.servers.chosen import ENGINES

pytest_plugins = ["pytest_jupyter.jupyter_server", "tests.servers.fixtures"]

# A loaded machine is slow at times, which is no failure.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


def pytest_addoption(parser):
    """What the tests of the API and its rules run on."""
    parser.addoption("--engines", choices=ENGINES, default=ENGINES[0])


@pytest.fixture(scope="session", autouse=True)
def quick_hashes():
    """Hashes passwords at next to no cost: most tests register people for something else."""
    from argon2 import PasswordHasher

    @cache
    def cheap():
        return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", cheap)
        yield


_real_hasher = passwords._hasher


@pytest.fixture
def real_hashes(quick_hashes, monkeypatch):
    """Hashes them as the product does, for tests of just that."""
    passwords._nobody.cache_clear()
    monkeypatch.setattr(passwords, "_hasher", _real_hasher)
    yield
    passwords._nobody.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def ports_of_kernels():
    """Gives the kernels of this process ports that nobody takes before they listen there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalPortCache, "find_available_port", lambda *_: free_port())
        yield
