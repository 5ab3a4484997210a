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
    config.write_text("c.Leonidas.model = 'no model'\n")
    _, (line,) = start(environment={"LEONIDAS_MODEL": "builtin"})  # the file goes first
    assert "c.Leonidas.model" in line
    _, about = start("--Leonidas.model=builtin")  # and the command line before the file
    assert about == []


@pytest.fixture
def leonidas_settings(leonidas_settings, request, monkeypatch, capsys):
    """With what a test is parametrized with; capsys stands first, so that it hears the start."""
    parameters = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    for name, value in parameters.get("environment", {}).items():
        monkeypatch.setenv(name, value)
    if (broken := parameters.get("broken")) is not None:
        monkeypatch.setattr(app, *broken)
    return {**leonidas_settings, **parameters.get("traits", {})}


def disabled(capsys):
    """The one line that says why, and all lines."""
    lines = capsys.readouterr().err.splitlines()
    (line,) = (line for line in lines if "Leonidas is disabled: " in line)
    return line, "\n".join(lines)


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
    jp_fetch, http_server_client, jp_base_url, capsys, traits, environment, said
):
    line, everything = disabled(capsys)
    assert said in line
    assert "hunter2" not in line  # Jupyter itself shows its configuration when it debugs
    assert "Traceback" not in everything
    assert (await jp_fetch("api", "status")).code == 200
    ours = f"{jp_base_url}leonidas/api/v1/healthz"
    answer = await http_server_client.fetch(ours, raise_error=False)
    assert answer.code == 404
    assert answer.headers["Content-Type"].startswith("text/html")  # Jupyter's: we are not there


def _without_duckdb(name):
    return None if name == "duckdb" else object()


def _fails(*_):
    raise RuntimeError("unforeseen")


@pytest.mark.parametrize("broken", [("find_spec", _without_duckdb)])
async def test_without_the_server_extra_it_says_what_to_install(jp_fetch, capsys, broken):
    line, everything = disabled(capsys)
    assert "pip install 'leonidas-jupyter[server]'" in line
    assert "Traceback" not in everything
    assert (await jp_fetch("api", "status")).code == 200


@pytest.mark.parametrize("broken", [("load_settings", _fails)])
async def test_an_error_that_nobody_foresaw_leaves_the_server_running(jp_fetch, capsys, broken):
    _, everything = disabled(capsys)
    assert "unforeseen" in everything
    assert (await jp_fetch("api", "status")).code == 200


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
