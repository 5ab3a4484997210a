"""Who may do what in a project: one table, which every route asks."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody is in a project."""

    VIEWER = "viewer"
    EDITOR = "editor"
    OWNER = "owner"


class Action(StrEnum):
    """What can be done in a project."""

    READ = "read"
    CHAT = "chat"
    UPLOAD = "upload"
    EDIT = "edit"
    SHARE = "share"
    DELETE_PROJECT = "delete_project"
    CONFIGURE = "configure"


_VIEWER = frozenset({Action.READ})
_EDITOR = _VIEWER | {Action.CHAT, Action.UPLOAD, Action.EDIT}
_OWNER = _EDITOR | {Action.SHARE, Action.DELETE_PROJECT, Action.CONFIGURE}

PERMISSIONS: dict[Role, frozenset[Action]] = {
    Role.VIEWER: _VIEWER,
    Role.EDITOR: _EDITOR,
    Role.OWNER: _OWNER,
}
"""Viewers read; editors also chat, upload and change; owners also share, delete, configure."""


@dataclass(frozen=True)
class Caller:
    """Who is calling, as established before a handler runs.

    Attributes:
        role: ``user`` or ``admin``.
        kernel: the call came with a token that a kernel got for its secret: it may be code's doing
            and not the person's.
    """

    user_id: str
    username: str
    role: str = "user"
    kernel: bool = False


def allows(role: Role, action: Action) -> bool:
    """Whether ``role`` may do ``action``."""
    return action in PERMISSIONS[role]
