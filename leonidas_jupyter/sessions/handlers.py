"""The routes of sessions."""

from leonidas_jupyter.core.errors import ErrorCode
from leonidas_jupyter.core.http import Request, Response, Route, Services
from leonidas_jupyter.core.paging import Page
from leonidas_jupyter.sessions.schemas import SessionCreate, SessionResponse, SessionUpdate
from leonidas_jupyter.sessions.service import SessionsService


async def list_sessions(request: Request, services: Services) -> Response:
    """A project's sessions, newest first."""
    page = await services[SessionsService].of_project(
        request.user,
        request.params["project_id"],
        after=request.query.get("after"),
        limit=request.limit(),
    )
    return Response(body=page)


async def create_session(request: Request, services: Services) -> Response:
    """A new session."""
    session = await services[SessionsService].create(
        request.user, request.params["project_id"], request.json(SessionCreate)
    )
    return Response(201, session)


async def read_session(request: Request, services: Services) -> Response:
    """One session."""
    session_id = request.params["session_id"]
    return Response(body=await services[SessionsService].read(request.user, session_id))


async def change_session(request: Request, services: Services) -> Response:
    """Another title, another exposure."""
    changed = await services[SessionsService].change(
        request.user,
        request.params["session_id"],
        request.json(SessionUpdate),
        if_version=request.if_match,
    )
    return Response(body=changed)


async def delete_session(request: Request, services: Services) -> Response:
    """Gone, with its messages."""
    await services[SessionsService].delete(
        request.user, request.params["session_id"], if_version=request.if_match
    )
    return Response(204)


async def refresh_session(request: Request, services: Services) -> Response:
    """Start afresh, with the history readable."""
    session_id = request.params["session_id"]
    return Response(body=await services[SessionsService].refresh(request.user, session_id))


_USE = (ErrorCode.NOT_FOUND, ErrorCode.FORBIDDEN_BY_POLICY)
_CHANGE = (ErrorCode.INVALID_REQUEST, *_USE, ErrorCode.VERSION_MISMATCH)

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/projects/{project_id}/sessions",
        "List a project's sessions, newest first",
        handler=list_sessions,
        gives=Page[SessionResponse],
        query={
            "after": "`next` of the page before; left out, the listing begins",
            "limit": "how many at most, 1 to 200 (50)",
        },
        errors=(ErrorCode.INVALID_REQUEST, ErrorCode.NOT_FOUND),
    ),
    Route(
        "POST",
        "/projects/{project_id}/sessions",
        "Begin a session",
        handler=create_session,
        takes=SessionCreate,
        gives=SessionResponse,
        status=201,
        errors=(ErrorCode.INVALID_REQUEST, *_USE),
    ),
    Route(
        "GET",
        "/sessions/{session_id}",
        "Read a session",
        handler=read_session,
        gives=SessionResponse,
        errors=(ErrorCode.NOT_FOUND,),
    ),
    Route(
        "PUT",
        "/sessions/{session_id}",
        "Change a session's title or exposure",
        handler=change_session,
        takes=SessionUpdate,
        gives=SessionResponse,
        errors=_CHANGE,
    ),
    Route(
        "DELETE",
        "/sessions/{session_id}",
        "Delete a session with its messages",
        handler=delete_session,
        status=204,
        errors=_CHANGE,
    ),
    Route(
        "POST",
        "/sessions/{session_id}/refresh",
        "Start afresh: the context is cut here, the history stays readable",
        handler=refresh_session,
        gives=SessionResponse,
        errors=_USE,
    ),
)
