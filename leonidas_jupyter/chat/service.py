"""The rules of chat: questions, the runs that answer them, and who may follow or stop them."""

from collections.abc import AsyncIterator

from leonidas_jupyter.assistant.approvals import Claim, allowance
from leonidas_jupyter.assistant.desk import Asked, Desk, Holds
from leonidas_jupyter.assistant.executors import Executors
from leonidas_jupyter.assistant.journal import RunEvent
from leonidas_jupyter.assistant.pending import ASKED_ELSE, STARTED_AFRESH
from leonidas_jupyter.assistant.prompt import title_of
from leonidas_jupyter.assistant.saving import Saving
from leonidas_jupyter.assistant.shapes import RUN
from leonidas_jupyter.assistant.workbench import Workbench
from leonidas_jupyter.chat import schemas
from leonidas_jupyter.chat.repository import ChatRepository
from leonidas_jupyter.chat.schemas import ChatRequest, Message, MessageRole, Run, RunStatus
from leonidas_jupyter.core.errors import invalid, not_found
from leonidas_jupyter.core.events import (
    EventBus,
    MessageAdded,
    RunStateChanged,
    SessionDeleted,
    SessionRefreshed,
)
from leonidas_jupyter.core.paging import Page
from leonidas_jupyter.core.security import Action, Caller
from leonidas_jupyter.core.tasks import Tasks
from leonidas_jupyter.files.schemas import FileSource
from leonidas_jupyter.files.service import FilesService
from leonidas_jupyter.projects.service import ProjectsService
from leonidas_jupyter.sessions.schemas import Session
from leonidas_jupyter.sessions.service import SessionsService
from leonidas_jupyter.tables.base import Exists, Missing, Stale, Unavailable
from leonidas_jupyter.tables.leases import Leases
from leonidas_jupyter.usage.service import UsageService

