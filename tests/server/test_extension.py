"""How Leonidas loads: cheaply, whatever is wrong with it, and never against the Jupyter server."""

import json
import os
import subprocess
import sys

import pytest

from leonidas_jupyter.server import app

HEAVY = (
    "alembic",
    "argon2",
    "boto3",
    "duckdb",
    "httpx",
    "jwt",
    "numpy",
    "pandas",
    "pyarrow",
    "pydantic",
    "pydantic_ai",
    "scipy",
    "sqlalchemy",
    "sqlglot",
)

PROGRAM = """
import json, sys
from jupyter_server.serverapp import ServerApp

app = ServerApp.instance()
app.jpserver_extensions = {"leonidas_jupyter": True}
arguments = ["--allow-root", "--no-browser", "--port=0", *sys.argv[1:]]
app.initialize(argv=arguments, find_extensions=False)
print("RESULT", json.dumps(sorted(sys.modules)))
app._http_server.stop()
"""


@pytest.fixture
def start(tmp_path):
    """Starts a server up to the point where it would serve; gives what it loaded and logged."""

    def go(*arguments, environment=None):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("LEONIDAS_", "JUPYTER"))}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *arguments],
            env={
                **clean,
                "JUPYTER_DATA_DIR": str(tmp_path / "data"),
                "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
                "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
                **(environment or {}),
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        (result,) = (line for line in done.stdout.splitlines() if line.startswith("RESULT "))
        about = [line for line in done.stderr.splitlines() if "Leonidas" in line]
        return set(json.loads(result.removeprefix("RESULT "))), about

    return go


def test_loading_imports_nothing_heavy(start):
    modules, about = start()
    assert about == []
    assert not [name for name in modules if name.split(".")[0] in HEAVY]
    assert "leonidas_jupyter.server.dispatcher" in modules
    for late in ("server.bootstrap", "server.routes", "core.http", "auth", "projects", "tables"):
        assert f"leonidas_jupyter.{late}" not in modules


def test_settings_come_from_jupyters_configuration_files(start, tmp_path):
    (tmp_path / "config").mkdir()
    config = tmp_path / "config" / "jupyter_server_config.py"
    config.write_text("c.Leonidas.model = 'nothing:here'\n")
    _, (line,) = start(environment={"LEONIDAS_MODEL": "builtin"})  # the file goes first
    assert "c.Leonidas.model" in line
    _, about = start("--Leonidas.model=builtin")  # and the command line before the file
    assert about == []


async def status(http_server_client, jp_base_url, path):
    """What a server answers; Leonidas's own 404 is told apart by its shape."""
    response = await http_server_client.fetch(jp_base_url + path, raise_error=False)
    return response.code, response.headers["Content-Type"]


@pytest.mark.parametrize(
    ("traits", "environment", "said"),
    [
        ({"databse_url": "memory://"}, {}, "c.Leonidas.databse_url is not a setting"),
        ({"database_url": "mysql://root:hunter2@db"}, {}, "c.Leonidas.database_url"),
        ({"login_rate": "often"}, {}, "10/minute"),
        ({"max_upload_bytes": "much"}, {}, "c.Leonidas.max_upload_bytes"),
        ({"data_dir": "/proc/leonidas"}, {}, "data_dir"),
        ({}, {"LEONIDAS_DATBASE_URL": "memory://"}, "LEONIDAS_DATBASE_URL is not a setting"),
        ({}, {"LEONIDAS_SIGNING_KEYS": "hunter2"}, "LEONIDAS_SIGNING_KEYS"),
    ],
)
async def test_a_bad_setting_disables_leonidas_with_one_line_and_the_server_runs(
    disabled, http_server_client, jp_base_url, traits, environment, said
):
    line, rest = disabled(traits, environment)
    assert said in line
    assert "hunter2" not in line
    assert "Traceback" not in rest
    code, _ = await status(http_server_client, jp_base_url, "api")
    assert code == 200
    code, kind = await status(http_server_client, jp_base_url, "leonidas/api/v1/healthz")
    assert code == 404
    assert kind.startswith("text/html")  # Jupyter's own: we are not there


async def test_without_the_server_extra_it_says_what_to_install(disabled, monkeypatch):
    def found(name):
        return None if name == "duckdb" else object()

    monkeypatch.setattr(app, "find_spec", found)
    line, _ = disabled({}, {})
    assert "pip install 'leonidas-jupyter[server]'" in line


async def test_an_error_that_nobody_foresaw_leaves_the_server_running(disabled, monkeypatch):
    def fail(*_):
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(app, "load_settings", fail)
    _, rest = disabled({}, {})
    assert "unforeseen" in rest


@pytest.fixture
def disabled(request, jp_server_config, monkeypatch, capsys):
    """Starts a server with these settings; gives its line about Leonidas, and the other lines."""

    def go(traits, environment):
        jp_server_config["Leonidas"].update(traits)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        request.getfixturevalue("jp_serverapp")
        lines = capsys.readouterr().err.splitlines()
        (line,) = (line for line in lines if "Leonidas is disabled: " in line)
        return line, "\n".join(lines)

    return go


def test_jupyter_lists_the_extension_as_enabled_and_ok(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "jupyter", "server", "extension", "list"],
        env={**os.environ, "NO_COLOR": "1", "JUPYTER_CONFIG_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    listing = done.stdout + done.stderr
    assert "leonidas_jupyter" in listing
    after = listing.split("leonidas_jupyter", 1)[1]
    assert "enabled" in after.splitlines()[0]
    assert "OK" in after
