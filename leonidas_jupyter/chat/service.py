"""The rules of chat: questions, the runs that answer them, and who may follow or stop them."""

from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial

from leonidas_jupyter.assistant.executors import Executors
from leonidas_jupyter.assistant.journal import RunEvent
from leonidas_jupyter.assistant.prompt import title_of
from leonidas_jupyter.assistant.runs import RUN, Runs
from leonidas_jupyter.assistant.turn import Sources, Turn
from leonidas_jupyter.assistant.waiting import Progress, unread_files
from leonidas_jupyter.chat import schemas
from leonidas_jupyter.chat.repository import BATCH, ChatRepository
from leonidas_jupyter.chat.schemas import ChatRequest, Message, MessageRole, Run, RunStatus
from leonidas_jupyter.core.errors import ErrorCode, LeonidasError, invalid, not_found
from leonidas_jupyter.core.events import EventBus, MessageAdded, RunStateChanged, SessionDeleted
from leonidas_jupyter.core.ids import new_id
from leonidas_jupyter.core.paging import Page
from leonidas_jupyter.core.security import Action, Caller
from leonidas_jupyter.core.tasks import Tasks
from leonidas_jupyter.files.service import FilesService
from leonidas_jupyter.projects.service import ProjectsService
from leonidas_jupyter.sessions.schemas import Session
from leonidas_jupyter.sessions.service import SessionsService
from leonidas_jupyter.tables.base import Exists, Missing, Stale, Unavailable
from leonidas_jupyter.tables.leases import Leases
from leonidas_jupyter.usage.service import UsageService

TURN_MESSAGES = 60
"""Messages of a session that are read for a new turn, so that its cost does not grow with age."""

ATTEMPTS = 20
"""How often somebody else may be quicker before a question is refused."""

LATEST = "latest"
"""``before=latest`` is the newest page of a history."""


