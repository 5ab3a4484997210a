"""The OpenAPI 3.1 document of a route table, with every shape, error code and way to sign in."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from pydantic import BaseModel, Field
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from leonidas_jupyter.core.errors import STATUS, ErrorCode
from leonidas_jupyter.core.http import Route, Who

Json = dict[str, Any]
Streams = Mapping[str, Mapping[str, type[BaseModel]]]
"""The payloads of events by their names, by the row (``METHOD path``) that sends them."""
Named = Mapping[tuple[type[BaseModel], str], Json]
"""The reference to the schema of a shape, as it comes in (validation) or goes out."""
_REFERENCE = "#/components/schemas/{model}"
_BODY_METHODS = frozenset({"POST", "PUT", "DELETE"})

_SCHEMES: Json = {
    "leonidasToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token of ours (its JOSE header has typ=leo+jwt).",
    },
    "jupyterToken": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`token …`: a token of the Jupyter server, or of the Hub.",
    },
    "jupyterCookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "_xsrf",
        "description": "Jupyter's login cookie; whatever changes something sends X-XSRFToken too.",
    },
}
_USER: list[Json] = [{"leonidasToken": []}, {"jupyterToken": []}, {"jupyterCookie": []}]
_SECURITY: dict[Who, list[Json]] = {
    "open": [],
    "signed": [],
    "user": _USER,
    "admin": _USER,
    "account": [*_USER, {}],
    "kernel_secret": [*_USER, {}],
    "local": _USER,
}
_WHO: dict[Who, str] = {
    "signed": "The URL is its own authority: for one object and one method, until it expires.",
    "account": "Open with auth=password; else for users, and refused inside a Hub.",
    "kernel_secret": "A body with kernel_secret is its own authority.",
    "admin": "For the role admin.",
    "local": "For the person whose own server it is, named by Jupyter itself: no token of ours.",
}


class ErrorFacts(BaseModel):
    """What went wrong, in one sentence, with facts for programs."""

    code: ErrorCode
    message: str
    detail: Json
    request_id: str


class ErrorResponse(BaseModel):
    """The one shape of every error."""

    error: ErrorFacts = Field(description="what went wrong")


def describe(
    routes: Sequence[Route],
    *,
    version: str,
    base: str,
    streams: Streams,
) -> Json:
    """The document; OpenAPI knows no events, so that they stand in ``x-events``."""
    schemas, named = _schemas(routes, streams)
    paths: defaultdict[str, Json] = defaultdict(dict)
    for route in routes:
        method = "get" if route.method == "WEBSOCKET" else route.method.lower()
        paths[route.path][method] = _operation(route, named, streams)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Leonidas",
            "version": version,
            "summary": "DS Bro, an AI data scientist inside Jupyter",
            "description": "Times are RFC 3339 in UTC; ids are UUIDv7. Every error has one shape.",
            "license": {"name": "BSD-3-Clause", "identifier": "BSD-3-Clause"},
        },
        "servers": [{"url": base, "description": "under the base URL of the Jupyter server"}],
        "security": _USER,
        "tags": [{"name": tag} for tag in sorted({_tag(route) for route in routes})],
        "paths": dict(paths),
        "components": {"schemas": schemas, "securitySchemes": _SCHEMES},
    }


def render(document: Json) -> str:
    """The document as text, the same for the same document."""
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=False) + "\n"


def _schemas(routes: Sequence[Route], streams: Streams) -> tuple[Json, Named]:
    wanted: dict[tuple[type[BaseModel], Any], None] = {(ErrorResponse, "serialization"): None}
    for route in routes:
        if route.takes is not None:
            wanted[route.takes, "validation"] = None
        if route.gives is not None:
            wanted[route.gives, "serialization"] = None
    for shape in (shape for events in streams.values() for shape in events.values()):
        wanted[shape, "serialization"] = None
    found, definitions = models_json_schema(
        list(wanted), ref_template=_REFERENCE, schema_generator=GenerateJsonSchema
    )
    schemas = definitions.get("$defs", {})
    renamed = {name: re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("_") for name in schemas}
    text = json.dumps(schemas)
    for name, plain in renamed.items():
        text = text.replace(f'"#/components/schemas/{name}"', f'"#/components/schemas/{plain}"')
    named: Named = {
        cast("tuple[type[BaseModel], str]", key): json.loads(
            re.sub(
                r'"#/components/schemas/([^"]+)"',
                lambda m: f'"#/components/schemas/{renamed.get(m[1], m[1])}"',
                json.dumps(value),
            )
        )
        for key, value in found.items()
    }
    return {renamed[name]: schema for name, schema in json.loads(text).items()}, named


def _operation(
    route: Route,
    named: Named,
    streams: Streams,
) -> Json:
    operation: Json = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "tags": [_tag(route)],
        "security": _SECURITY[route.who],
        "parameters": _parameters(route),
    }
    if note := _WHO.get(route.who):
        operation["description"] = note
    if route.takes is not None:
        schema = named[route.takes, "validation"]
        content = {"application/json": {"schema": schema}}
        needed = any(field.is_required() for field in route.takes.model_fields.values())
        operation["requestBody"] = {"required": needed, "content": content}
    elif route.streams_body:
        content = {"application/octet-stream": {}}
        operation["requestBody"] = {"required": True, "content": content}
    operation["responses"] = {**_success(route, named, streams), **_errors(route)}
    return operation


def _operation_id(route: Route) -> str:
    function = route.handler or route.socket
    return getattr(function, "__name__", route.path)


def _tag(route: Route) -> str:
    return (
        next(part for part in reversed(route.path.split("/")) if not part.startswith("{"))
        if route.path.count("/") == 1
        else route.path.split("/")[1]
    )


def _parameters(route: Route) -> list[Json]:
    found: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", route.path)
    ]
    for name, meaning in route.query.items():
        schema = {"type": "integer", "minimum": 1} if name == "limit" else {"type": "string"}
        found.append({"name": name, "in": "query", "description": meaning, "schema": schema})
    if ErrorCode.VERSION_MISMATCH in route.errors:
        found.append(
            {
                "name": "If-Match",
                "in": "header",
                "description": "the version that was read; 412 when it is another one now",
                "schema": {"type": "string"},
            }
        )
    return found


def _success(
    route: Route,
    named: Named,
    streams: Streams,
) -> Json:
    sent = streams.get(f"{route.method} {route.path}", {})
    events = {"x-events": {name: named[shape, "serialization"] for name, shape in sent.items()}}
    if route.method == "WEBSOCKET":
        description = "A WebSocket; each message is the JSON of one of the events."
        return {"101": {"description": description, **events}}
    content: Json = {}
    if route.gives is not None:
        content["application/json"] = {"schema": named[route.gives, "serialization"]}
    elif route.media_type != "application/json" and not sent:
        content[route.media_type] = {}
    if sent:
        content["text/event-stream"] = {"schema": {"type": "string"}, **events}
    answer: Json = {"description": route.summary}
    if content:
        answer["content"] = content
    return {str(route.status): answer}


def _errors(route: Route) -> Json:
    codes = {*route.errors, ErrorCode.INTERNAL, ErrorCode.BACKEND_UNAVAILABLE}
    if route.who != "open":
        codes |= {ErrorCode.UNAUTHENTICATED, ErrorCode.TOKEN_EXPIRED}
    if route.who not in {"open", "signed"}:
        codes |= {ErrorCode.FORBIDDEN_BY_POLICY}
        if route.method in _BODY_METHODS:
            codes |= {ErrorCode.XSRF_FAILED}
    if route.rate_limit is not None:
        codes |= {ErrorCode.RATE_LIMITED}
    if route.takes is not None:
        codes |= {ErrorCode.INVALID_REQUEST, ErrorCode.FILE_TOO_LARGE}
    if "{" in route.path:
        codes |= {ErrorCode.NOT_FOUND}
    by_status: defaultdict[int, list[str]] = defaultdict(list)
    for code in ErrorCode:
        if code in codes:
            by_status[STATUS[code]].append(code.value)
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorResponse"}}}
    return {
        str(status): {"description": " or ".join(found), "content": content}
        for status, found in sorted(by_status.items())
    }


class Description:
    """The document of one application, made when it is first asked for."""

    def __init__(self, make: Callable[[], Json]) -> None:
        self._make = make
        self._text: bytes | None = None

    def text(self) -> bytes:
        """The document as JSON; blocks for a moment the first time."""
        if self._text is None:
            self._text = render(self._make()).encode()
        return self._text
