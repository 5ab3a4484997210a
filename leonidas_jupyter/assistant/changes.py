"""What has become of the files that an answer read: other content, another reading, or gone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from leonidas_jupyter.assistant.shapes import FrameChange, FrameRead, ToolCall
from leonidas_jupyter.data import framestore

SENTENCES = {
    "content": "{filename} has changed since.",
    "dialect": "{filename} is read in another way since.",
    "deleted": "{filename} was deleted since.",
}


@dataclass(frozen=True)
class Standing:
    """A file as it stands now: its name, and which frame was made of which content."""

    filename: str
    content_version: int
    frame_hash: str


def standing_now(frames: Iterable[framestore.Standing]) -> dict[str, Standing]:
    """The files of a project that have a frame, by their ids."""
    return {
        each.content.file_id: Standing(each.filename, each.content.content_version, each.frame_hash)
        for each in frames
    }


def changes(calls: Iterable[ToolCall], now: Mapping[str, Standing]) -> list[FrameChange]:
    """Say of each file that the calls read what has become of it; nothing where it is the same.

    Args:
        calls: of one answer.
        now: the files of its project that have a frame, by their ids.
    """
    found: dict[str, FrameChange] = {}
    for call in calls:
        for read in call.frames or ():
            change = _change(read, now.get(read.file_id))
            if change is not None:
                found.setdefault(read.file_id, change)
    return sorted(found.values(), key=lambda change: change.filename)


def _change(read: FrameRead, now: Standing | None) -> FrameChange | None:
    what: Literal["content", "dialect", "deleted"]
    if now is None:
        what = "deleted"
    elif now.content_version != read.content_version:
        what = "content"
    elif read.frame_hash not in (None, "", now.frame_hash):
        what = "dialect"
    else:
        return None
    filename = now.filename if now is not None else read.filename or f"The file of {read.name}"
    return FrameChange(
        file_id=read.file_id,
        frame=read.name,
        filename=filename,
        change=what,
        sentence=SENTENCES[what].format(filename=filename),
    )
