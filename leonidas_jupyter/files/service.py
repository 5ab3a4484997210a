"""The rules of files: from an upload to a frame that can be asked, and away again."""

import asyncio
from contextlib import suppress
from pathlib import Path

from leonidas_jupyter.assistant.waiting import Progress
from leonidas_jupyter.core.errors import conflict, not_found
from leonidas_jupyter.core.events import EventBus, FileUploaded, ProjectDeleted
from leonidas_jupyter.core.ids import new_id
from leonidas_jupyter.core.paging import Page
from leonidas_jupyter.core.security import Action, Caller
from leonidas_jupyter.core.tasks import Tasks
from leonidas_jupyter.data.arrivals import UPLOAD, Arrivals
from leonidas_jupyter.data.asking import Asking, Stream
from leonidas_jupyter.data.dialect import DialectOverride
from leonidas_jupyter.data.frames import FrameCache
from leonidas_jupyter.data.framestore import FrameStore, Standing, of_what_stands
from leonidas_jupyter.data.reading import FileStatus, Incoming, Reading, busy
from leonidas_jupyter.data.recipes.workers import RecipeWorkers
from leonidas_jupyter.data.siblings import Siblings
from leonidas_jupyter.data.sql import SqlWorkers
from leonidas_jupyter.files import schemas
from leonidas_jupyter.files.repository import FilesRepository
from leonidas_jupyter.files.schemas import FileResponse, FileSource, StoredFile
from leonidas_jupyter.projects.schemas import CASCADE
from leonidas_jupyter.projects.service import ProjectsService
from leonidas_jupyter.storage.base import ObjectStore
from leonidas_jupyter.storage.signing import UrlSigner
from leonidas_jupyter.tables.base import Missing, Stale
from leonidas_jupyter.tables.leases import Leases
from leonidas_jupyter.tables.resumable import Resumable


