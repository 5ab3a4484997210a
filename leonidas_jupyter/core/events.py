"""The event bus: domains publish what happened; layers above them subscribe at start."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar, cast

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Event:
    """Something that happened."""


@dataclass(frozen=True)
class UserRegistered(Event):
    """A user's row was made: by registration, or on first sight of an identity."""

    user_id: str


@dataclass(frozen=True)
class ProjectEvent(Event):
    """Something that happened in a project."""

    project_id: str


@dataclass(frozen=True)
class ProjectDeleted(ProjectEvent):
    """The project is marked as deleted; everything in it is to go."""


@dataclass(frozen=True)
class SessionDeleted(ProjectEvent):
    """The session is marked as deleted; its messages and runs are to go."""

    session_id: str


@dataclass(frozen=True)
class SessionRefreshed(ProjectEvent):
    """The session goes on afresh: what was said and computed in it so far is no part of it."""

    session_id: str


@dataclass(frozen=True)
class FileUploaded(ProjectEvent):
    """The bytes of a file are confirmed; it is to be read."""

    file_id: str


@dataclass(frozen=True)
class FileStatusChanged(ProjectEvent):
    """A file's status changed; DELETED is said once, when it is gone."""

    file_id: str
    status: str
    reason: str | None = None


@dataclass(frozen=True)
class FileProgress(ProjectEvent):
    """How far reading a file has come, 0 to 1."""

    file_id: str
    progress: float


@dataclass(frozen=True)
class FileReady(ProjectEvent):
    """A frame stands."""

    file_id: str
    frame_name: str


@dataclass(frozen=True)
class MessageAdded(ProjectEvent):
    """A message was stored in a session."""

    session_id: str
    message_id: str
    role: str


@dataclass(frozen=True)
class RunStateChanged(ProjectEvent):
    """A run began or ended."""

    session_id: str
    run_id: str
    status: str


E = TypeVar("E", bound=Event)
Handler = Callable[[E], Awaitable[None]]


class EventBus:
    """Delivers events to the handlers of their class and of its base classes."""

    def __init__(self) -> None:
        self._handlers: defaultdict[type[Event], list[Handler[Event]]] = defaultdict(list)

    def subscribe(self, kind: type[E], handler: Handler[E]) -> Callable[[], None]:
        """Call ``handler`` for each event of ``kind``; the returned function ends that."""
        handlers = self._handlers[kind]
        entry = cast("Handler[Event]", handler)
        handlers.append(entry)
        return lambda: handlers.remove(entry)

    async def publish(self, event: Event) -> None:
        """Deliver, and log what fails: the publisher's own work is done whatever a handler does."""
        for failure in await self._run(event):
            log.error("A handler failed on %r", event, exc_info=failure)

    async def deliver(self, event: Event) -> None:
        """Deliver, and raise an ExceptionGroup of what failed: for work that must not be lost."""
        failures = await self._run(event)
        if failures:
            raise ExceptionGroup(f"delivering {event!r}", failures)

    async def _run(self, event: Event) -> list[Exception]:
        handlers = [h for kind in type(event).__mro__ for h in tuple(self._handlers.get(kind, ()))]
        results = await asyncio.gather(*(h(event) for h in handlers), return_exceptions=True)
        failures: list[Exception] = []
        for result in results:
            if isinstance(result, Exception):
                failures.append(result)
            elif isinstance(result, BaseException):
                raise result
        return failures
