"""Who runs the Python that DS Bro writes: the protocols that the layers above fulfil."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from leonidas_jupyter.assistant.events import MimeBundle
from leonidas_jupyter.data.frames import Frame


@dataclass(frozen=True)
class Execution:
    """What came of running code.

    Attributes:
        ok: it ran to its end.
        text: what it printed and what its last expression gave, as text, cut to a limit.
        outputs: forms to show, in order: text, HTML, images, tables.
        error: one sentence when it did not: the exception's name and message, or which limit.
        frames: the frames that it had at hand and read.
        elapsed_ms: how long it took.
    """

    ok: bool
    text: str
    outputs: Sequence[MimeBundle] = ()
    error: str | None = None
    frames: Sequence[Frame] = ()
    elapsed_ms: float = 0.0


class Executor(Protocol):
    """Runs code for one session; cancelling the caller interrupts the kernel."""

    async def run(self, code: str, frames: Sequence[Frame]) -> Execution:
        """Run code with these frames preloaded by name.

        Raises:
            tools.base.ToolFailed: there is no kernel to run it, in one sentence.
        """

    async def overwrites(self, code: str) -> Sequence[str]:
        """The names which the code assigns and which the user has already."""
