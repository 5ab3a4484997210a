"""What every test may use: a Jupyter server in the process (pytest-jupyter)."""

pytest_plugins = ["pytest_jupyter.jupyter_server"]
