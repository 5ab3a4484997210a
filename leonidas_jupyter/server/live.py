"""Live events of a project, for who watches it."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Literal

from pydantic import BaseModel

from leonidas_jupyter.core.errors import ErrorCode, LeonidasError
from leonidas_jupyter.core.events import (
    EventBus,
    FileProgress,
    FileStatusChanged,
    MessageAdded,
    ProjectEvent,
    RunStateChanged,
)
from leonidas_jupyter.core.http import Request, Services
from leonidas_jupyter.core.security import Action
from leonidas_jupyter.projects.service import ProjectsService

WAITING = 256
"""How many events may wait for a slow reader before the connection is ended."""
CHECK_SECONDS = 10.0
"""How often it is looked whether the reader still may read."""


class Ready(BaseModel):
    """Sent first: from here on nothing is missed."""

    event: Literal["ready"] = "ready"


class FileStatusEvent(BaseModel):
    """A file's status changed; DELETED when it is gone."""

    event: Literal["file_status"] = "file_status"
    file_id: str
    status: str
    reason: str | None


class FileProgressEvent(BaseModel):
    """How far reading a file has come, 0 to 1."""

    event: Literal["file_progress"] = "file_progress"
    file_id: str
    progress: float


class MessageAddedEvent(BaseModel):
    """A message was stored."""

    event: Literal["message_added"] = "message_added"
    session_id: str
    message_id: str
    role: str


class RunStateEvent(BaseModel):
    """A run began, waits, or ended."""

    event: Literal["run_state"] = "run_state"
    session_id: str
    run_id: str
    status: str


LIVE_EVENTS: dict[str, type[BaseModel]] = {
    "ready": Ready,
    "file_status": FileStatusEvent,
    "file_progress": FileProgressEvent,
    "message_added": MessageAddedEvent,
    "run_state": RunStateEvent,
}
"""Every message of the WebSocket, by the value of its ``event``."""


class _Feed:
    """Events of one project on their way to one reader."""

    def __init__(self, project_id: str) -> None:
        self._project_id = project_id
        self._waiting: asyncio.Queue[str] = asyncio.Queue(WAITING)
        self._overrun = False

    async def take(self, event: ProjectEvent) -> None:
        if event.project_id != self._project_id or (shown := _shown(event)) is None:
            return
        try:
            self._waiting.put_nowait(shown.model_dump_json())
        except asyncio.QueueFull:
            self._overrun = True

    async def next(self, seconds: float) -> str | None:
        """The next text; None when none came in time."""
        if self._overrun:
            raise LeonidasError(
                ErrorCode.RATE_LIMITED, "You read too slowly; connect again and list anew."
            )
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                return await self._waiting.get()
        except TimeoutError:
            return None


async def project_events(request: Request, services: Services) -> AsyncIterator[str]:
    """Each event of the project as JSON text, for as long as the caller may read the project."""
    projects = services[ProjectsService]
    project_id = request.params["project_id"]
    await projects.authorize(request.user, project_id, Action.READ)
    feed = _Feed(project_id)
    unsubscribe = services[EventBus].subscribe(ProjectEvent, feed.take)
    try:
        yield Ready().model_dump_json()
        check = time.monotonic() + CHECK_SECONDS
        while True:
            text = await feed.next(check - time.monotonic())
            if time.monotonic() >= check:
                await projects.authorize(request.user, project_id, Action.READ)
                check = time.monotonic() + CHECK_SECONDS
            if text is not None:
                yield text
    finally:
        unsubscribe()


def _shown(event: ProjectEvent) -> BaseModel | None:
    match event:
        case FileStatusChanged(file_id=file_id, status=status, reason=reason):
            return FileStatusEvent(file_id=file_id, status=status, reason=reason)
        case FileProgress(file_id=file_id, progress=progress):
            return FileProgressEvent(file_id=file_id, progress=progress)
        case MessageAdded(session_id=session_id, message_id=message_id, role=role):
            return MessageAddedEvent(session_id=session_id, message_id=message_id, role=role)
        case RunStateChanged(session_id=session_id, run_id=run_id, status=status):
            return RunStateEvent(session_id=session_id, run_id=run_id, status=status)
        case _:
            return None
