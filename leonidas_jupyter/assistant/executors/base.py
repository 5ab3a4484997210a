"""What runs the Python that DS Bro writes, as the rest of the assistant sees it."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from leonidas_jupyter.assistant.events import MimeBundle, OwnUse
from leonidas_jupyter.data.frames import Frame


@dataclass(frozen=True)
class Execution:
    """What came of running code.

    Attributes:
        ok: it ran to its end.
        text: what it printed and what its last expression gave, as text, cut to a limit.
        outputs: forms to show, in order: text, HTML, images, tables.
        error: one sentence when it did not: the exception's name and message, or which limit.
        traceback: the exception's traceback as plain text, for people.
        table: the last expression's value, where it is a table, a series or a single value:
            ``columns`` ({name, type}), ``rows``, ``truncated`` and ``total_rows``.
        kept: by which name the executor still has that value whole, for ``write``.
        notes: sentences on how it ran, for the model and for people.
        frames: the frames that it had at hand and read.
        own: variables that it read in place of frames of these names.
        elapsed_ms: how long it took.
    """

    ok: bool
    text: str
    outputs: Sequence[MimeBundle] = ()
    error: str | None = None
    traceback: str | None = None
    table: Mapping[str, Any] | None = None
    kept: str | None = None
    notes: Sequence[str] = ()
    frames: Sequence[Frame] = ()
    own: Sequence[OwnUse] = ()
    elapsed_ms: float = 0.0


class Executor(Protocol):
    """Runs code for one session; cancelling the caller interrupts the kernel."""

    async def run(
        self, code: str, frames: Sequence[Frame], *, may_overwrite: Collection[str] = ()
    ) -> Execution:
        """Run code with those of these frames preloaded that it names.

        ``may_overwrite`` are the names of the user's variables that somebody agreed to lose; code
        that would overwrite others does not run.

        Raises:
            tools.base.ToolFailed: there is no kernel to run it, in one sentence.
        """

    async def overwrites(self, code: str) -> Sequence[str]:
        """The names which the code assigns and which the user has already, to be asked about.

        Always empty where the namespace is DS Bro's own.
        """

    async def write(self, kept: str, target: Path) -> Sequence[str]:
        """Write a table that an earlier run kept to ``target``, as CSV.

        Returns:
            The names of its columns of text.

        Raises:
            tools.base.ToolFailed: it is not kept any more, or cannot be written.
        """


@dataclass(frozen=True)
class Place:
    """For which session code runs, and what belongs to it.

    Attributes:
        session_id: the chat session.
        username: who asked; in a notebook's kernel only the server's own user may.
        title: the session's title, which names its kernel among the running ones.
        kernel_name: the project's kernelspec; None is the server's default.
        frame_file: the local Parquet file of a frame; raises LeonidasError.
    """

    session_id: str
    username: str
    title: str
    kernel_name: str | None
    frame_file: Callable[[Frame], Awaitable[Path]]


class Executors(Protocol):
    """The executors of this server; nothing starts before code runs."""

    def session(self, place: Place) -> Executor:
        """The session's own kernel, on this server."""

    def kernel(self, place: Place, kernel_id: str) -> Executor:
        """The kernel of the notebook that asked.

        One that is not Python is left alone: the session's kernel runs the code then, and a note
        says so. One that is not there, or not the caller's, fails when it is to run.
        """

    async def refresh(self, session_id: str) -> None:
        """End the session's kernel and remove its folder: the next run begins afresh."""

    async def forget(self, session_id: str) -> None:
        """As ``refresh``, for a session that is gone."""

    async def close(self) -> None:
        """End every kernel that was started here."""


class KernelGone(Exception):
    """There is no such kernel, or it cannot be reached."""


class KernelNotStarted(Exception):
    """No kernel could be started; ``sentence`` says why and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Kernels(Protocol):
    """The kernels of the server that this runs in."""

    async def start(
        self, kernel_name: str | None, *, env: dict[str, str], cwd: Path, name: str, path: str
    ) -> str:
        """Start a Python kernel and list it under ``name``; returns its id.

        Args:
            kernel_name: the kernelspec; None is ``python3``.
            env: its whole environment.
            cwd: its working directory.
            name: what people see among the running kernels.
            path: what tells its session from others there.

        Raises:
            KernelNotStarted: there is no such kernelspec, it is not Python, or it failed.
        """

    def connection(self, kernel_id: str) -> Mapping[str, Any]:
        """How to reach the kernel: ports, key, signature scheme. Raises KernelGone."""

    async def life(self, kernel_id: str) -> str | None:
        """What tells this life of the kernel from one after a restart; None when it is dead."""

    def language(self, kernel_id: str) -> str:
        """The language of its kernelspec, in lower case. Raises KernelGone."""

    def usable_by(self, username: str) -> bool:
        """Whether the kernels of this server's notebooks are this user's."""

    def idle_seconds(self, kernel_id: str) -> float | None:
        """How long nothing has happened in it; None while it works or somebody looks at it."""

    async def interrupt(self, kernel_id: str) -> None:
        """Interrupt what runs in it; nothing where it is gone."""

    async def shutdown(self, kernel_id: str) -> None:
        """End it at once; nothing where it is gone."""
