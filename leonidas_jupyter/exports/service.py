"""The rules of exports: who may take a session away, and what goes along."""

import asyncio
import json
from collections.abc import Sequence

from leonidas_jupyter.assistant.changes import standing_now
from leonidas_jupyter.assistant.export.conversation import Conversation, ProjectFile
from leonidas_jupyter.assistant.export.notebook import notebook
from leonidas_jupyter.assistant.export.text import markdown
from leonidas_jupyter.chat.schemas import Message, MessageResponse
from leonidas_jupyter.core.errors import ErrorCode, LeonidasError, invalid
from leonidas_jupyter.core.security import Action, Caller
from leonidas_jupyter.exports.repository import ExportsRepository
from leonidas_jupyter.exports.schemas import Export, ExportedFile, ExportFormat, SessionExport
from leonidas_jupyter.files.service import FilesService
from leonidas_jupyter.projects.service import ProjectsService
from leonidas_jupyter.sessions.schemas import Session
from leonidas_jupyter.sessions.service import SessionsService

MAX_MESSAGES = 5_000
"""The longest session that is exported: its notebook is opened in one piece."""

MAX_NAME = 60


class ExportsService:
    """Sessions as files to take away."""

    def __init__(
        self,
        *,
        repository: ExportsRepository,
        projects: ProjectsService,
        sessions: SessionsService,
        files: FilesService,
    ) -> None:
        self._repository = repository
        self._projects = projects
        self._sessions = sessions
        self._files = files

    async def export(self, caller: Caller, session_id: str, wanted: str) -> Export:
        """A session as it stands; the same session gives the same bytes.

        Raises:
            LeonidasError: ``not_found``, or ``invalid_request`` for a form that there is not, or a
                session that is too long.
        """
        form = _form(wanted)
        session = await self._sessions.authorize(caller, session_id, Action.READ)
        project = await self._projects.authorize(caller, session.project_id, Action.READ)
        messages = await self._repository.messages(session_id, MAX_MESSAGES + 1)
        if len(messages) > MAX_MESSAGES:
            raise invalid(f"A session of more than {MAX_MESSAGES:,} messages cannot be exported.")
        conversation = Conversation(
            title=session.title,
            project=project.name,
            messages=messages,
            files=await self._project_files(caller, session.project_id),
            standing=standing_now(await self._files.standing(session.project_id)),
        )
        content = await asyncio.to_thread(_content, form, conversation, session, messages)
        return Export(f"{_name(session.title)}.{form.value}", content)

    async def _project_files(self, caller: Caller, project_id: str) -> list[ProjectFile]:
        """The files with a frame; none of them where one cannot be read, which an export can say.

        A notebook without its loading cell is still the conversation.
        """
        try:
            frames = {frame.file_id: frame for frame in await self._files.frames(project_id)}
        except LeonidasError as error:
            if error.code is not ErrorCode.CONFLICT:
                raise
            return []
        found: list[ProjectFile] = []
        after: str | None = None
        while True:
            page = await self._files.of_project(caller, project_id, after=after, limit=200)
            for file in page.items:
                frame = frames.get(file.file_id)
                if frame is not None and file.dialect is not None and file.sha256 is not None:
                    found.append(ProjectFile(frame, file.dialect, file.sha256))
            if (after := page.next) is None:
                return sorted(found, key=lambda file: file.frame.name)


def _form(wanted: str) -> ExportFormat:
    try:
        return ExportFormat(wanted)
    except ValueError:
        known = ", ".join(form.value for form in ExportFormat)
        raise invalid(f"format takes one of: {known}.") from None


def _content(
    form: ExportFormat, conversation: Conversation, session: Session, messages: Sequence[Message]
) -> bytes:
    if form is ExportFormat.NOTEBOOK:
        return notebook(conversation)
    if form is ExportFormat.MARKDOWN:
        return markdown(conversation)
    return _json(conversation, session, messages)


def _json(conversation: Conversation, session: Session, messages: Sequence[Message]) -> bytes:
    whole = SessionExport(
        session_id=session.session_id,
        title=session.title,
        project=conversation.project,
        created_at=session.created_at,
        files=[
            ExportedFile(
                filename=file.frame.filename,
                frame_name=file.frame.name,
                sha256=file.sha256,
                content_version=file.frame.content_version,
            )
            for file in conversation.files
        ],
        messages=[MessageResponse.of(message, conversation.standing) for message in messages],
    )
    plain = whole.model_dump(mode="json")
    text = json.dumps(plain, ensure_ascii=False, indent=1, sort_keys=True)
    return (text + "\n").encode("utf-8", errors="replace")


def _name(title: str) -> str:
    """A file's name from a session's title: letters and digits of any script, and hyphens."""
    words = "".join(char if char.isalnum() else " " for char in title).split()
    return "-".join(words)[:MAX_NAME].strip("-") or "session"
