import json
import re
import subprocess
import sys
from pathlib import Path

from openapi_spec_validator import OpenAPIV31SpecValidator

from leonidas_jupyter.core.errors import STATUS, ErrorCode
from leonidas_jupyter.core.openapi import render
from leonidas_jupyter.server.routes import ROUTES, STREAMS, describe_api

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.json"
DOCUMENT = describe_api()


def operation(route):
    method = "get" if route.method == "WEBSOCKET" else route.method.lower()
    return DOCUMENT["paths"][route.path][method]


def test_it_is_valid_openapi_3_1():
    assert DOCUMENT["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_the_committed_document_is_the_present_one():
    command = "python -m leonidas_jupyter.server.describe docs/openapi.json"
    assert COMMITTED.read_text("utf-8") == render(DOCUMENT), f"Regenerate it: {command}"


def test_the_command_writes_it(tmp_path):
    target = tmp_path / "openapi.json"
    command = [sys.executable, "-m", "leonidas_jupyter.server.describe", str(target)]
    subprocess.run(command, check=True)
    assert json.loads(target.read_text("utf-8")) == DOCUMENT


def test_every_row_stands_in_it_whole():
    for route in ROUTES:
        found = operation(route)
        assert found["summary"] == route.summary
        placeholders = {p["name"] for p in found["parameters"] if p["in"] == "path"}
        assert placeholders == set(re.findall(r"\{(\w+)\}", route.path))
        assert {p["name"] for p in found["parameters"] if p["in"] == "query"} == set(route.query)
        assert ("requestBody" in found) == (route.takes is not None or route.streams_body)
        if route.method != "WEBSOCKET":
            content = found["responses"][str(route.status)].get("content", {})
            assert ("application/json" in content) == (route.gives is not None)
        for code in route.errors:
            assert code.value in found["responses"][str(STATUS[code])]["description"]
        open_to_all = route.who in {"open", "signed"}
        assert (found["security"] == []) == open_to_all
        assert ("401" in found["responses"]) == (route.who != "open" or _names_401(route))
    assert sum(len(methods) for methods in DOCUMENT["paths"].values()) == len(ROUTES)


def _names_401(route):
    return any(STATUS[code] == 401 for code in route.errors)


def test_operations_have_names_of_their_own():
    names = [operation(route)["operationId"] for route in ROUTES]
    assert len(names) == len(set(names))


def test_every_error_code_and_the_one_shape_stand_in_it():
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["ErrorCode"]["enum"] == [code.value for code in ErrorCode]
    assert schemas["ErrorResponse"]["required"] == ["error"]
    for methods in DOCUMENT["paths"].values():
        for found in methods.values():
            for status, response in found["responses"].items():
                if int(status) >= 400:
                    content = response["content"]["application/json"]
                    assert content["schema"]["$ref"].endswith("/ErrorResponse")


def test_events_are_described():
    assert set(STREAMS) <= {f"{route.method} {route.path}" for route in ROUTES}
    chat = DOCUMENT["paths"]["/sessions/{session_id}/chat"]["post"]["responses"]["200"]["content"]
    assert set(chat["text/event-stream"]["x-events"]) >= {"run_started", "run_finished"}
    live = DOCUMENT["paths"]["/projects/{project_id}/events"]["get"]["responses"]["101"]
    assert set(live["x-events"]) >= {"file_status", "file_progress", "message_added", "run_state"}


def test_what_comes_in_forbids_what_it_does_not_know():
    for route in ROUTES:
        if route.takes is not None:
            assert route.takes.model_config.get("extra") == "forbid", route.takes.__name__


async def test_it_is_served(api):
    answer = await api("GET", "/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json == DOCUMENT
    assert answer.body.decode() == COMMITTED.read_text("utf-8")
