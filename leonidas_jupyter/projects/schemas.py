"""The shapes of projects and members: what is stored, what comes in, what goes out."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.core.security import Role
from leonidas_jupyter.core.text import Description, Name
from leonidas_jupyter.tables.base import Item
from leonidas_jupyter.tables.leases import Leased

CASCADE = "cascade"
"""What is unfinished on a thing that is marked as deleted: everything in it is to go."""


class Project(Leased):
    """A project as stored; ``deleted_at`` marks one whose content is still being removed.

    ``data_exposure`` is what the owner chose; null follows the installation's ceiling.
    """

    project_id: str
    name: str
    description: str = ""
    owner_id: str
    data_exposure: DataExposure | None = None
    kernel_name: str | None = None
    file_count: int = 0
    session_count: int = 0
    deleted_at: datetime | None = None


class Member(Item):
    """Somebody with whom a project is shared; ``member`` is ``user:<username>``."""

    project_id: str
    member: str
    role: Role
    added_by: str


class ProjectCreate(BaseModel):
    """A new project."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    description: Description = ""


class ProjectUpdate(BaseModel):
    """Changes of a project; what is left out stays, null gives a choice back to the defaults."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    description: Description | None = None
    data_exposure: DataExposure | None = None
    kernel_name: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,64}$")


class ProjectResponse(BaseModel):
    """A project as its members see it; ``data_exposure`` is the level that holds."""

    project_id: str
    name: str
    description: str
    owner_id: str
    my_role: Role
    file_count: int
    session_count: int
    data_exposure: DataExposure
    kernel_name: str | None
    created_at: datetime
    updated_at: datetime
    version: int
