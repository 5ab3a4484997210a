"""The routes of models."""

from leonidas_jupyter.core.errors import ErrorCode
from leonidas_jupyter.core.http import RateLimit, Request, Response, Route, Services
from leonidas_jupyter.models.schemas import ConnectionRequest, ConnectionResponse, ModelsResponse
from leonidas_jupyter.models.service import ModelsService


async def models(_: Request, services: Services) -> Response:
    """The models that policy allows."""
    return Response(body=await services[ModelsService].listing())


async def connect(request: Request, services: Services) -> Response:
    """A model tried out and kept."""
    wanted = request.json(ConnectionRequest)
    return Response(body=await services[ModelsService].connect(wanted))


async def disconnect(_: Request, services: Services) -> Response:
    """No connected model."""
    await services[ModelsService].disconnect()
    return Response(204)


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/models",
        "List the models that policy allows, and whether each answers",
        handler=models,
        gives=ModelsResponse,
    ),
    Route(
        "PUT",
        "/models/connection",
        "Connect a model: it is tried out, then kept in place of the one before",
        who="local",
        handler=connect,
        takes=ConnectionRequest,
        gives=ConnectionResponse,
        errors=(ErrorCode.INVALID_REQUEST, ErrorCode.MODEL_ERROR),
        rate_limit=RateLimit("login_rate"),
    ),
    Route(
        "DELETE",
        "/models/connection",
        "Disconnect the model, and forget its key",
        who="local",
        handler=disconnect,
        status=204,
    ),
)
