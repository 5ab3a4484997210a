"""Runs that wait for somebody: answered, claimed, taken up again, or given up."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Generic, NoReturn, TypeVar

from leonidas_jupyter.assistant.answers import AnswerTables
from leonidas_jupyter.assistant.approvals import (
    Answers,
    Claim,
    Rules,
    approve,
    edit,
    only_claimed,
    only_owner,
    report,
    waiting_call,
)
from leonidas_jupyter.assistant.shapes import (
    AnswerRow,
    RunFinished,
    RunRow,
    RunStatus,
    StoredCall,
)
from leonidas_jupyter.core.errors import ErrorCode, LeonidasError, conflict, invalid
from leonidas_jupyter.core.ids import new_id, now
from leonidas_jupyter.tables.base import Exists, Missing, Operation, Stale, Unavailable
from leonidas_jupyter.tables.leases import Leases

CLAIM = timedelta(seconds=60)
"""How long a client may run a call before it has to say that it still does."""

ATTEMPTS = 20
"""How often somebody else may be quicker."""

EXPIRED = "expired"
EXPIRED_SENTENCE = "Nobody answered in time whether its code may run; ask again to go on."
ASKED_ELSE = "the user asked something else"
STOPPED = "the user stopped the answer"
STARTED_AFRESH = "the session was started afresh"
STOPPED_BEFORE = "This answer was stopped, so nothing of it runs any more; ask again."

R = TypeVar("R", bound=RunRow)
A = TypeVar("A", bound=AnswerRow)


class Pending(Generic[R, A]):
    """The runs that wait for somebody."""

    def __init__(self, tables: AnswerTables[R, A], leases: Leases) -> None:
        self._tables = tables
        self._leases = leases

    async def answer(
        self,
        run_id: str,
        answers: Answers,
        rules: Rules,
        also: Callable[[], Awaitable[Sequence[Operation]]],
    ) -> R:
        """Take answers, all of them or none; the run goes on once all its calls are answered.

        ``also`` is stored with an allowance for the rest of the session.

        Raises:
            LeonidasError: ``invalid_request``, ``conflict`` (answered before, expired, stopped, an
                edit that overwrites more names), ``forbidden_by_policy``, ``run_in_progress``.
        """
        for _ in range(ATTEMPTS):
            run, answer = await self._waiting(run_id)
            calls = [call.model_copy(deep=True) for call in answer.tool_calls]
            by_id = {call.id: call for call in calls}
            await self._check_edits(answer, by_id, answers, rules)
            for call_id, approval in answers.approvals.items():
                approve(waiting_call(by_id, call_id), approval, rules)
            for result in answers.results:
                report(waiting_call(by_id, result.tool_call_id), result, rules, calls)
            allowed = any(each.decision == "session" for each in answers.approvals.values())
            try:
                if any(call.state == "pending" and call.decision is None for call in calls):
                    await self._tables.keep_calls(answer, calls)
                    return run
                more = await also() if allowed and rules.off is None else ()
                return await self._tables.take_up(run, answer, calls, self._leases, more)
            except Exists as error:
                raise LeonidasError(
                    ErrorCode.RUN_IN_PROGRESS,
                    "Another answer is being made in this session; wait for it, or cancel it.",
                ) from error
            except (Stale, Missing):
                continue
        raise Unavailable("Many things happen in this session at once.", retry_after=1)

    async def claim(self, run_id: str, call_id: str, rules: Rules, claim: str | None) -> Claim:
        """Say that a client runs a call (again), so that no other does.

        Raises:
            LeonidasError: ``conflict`` while another client runs it, or once it is answered;
                ``invalid_request``, ``forbidden_by_policy``.
        """
        for _ in range(ATTEMPTS):
            _, answer = await self._waiting(run_id)
            calls = [call.model_copy(deep=True) for call in answer.tool_calls]
            call = waiting_call({each.id: each for each in calls}, call_id)
            if call.needs != "client":
                raise invalid(f"The call {call_id} does not run in a client; approve it instead.")
            only_owner(rules)
            if rules.off is not None:
                raise LeonidasError(ErrorCode.FORBIDDEN_BY_POLICY, rules.off)
            only_claimed(call, claim)
            call.claimed_by = call.claimed_by if claim and claim == call.claimed_by else new_id()
            call.claimed_until = now() + CLAIM
            try:
                await self._tables.keep_calls(answer, calls)
            except (Stale, Missing):
                continue
            return Claim(claim=call.claimed_by, lease_until=call.claimed_until)
        raise Unavailable("Many things happen in this session at once.", retry_after=1)

    async def give_up(
        self, run_id: str, why: str, status: RunStatus, error: str | None = None
    ) -> R | None:
        """End a run that waits, its calls refused; None when it does not wait (any more)."""
        for _ in range(ATTEMPTS):
            found = await self._tables.waiting(run_id)
            if found is None:
                return None
            run, answer = found
            refused = [
                call.model_copy(update={"state": "refused", "ok": False, "summary": why})
                for call in answer.tool_calls
                if call.state == "pending"
            ]
            end = RunFinished(
                status=status, message_id=run.message_id, error=error, receipts=answer.receipts
            )
            try:
                await self._tables.give_up(run, answer, refused, end)
            except (Stale, Missing, Exists):
                continue
            return run
        return None

    async def expire(self, run: R) -> R | None:
        """End a run for which nobody came in time; None while there is time."""
        if run.lease_until is None or run.lease_until > now():
            return None
        return await self.give_up(run.run_id, EXPIRED, RunStatus.FAILED, EXPIRED_SENTENCE)

    async def _waiting(self, run_id: str) -> tuple[R, A]:
        found = await self._tables.waiting(run_id)
        if found is None:
            raise conflict("Nothing waits in this answer (any more); read the session again.")
        if await self.expire(found[0]) is not None:
            raise conflict("It has waited too long and has expired; ask again.")
        if found[0].cancel_requested:
            raise conflict(STOPPED_BEFORE)
        return found

    async def _check_edits(
        self, answer: A, by_id: dict[str, StoredCall], answers: Answers, rules: Rules
    ) -> None:
        """Show names that an edit newly overwrites, before anything is taken."""
        for call_id, approval in answers.approvals.items():
            call = waiting_call(by_id, call_id)
            if approval.code is None or approval.decision == "refuse" or rules.off is not None:
                continue
            only_owner(rules)
            if "code" not in call.arguments:
                raise invalid(f"The call {call_id} has no code to edit; approve it as it is.")
            names = list(await rules.overwrites(approval.code))
            more = sorted(set(names) - set(call.overwrites))
            edit(call, approval.code, names)
            if more:
                await self._ask_again(answer, list(by_id.values()), more)

    async def _ask_again(
        self, answer: A, calls: Sequence[StoredCall], more: Sequence[str]
    ) -> NoReturn:
        try:
            await self._tables.keep_calls(answer, calls)
        except (Stale, Missing):
            raise conflict("Somebody else answered at the same time; look again.") from None
        named = ", ".join(more)
        raise LeonidasError(
            ErrorCode.CONFLICT,
            f"As you edited it, the code also overwrites {named}; approve it again if it may.",
            detail={"overwrites": list(more)},
        )
