"""The shapes of projects and members: what is stored, what comes in, what goes out."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from leonidas_jupyter.assistant.policy import Narrower, PythonTool
from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.core.security import Role
from leonidas_jupyter.core.text import Description, Name
from leonidas_jupyter.tables.base import Item
from leonidas_jupyter.tables.leases import Leased

ModelName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*(:\S{1,200})?$")]
"""``builtin`` or ``provider:name``; ``*`` in it stands for any characters."""

CASCADE = "cascade"
"""What is unfinished on a thing that is marked as deleted: everything in it is to go."""


class Project(Leased):
    """A project as stored; ``deleted_at`` marks one whose content is still being removed.

    ``data_exposure`` to ``run_tokens`` are what the owner chose; null follows the installation.
    """

    project_id: str
    name: str
    description: str = ""
    owner_id: str
    data_exposure: DataExposure | None = None
    python: PythonTool | None = None
    models: list[str] | None = None
    tool_rounds: int | None = None
    run_tokens: int | None = None
    kernel_name: str | None = None
    file_count: int = 0
    session_count: int = 0
    deleted_at: datetime | None = None

    @property
    def chosen(self) -> Narrower:
        """What the owner chose beneath the installation's policy."""
        return Narrower(
            exposure=self.data_exposure,
            python=self.python,
            models=self.models,
            tool_rounds=self.tool_rounds,
            run_tokens=self.run_tokens,
        )


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
    """Changes of a project; what is left out stays, null gives a choice back to the defaults.

    From ``data_exposure`` on it is the owner who chooses, and nothing looser than the installation:
    ``models`` are names, or patterns such as ``bedrock:*``; ``tool_rounds`` and ``run_tokens``
    bound one answer.
    """

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    description: Description | None = None
    data_exposure: DataExposure | None = None
    python: PythonTool | None = None
    models: list[ModelName] | None = Field(default=None, min_length=1, max_length=50)
    tool_rounds: int | None = Field(default=None, ge=1, le=100)
    run_tokens: int | None = Field(default=None, ge=1_000, le=100_000_000)
    kernel_name: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,64}$")


class ProjectResponse(BaseModel):
    """A project as its members see it; ``data_exposure`` to ``run_tokens`` are what holds."""

    project_id: str
    name: str
    description: str
    owner_id: str
    my_role: Role
    file_count: int
    session_count: int
    data_exposure: DataExposure
    python: PythonTool
    models: list[str]
    tool_rounds: int
    run_tokens: int | None
    kernel_name: str | None
    created_at: datetime
    updated_at: datetime
    version: int
