"""A session's kernel is given no credential, and with what it is given can approve nothing."""

import json
import os
import sys

import pytest

from leonidas_jupyter.assistant.executors.environment import (
    CREDENTIAL,
    SessionEnvironment,
    session_environment,
    takes,
)
from leonidas_jupyter.server.kernelenv import SECRET, URL
from tests.server.conftest import JUPYTER_TOKEN
from tests.server.kernelrig import Rig

CANARY = "canary-5a1f"
SECRETS = (
    "LEONIDAS_SIGNING_KEYS",
    "LEONIDAS_DATABASE_URL",
    "LEONIDAS_TOKEN",
    "JUPYTERHUB_API_TOKEN",
    "JUPYTERHUB_API_URL",
    "JUPYTERHUB_CLIENT_ID",
    "JUPYTER_TOKEN",
    "JPY_API_TOKEN",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_BEARER_TOKEN_BEDROCK",
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "AZURE_CLIENT_SECRET",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "HF_TOKEN",
    "GITHUB_TOKEN",
    "PGPASSWORD",
    "DATABASE_URL",
    "MY_SERVICE_KEY",
    "SNOWFLAKE_PWD",
    "SOMETHING_NOBODY_FORESAW",
)

READ = """
import json, os, pathlib
given = pathlib.Path("/proc/self/environ")
json.dumps({"now": dict(os.environ), "given": given.read_text() if given.exists() else ""})
"""


@pytest.fixture
def rig(jp_serverapp, extension, tmp_path, jp_asyncio_loop, monkeypatch):
    for name in SECRETS:
        # The server has read its settings by now; these are what a kernel would inherit.
        monkeypatch.setenv(name, f"{CANARY}-{name}")
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:{CANARY}@proxy.example:3128")
    rig = Rig(jp_serverapp, extension._site.identity, tmp_path)
    yield rig
    jp_asyncio_loop.run_until_complete(rig.pool.close())


async def environment(rig) -> dict:
    done = await rig.session().run(READ, [])
    return json.loads(done.table["rows"][0][0])


async def test_no_secret_is_in_the_kernels_environment(rig, extension):
    extension._kernels.publish()
    assert os.environ[SECRET].startswith("leo-kernel-")
    seen = await environment(rig)
    text = json.dumps(seen)
    assert CANARY not in text
    assert os.environ[SECRET] not in text
    assert JUPYTER_TOKEN not in text
    assert not set(seen["now"]) & {URL, SECRET, *SECRETS}
    assert {"PATH", "HOME", "JPY_PARENT_PID", "MPLBACKEND"} <= set(seen["now"])
    assert [name for name in seen["now"] if CREDENTIAL.search(name)] in ([], ["PWD"])


async def test_its_code_reaches_no_server_by_which_it_could_approve(rig):
    code = """
from leonidas_jupyter import connect
try:
    print("reached", connect())
except Exception as error:
    print(type(error).__name__, error)
"""
    done = await rig.session().run(code, [])
    said = str(done.outputs)
    assert "LeonidasError Code that DS Bro runs in its session's kernel cannot reach" in said


async def test_secrets_stay_out_after_a_rename_and_a_restart(rig, api):
    """Jupyter Server writes its whole environment into that of a session that is renamed."""
    await environment(rig)
    (session,) = (await api("GET", f"{api.base}api/sessions", raw=True)).json
    path = f"{api.base}api/sessions/{session['id']}"
    changed = {"name": "other", "path": "elsewhere"}
    assert (await api("PATCH", path, raw=True, json_body=changed)).status == 200
    path = f"{api.base}api/kernels/{rig.worker().kernel_id}/restart"
    assert (await api("POST", path, raw=True)).status == 200
    assert CANARY not in json.dumps(await environment(rig))


async def test_secrets_of_the_kernelspec_stay_out(rig, jp_data_dir):
    folder = jp_data_dir / "kernels" / "mine"
    folder.mkdir(parents=True)
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "mine",
        "language": "python",
        "env": {
            "OPENAI_API_KEY": f"{CANARY}-own",
            "COPIED": "${AWS_SECRET_ACCESS_KEY}",
            "SPARK_HOME": "/opt/spark",
        },
    }
    (folder / "kernel.json").write_text(json.dumps(spec))
    done = await rig.session(kernel_name="mine").run(READ, [])
    seen = json.loads(done.table["rows"][0][0])
    assert CANARY not in json.dumps(seen)
    assert seen["now"]["SPARK_HOME"] == "/opt/spark"


async def test_code_in_the_kernel_cannot_use_the_api(rig, api):
    project = (await api("POST", "/projects", json_body={"name": "p"})).json
    session = (await api("POST", f"/projects/{project['project_id']}/sessions", json_body={})).json
    base = f"http://127.0.0.1:{api.port}"
    targets = [
        ("GET", base + api.url("/projects")),
        ("POST", base + api.url(f"/sessions/{session['session_id']}/chat")),
        ("POST", base + api.url("/auth/token")),
        ("GET", f"{base}{api.base}api/kernels"),
    ]
    code = f"""
import json, os, urllib.error, urllib.request
answers = []
for method, url in {targets!r}:
    body = b'{{"approvals": {{"t1": {{"decision": "once"}}}}}}' if method == "POST" else None
    headers = {{"Content-Type": "application/json"}}
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        answers.append(urllib.request.urlopen(request, timeout=60).status)
    except urllib.error.HTTPError as error:
        answers.append(error.code)
answers
"""
    done = await rig.session().run(code, [])
    assert done.ok, done.traceback
    assert {row[0] for row in done.table["rows"]} <= {401, 403}


def test_what_is_written_into_the_environment_later_is_looked_at(monkeypatch):
    monkeypatch.setenv("INTERNAL_NAME", "of the server")
    kept = session_environment()
    everything = {"AWS_SECRET_ACCESS_KEY": "x", "INTERNAL_NAME": "of the server", "MINE": "1"}
    kept.update(everything)
    kept["GITHUB_TOKEN"] = "x"
    kept.setdefault("OPENAI_API_KEY", "x")
    kept |= {"HF_TOKEN": "x"}
    for made in (kept, kept.copy(), kept | everything, SessionEnvironment(everything)):
        assert not set(made) & {*SECRETS, "INTERNAL_NAME"}
        assert made["MINE"] == "1"


@pytest.mark.parametrize("name", [name for name in SECRETS if "FORESAW" not in name])
def test_names_of_credentials_are_known(name):
    assert not takes(name, "a value that is not in this environment")
