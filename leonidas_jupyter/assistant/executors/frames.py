"""Frames on their way into a kernel: those that code names, and what is to be said of them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from leonidas_jupyter.assistant.events import OwnUse
from leonidas_jupyter.assistant.executors.base import Place
from leonidas_jupyter.assistant.executors.names import names_read
from leonidas_jupyter.assistant.executors.worker import NotRun, Refused, Worker
from leonidas_jupyter.assistant.tools.base import ToolFailed
from leonidas_jupyter.core.errors import LeonidasError
from leonidas_jupyter.data.frames import Frame

OUT_OF_MEMORY = ("MemoryError", "_ArrayMemoryError", "ArrowMemoryError", "ArrowException")
"""What reading raises where memory ends; Arrow's last one, where it gets no more threads."""

OWN = {
    "session": "`{name}` is the variable that earlier code made, not the file {filename}; "
    "`del {name}` brings the file back.",
    "notebook": "It read the notebook's `{name}`, not the file {filename}.",
}
"""What is said of a variable that stands in a frame's place, by whose it is."""


@dataclass(frozen=True)
class Brought:
    """The frames that stand under their names, and sentences on those that do not.

    ``own`` are the variables that stand in their place.
    """

    frames: Sequence[Frame] = ()
    notes: Sequence[str] = ()
    own: Sequence[OwnUse] = ()


async def bring(
    worker: Worker,
    code: str,
    frames: Sequence[Frame],
    place: Place,
    whose: Literal["notebook", "session"],
) -> Brought:
    """Bind the frames that the code names.

    A variable of that name that earlier code made wins until it is deleted, or the session is
    refreshed; a frame whose file has other content by now is bound anew.

    Raises:
        ToolFailed: a frame cannot be brought here, or does not fit.
        Refused, Died, Stopped: as every request to a kernel.
    """
    named = names_read(code, [frame.name for frame in frames])
    wanted = {frame.name: frame for frame in frames if frame.name in named}
    if not wanted:
        return Brought()
    try:
        paths = await asyncio.gather(*(place.frame_file(frame) for frame in wanted.values()))
    except LeonidasError as error:
        raise ToolFailed(error.message) from error
    files = {name: (frame, path) for (name, frame), path in zip(wanted.items(), paths, strict=True)}
    try:
        found = await worker.load(files)
    except Refused as error:
        if error.name not in OUT_OF_MEMORY:
            raise
        raise NotRun(
            f"{', '.join(wanted)} does not fit into the memory that Python may take; aggregate "
            "with a query first, or work on fewer columns."
        ) from error
    own = [OwnUse(name, wanted[name].filename, whose) for name in found["own"] if name in wanted]
    notes = [OWN[whose].format(name=use.name, filename=use.filename) for use in own]
    notes += [
        f"{wanted[name].filename} has changed, so `{name}` was loaded again."
        for name in found["renewed"]
        if name in wanted
    ]
    return Brought([wanted[name] for name in found["frames"] if name in wanted], notes, own)
