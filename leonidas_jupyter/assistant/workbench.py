"""What a run works with, put together: frames, queries, and whose Python it is."""

from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from leonidas_jupyter.assistant.changes import Standing, standing_now
from leonidas_jupyter.assistant.executors import Execution, Executor, Executors, Place
from leonidas_jupyter.assistant.namespace import ClientFrame
from leonidas_jupyter.assistant.policy import PythonTool
from leonidas_jupyter.assistant.shapes import AnswerRow, FrameRead
from leonidas_jupyter.assistant.tools.base import DrawChart, PythonMode, SaveResults
from leonidas_jupyter.assistant.turn import Sources
from leonidas_jupyter.assistant.waiting import Progress, unread_files
from leonidas_jupyter.core.errors import invalid
from leonidas_jupyter.core.events import EventBus
from leonidas_jupyter.core.ids import now
from leonidas_jupyter.core.paging import Page
from leonidas_jupyter.core.security import Caller
from leonidas_jupyter.data.frames import Frame
from leonidas_jupyter.data.framestore import Standing as StandingFrame
from leonidas_jupyter.data.recipes.results import RecipeResult
from leonidas_jupyter.data.recipes.steps import Recipe
from leonidas_jupyter.data.sql import QueryResult

TURNED_OFF = "Python is turned off here by now, so the code was not run."
NO_KERNELS = "This server has no kernel that could run Python, so the code was not run."


class ProjectFiles(Protocol):
    """The part of the files' rules that answers need."""

    async def frames(self, project_id: str) -> Sequence[Frame]:
        """The frames that can be asked."""

    async def standing(self, project_id: str) -> Sequence[StandingFrame]:
        """Where they are kept, without their profiles."""

    async def query(self, project_id: str, sql: str, *, limit: int) -> QueryResult:
        """See `tools.base.RunQuery`."""

    async def statistics(self, project_id: str, recipe: Recipe) -> RecipeResult:
        """See `tools.base.RunStatistics`."""

    async def of_project(
        self, caller: Caller, project_id: str, *, after: str | None = None, limit: int = 50
    ) -> Page[Any]:
        """A page of a project's files."""

    async def frame_file(self, project_id: str, frame: Frame) -> Path:
        """The local Parquet file of a frame. Raises LeonidasError."""


@dataclass(frozen=True)
class Bench:
    """For whom and where a run works.

    Attributes:
        caller: who asked.
        project_id: over whose frames.
        session_id: in which conversation, whose title is ``title``.
        kernel_name: the project's kernelspec.
        runs_in: whose Python it is: ``session``, ``client``, or the notebook's ``kernel_id``.
        python: what the policy says of Python.
        allowed: the person has allowed it for this session.
        frames: the tables that the client named.
    """

    caller: Caller
    project_id: str
    session_id: str
    title: str
    kernel_name: str | None
    runs_in: str
    kernel_id: str | None
    python: PythonTool
    allowed: bool
    frames: Sequence[ClientFrame] = ()


class KernelWork:
    """Whose code runs where a token is at hand: in a notebook's kernel, or in a client."""

    def __init__(self) -> None:
        self._running: dict[str, int] = {}
        self._claims: dict[str, dict[str, datetime]] = {}

    def busy(self, user_id: str) -> bool:
        """Whether code of this user's calls runs there now, as far as this process knows."""
        claims = self._claims.get(user_id, {}).values()
        return user_id in self._running or any(until > now() for until in claims)

    def claimed(self, user_id: str, claim: str, until: datetime) -> None:
        """A client of this user runs a call, until then at most."""
        held = self._claims.get(user_id, {}) | {claim: until}
        self._claims[user_id] = {each: end for each, end in held.items() if end > now()}

    def reported(self, user_id: str, claim: str | None) -> None:
        """The client has run the call that it had claimed."""
        held = self._claims.get(user_id, {})
        if claim is not None:
            held.pop(claim, None)
        if not held:
            self._claims.pop(user_id, None)

    @contextmanager
    def of(self, user_id: str) -> Iterator[None]:
        """Code of this user's calls runs in a notebook's kernel."""
        self._running[user_id] = self._running.get(user_id, 0) + 1
        try:
            yield
        finally:
            self._running[user_id] -= 1
            if not self._running[user_id]:
                del self._running[user_id]


