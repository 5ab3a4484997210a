"""The routes of files, and this server's own end of the signed URLs."""

from leonidas_jupyter.core.errors import ErrorCode, invalid
from leonidas_jupyter.core.http import RateLimit, Request, Response, Route, Services
from leonidas_jupyter.core.paging import Page
from leonidas_jupyter.data.dialect import DialectOverride
from leonidas_jupyter.files import schemas
from leonidas_jupyter.files.schemas import FileResponse, Form
from leonidas_jupyter.files.service import FilesService

PREVIEW_ROWS = 1000
"""The most rows of a preview."""


async def begin_upload(request: Request, services: Services) -> Response:
    """Where to PUT the bytes of a new file, or the new bytes of an old one."""
    where = await services[FilesService].begin(
        request.user, request.params["project_id"], request.json(schemas.UploadRequest)
    )
    return Response(201, where)


async def put_blob(request: Request, services: Services) -> Response:
    """Bytes to a signed URL."""
    if request.chunks is None:
        raise invalid("Send the bytes as the body.")
    arrivals = services[FilesService].arrivals
    await arrivals.receive(request.params["token"], request.headers, request.chunks)
    return Response(204)


async def get_blob(request: Request, services: Services) -> Response:
    """Bytes from a signed URL."""
    arrivals = services[FilesService].arrivals
    download = await arrivals.send(request.params["token"], request.headers)
    return Response(download.status, headers=download.headers, chunks=download.chunks)


async def confirm_upload(request: Request, services: Services) -> Response:
    """The bytes are there."""
    file = await services[FilesService].confirm(
        request.user, request.params["file_id"], request.json(schemas.ConfirmRequest)
    )
    return Response(body=file)


async def list_files(request: Request, services: Services) -> Response:
    """A project's files, newest first."""
    page = await services[FilesService].of_project(
        request.user,
        request.params["project_id"],
        after=request.query.get("after"),
        limit=request.limit(),
    )
    return Response(body=page)


async def read_file(request: Request, services: Services) -> Response:
    """One file, with its profile."""
    return Response(body=await services[FilesService].read(request.user, request.params["file_id"]))


async def download_url(request: Request, services: Services) -> Response:
    """Where to GET the bytes."""
    try:
        form = Form(request.query.get("form", Form.ORIGINAL))
    except ValueError:
        raise invalid("form takes original or frame.") from None
    where = await services[FilesService].download(request.user, request.params["file_id"], form)
    return Response(body=where)


async def preview_file(request: Request, services: Services) -> Response:
    """The first rows."""
    rows = await services[FilesService].preview(
        request.user, request.params["file_id"], request.limit(most=PREVIEW_ROWS)
    )
    return Response(body=rows)


async def query_frames(request: Request, services: Services) -> Response:
    """Typed rows."""
    stream = await services[FilesService].ask(
        request.user, request.params["project_id"], request.json(schemas.QueryRequest)
    )
    return Response(headers={"Content-Type": ARROW}, chunks=stream)


async def rename_file(request: Request, services: Services) -> Response:
    """Another name."""
    file = await services[FilesService].rename(
        request.user,
        request.params["file_id"],
        request.json(schemas.FileRename).filename,
        if_version=request.if_match,
    )
    return Response(body=file)


async def correct_dialect(request: Request, services: Services) -> Response:
    """Read again, as the caller says."""
    file = await services[FilesService].correct(
        request.user,
        request.params["file_id"],
        request.json(DialectOverride),
        if_version=request.if_match,
    )
    return Response(body=file)


async def delete_file(request: Request, services: Services) -> Response:
    """Gone, with everything made of it."""
    await services[FilesService].delete(
        request.user, request.params["file_id"], if_version=request.if_match
    )
    return Response(204)


ARROW = "application/vnd.apache.arrow.stream"
"""An Arrow IPC stream (registered with IANA)."""

