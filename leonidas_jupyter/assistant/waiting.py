"""Files that are still being read when a question comes: a short wait, then a plain word."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from leonidas_jupyter.assistant.tools.table import cell
from leonidas_jupyter.core.events import EventBus, FileProgress, FileStatusChanged

if TYPE_CHECKING:
    from leonidas_jupyter.core.paging import Page

LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class UnreadFile:
    """A file without a frame: being read (``progress`` from 0 to 1, where known), or unreadable.

    ``reason`` is one sentence on why it could not be read.
    """

    filename: str
    progress: float | None = None
    reason: str | None = None


class Progress:
    """How far each file that this process reads has come, by its id, from 0 to 1."""

    def __init__(self, bus: EventBus) -> None:
        self._far: dict[str, float] = {}
        bus.subscribe(FileProgress, self._moved)
        bus.subscribe(FileStatusChanged, self._changed)

    def of(self, file_id: str) -> float | None:
        """Null for a file that another process reads, or that has only just begun."""
        return self._far.get(file_id)

    async def _moved(self, event: FileProgress) -> None:
        self._far[event.file_id] = event.progress

    async def _changed(self, event: FileStatusChanged) -> None:
        self._far.pop(event.file_id, None)


class StoredFile(Protocol):
    """A project's file, as far as waiting for it needs it."""

    @property
    def file_id(self) -> str:
        """Its id."""

    @property
    def filename(self) -> str:
        """Its name."""

    @property
    def frame_hash(self) -> str | None:
        """Null while no frame stands."""

    @property
    def status(self) -> str:
        """UPLOADING, PROCESSING, COMPLETED or FAILED."""

    @property
    def reason(self) -> str | None:
        """Why it could not be read."""


F = TypeVar("F", bound=StoredFile)


async def unread_files(
    list_files: "Callable[..., Awaitable[Page[F]]]", progress: Progress
) -> list[UnreadFile]:
    """The files without a frame; ``list_files(after=, limit=)`` gives a page of all files."""
    found: list[UnreadFile] = []
    cursor: str | None = None
    while True:
        listed = await list_files(after=cursor, limit=200)
        found += [
            UnreadFile(file.filename, progress.of(file.file_id), file.reason)
            for file in listed.items
            if file.frame_hash is None and file.status in ("PROCESSING", "FAILED")
        ]
        if (cursor := listed.next) is None:
            return found


Look = Callable[[], Awaitable[Sequence[UnreadFile]]]


async def wait_for_files(look: Look, seconds: float) -> Sequence[UnreadFile]:
    """The files that have no frame once none is being read any more, or after ``seconds``."""
    clock = asyncio.get_running_loop()
    until = clock.time() + seconds
    while True:
        unread = await look()
        if all(file.reason is not None for file in unread) or clock.time() >= until:
            return unread
        await asyncio.sleep(LOOK_SECONDS)


def notice(unread: Sequence[UnreadFile], *, any_frames: bool) -> str:
    """What to tell the person before the answer, as Markdown; nothing when nothing is missing.

    Files that could not be read are named only where no frame stands: they are no news otherwise.
    """
    told = [file for file in unread if file.reason is None or not any_frames]
    return "\n\n".join(_sentence(file, any_frames) for file in told)


def _sentence(file: UnreadFile, any_frames: bool) -> str:
    name = cell(file.filename)
    if file.reason is not None:
        return f"{name} could not be read: {cell(file.reason)}"
    far = "" if file.progress is None else f" ({file.progress * 100:.0f} %)"
    then = "this answer is without it." if any_frames else "ask again when it is done."
    return f"{name} is still being read{far}; {then}"
