"""What every test may use: a Jupyter server in the process (pytest-jupyter)."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["pytest_jupyter.jupyter_server", "tests.servers.fixtures"]

# A loaded machine is slow at times, which is no failure.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")
