"""The server's own routes: health, metrics, the API's description, live events."""

import asyncio
from typing import Any, Literal

from pydantic import BaseModel, RootModel

from leonidas_jupyter.core.errors import ErrorCode, LeonidasError
from leonidas_jupyter.core.http import Request, Response, Route, Services
from leonidas_jupyter.core.metrics import CONTENT_TYPE, exposition
from leonidas_jupyter.core.openapi import Description
from leonidas_jupyter.server.health import Health
from leonidas_jupyter.server.live import project_events


class Healthy(BaseModel):
    """Every backend answers."""

    status: Literal["ok"] = "ok"


class OpenApiDocument(RootModel[dict[str, Any]]):
    """An OpenAPI 3.1 document."""


async def health(_request: Request, services: Services) -> Response:
    """Whether every backend answers."""
    if not await services[Health].ready():
        raise LeonidasError(
            ErrorCode.BACKEND_UNAVAILABLE, "Not ready; try again in a moment.", retry_after=5
        )
    return Response(body=Healthy())


async def metrics(_request: Request, _services: Services) -> Response:
    """Jupyter's metrics, and ours among them."""
    return Response(body=exposition(), headers={"content-type": CONTENT_TYPE})


async def describe(_request: Request, services: Services) -> Response:
    """The document that is generated from the route table."""
    return Response(body=await asyncio.to_thread(services[Description].text))


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/healthz",
        "Whether every backend answers",
        who="open",
        handler=health,
        gives=Healthy,
    ),
    Route(
        "GET",
        "/metrics",
        "Prometheus metrics of the whole Jupyter server",
        handler=metrics,
        media_type="text/plain",
    ),
    Route(
        "GET",
        "/openapi.json",
        "This description of the API",
        handler=describe,
        gives=OpenApiDocument,
    ),
    Route(
        "WEBSOCKET",
        "/projects/{project_id}/events",
        "A project's live events",
        socket=project_events,
        errors=(ErrorCode.INVALID_REQUEST, ErrorCode.NOT_FOUND),
    ),
)
