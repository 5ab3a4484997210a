"""What the listings of projects, files, sessions and messages show."""

import re
from collections.abc import Sequence

from leonidas_jupyter.kernel.listing import Column, Listing, size_text, time_text
from leonidas_jupyter.kernel.wire import File, Message, Project, Session

_STATUS = {"UPLOADING": "uploading", "PROCESSING": "being read", "COMPLETED": "ready"}
_PREVIEW_CHARACTERS = 500


def project_listing(projects: Sequence[Project], active: str | None) -> Listing[Project]:
    """Projects; the active one is marked."""
    columns = [
        Column[Project]("", lambda p: "▸" if p.project_id == active else ""),
        Column[Project]("project", lambda p: p.name),
        Column[Project]("files", lambda p: f"{p.file_count:,}", right=True),
        Column[Project]("sessions", lambda p: f"{p.session_count:,}", right=True),
        Column[Project]("my role", lambda p: p.my_role),
        Column[Project]("changed", lambda p: time_text(p.updated_at)),
    ]
    return Listing(projects, columns, note="" if projects else "No projects yet.")


def file_listing(files: Sequence[File]) -> Listing[File]:
    """Files, with how far each is on its way to a frame."""
    columns = [
        Column[File]("frame", lambda f: f.frame_name),
        Column[File]("file", lambda f: f.filename),
        Column[File]("rows", lambda f: f"{f.rows:,}" if f.frame_hash else "", right=True),
        Column[File]("columns", lambda f: f"{f.columns:,}" if f.frame_hash else "", right=True),
        Column[File]("size", lambda f: size_text(f.size), right=True),
        Column[File](
            "status", lambda f: _STATUS.get(f.status) or f"failed: {f.reason}", sentences=True
        ),
    ]
    note = "" if files else "No files yet: %leonidas upload FILE.csv"
    return Listing(files, columns, note=note)


def session_listing(sessions: Sequence[Session], active: str | None) -> Listing[Session]:
    """Sessions; the one that questions go to is marked."""
    columns = [
        Column[Session]("", lambda s: "▸" if s.session_id == active else ""),
        Column[Session]("session", lambda s: s.title or "(no question yet)"),
        Column[Session]("messages", lambda s: f"{s.message_count:,}", right=True),
        Column[Session]("last", lambda s: time_text(s.last_message_at or s.created_at)),
        Column[Session]("id", lambda s: s.session_id),
    ]
    return Listing(sessions, columns, note="" if sessions else "No sessions yet: ask something.")


def message_listing(messages: Sequence[Message]) -> Listing[Message]:
    """Messages, who said them and when."""
    columns = [
        Column[Message]("", _speaker),
        Column[Message]("said", _said, sentences=True),
        Column[Message]("at", lambda m: time_text(m.created_at)),
    ]
    return Listing(messages, columns, note="" if messages else "Nothing was said here yet.")


def frame_listing(files: Sequence[File]) -> Listing[File]:
    """Frames, and how large each is."""
    columns = [
        Column[File]("frame", lambda f: f.frame_name),
        Column[File]("rows", lambda f: f"{f.rows:,}", right=True),
        Column[File]("columns", lambda f: f"{f.columns:,}", right=True),
        Column[File]("file", lambda f: f.filename),
        Column[File]("size", lambda f: size_text(f.size), right=True),
    ]
    note = "" if files else "No frames yet: %leonidas upload FILE.csv"
    return Listing(files, columns, note=note)


def _prose(markdown: str) -> list[str]:
    """An answer's sentences without its tables and marks."""
    lines = [line for line in markdown.splitlines() if not line.lstrip().startswith("|")]
    return [re.sub(r"\*\*|`", "", line) for line in lines]


def _speaker(message: Message) -> str:
    if message.role == "USER":
        return "I"
    return "built-in analyst" if message.model == "builtin" else "DS Bro"


def _said(message: Message) -> str:
    lines = message.content.splitlines() if message.role == "USER" else _prose(message.content)
    text = " ".join(" ".join(lines).split())
    if len(text) > _PREVIEW_CHARACTERS:
        text = text[: _PREVIEW_CHARACTERS - 1] + "…"
    state = {"cancelled": " (stopped)", "failed": " (failed)", "running": " (still answering)"}
    since = "".join(f" ({each['sentence']})" for each in message.changed)
    return text + state.get(message.run_status, "") + since