class ChatService:
    """Messages and runs: saying, following, stopping, reading, editing, deleting."""

    def __init__(
        self,
        *,
        repository: ChatRepository,
        projects: ProjectsService,
        sessions: SessionsService,
        files: FilesService,
        usage: UsageService,
        bus: EventBus,
        tasks: Tasks,
        leases: Leases,
        settings: schemas.ChatSettings,
        executors: Executors | None = None,
    ) -> None:
        self._repository = repository
        self._projects = projects
        self._sessions = sessions
        self._files = files
        self._usage = usage
        self._bus = bus
        self._leases = leases
        self.settings = settings
        self._executors = executors
        self._progress = Progress(bus)
        self._runs = Runs(repository, leases, tasks, self._run_ended)
        bus.subscribe(SessionDeleted, self._session_deleted)

    async def say(self, caller: Caller, session_id: str, asked: ChatRequest) -> Run:
        """Store a question and begin to answer it; the run goes on whoever listens.

        Raises:
            LeonidasError: ``not_found``, ``forbidden_by_policy``, ``run_in_progress`` with the
                ``run_id`` of the one that goes.
        """
        return await self._begin(caller, session_id, asked, None)

    async def edit(
        self, caller: Caller, session_id: str, message_id: str, asked: ChatRequest
    ) -> Run:
        """Put a question in other words: what followed it goes, and it is answered again.

        Raises:
            LeonidasError: as ``say``; ``invalid_request`` when the message is not a question.
        """
        return await self._begin(caller, session_id, asked, message_id)

    async def _begin(
        self, caller: Caller, session_id: str, wanted: ChatRequest, edited: str | None
    ) -> Run:
        for _ in range(ATTEMPTS):
            session, run, question = await self._prepare(caller, session_id, wanted, edited)
            try:
                await self._repository.begin(session, run, question, edited=edited is not None)
            except (Stale, Missing):
                continue
            except Exists:
                await self._make_way(session_id)
                continue
            await self._start(caller, session, run, question)
            return run
        raise Unavailable("Many things happen in this session at once.", retry_after=1)

    async def _prepare(
        self, caller: Caller, session_id: str, wanted: ChatRequest, edited: str | None
    ) -> tuple[Session, Run, Message]:
        """What is to be stored, if the caller may and policy allows the model."""
        session = await self._sessions.authorize(caller, session_id, Action.CHAT)
        project = await self._projects.authorize(caller, session.project_id, Action.CHAT)
        policy = self.settings.policy
        exposure = policy.exposure(wanted.data_exposure, self._sessions.exposure(session, project))
        model = self.settings.models[policy.allowed_model(wanted.model)]
        policy.gate(model.name, local=model.local, exposure=exposure)
        if not model.local:
            await self._usage.check(caller.user_id)
        question = await self._question(session_id, wanted.content, edited)
        run = Run(
            run_id=new_id(),
            session_id=session_id,
            project_id=session.project_id,
            user_id=caller.user_id,
            question_id=question.message_id,
            message_id=new_id(),
            model=model.name,
            exposure=exposure,
            active_session=session_id,
            cut_from=edited,
            **self._leases.fields(RUN),
        )
        return session, run, question

    async def _question(self, session_id: str, content: str, edited: str | None) -> Message:
        if edited is None:
            return Message(
                session_id=session_id,
                message_id=new_id(),
                role=MessageRole.USER,
                content=content,
            )
        message = await self._repository.message(session_id, edited)
        if message is None:
            raise not_found("message")
        if message.role is not MessageRole.USER:
            raise invalid("Only a question can be edited; delete an answer, or ask again.")
        return message.model_copy(update={"content": content})

    async def _make_way(self, session_id: str) -> None:
        """Raise if a run goes in the session; one whose process was killed is ended first."""
        active = await self._repository.active(session_id)
        if active is not None and not await self._runs.take_over(active):
            raise LeonidasError(
                ErrorCode.RUN_IN_PROGRESS,
                "An answer is still being made in this session; wait for it, or cancel it.",
                detail={"run_id": active.run_id},
            )

    async def _start(self, caller: Caller, session: Session, run: Run, question: Message) -> None:
        files, project_id = self._files, run.project_id
        sources = Sources(
            query=partial(files.query, project_id),
            frames=partial(files.frames, project_id),
            unread=partial(
                unread_files, partial(files.of_project, caller, project_id), self._progress
            ),
            past=partial(self._repository.before, run, session.context_from, TURN_MESSAGES),
        )
        policy, model = self.settings.policy, self.settings.models[run.model]
        gate = policy.gate(run.model, local=model.local, exposure=run.exposure)
        turn = Turn(question.content, sources, model, gate, policy)
        await self._runs.start(run, lambda record: (turn.answer(record.emit), turn.used))
        await self._announce(run, question.message_id, question.role, run.status)
        if not session.title:
            await self._sessions.entitle(run.session_id, title_of(question.content))
        if not await self._repository.stands(run):
            # Deleted meanwhile, and its removal may have passed these messages already.
            await self._remove_all(run.session_id)
            raise not_found("session")

    async def follow(
        self, caller: Caller, session_id: str, run_id: str, after: int
    ) -> AsyncIterator[RunEvent]:
        """A run's events after a number; `chat.schemas` says how their text adds up.

        Raises:
            LeonidasError: ``not_found``.
        """
        await self._run(caller, session_id, run_id, Action.READ)
        return self._runs.follow(run_id, after)

    async def ended(self, run: Run) -> schemas.ChatResponse:
        """The answer, once the run has ended.

        Raises:
            LeonidasError: ``not_found`` when the session was deleted meanwhile.
        """
        last = await self._runs.wait(run.run_id)
        message = await self._repository.message(run.session_id, run.message_id)
        if last is None or message is None:
            raise not_found("answer")
        return schemas.ChatResponse(
            run_id=last.run_id,
            status=last.status,
            message=schemas.MessageResponse.of(message),
            error=last.error,
        )

    async def cancel(self, caller: Caller, session_id: str, run_id: str) -> schemas.RunResponse:
        """Ask a run to stop, wherever it goes; one that has ended stays as it is.

        Raises:
            LeonidasError: ``not_found``, ``forbidden_by_policy``.
        """
        await self._run(caller, session_id, run_id, Action.CHAT)
        run = await self._repository.request_cancel(run_id)
        if run is None:
            raise not_found("run")
        self._runs.stop(run_id)
        return schemas.RunResponse.of(run)

    async def history(
        self,
        caller: Caller,
        session_id: str,
        *,
        after: str | None,
        before: str | None,
        limit: int,
    ) -> Page[schemas.MessageResponse]:
        """Messages, oldest first. ``before`` pages backwards, from LATEST on.

        Raises:
            LeonidasError: ``not_found``, ``invalid_request``.
        """
        await self._sessions.authorize(caller, session_id, Action.READ)
        if after is not None and before is not None:
            raise invalid("Ask with after or with before, not with both.")
        cursor = after if before is None else before
        page = await self._repository.history(
            session_id,
            after=None if cursor == LATEST else cursor,
            limit=limit,
            descending=before is not None,
        )
        items = [schemas.MessageResponse.of(message) for message in page.items]
        return Page(items=items if before is None else items[::-1], next=page.next)

    async def delete(self, caller: Caller, session_id: str, message_id: str) -> None:
        """Delete one message.

        Raises:
            LeonidasError: ``not_found``, ``forbidden_by_policy``, ``run_in_progress``.
        """
        await self._sessions.authorize(caller, session_id, Action.CHAT)
        await self._make_way(session_id)
        message = await self._repository.message(session_id, message_id)
        if message is None:
            raise not_found("message")
        try:
            await self._repository.remove([message], count_in=session_id)
        except (Stale, Missing):  # somebody else removes it, or the session
            raise not_found("message") from None

    async def recover(self) -> None:
        """End the runs that killed processes left: what they said and found out is kept."""
        await self._runs.recover()

    async def _run(self, caller: Caller, session_id: str, run_id: str, action: Action) -> Run:
        await self._sessions.authorize(caller, session_id, action)
        run = await self._repository.runs.get(run_id)
        if run is None or run.session_id != session_id:
            raise not_found("run")
        return run

    async def _run_ended(self, run: Run, status: RunStatus) -> None:
        await self._announce(run, run.message_id, MessageRole.ASSISTANT, status)

    async def _announce(
        self, run: Run, message_id: str, role: MessageRole, status: RunStatus
    ) -> None:
        where = (run.project_id, run.session_id)
        await self._bus.publish(MessageAdded(*where, message_id, role))
        await self._bus.publish(RunStateChanged(*where, run.run_id, status))

    async def _session_deleted(self, event: SessionDeleted) -> None:
        await self._remove_all(event.session_id)

    async def _remove_all(self, session_id: str) -> None:
        """Stop what runs in the session, then remove everything; can be repeated and resumed."""
        while (active := await self._repository.active(session_id)) is not None:
            await self._repository.request_cancel(active.run_id)
            self._runs.stop(active.run_id)
            await self._runs.wait(active.run_id)
        while messages := (await self._repository.history(session_id, limit=BATCH)).items:
            with suppress(Stale, Missing):
                await self._repository.remove(messages, count_in=None)
        while runs := await self._repository.runs_of(session_id):
            for run in runs:
                await self._repository.forget_run(run.run_id)
