"""The routes of projects."""

from leonidas_jupyter.core.errors import ErrorCode
from leonidas_jupyter.core.http import Request, Response, Route, Services
from leonidas_jupyter.core.paging import Page
from leonidas_jupyter.projects.schemas import ProjectCreate, ProjectResponse, ProjectUpdate
from leonidas_jupyter.projects.service import ProjectsService


async def list_projects(request: Request, services: Services) -> Response:
    """The caller's projects, newest first."""
    page = await services[ProjectsService].mine(
        request.user, after=request.query.get("after"), limit=request.limit()
    )
    return Response(body=page)


async def create_project(request: Request, services: Services) -> Response:
    """A new project."""
    wanted = request.json(ProjectCreate)
    return Response(201, await services[ProjectsService].create(request.user, wanted))


async def read_project(request: Request, services: Services) -> Response:
    """One project."""
    project_id = request.params["project_id"]
    return Response(body=await services[ProjectsService].read(request.user, project_id))


async def change_project(request: Request, services: Services) -> Response:
    """Other names, descriptions, choices."""
    changed = await services[ProjectsService].change(
        request.user,
        request.params["project_id"],
        request.json(ProjectUpdate),
        if_version=request.if_match,
    )
    return Response(body=changed)


async def delete_project(request: Request, services: Services) -> Response:
    """Gone, with everything in it."""
    await services[ProjectsService].delete(
        request.user, request.params["project_id"], if_version=request.if_match
    )
    return Response(204)


PAGING = {
    "after": "`next` of the page before; left out, the listing begins",
    "limit": "how many at most, 1 to 200 (50)",
}
_ONE = (ErrorCode.NOT_FOUND,)
_CHANGE = (
    ErrorCode.NOT_FOUND,
    ErrorCode.FORBIDDEN_BY_POLICY,
    ErrorCode.VERSION_MISMATCH,
)

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/projects",
        "List my projects, newest first",
        handler=list_projects,
        gives=Page[ProjectResponse],
        query=PAGING,
        errors=(ErrorCode.INVALID_REQUEST,),
    ),
    Route(
        "POST",
        "/projects",
        "Create a project",
        handler=create_project,
        takes=ProjectCreate,
        gives=ProjectResponse,
        status=201,
        errors=(ErrorCode.INVALID_REQUEST,),
    ),
    Route(
        "GET",
        "/projects/{project_id}",
        "Read a project",
        handler=read_project,
        gives=ProjectResponse,
        errors=_ONE,
    ),
    Route(
        "PUT",
        "/projects/{project_id}",
        "Change a project",
        handler=change_project,
        takes=ProjectUpdate,
        gives=ProjectResponse,
        errors=(ErrorCode.INVALID_REQUEST, *_CHANGE),
    ),
    Route(
        "DELETE",
        "/projects/{project_id}",
        "Delete a project with everything in it",
        handler=delete_project,
        status=204,
        errors=(ErrorCode.INVALID_REQUEST, *_CHANGE),
    ),
)