class FilesService:
    """Files: uploading, asking, renaming, reading again, deleting.

    Methods with a caller raise LeonidasError: ``not_found``, and ``forbidden_by_policy`` where a
    member's role does not allow it; those with ``if_version`` raise Stale when it does not hold.
    ``arrivals`` is this server's own end of the signed URLs; ``frames``, ``query``, ``export``,
    ``statistics`` and ``frame_file`` are as `Asking` has them, for callers who are authorised.
    """

    def __init__(
        self,
        *,
        repository: FilesRepository,
        projects: ProjectsService,
        store: ObjectStore,
        signer: UrlSigner,
        bus: EventBus,
        tasks: Tasks,
        leases: Leases,
        sql: SqlWorkers,
        cache: FrameCache,
        limits: schemas.FileLimits,
        scratch: Path,
        recipes: RecipeWorkers | None = None,
    ) -> None:
        self._repository = repository
        self._projects = projects
        self._store = store
        self._bus = bus
        self._progress = Progress(bus)
        self._leases = leases
        self._limits = limits
        self._frames = FrameStore(
            store=store, cache=cache, sql=sql, scratch=scratch, recipes=recipes
        )
        table = repository.files
        self.arrivals = Arrivals(
            table=table,
            store=store,
            signer=signer,
            leases=leases,
            max_bytes=limits.max_upload_bytes,
            seconds=limits.upload_seconds,
        )
        ways = (self._begin_new, self._go_on, repository.all_of_project, self._discard)
        self._sheets = Siblings(table, store, self.arrivals, *ways, limits.max_upload_bytes)
        self._reading = Reading(
            table=table,
            frames=self._frames,
            store=store,
            bus=bus,
            leases=leases,
            tasks=tasks,
            limits=limits.reading,
            beside=self._sheets.make,
        )
        asking = self._asking = Asking(self.standing, self._frames, limits.sql_seconds)
        self.frames, self.query, self.statistics = asking.frames, asking.query, asking.statistics
        self.export, self.frame_file = asking.export, asking.frame_file
        self._uploads = Resumable(UPLOAD, table, self._sweep, leases=leases, tasks=tasks)
        self._removals = Resumable(CASCADE, table, self._remove, leases=leases, tasks=tasks)
        bus.subscribe(ProjectDeleted, self._project_deleted)

    async def recover(self) -> None:
        """Go on with what a stopped process left: reading, deleting, uploads that never came."""
        await self.arrivals.sweep()
        for work in (self._reading, self._removals, self._uploads):
            await work.recover()

    async def begin(
        self, caller: Caller, project_id: str, wanted: schemas.UploadRequest
    ) -> schemas.PresignedUrlResponse:
        """Begin an upload: a row, and a URL that takes exactly the bytes announced.

        Raises:
            LeonidasError: ``file_too_large``, or ``conflict`` when the file to replace is busy.
        """
        await self._projects.authorize(caller, project_id, Action.UPLOAD)
        self.arrivals.check_size(wanted.filename, wanted.size)
        await self._repository.check_room(project_id, wanted, self._limits.saved_bytes)
        incoming = wanted.incoming()
        try:
            await self._repository.expect(project_id, wanted.derived_from)
            if wanted.replaces is None:
                file = await self._begin_new(project_id, incoming)
            else:
                file = await self.arrivals.replace(wanted.replaces, project_id, incoming)
        except Missing:
            raise not_found("file") from None
        return schemas.PresignedUrlResponse.of(file.file_id, *await self.arrivals.place(file))

    async def _go_on(self, file: StoredFile) -> None:
        await self._reading.start(file)

    async def _begin_new(
        self, project_id: str, incoming: Incoming, file_id: str | None = None
    ) -> StoredFile:
        awaiting = self.arrivals.awaiting(incoming)
        wanted = StoredFile.awaited(file_id or new_id(), project_id, incoming, awaiting)
        try:
            file = await self._repository.add(wanted)
        except Missing:
            raise not_found("project") from None
        await self._reading.announce(file)
        return file

    async def add(
        self,
        caller: Caller,
        project_id: str,
        filename: str,
        source: Path,
        kind: FileSource,
        *,
        derived_from: str | None = None,
        override: DialectOverride | None = None,
    ) -> FileResponse:
        """Take a file of this machine into a project: begin, store and confirm in one."""
        await self._projects.authorize(caller, project_id, Action.UPLOAD)
        size = (await asyncio.to_thread(source.stat)).st_size
        self.arrivals.check_size(filename, size)
        wanted = schemas.UploadRequest(filename=filename, size=size, source=kind, dialect=override)
        incoming = wanted.incoming().model_copy(update={"derived_from": derived_from})
        begun = await self._begin_new(project_id, incoming)
        await self._store.put(begun.arriving_content.original, source)
        return await self.confirm(caller, begun.file_id, schemas.ConfirmRequest())

    async def room(self, caller: Caller, project_id: str, filename: str) -> int:
        """How many bytes a result that is saved under this name may have.

        Raises:
            LeonidasError: ``conflict`` where the project has a file of that name.
        """
        await self._projects.authorize(caller, project_id, Action.UPLOAD)
        files = await self._repository.all_of_project(project_id)
        return self._limits.room([file for file in files if file.deleted_at is None], filename)

    async def confirm(
        self, caller: Caller, file_id: str, wanted: schemas.ConfirmRequest
    ) -> FileResponse:
        """Check the bytes that arrived and begin to read them; repeating it changes nothing.

        Raises:
            LeonidasError: ``conflict`` when no bytes arrived, ``invalid_request`` with what
                differs; the upload can be repeated then.
        """
        while True:
            file = await self._file(caller, file_id, Action.UPLOAD)
            try:
                confirmed = await self.arrivals.confirm(file, wanted.sha256, wanted.numbers)
            except (Stale, Missing):
                continue
            if confirmed is None:
                return FileResponse.of(file)
            await self._bus.publish(FileUploaded(file.project_id, file_id))
            await self._reading.start(confirmed)
            return FileResponse.of(confirmed)

    async def of_project(
        self, caller: Caller, project_id: str, *, after: str | None = None, limit: int = 50
    ) -> Page[FileResponse]:
        """A project's files, newest first."""
        await self._projects.authorize(caller, project_id, Action.READ)
        page = await self._repository.of_project(project_id, after=after, limit=limit)
        shown = [FileResponse.of(file) for file in page.items if file.deleted_at is None]
        return Page(items=await schemas.with_sources(shown, self._repository.names), next=page.next)

    @of_what_stands
    async def read(self, caller: Caller, file_id: str) -> FileResponse:
        """One file, with its profile and likely joins."""
        file = await self._file(caller, file_id, Action.READ)
        standing = file.standing
        shown = FileResponse.of(file, await self._frames.profile(standing) if standing else None)
        shown.progress = self._progress.of(file_id)
        if standing is not None:
            shown.joins = await self._asking.joins(file.project_id, standing)
        return (await schemas.with_sources([shown], self._repository.names))[0]

    async def download(
        self, caller: Caller, file_id: str, form: schemas.Form
    ) -> schemas.DownloadUrlResponse:
        """Where to GET the bytes. Raises LeonidasError: ``conflict`` where there are none yet."""
        file = await self._file(caller, file_id, Action.READ)
        if form is schemas.Form.FRAME:
            frame = _frame(file)
            key, name = frame.content.frame(frame.frame_hash), f"{frame.name}.parquet"
        elif file.status is FileStatus.UPLOADING:
            raise busy(file)
        else:
            key, name = file.content.original, file.filename
        seconds = self._limits.download_seconds
        url = await self._store.presign_get(key, filename=name, expires_in=seconds)
        return schemas.DownloadUrlResponse.of(url)

    @of_what_stands
    async def preview(self, caller: Caller, file_id: str, limit: int) -> schemas.PreviewResponse:
        """The first rows. Raises LeonidasError: ``conflict`` where there is no frame."""
        frame = _frame(await self._file(caller, file_id, Action.READ))
        profile = await self._frames.profile(frame)
        return schemas.PreviewResponse.of(profile, await self._frames.first_rows(frame, limit))

    async def ask(self, caller: Caller, project_id: str, wanted: schemas.QueryRequest) -> Stream:
        """What a query over the project's frames gives; see ``Asking.arrow``."""
        await self._projects.authorize(caller, project_id, Action.READ)
        return self._asking.arrow(project_id, wanted.sql, limit=wanted.limit)

    async def rename(
        self, caller: Caller, file_id: str, filename: str, *, if_version: int | None = None
    ) -> FileResponse:
        """Rename the file; its frame takes the name that follows from it, or the next free one."""
        file = await self._file(caller, file_id, Action.EDIT)
        try:
            file = await self._repository.rename(file, filename, if_version=if_version)
        except Missing:
            raise not_found("file") from None
        await self._reading.announce(file)
        return FileResponse.of(file)

    async def correct(
        self,
        caller: Caller,
        file_id: str,
        override: DialectOverride,
        *,
        if_version: int | None = None,
    ) -> FileResponse:
        """Read the file again as the caller says it is written; its frame stands until then.

        Raises:
            LeonidasError: ``conflict`` while it is being uploaded or read.
        """
        await self._file(caller, file_id, Action.EDIT)
        try:
            file = await self._reading.again(file_id, override, if_version=if_version)
        except Missing:
            raise not_found("file") from None
        return FileResponse.of(file)

    async def delete(self, caller: Caller, file_id: str, *, if_version: int | None = None) -> None:
        """Delete a file: it is gone at once, its objects in the background; reading it stops."""
        while True:
            file = await self._file(caller, file_id, Action.EDIT)
            if if_version is not None and file.version != if_version:
                raise Stale
            with suppress(Stale, Missing):
                await self._repository.mark_deleted(file, self._leases)
                return await self._discard(file_id)

    async def standing(self, project_id: str) -> list[Standing]:
        """The frames that can be asked, for callers who are authorised."""
        files = await self._repository.all_of_project(project_id)
        return [frame for file in files if (frame := file.standing) is not None]

    async def _sweep(self, file: StoredFile) -> None:
        """Give up waiting for bytes that never came, or were never confirmed."""
        if file.status is not FileStatus.UPLOADING:
            await self.arrivals.abandon(file)
            return
        try:
            await self._repository.mark_deleted(file, self._leases)
        except Stale:
            return
        except Missing:
            await self._remove(file)
        self._removals.start(file.file_id)

    async def _discard(self, file_id: str) -> None:
        await self._repository.discard(file_id, self._leases)
        await self._reading.stop(file_id)
        self._removals.start(file_id)

    async def _remove(self, file: StoredFile) -> None:
        await self._sheets.drop(file)
        await self._store.delete_prefix(file.prefix)
        await self._repository.remove(file.file_id)
        await self._reading.announce(file, "DELETED")

    async def _project_deleted(self, event: ProjectDeleted) -> None:
        for file in await self._repository.all_of_project(event.project_id):
            await self._reading.stop(file.file_id)
            await self._repository.remove(file.file_id)
        await self._store.delete_prefix(f"projects/{event.project_id}/")

    async def _file(self, caller: Caller, file_id: str, action: Action) -> StoredFile:
        file = await self._repository.get(file_id)
        if file is None or file.deleted_at is not None:
            raise not_found("file")
        await self._projects.authorize(caller, file.project_id, action, what="file")
        return file


def _frame(file: StoredFile) -> Standing:
    if file.standing is None:
        raise conflict(f"{file.filename} has no frame: {file.reason or 'it is not read yet.'}")
    return file.standing
