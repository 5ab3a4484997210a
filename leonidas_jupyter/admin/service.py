"""The rules of administration: everything of a person given out as one archive, or erased.

An export is written beside what it is made of, under ``exports/``, with a note of how far it has
come; it is removed a day later. An erasure is unfinished work on the user's row: whichever process
finds it goes on with it. What has to be known after rows are gone (which objects have versions in
a bucket, which frames lie in a cache) is written down under ``erasures/`` first.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from leonidas_jupyter.admin.repository import AdminRepository
from leonidas_jupyter.admin.schemas import (
    ERASE,
    README,
    AdminSettings,
    EraseResponse,
    ErasureNote,
    ExportNote,
    ExportResponse,
    ExportStatus,
    shown,
)
from leonidas_jupyter.auth.schemas import StoredUser
from leonidas_jupyter.auth.service import AuthService
from leonidas_jupyter.core.errors import conflict, invalid, not_found
from leonidas_jupyter.core.ids import new_id, now
from leonidas_jupyter.core.security import Caller
from leonidas_jupyter.core.tasks import Tasks
from leonidas_jupyter.core.zips import Member, zipped
from leonidas_jupyter.data.frames import FrameCache
from leonidas_jupyter.files.schemas import StoredFile
from leonidas_jupyter.projects.service import ProjectsService
from leonidas_jupyter.storage.base import ObjectMissing, ObjectStore, StoreUnavailable
from leonidas_jupyter.tables.base import Missing, Stale
from leonidas_jupyter.tables.leases import Leases
from leonidas_jupyter.tables.resumable import Resumable

log = logging.getLogger(__name__)

EXPORTS = "exports/"
ERASURES = "erasures/"
KEPT = timedelta(days=1)
"""How long an export is kept; it holds all that somebody has."""
ALIVE = timedelta(seconds=60)
"""An export that has not said for so long that it goes on was ended."""
RENEW_SECONDS = 15.0
SWEEP_SECONDS = 3600.0

N = TypeVar("N", bound=BaseModel)


class AdminService:
    """Exports and erasures of accounts. Callers are administrators; the route table sees to it."""

    def __init__(
        self,
        *,
        repository: AdminRepository,
        store: ObjectStore,
        auth: AuthService,
        projects: ProjectsService,
        cache: FrameCache,
        tasks: Tasks,
        leases: Leases,
        settings: AdminSettings,
    ) -> None:
        self._repository = repository
        self._store = store
        self._auth = auth
        self._projects = projects
        self._cache = cache
        self._tasks = tasks
        self._leases = leases
        self._settings = settings
        self._swept = float("-inf")
        self._erasures = Resumable(ERASE, repository.users, self._erase, leases=leases, tasks=tasks)

    async def recover(self) -> None:
        """Go on with erasures that a stopped process left; remove exports that are old."""
        await self._erasures.recover()
        if time.monotonic() - self._swept > SWEEP_SECONDS:
            self._swept = time.monotonic()
            await self._sweep()

    async def export(self, caller: Caller, user_id: str, *, fresh: bool) -> ExportResponse:
        """How the export of an account stands; begun where there is none, or a fresh one is wanted.

        Raises:
            LeonidasError: ``not_found``; ``conflict`` while the account is erased.
        """
        user = await self._user(user_id)
        if user.unfinished == ERASE:
            raise conflict("The account is being erased; there is nothing to export any more.")
        note = await self._note(f"{EXPORTS}{user_id}/note.json", ExportNote)
        if (
            note is not None
            and not _over(note)
            and (note.status is ExportStatus.RUNNING or not fresh)
        ):
            return await self._shown(user, note)
        begun = now()
        note = ExportNote(
            status=ExportStatus.RUNNING,
            owner=self._leases.worker_id,
            begun_at=begun,
            seen_at=begun,
            object=f"{EXPORTS}{user_id}/{new_id()}.zip",
        )
        await self._keep(f"{EXPORTS}{user_id}/note.json", note)
        log.info("%s exports the account %s", caller.username, user_id)
        self._tasks.spawn(self._make(user, note), name=f"export {user_id}")
        return await self._shown(user, note)

    async def erase(self, caller: Caller, user_id: str, confirm: str) -> EraseResponse:
        """Erase an account with all that it owns, in the background; asked again, how it stands.

        Raises:
            LeonidasError: ``not_found``, also once it is done; ``invalid_request`` where
                ``confirm`` is not the user's name; ``conflict`` for the caller's own account.
        """
        user = await self._user(user_id)
        if confirm != user.username:
            raise invalid("confirm: It takes the user name of the account, letter for letter.")
        if caller.user_id == user_id:
            raise conflict("You cannot erase yourself; ask another administrator.")
        while user.unfinished != ERASE:
            try:
                user = await self._repository.mark(user, self._leases)
            except Missing:
                raise not_found("user") from None
            except Stale:
                user = await self._user(user_id)
            else:
                log.warning("%s erases the account %s", caller.username, user_id)
        self._auth.forget(user)
        self._erasures.start(user_id)
        days = self._settings.backup_days
        return EraseResponse(
            user_id=user_id,
            recoverable_until=now() + timedelta(days=days) if days else None,
            remains=self._remains(),
        )

    def _remains(self) -> list[str]:
        days = self._settings.backup_days
        held = [
            "What this person asked in other people's projects is taken out; the answers, and "
            "files in those projects, stay, as they are theirs.",
            "Logs of this server, backups made by `jupyter leonidas copy`, and what was downloaded "
            "are out of its reach.",
        ]
        if self._settings.bucket:
            held.append("What was deleted before may be in the bucket till its own rule ends it.")
        if self._settings.point_in_time:
            held.append(f"Point-in-time recovery of DynamoDB holds the rows for {days} days.")
        elif days:
            held.append(f"Backups of this installation hold it for {days} days.")
        return held

    async def _stands(self, user_id: str) -> bool:
        user = await self._repository.user(user_id)
        return user is not None and user.unfinished != ERASE

    async def _user(self, user_id: str) -> StoredUser:
        if (user := await self._repository.user(user_id)) is None:
            raise not_found("user")
        return user

    async def _shown(self, user: StoredUser, note: ExportNote) -> ExportResponse:
        stands = ExportResponse(
            user_id=user.user_id, status=note.status, begun_at=note.begun_at, size=note.size
        )
        if note.status is not ExportStatus.READY:
            return stands
        url = await self._store.presign_get(
            note.object, filename=f"{user.user_id}.zip", expires_in=self._settings.url_seconds
        )
        link = {"download_url": url.url, "method": url.method, "headers": url.headers}
        return stands.model_copy(update={**link, "expires_at": url.expires_at})

    async def _make(self, user: StoredUser, note: ExportNote) -> None:
        """Write the archive, and say in its note how that goes."""
        key = f"{EXPORTS}{user.user_id}/note.json"
        renewing = asyncio.create_task(self._renew(key, note))
        try:
            info = await self._store.put(note.object, zipped(self._members(user), note.begun_at))
            note.status, note.size = ExportStatus.READY, info.size
        except Exception:
            note.status = ExportStatus.FAILED
            raise
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing
            note.seen_at = now()
            await self._keep(key, note)
            if not await self._stands(user.user_id):
                await self._store.purge(f"{EXPORTS}{user.user_id}/")

    async def _renew(self, key: str, note: ExportNote) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            note.seen_at = now()
            with suppress(StoreUnavailable):
                await self._keep(key, note)

    async def _members(self, user: StoredUser) -> AsyncIterator[Member]:
        """The files of an archive."""
        repository, user_id = self._repository, user.user_id
        yield "README.txt", _bytes(README.encode())
        yield "user.json", _bytes(shown(user))
        yield "sign_ins.jsonl", _lines(repository.families(user_id))
        yield "members.jsonl", _lines(repository.memberships(user.username))
        yield "usage.jsonl", _lines(repository.usage(user_id))
        yield "questions.jsonl", _lines(self._questions(user_id))
        async for project in repository.projects(user_id):
            if project.deleted_at is not None:
                continue
            folder, project_id = f"projects/{project.project_id}/", project.project_id
            yield f"{folder}project.json", _bytes(shown(project))
            for name in ("members", "sessions", "files"):
                yield f"{folder}{name}.jsonl", _lines(repository.rows_of(name, project_id))
            yield f"{folder}messages.jsonl", _lines(self._said(project_id))
            yield f"{folder}runs.jsonl", _lines(self._runs(project_id))
            async for file in repository.rows_of("files", project_id):
                if file.deleted_at is None:
                    name = f"{folder}files/{file.file_id}/{file.filename}"
                    yield name, self._original(file)

    async def _questions(self, user_id: str) -> AsyncIterator[Any]:
        async for run in self._repository.asked(user_id):
            if (question := await self._repository.question(run)) is not None:
                yield question

    async def _said(self, project_id: str) -> AsyncIterator[Any]:
        async for session in self._repository.rows_of("sessions", project_id):
            async for message in self._repository.said(session.session_id):
                yield message

    async def _runs(self, project_id: str) -> AsyncIterator[Any]:
        async for session in self._repository.rows_of("sessions", project_id):
            async for run in self._repository.runs(session.session_id):
                yield run

    async def _original(self, file: StoredFile) -> AsyncIterator[bytes]:
        with suppress(ObjectMissing):  # it is not uploaded yet, or was deleted meanwhile
            async for chunk in self._store.get(file.content.original):
                yield chunk

    async def _erase(self, user: StoredUser) -> None:
        """Erase all of it; every step stands being repeated."""
        user_id, repository = user.user_id, self._repository
        key = f"{ERASURES}{user_id}.json"
        begun = time.monotonic()
        await repository.sign_out(user_id)
        await self._erase_projects(user, key)
        # By then no process takes the account for a living one; what came meanwhile goes, too.
        await asyncio.sleep(max(0.0, self._settings.settle_seconds - (time.monotonic() - begun)))
        await repository.sign_out(user_id)
        note = await self._erase_projects(user, key)
        await repository.leave(user.username, user_id)
        asked = [run async for run in repository.asked(user_id)]
        note.items += [each for run in asked for each in (run.run_id, run.session_id)]
        await self._keep(key, note.once())
        await repository.erase_words(user_id, asked)
        await repository.purge(note)
        await repository.forget_usage(user_id)
        await self._store.purge(f"{EXPORTS}{user_id}/")
        for project_id in note.projects:
            await self._store.purge(f"projects/{project_id}/")
        for frame_hash in note.frames:
            await self._cache.drop(frame_hash)
        await self._store.purge(key)
        await repository.remove_user(user_id)
        log.warning("The account %s is erased", user_id)

    async def _erase_projects(self, user: StoredUser, key: str) -> ErasureNote:
        """Delete what somebody owns, after it is written down what there was."""
        note = await self._note(key, ErasureNote) or ErasureNote()
        projects = await self._repository.owned(user.user_id, note)
        note = note.once()
        await self._keep(key, note)
        for project_id in projects:
            await self._projects.remove(project_id)
        return note

    async def _note(self, key: str, kind: type[N]) -> N | None:
        try:
            raw = b"".join([chunk async for chunk in self._store.get(key)])
            return kind.model_validate_json(raw)
        except (ObjectMissing, ValidationError):
            return None

    async def _keep(self, key: str, note: BaseModel) -> None:
        await self._store.put(key, note.model_dump_json().encode())

    async def _sweep(self) -> None:
        """Remove exports that are older than they are kept."""
        old = []
        async for info in self._store.list(EXPORTS, checksums=False):
            if info.key.endswith("/note.json"):
                note = await self._note(info.key, ExportNote)
                if note is None or now() - note.seen_at > KEPT:
                    old.append(info.key.removesuffix("note.json"))
        for prefix in old:
            await self._store.purge(prefix)


def _over(note: ExportNote) -> bool:
    """Whether a note says nothing any more: it is old, failed, or its maker has ended."""
    age = now() - note.seen_at
    running = note.status is ExportStatus.RUNNING
    return age > (ALIVE if running else KEPT) or note.status is ExportStatus.FAILED


async def _bytes(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _lines(rows: AsyncIterator[BaseModel]) -> AsyncIterator[bytes]:
    async for row in rows:
        yield shown(row) + b"\n"
