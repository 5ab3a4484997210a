"""A newcomer's first project, with tables to ask about."""

import asyncio
import logging
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable

from leonidas_jupyter.auth.repository import AuthRepository
from leonidas_jupyter.core.events import UserRegistered
from leonidas_jupyter.core.security import Caller
from leonidas_jupyter.data.reading import FileStatus
from leonidas_jupyter.files.schemas import FileSource
from leonidas_jupyter.files.service import FilesService
from leonidas_jupyter.projects.schemas import ProjectCreate
from leonidas_jupyter.projects.service import ProjectsService

log = logging.getLogger(__name__)

DEMO = ProjectCreate(
    name="Demo",
    description="Penguins, countries and Seattle's weather: ask DS Bro about them.",
)
EMPTY = ProjectCreate(name="My first project")


class FirstProject:
    """Makes a user's first project; beginning again after a kill adds only what is missing."""

    def __init__(
        self,
        *,
        users: AuthRepository,
        projects: ProjectsService,
        files: FilesService,
        demo: bool,
    ) -> None:
        self._users = users
        self._projects = projects
        self._files = files
        self._demo = demo

    async def make(self, event: UserRegistered) -> None:
        """See to it that the user has a project, and that a demo project has its tables."""
        user = await self._users.user(event.user_id)
        if user is None:
            return
        caller = Caller(user.user_id, user.username, user.role)
        mine = (await self._projects.mine(caller, limit=1)).items
        wanted = DEMO if self._demo else EMPTY
        project = mine[0] if mine else await self._projects.create(caller, wanted)
        if self._demo and project.name == DEMO.name:
            await self._fill(caller, project.project_id)

    async def _fill(self, caller: Caller, project_id: str) -> None:
        there = set()
        for file in (await self._files.of_project(caller, project_id)).items:
            if file.status is FileStatus.UPLOADING:
                await self._files.delete(caller, file.file_id)  # its bytes were cut off by a kill
            else:
                there.add(file.filename)
        for table in await asyncio.to_thread(demo_tables):
            if table.name not in there:
                with as_file(table) as path:
                    await self._files.add(
                        caller, project_id, table.name, path, FileSource.USER_UPLOAD
                    )


def demo_tables() -> list[Traversable]:
    """The CSVs that are shipped, by name."""
    folder = files("leonidas_jupyter") / "demo"
    tables = [entry for entry in folder.iterdir() if entry.name.endswith(".csv")]
    return sorted(tables, key=lambda table: table.name)