_USE = (ErrorCode.INVALID_REQUEST, ErrorCode.NOT_FOUND, ErrorCode.FORBIDDEN_BY_POLICY)
_CHANGE = (*_USE, ErrorCode.CONFLICT, ErrorCode.VERSION_MISMATCH)
_SIGNED = (ErrorCode.UNAUTHENTICATED, ErrorCode.TOKEN_EXPIRED, ErrorCode.NOT_FOUND)

ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/projects/{project_id}/files/upload-url",
        "Begin an upload: where to PUT the bytes",
        handler=begin_upload,
        takes=schemas.UploadRequest,
        gives=schemas.PresignedUrlResponse,
        status=201,
        errors=(*_USE, ErrorCode.CONFLICT, ErrorCode.FILE_TOO_LARGE),
        rate_limit=RateLimit("upload_rate"),
    ),
    Route(
        "PUT",
        "/blobs/{token}",
        "Upload the bytes of a signed URL",
        who="signed",
        handler=put_blob,
        status=204,
        media_type="application/octet-stream",
        errors=(
            *_SIGNED,
            ErrorCode.INVALID_REQUEST,
            ErrorCode.CONFLICT,
            ErrorCode.LENGTH_REQUIRED,
            ErrorCode.FILE_TOO_LARGE,
        ),
        streams_body=True,
    ),
    Route(
        "GET",
        "/blobs/{token}",
        "Download the bytes of a signed URL",
        who="signed",
        handler=get_blob,
        media_type="application/octet-stream",
        errors=_SIGNED,
    ),
    Route(
        "POST",
        "/files/{file_id}/confirm",
        "Confirm an upload, which is read then",
        handler=confirm_upload,
        takes=schemas.ConfirmRequest,
        gives=FileResponse,
        errors=(*_USE, ErrorCode.CONFLICT),
    ),
    Route(
        "GET",
        "/projects/{project_id}/files",
        "List a project's files, newest first",
        handler=list_files,
        gives=Page[FileResponse],
        query={
            "after": "`next` of the page before; left out, the listing begins",
            "limit": "how many at most, 1 to 200 (50)",
        },
        errors=(ErrorCode.INVALID_REQUEST, ErrorCode.NOT_FOUND),
    ),
    Route(
        "GET",
        "/files/{file_id}",
        "Read what is known of a file, with its profile",
        handler=read_file,
        gives=FileResponse,
        errors=(ErrorCode.NOT_FOUND,),
    ),
    Route(
        "GET",
        "/files/{file_id}/download-url",
        "Get a URL to download a file from",
        handler=download_url,
        gives=schemas.DownloadUrlResponse,
        query={"form": "`original` (the bytes as uploaded) or `frame` (Parquet)"},
        errors=(ErrorCode.INVALID_REQUEST, ErrorCode.NOT_FOUND, ErrorCode.CONFLICT),
    ),
    Route(
        "GET",
        "/files/{file_id}/preview",
        "Read a frame's first rows as records",
        handler=preview_file,
        gives=schemas.PreviewResponse,
        query={"limit": f"how many at most, 1 to {PREVIEW_ROWS} (50)"},
        errors=(ErrorCode.INVALID_REQUEST, ErrorCode.NOT_FOUND, ErrorCode.CONFLICT),
    ),
    Route(
        "POST",
        "/projects/{project_id}/query",
        "Ask the project's frames by SQL; the typed rows come as an Arrow IPC stream",
        handler=query_frames,
        takes=schemas.QueryRequest,
        media_type=ARROW,
        errors=_USE,
        rate_limit=RateLimit("query_rate"),
    ),
    Route(
        "PUT",
        "/files/{file_id}/rename",
        "Rename a file and its frame",
        handler=rename_file,
        takes=schemas.FileRename,
        gives=FileResponse,
        errors=_CHANGE,
    ),
    Route(
        "PUT",
        "/files/{file_id}/dialect",
        "Correct how a file is written, and read it again",
        handler=correct_dialect,
        takes=DialectOverride,
        gives=FileResponse,
        errors=_CHANGE,
    ),
    Route(
        "DELETE",
        "/files/{file_id}",
        "Delete a file with everything made of it",
        handler=delete_file,
        status=204,
        errors=_CHANGE,
    ),
)