SavesFor = Callable[[Caller, str], SaveResults]
"""What makes results files of a project for somebody."""


class Workbench:
    """Makes the sources of turns."""

    def __init__(
        self,
        files: ProjectFiles,
        bus: EventBus,
        executors: Executors | None = None,
        draw: DrawChart | None = None,
        saves: SavesFor | None = None,
    ) -> None:
        self._files = files
        self._progress = Progress(bus)
        self._executors = executors
        self._draw = draw
        self._saves = saves
        self.kernel_work = KernelWork()

    def sources(self, bench: Bench, past: Callable[[], Awaitable[Sequence[AnswerRow]]]) -> Sources:
        """What a turn needs."""
        files, project_id = self._files, bench.project_id
        return Sources(
            query=partial(files.query, project_id),
            frames=partial(files.frames, project_id),
            unread=partial(
                unread_files, partial(files.of_project, bench.caller, project_id), self._progress
            ),
            past=past,
            python=_mode(bench),
            executor=self.executor(bench),
            save=None if self._saves is None else self._saves(bench.caller, project_id),
            draw=self._draw,
            beside=bench.frames,
            statistics=partial(files.statistics, project_id),
        )

    async def standing(self, project_id: str) -> dict[str, Standing]:
        """The files of a project that have a frame, by their ids, as they are now."""
        return standing_now(await self._files.standing(project_id))

    async def readable(self, project_id: str) -> list[FrameRead]:
        """The project's frames as code that reads them now does."""
        return [
            FrameRead(
                name=each.name,
                file_id=each.content.file_id,
                content_version=each.content.content_version,
                filename=each.filename,
                frame_hash=each.frame_hash,
            )
            for each in await self._files.standing(project_id)
        ]

    def executor(self, bench: Bench) -> Executor | None:
        """What runs a bench's Python; None where the client does, or nothing can."""
        if self._executors is None or bench.python == "off" or bench.runs_in == "client":
            return None
        place = Place(
            session_id=bench.session_id,
            username=bench.caller.username,
            title=bench.title,
            kernel_name=bench.kernel_name,
            frame_file=partial(self._files.frame_file, bench.project_id),
        )
        if bench.kernel_id is None:
            return self._executors.session(place)
        notebook = self._executors.kernel(place, bench.kernel_id)
        return _Watched(notebook, self.kernel_work, bench.caller.user_id)

    def off(self, bench: Bench) -> str | None:
        """Why a bench's Python cannot run, in one sentence; None where it can."""
        if bench.python == "off":
            return TURNED_OFF
        return NO_KERNELS if self._executors is None and bench.runs_in != "client" else None

    def check(self, runs_in: str) -> None:
        """Raise LeonidasError, ``invalid_request``, for Python that this server cannot run."""
        if runs_in == "kernel" and self._executors is None:
            raise invalid("This server has no kernels; leave executor and kernel_id out.")


class _Watched:
    """A notebook's kernel, while whose work its token approves nothing."""

    def __init__(self, executor: Executor, work: KernelWork, user_id: str) -> None:
        self._executor = executor
        self._work = work
        self._user_id = user_id

    async def run(
        self, code: str, frames: Sequence[Frame], *, may_overwrite: Collection[str] = ()
    ) -> Execution:
        with self._work.of(self._user_id):
            return await self._executor.run(code, frames, may_overwrite=may_overwrite)

    async def overwrites(self, code: str) -> Sequence[str]:
        return await self._executor.overwrites(code)

    async def write(self, kept: str, target: Path) -> Sequence[str]:
        with self._work.of(self._user_id):
            return await self._executor.write(kept, target)


def _mode(bench: Bench) -> PythonMode:
    if bench.python == "off":
        return "off"
    if bench.runs_in == "client":
        return "client"
    return "auto" if bench.allowed else bench.python
