"""The files of one project: listed, uploaded, waited for, and loaded as frames."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leonidas_jupyter.kernel.client import Client, path_of
from leonidas_jupyter.kernel.dialects import read_again
from leonidas_jupyter.kernel.errors import LeonidasError
from leonidas_jupyter.kernel.framecache import FrameCache
from leonidas_jupyter.kernel.frames import UnknownFrame, no_such_frame
from leonidas_jupyter.kernel.listings import file_listing
from leonidas_jupyter.kernel.loading import FrameLoader, Wanted
from leonidas_jupyter.kernel.parts import Part, parts_in, send_parts
from leonidas_jupyter.kernel.profiles import FrameProfile
from leonidas_jupyter.kernel.progress import bar, share
from leonidas_jupyter.kernel.queries import ask
from leonidas_jupyter.kernel.replies import Json
from leonidas_jupyter.kernel.transfers import Signed, send, sha256_of
from leonidas_jupyter.kernel.wire import File

if TYPE_CHECKING:
    from leonidas_jupyter.kernel.listing import Listing

POLL_SECONDS = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Pauses between looks at a file that is being read; the last one goes on."""

SETTLE_SECONDS = 15.0
"""How long to wait for files that are being read before going on without them."""


class ProjectFiles:
    """Calls about the files of one project."""

    def __init__(self, client: Client, project_id: str) -> None:
        self._client = client
        self._project_id = project_id
        self._cache = FrameCache()

    def all(self) -> list[File]:
        """Every file, oldest first."""
        return [File.read(item) for item in self._client.pages(self._path(""))]

    def completed(self) -> list[File]:
        """Those whose frame can be loaded; what is being read is waited for, for a while."""
        deadline = time.monotonic() + SETTLE_SECONDS
        pauses = iter(POLL_SECONDS)
        files = self.all()
        while any(f.status == "PROCESSING" for f in files) and time.monotonic() < deadline:
            time.sleep(next(pauses, POLL_SECONDS[-1]))
            files = self.all()
        return [file for file in files if file.frame_hash]

    def listing(self) -> "Listing[File]":
        """Every file, to show."""
        return file_listing(self.all())

    def find(self, name: str) -> File:
        """The file whose frame, or which itself, has this name.

        Raises:
            UnknownFrame: there is none.
        """
        files = self.all()
        for file in [f for f in files if f.frame_name == name] or files:
            if name in {file.frame_name, file.filename}:
                return file
        raise UnknownFrame(no_such_frame(name, [file.frame_name for file in files]))

    def upload(
        self,
        path: Path,
        name: str | None,
        *,
        replace: bool,
        progress: bool,
        told: Json | None = None,
    ) -> File:
        """Upload, confirm, and wait until the frame stands; ``told`` goes with the request.

        Raises:
            LeonidasError: it cannot be read here, is refused, or could not be read there.
        """
        with _readable(path):
            size, sha256 = path.stat().st_size, sha256_of(path)
            filename = name or path.name
            before = next((file for file in self.all() if file.filename == filename), None)
            same = before is not None and before.size == size and before.sha256 == sha256
            if before is not None and same and before.status != "UPLOADING":
                return self.wait(before, progress=progress)
            if before is not None and before.frame_hash and not replace:
                raise LeonidasError(
                    f"There is another {filename} in this project already; --replace "
                    "(replace=True) puts this one in its place, another --name keeps both.",
                    code="conflict",
                )
            request: Json = {"filename": filename, "size": size, "sha256": sha256, **(told or {})}
            if before is not None:
                request["replaces"] = before.file_id
            file = self._send(path, request, progress=progress)
        return self.wait(file, progress=progress)

    def wait(self, file: File, *, progress: bool) -> File:
        """The file once it has been read.

        Raises:
            LeonidasError: with the reason, when it could not be read, or has not arrived.
        """
        if file.status == "UPLOADING":  # whoever sends it may have been stopped long ago
            raise LeonidasError(
                f"{file.filename} has not arrived completely; upload it again, or try again when "
                "whoever uploads it is done.",
                code="conflict",
            )
        pauses = iter(POLL_SECONDS)
        path = path_of("/files/{file_id}", file_id=file.file_id)
        with share(f"Reading {file.filename}", shown=progress) as tick:
            while file.status == "PROCESSING":
                time.sleep(next(pauses, POLL_SECONDS[-1]))
                file = File.read(self._client.call("GET", path))
                tick(file.progress)
        if file.status != "COMPLETED":
            reason = file.reason or "the server does not say why; ask who runs it"
            raise LeonidasError(f"{file.filename}: {reason}", code="unreadable_csv")
        return file

    def profile(self, file: File, *, progress: bool = True) -> FrameProfile:
        """What is known of a file's frame, once it has been read.

        Raises:
            LeonidasError: it could not be read.
        """
        if not file.frame_hash:
            file = self.wait(file, progress=progress)
        path = path_of("/files/{file_id}", file_id=file.file_id)
        return FrameProfile(file, self._client.call("GET", path))

    def columns(self, file: File) -> list[str]:
        """The names of the columns of a file's frame; none where there is no frame."""
        path = path_of("/files/{file_id}", file_id=file.file_id)
        profile = self._client.call("GET", path).get("profile") or {}
        return [str(column["name"]) for column in profile.get("columns", [])]

    def load(self, file: File, wanted: Wanted, *, progress: bool = True) -> Any:  # noqa: ANN401 - see FrameLoader
        """A file's frame as is wanted, once it has been read; see ``FrameLoader.load``."""
        if not file.frame_hash:
            file = self.wait(file, progress=progress)
        return self.loader(progress=progress).load(file, wanted)

    def ask(self, sql: str, **how: Any) -> Any:  # noqa: ANN401 - see queries.ask
        """The result of SQL over the project's frames; see ``queries.ask``."""
        return ask(self._client, self._project_id, sql, **how)

    def loader(self, *, progress: bool = True) -> FrameLoader:
        """What loads frames, by way of this machine's cache."""
        return FrameLoader(self._client, self._cache, progress=progress)

    def read_again(self, name: str, said: Json, *, reset: bool, progress: bool) -> tuple[File, str]:
        """Correct how a file is read; see ``dialects.read_again``.

        Raises:
            LeonidasError: there is no such file, or it cannot be read so.
        """
        file = self.find(name)
        if file.status == "PROCESSING":
            with contextlib.suppress(LeonidasError):  # it may be what is to be corrected
                file = self.wait(file, progress=progress)

        def wait(file: File) -> File:
            return self.wait(file, progress=progress)

        return read_again(self._client, file, said, wait, reset=reset)

    def _send(self, path: Path, request: Json, *, progress: bool) -> File:
        """Begin an upload, or go on with it, and confirm it."""
        begin = self._path("/upload-url")
        place = self._client.call("POST", begin, body=request)
        origin, parts = self._client.transport.origin, parts_in(place)
        confirmed: Json = {"sha256": request["sha256"]}

        def again() -> list[Part]:
            same = {**request, "replaces": place["file_id"]}
            return parts_in(self._client.call("POST", begin, body=same))

        with bar(f"Uploading {request['filename']}", request["size"], shown=progress) as advance:
            if parts:
                confirmed["parts"] = send_parts(path, parts, again, advance)
            else:
                signed = Signed(place["upload_url"], place["method"], dict(place["headers"]))
                confirmed["sha256"] = send(path, signed, origin, advance)
        confirm = path_of("/files/{file_id}/confirm", file_id=place["file_id"])
        return File.read(self._client.call("POST", confirm, body=confirmed))

    def _path(self, rest: str) -> str:
        return path_of("/projects/{project_id}/files", project_id=self._project_id) + rest


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise LeonidasError(f"There is no file {path}; look at its name and folder.") from error
    except IsADirectoryError as error:
        raise LeonidasError(f"{path} is a folder; upload its files one by one.") from error
    except OSError as error:
        raise LeonidasError(f"{path} cannot be read: {error.strerror or error}.") from error
