"""The rules of usage: what was used is told to whose it is, and a used-up budget asks no model."""

from collections.abc import Callable
from datetime import datetime, timedelta
from math import ceil

from leonidas_jupyter.assistant.shapes import MICROS
from leonidas_jupyter.core.errors import ErrorCode, LeonidasError
from leonidas_jupyter.core.ids import now
from leonidas_jupyter.core.security import Caller
from leonidas_jupyter.usage.repository import UsageRepository, day_of
from leonidas_jupyter.usage.schemas import (
    BudgetResponse,
    DailyBudget,
    DayUse,
    UsageOfDay,
    UsageResponse,
    UsageTotals,
    midnight_after,
)

MAX_DAYS = 366
"""How far back a report goes."""


class UsageService:
    """Reports, and budgets."""

    def __init__(
        self,
        *,
        repository: UsageRepository,
        budget: DailyBudget | None = None,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._repository = repository
        self._budget = budget or DailyBudget()
        self._clock = clock

    async def report(self, caller: Caller, days: int) -> UsageResponse:
        """What the caller used in the last ``days`` days, today included."""
        moment = self._clock()
        first = day_of(moment - timedelta(days=days - 1))
        rows = await self._repository.since(caller.user_id, first)
        today = [row for row in rows if row.day == day_of(moment)]
        return UsageResponse(
            since=first,
            days=[_shown(row) for row in rows],
            total=_total(rows),
            budget=self._left(today, moment) if self._budget.bounds else None,
        )

    async def check(self, user_id: str, *, free: bool = False) -> None:
        """Raise where nothing of a user's budget is left, and the model that is asked is not free.

        Raises:
            LeonidasError: ``budget_exhausted``, with the seconds until midnight UTC.
        """
        if free or not self._budget.bounds:
            return
        moment = self._clock()
        left = self._left(await self._repository.on(user_id, day_of(moment)), moment)
        if left.tokens_left == 0 or left.cost_left == 0:
            raise LeonidasError(
                ErrorCode.BUDGET_EXHAUSTED,
                "Your budget for today is used up; it is renewed at midnight UTC, and the built-in "
                "analyst answers until then.",
                detail=left.model_dump(mode="json"),
                retry_after=max(1, ceil((left.resets_at - moment).total_seconds())),
            )

    async def tokens_left(self, user_id: str) -> int | None:
        """How many tokens a user's budget leaves for today; None where none bounds them."""
        if not self._budget.tokens:
            return None
        moment = self._clock()
        today = await self._repository.on(user_id, day_of(moment))
        return self._left(today, moment).tokens_left

    def _left(self, today: list[DayUse], moment: datetime) -> BudgetResponse:
        budget = self._budget
        found = BudgetResponse(resets_at=midnight_after(moment))
        if budget.tokens:
            found.daily_tokens = budget.tokens
            found.tokens_left = max(0, budget.tokens - sum(row.tokens for row in today))
        if budget.cost:
            spent = sum(row.cost_micros for row in today)
            found.daily_cost = budget.cost
            found.cost_left = max(0, round(budget.cost * MICROS) - spent) / MICROS
        return found


def _shown(row: DayUse) -> UsageOfDay:
    return UsageOfDay(day=row.day, model=row.model, **_total([row]).model_dump())


def _total(rows: list[DayUse]) -> UsageTotals:
    return UsageTotals(
        runs=sum(row.runs for row in rows),
        input_tokens=sum(row.input_tokens for row in rows),
        output_tokens=sum(row.output_tokens for row in rows),
        cost=sum(row.cost_micros for row in rows) / MICROS,
    )