ATTEMPTS = 20
"""How often somebody else may be quicker before a question is refused."""


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
        self._usage = usage
        self._bus = bus
        self._leases = leases
        self.settings = settings
        self._bench = Workbench(
            files,
            bus,
            executors,
            settings.draw,
            lambda caller, project: Saving(files, caller, project, FileSource.APP_GENERATED),
        )
        self._desk = Desk(repository, self._bench, leases, tasks, self._run_ended)
        bus.subscribe(SessionDeleted, self._session_deleted)
        bus.subscribe(SessionRefreshed, self._session_refreshed)

    async def say(self, caller: Caller, session_id: str, asked: ChatRequest) -> Run:
        """Store a question and begin to answer it; the run goes on whoever listens.

        Raises:
            LeonidasError: ``not_found``, ``forbidden_by_policy``, ``run_in_progress`` with the
                ``run_id`` of the one that goes.
        """
        return await self._begin(caller, session_id, asked, None)

    async def answer(self, caller: Caller, session_id: str, given: ChatRequest) -> Run:
        """Answer calls that wait; the run goes on once all of them are answered.

        Membership, policy and exposure are looked at anew: the stricter ones hold.

        Raises:
            LeonidasError: ``not_found``, ``invalid_request``, ``forbidden_by_policy``, ``conflict``
                (answered before, expired), ``run_in_progress``, ``budget_exhausted``.
        """
        _, holds = await self._standing(caller, session_id)
        waiting = await self._desk.waiting(session_id, given.run_id)
        asked = await self._asked_again(waiting, holds)
        reported = given.tool_results is not None
        files = await self._bench.readable(waiting.project_id) if reported else ()
        run = await self._desk.pending.answer(
            waiting.run_id,
            given.answers,
            self._desk.rules(waiting, caller, asked.bench, files),
            lambda: self._sessions.allowing(session_id, allowance(waiting)),
        )
        for result in given.tool_results or ():
            self._bench.kernel_work.reported(caller.user_id, result.claim)
        if run.unfinished == RUN:
            # Whoever answers may have allowed Python for what follows.
            _, holds = await self._standing(caller, session_id)
            await self._desk.go_on(run, await self._asked_again(run, holds))
            await self._publish_state(run, run.status)
        return run

    async def claim(
        self, caller: Caller, session_id: str, run_id: str, call_id: str, claim: str | None
    ) -> Claim:
        """Say that the caller's client runs a call, so that no other does.

        Raises:
            LeonidasError: as ``answer``; ``conflict`` also while another client runs it.
        """
        _, holds = await self._standing(caller, session_id)
        await self._run(caller, session_id, run_id, Action.CHAT)
        run = await self._desk.waiting(session_id, run_id)
        rules = self._desk.rules(run, caller, (await self._asked_again(run, holds)).bench)
        claimed = await self._desk.pending.claim(run.run_id, call_id, rules, claim)
        self._bench.kernel_work.claimed(caller.user_id, claimed.claim, claimed.lease_until)
        return claimed

    def events(self, run: Run) -> AsyncIterator[RunEvent]:
        """What follows from an answer to a run's calls; `chat.schemas` says how text adds up."""
        return self._desk.events(run)

    async def edit(
        self, caller: Caller, session_id: str, message_id: str, asked: ChatRequest
    ) -> Run:
        """Put a question in other words: what followed it goes, and it is answered again.

        Raises:
            LeonidasError: as ``say``; ``invalid_request`` when the message is not a question.
        """
        if asked.content is None:
            raise invalid("content: Write the question in other words.")
        return await self._begin(caller, session_id, asked, message_id)

    async def _begin(
        self, caller: Caller, session_id: str, wanted: ChatRequest, edited: str | None
    ) -> Run:
        for _ in range(ATTEMPTS):
            session, holds = await self._standing(caller, session_id)
            run = await self._new_run(holds, wanted, edited)
            question = await self._question(run, wanted.content or "", edited)
            asked = self._asked(run, question, holds)
            try:
                await self._repository.begin(
                    session, run, question, asked.gate.level, edited=edited is not None
                )
            except (Stale, Missing):
                continue
            except Exists:
                await self._desk.make_way(session_id)
                continue
            # Only now: what became pending since it was looked for is found, too.
            await self._desk.give_up_waiting(session_id, ASKED_ELSE, besides=run.run_id)
            await self._start(run, question, asked)
            return run
        raise Unavailable("Many things happen in this session at once.", retry_after=1)

    async def _standing(self, caller: Caller, session_id: str) -> tuple[Session, Holds]:
        """The session, and what holds in it now, if the caller may chat there."""
        session = await self._sessions.authorize(caller, session_id, Action.CHAT)
        project = await self._projects.authorize(caller, session.project_id, Action.CHAT)
        return session, Holds(
            caller=caller,
            project_id=session.project_id,
            session_id=session_id,
            title=session.title,
            policy=self.settings.policy.narrowed(project.chosen),
            exposure=self._sessions.exposure(session, project),
            kernel_name=project.kernel_name,
            context_from=session.context_from,
            summary=session.summary,
            tokens_left=await self._usage.tokens_left(caller.user_id),
            python_allowed=session.python_allowed or (),
        )

    async def _new_run(self, holds: Holds, wanted: ChatRequest, edited: str | None) -> Run:
        """The run of a question, if policy allows its model and its Python."""
        policy = holds.policy
        exposure = policy.exposure(wanted.data_exposure, holds.exposure)
        model = self.settings.models[policy.allowed_model(wanted.model, exposure)]
        policy.gate(model.name, local=model.local, exposure=exposure)
        self._bench.check(wanted.executor)
        await self._usage.check(holds.caller.user_id, free=model.local)
        begun = Run.begun(holds, wanted, model.name, exposure, edited)
        return begun.model_copy(update=self._leases.fields(RUN))

    async def _question(self, run: Run, content: str, edited: str | None) -> Message:
        if edited is None:
            return Message.asked(run, content)
        message = await self._repository.message(run.session_id, edited)
        if message is None:
            raise not_found("message")
        if message.role is not MessageRole.USER:
            raise invalid("Only a question can be edited; delete an answer, or ask again.")
        return message.model_copy(update={"content": content})

    def _asked(self, run: Run, question: Message, holds: Holds) -> Asked:
        model = self.settings.models[run.model]
        return self._desk.asked(run, question.content, holds, model, run.frames)

    async def _asked_again(self, run: Run, holds: Holds) -> Asked:
        """The question of a run that waits, with what holds by now."""
        question = await self._repository.message(run.session_id, run.question_id)
        if question is None:
            raise not_found("question")
        asked = self._asked(run, question, holds)
        await self._usage.check(run.user_id, free=asked.model.local)
        return asked

    async def _start(self, run: Run, question: Message, asked: Asked) -> None:
        await self._desk.begin(run, asked)
        await self._announce(run, question.message_id, question.role, run.status)
        if not asked.bench.title:
            await self._sessions.entitle(run.session_id, title_of(question.content))
        if not await self._repository.stands(run):
            # Deleted meanwhile, and its removal may have passed these messages already.
            await self._desk.remove_all(run.session_id)
            raise not_found("session")

    async def follow(
        self, caller: Caller, session_id: str, run_id: str, after: int
    ) -> AsyncIterator[RunEvent]:
        """A run's events after a number; `chat.schemas` says how their text adds up.

        Raises:
            LeonidasError: ``not_found``.
        """
        await self._run(caller, session_id, run_id, Action.READ)
        return self._desk.runs.follow(run_id, after)

    async def ended(self, run: Run) -> schemas.ChatResponse:
        """The answer, once the run has ended, or waits for somebody.

        Raises:
            LeonidasError: ``not_found`` when the session was deleted meanwhile.
        """
        found = await self._desk.ended(run)
        if found is None:
            raise not_found("answer")
        return schemas.ChatResponse.of(*found)

    async def cancel(self, caller: Caller, session_id: str, run_id: str) -> schemas.RunResponse:
        """Ask a run to stop, wherever it goes; one that has ended stays as it is.

        Raises:
            LeonidasError: ``not_found``, ``forbidden_by_policy``.
        """
        found = await self._run(caller, session_id, run_id, Action.CHAT)
        run = await self._desk.cancel(found)
        if run is None:
            raise not_found("run")
        return schemas.RunResponse.of(run)

    async def history(
        self, caller: Caller, session_id: str, *, after: str | None, before: str | None, limit: int
    ) -> Page[schemas.MessageResponse]:
        """Messages, oldest first. ``before`` pages backwards, from ``latest`` on.

        Raises:
            LeonidasError: ``not_found``, ``invalid_request``.
        """
        session = await self._sessions.authorize(caller, session_id, Action.READ)
        if after is not None and before is not None:
            raise invalid("Ask with after or with before, not with both.")
        page = await self._repository.page(session_id, after=after, before=before, limit=limit)
        shown = [await self._desk.shown(message) for message in page.items]
        read = any(call.frames for message in shown for call in message.tool_calls)
        files = await self._bench.standing(session.project_id) if read else None
        items = [schemas.MessageResponse.of(message, files) for message in shown]
        return Page(items=items, next=page.next)

    async def delete(self, caller: Caller, session_id: str, message_id: str) -> None:
        """Delete one message.

        Raises:
            LeonidasError: ``not_found``, ``forbidden_by_policy``, ``run_in_progress``.
        """
        await self._sessions.authorize(caller, session_id, Action.CHAT)
        await self._desk.make_way(session_id)
        message = await self._repository.message(session_id, message_id)
        if message is None:
            raise not_found("message")
        try:
            await self._repository.remove([message], count_in=session_id)
        except (Stale, Missing):  # somebody else removes it, or the session
            raise not_found("message") from None

    async def recover(self) -> None:
        """End the runs that killed processes left, and those that waited too long.

        What they said and found out is kept.
        """
        await self._desk.recover()

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
        await self._bus.publish(MessageAdded(run.project_id, run.session_id, message_id, role))
        await self._publish_state(run, status)

    async def _publish_state(self, run: Run, status: RunStatus) -> None:
        changed = RunStateChanged(run.project_id, run.session_id, run.run_id, status)
        await self._bus.publish(changed)

    async def _session_refreshed(self, event: SessionRefreshed) -> None:
        await self._desk.give_up_waiting(event.session_id, STARTED_AFRESH)

    async def _session_deleted(self, event: SessionDeleted) -> None:
        await self._desk.remove_all(event.session_id)
