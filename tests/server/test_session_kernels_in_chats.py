"""Python from the question to the answer: asked for, agreed to, run in a real kernel, saved."""

import asyncio
import json
from dataclasses import replace

import pytest
from pydantic_ai.models.function import FunctionModel

from leonidas_jupyter.assistant.models.registry import ModelEntry, ModelRegistry
from leonidas_jupyter.chat.service import ChatService
from tests.chat.world import call, returned

SALES = b"region,amount\nNorth,10\nSouth,20\nNorth,5\n"
CODE = "top = sales.groupby('region', as_index=False)['amount'].sum()\ntop"


async def computing(messages, info):
    """A model that computes in Python, saves what came, asks it by SQL and says it."""
    found = returned(messages)
    if not found:
        yield call("python", json.dumps({"code": CODE, "purpose": "Sum by region."}))
    elif found[0].tool_name == "python":
        yield call("save_file", json.dumps({"filename": "top.csv", "result": "t1"}))
    elif found[0].tool_name == "save_file":
        yield call("query", '{"sql": "select max(amount) from top"}')
    else:
        yield f"The most is {found[0].content['rows'][0][0]}."


@pytest.fixture
def model():
    return computing


@pytest.fixture
def desk(api, services, model, jp_asyncio_loop):
    """A session over one file, with a scripted model."""

    async def make():
        chat = (await services())[ChatService]
        entry = ModelEntry("builtin", True, lambda _: FunctionModel(stream_function=model))
        chat.settings = replace(chat.settings, models=ModelRegistry([entry]))
        project = (await api("POST", "/projects", json_body={"name": "p"})).json["project_id"]
        await upload(api, project)
        path = f"/projects/{project}/sessions"
        session = (await api("POST", path, json_body={"title": "Regions"})).json["session_id"]
        return project, session

    return jp_asyncio_loop.run_until_complete(make())


async def upload(api, project):
    wanted = {"filename": "sales.csv", "size": len(SALES)}
    path = f"/projects/{project}/files/upload-url"
    place = (await api("POST", path, json_body=wanted)).json
    headers = {"Content-Length": str(len(SALES))}
    await api("PUT", place["upload_url"], raw=True, auth=None, headers=headers, body=SALES)
    await api("POST", f"/files/{place['file_id']}/confirm", json_body={})
    async with asyncio.timeout(60):
        status = None
        while status != "COMPLETED":
            await asyncio.sleep(0.01)
            status = (await api("GET", f"/files/{place['file_id']}")).json["status"]


async def kernels(api):
    return (await api("GET", f"{api.base}api/kernels", raw=True)).json


async def test_nothing_runs_before_somebody_agreed(api, desk):
    project, session = desk
    asked = await api("POST", f"/sessions/{session}/chat", json_body={"content": "Sum?"})
    assert asked.status == 200, asked.body
    assert asked.json["status"] == "pending"
    (pending,) = asked.json["message"]["tool_calls"]
    assert (pending["code"], pending["needs"], pending["state"]) == (CODE, "approval", "pending")
    assert await kernels(api) == []
    agreed = {"approvals": {pending["id"]: {"decision": "once"}}}
    done = await api("POST", f"/sessions/{session}/chat", json_body=agreed)
    assert done.json["status"] == "completed", done.body
    message = done.json["message"]
    assert "The most is 20." in message["content"]
    python, saved, _ = message["tool_calls"]
    assert "text/html" in python["outputs"][0]
    assert [frame["name"] for frame in python["frames"]] == ["sales"]
    assert saved["summary"] == "top.csv: 2 rows, 2 columns"
    files = (await api("GET", f"/projects/{project}/files")).json["items"]
    assert {file["frame_name"]: file["source"] for file in files} == {
        "sales": "USER_UPLOAD",
        "top": "APP_GENERATED",
    }
    assert len(await kernels(api)) == 1


async def test_refreshing_and_deleting_the_session_end_its_kernel(api, desk, leonidas_settings):
    from pathlib import Path

    _, session = desk
    folder = Path(leonidas_settings["data_dir"]) / "kernels" / session

    async def computed():
        asked = await api("POST", f"/sessions/{session}/chat", json_body={"content": "Sum?"})
        waiting = asked.json["message"]["tool_calls"][-1]["id"]
        agreed = {"approvals": {waiting: {"decision": "once"}}}
        await api("POST", f"/sessions/{session}/chat", json_body=agreed)
        assert len(await kernels(api)) == 1
        assert folder.exists()

    await computed()
    await api("POST", f"/sessions/{session}/refresh")
    assert await kernels(api) == []
    assert not folder.exists()
    await computed()
    await api("DELETE", f"/sessions/{session}")
    async with asyncio.timeout(60):
        while await kernels(api) or folder.exists():  # noqa: ASYNC110 - of the code under test
            await asyncio.sleep(0.01)
