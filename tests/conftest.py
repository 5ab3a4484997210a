"""What every test may use: a Jupyter server in the process (pytest-jupyter)."""

from hypothesis import HealthCheck, settings

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
