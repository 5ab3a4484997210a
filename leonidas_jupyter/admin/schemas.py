"""The shapes of administration: what is kept of work that goes on, what comes in, what goes out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from leonidas_jupyter.auth.schemas import ERASE
from leonidas_jupyter.core.config import Leonidas

__all__ = ["ERASE"]

POINT_IN_TIME_DAYS = 35
"""How long DynamoDB's point-in-time recovery reaches back, where it is on (AWS, *Point-in-time
recovery for DynamoDB*)."""

SETTLE_SECONDS = 30.0
"""By then every process on a database has read anew that an account is being erased."""

ERASED = "erased"
"""Stands where a name or an id stood of somebody who was erased."""

ERASED_QUESTION = "(This question was erased together with the account of who asked it.)"


README = """Everything that this installation of Leonidas keeps of one person.

user.json       the account
sign_ins.jsonl  when this person signed in, and until when that holds
members.jsonl   which projects others shared with this person
usage.jsonl     tokens and cost by day and model
questions.jsonl what this person asked, in whoever's project
projects/       the projects of this person's own, a folder each: project.json, members.jsonl,
                sessions.jsonl, messages.jsonl, runs.jsonl, files.jsonl, and below files/ the files
                as they were uploaded

A .jsonl file holds one JSON object a line.
"""
"""What an export begins with."""


@dataclass(frozen=True)
class AdminSettings:
    """What the installation decides.

    Attributes:
        backup_days: how long backups hold what was erased.
        point_in_time: whether those are DynamoDB's own, to any second.
        settle_seconds: after which every process knows that an account is being erased.
        bucket: whether files are in a bucket, which may keep versions.
        url_seconds: how long a link to an export is good.
    """

    backup_days: int
    point_in_time: bool
    settle_seconds: float
    bucket: bool = False
    url_seconds: int = 3600

    @classmethod
    def of(cls, settings: Leonidas) -> Self:
        """What is configured."""
        point_in_time = settings.database.startswith("dynamodb:")
        days = settings.backup_days
        if days < 0:
            days = POINT_IN_TIME_DAYS if point_in_time else 0
        return cls(days, point_in_time, SETTLE_SECONDS, settings.storage.startswith("s3:"))


class ExportStatus(StrEnum):
    """How far an export has come."""

    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"


class ExportNote(BaseModel):
    """What is kept of an export, beside it, while it is made and after."""

    status: ExportStatus
    owner: str
    begun_at: datetime
    seen_at: datetime
    object: str = Field(description="the key of the archive")
    size: int | None = None


class ErasureNote(BaseModel):
    """What must be known to the end of an erasure: rows that said it are gone by then.

    Attributes:
        projects, frames: what was owned, and what lies in caches of it.
        items: the ids of sessions, files and runs, beside whose rows something may be kept.
    """

    projects: list[str] = Field(default_factory=list)
    frames: list[str] = Field(default_factory=list)
    items: list[str] = Field(default_factory=list)

    def once(self) -> Self:
        """The same, each id once."""
        return type(self)(**{name: list(dict.fromkeys(ids)) for name, ids in self})


class ExportRequest(BaseModel):
    """Whether to make the export anew where one stands already."""

    model_config = ConfigDict(extra="forbid")

    fresh: bool = False


class ExportResponse(BaseModel):
    """How an export stands; from ``ready`` on with a link to it. Ask again until then."""

    user_id: str
    status: ExportStatus
    begun_at: datetime
    size: int | None = None
    download_url: str | None = None
    method: str | None = None
    headers: Mapping[str, str] | None = None
    expires_at: datetime | None = None


class EraseRequest(BaseModel):
    """The user name of who is to be erased, so that nobody is by mistake."""

    model_config = ConfigDict(extra="forbid")

    confirm: str = Field(max_length=254)


class EraseResponse(BaseModel):
    """An erasure that goes on; once it is done, there is no such user any more (404).

    ``recoverable_until`` is when backups hold nothing of it any more; null where the installation
    says of no backups. ``remains`` tells what stays where, a sentence each.
    """

    user_id: str
    status: str = "erasing"
    recoverable_until: datetime | None = None
    remains: list[str]


def shown(row: BaseModel) -> bytes:
    """A row as an export has it: JSON without secrets."""
    return row.model_dump_json(exclude={"password_hash"}).encode()
