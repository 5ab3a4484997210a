"""The routes of exports."""

from leonidas_jupyter.core.errors import ErrorCode
from leonidas_jupyter.core.filenames import attachment
from leonidas_jupyter.core.http import Request, Response, Route, Services
from leonidas_jupyter.exports.service import ExportsService


async def export(request: Request, services: Services) -> Response:
    """A session as a file."""
    made = await services[ExportsService].export(
        request.user, request.params["session_id"], request.query.get("format", "ipynb")
    )
    headers = {
        "content-type": "application/octet-stream",
        "content-disposition": attachment(made.filename),
        "content-security-policy": "sandbox; default-src 'none'",
        "x-content-type-options": "nosniff",
        "cache-control": "private, no-store",
    }
    return Response(body=made.content, headers=headers)


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/sessions/{session_id}/export",
        "Take a session away: as a notebook that runs, as Markdown, or as JSON",
        handler=export,
        media_type="application/octet-stream",
        query={"format": "`ipynb` (left out: this), `md` or `json`"},
        errors=(ErrorCode.INVALID_REQUEST, ErrorCode.NOT_FOUND),
    ),
)
