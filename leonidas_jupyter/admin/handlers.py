"""The routes of administration."""

from leonidas_jupyter.admin.schemas import (
    EraseRequest,
    EraseResponse,
    ExportRequest,
    ExportResponse,
)
from leonidas_jupyter.admin.service import AdminService
from leonidas_jupyter.core.errors import ErrorCode
from leonidas_jupyter.core.http import Request, Response, Route, Services


async def export_account(request: Request, services: Services) -> Response:
    """Everything of an account."""
    wanted = request.json(ExportRequest)
    shown = await services[AdminService].export(
        request.user, request.params["user_id"], fresh=wanted.fresh
    )
    return Response(202, shown)


async def erase_account(request: Request, services: Services) -> Response:
    """An account and all that it owns, gone."""
    given = request.json(EraseRequest)
    user_id = request.params["user_id"]
    return Response(202, await services[AdminService].erase(request.user, user_id, given.confirm))


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/admin/users/{user_id}/export",
        "Export everything of an account; ask again until the link to it is there",
        who="admin",
        handler=export_account,
        takes=ExportRequest,
        gives=ExportResponse,
        status=202,
        errors=(ErrorCode.INVALID_REQUEST, ErrorCode.NOT_FOUND, ErrorCode.CONFLICT),
    ),
    Route(
        "POST",
        "/admin/users/{user_id}/erase",
        "Erase an account with all that it owns; ask again until there is no such account (404)",
        who="admin",
        handler=erase_account,
        takes=EraseRequest,
        gives=EraseResponse,
        status=202,
        errors=(ErrorCode.INVALID_REQUEST, ErrorCode.NOT_FOUND, ErrorCode.CONFLICT),
    ),
)
