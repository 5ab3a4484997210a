"""The shapes of exports: what is asked for, and what the JSON form holds."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel

from leonidas_jupyter.chat.schemas import MessageResponse


class ExportFormat(StrEnum):
    """What a conversation is taken away as."""

    NOTEBOOK = "ipynb"
    MARKDOWN = "md"
    JSON = "json"


@dataclass(frozen=True)
class Export:
    """A finished export, and what the file is to be called."""

    filename: str
    content: bytes


class ExportedFile(BaseModel):
    """A file of the project, as its frame was called when the session was exported."""

    filename: str
    frame_name: str
    sha256: str
    content_version: int


class SessionExport(BaseModel):
    """A whole session as JSON: its project and files by name, and every message with its calls."""

    session_id: str
    title: str
    project: str
    created_at: datetime
    files: list[ExportedFile]
    messages: list[MessageResponse]
