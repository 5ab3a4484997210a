"""The API's shapes as the kernel needs them; fields that this version does not know are ignored."""

from dataclasses import dataclass, field, fields
from typing import Any, Self


class _Shape:
    @classmethod
    def read(cls, data: dict[str, Any]) -> Self:
        """The shape in a JSON object; null and missing fields take their defaults."""
        known = {f.name for f in fields(cls)}  # type: ignore[arg-type]  # each subclass is a dataclass
        return cls(**{k: v for k, v in data.items() if k in known and v is not None})


@dataclass(frozen=True)
class User(_Shape):
    """Who the server says is calling."""

    username: str
    api_version: str
    policy: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Project(_Shape):
    """A named set of files and sessions."""

    project_id: str
    name: str
    description: str = ""
    my_role: str = "owner"
    file_count: int = 0
    session_count: int = 0
    data_exposure: str = ""
    created_at: str = ""
    updated_at: str = ""


@dataclass(frozen=True)
class Session(_Shape):
    """One conversation in a project."""

    session_id: str
    project_id: str
    title: str = ""
    message_count: int = 0
    last_message_at: str = ""
    created_at: str = ""
    updated_at: str = ""


@dataclass(frozen=True)
class File(_Shape):
    """A file of a project, sizes in bytes; a frame can be loaded when it is COMPLETED."""

    file_id: str
    project_id: str
    filename: str
    status: str
    frame_name: str = ""
    size: int = 0
    sha256: str = ""
    content_version: int = 1
    frame_hash: str = ""
    frame_size: int = 0
    frame_sha256: str = ""
    dialect: dict[str, Any] = field(default_factory=dict)
    override: dict[str, Any] = field(default_factory=dict)
    source: str = ""
    derived_from: str = ""
    reason: str = ""
    progress: float | None = None
    rows: int = 0
    columns: int = 0
    bad_rows: dict[str, Any] = field(default_factory=dict)
    created_at: str = ""


@dataclass(frozen=True)
class Message(_Shape):
    """One turn's text, by USER or ASSISTANT; ``model`` is the one that answered.

    ``changed`` are files that are not as the answer read them.
    """

    message_id: str
    role: str
    content: str = ""
    run_id: str = ""
    run_status: str = ""
    model: str = ""
    tool_calls: list[dict[str, Any]] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)
    created_at: str = ""
