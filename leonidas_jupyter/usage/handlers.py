"""The routes of usage."""

from leonidas_jupyter.core.errors import ErrorCode, invalid
from leonidas_jupyter.core.http import Request, Response, Route, Services
from leonidas_jupyter.usage.schemas import UsageResponse
from leonidas_jupyter.usage.service import MAX_DAYS, UsageService


async def usage(request: Request, services: Services) -> Response:
    """The caller's own usage."""
    raw = request.query.get("days", "30")
    whole = raw.isascii() and raw.isdigit() and len(raw) <= len(str(MAX_DAYS))
    if not whole or not 1 <= int(raw) <= MAX_DAYS:
        raise invalid(f"days takes a whole number from 1 to {MAX_DAYS}.")
    return Response(body=await services[UsageService].report(request.user, int(raw)))


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/usage",
        "Read your tokens and cost by day and model, and what is left of your budget",
        handler=usage,
        gives=UsageResponse,
        query={"days": f"how many days back, today included, 1 to {MAX_DAYS} (30)"},
        errors=(ErrorCode.INVALID_REQUEST,),
    ),
)
