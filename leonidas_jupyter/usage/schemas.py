"""The shapes of usage: what is counted, what a budget leaves, what goes out."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from pydantic import BaseModel, Field

from leonidas_jupyter.assistant.shapes import Usage
from leonidas_jupyter.tables.base import Item


class DayUse(Item):
    """What somebody used of one model on one day (UTC), as stored.

    ``subject`` is ``user:`` and their id; ``entry`` is the day and the model, so that a day's
    entries stand together. Each count only ever grows, by atomic addition.
    """

    subject: str
    entry: str
    day: str
    model: str
    runs: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_micros: int = 0
    expires_at: datetime

    @property
    def tokens(self) -> int:
        """Tokens of both directions."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True)
class DailyBudget:
    """What each user may use in a day (UTC); 0 is no bound. ``cost`` is in US dollars.

    A model whose price is not known costs nothing here: bound its tokens.
    """

    tokens: int = 0
    cost: float = 0.0

    @property
    def bounds(self) -> bool:
        """Whether anything is bounded."""
        return bool(self.tokens or self.cost)


class UsageTotals(BaseModel):
    """Runs, tokens, and the cost in US dollars as far as prices are known."""

    runs: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0


class UsageOfDay(UsageTotals):
    """What was used of one model on one day (``YYYY-MM-DD``, UTC)."""

    day: str
    model: str


class BudgetResponse(BaseModel):
    """A day's budget and what is left of it; null where there is no such bound."""

    daily_tokens: int | None = None
    tokens_left: int | None = None
    daily_cost: float | None = None
    cost_left: float | None = None
    resets_at: datetime


class UsageResponse(BaseModel):
    """What the caller used, newest day first; ``budget`` is null where nothing is bounded."""

    since: str = Field(description="the first day that is counted (YYYY-MM-DD, UTC)")
    days: list[UsageOfDay]
    total: UsageTotals
    budget: BudgetResponse | None = None


def beyond(usage: Usage, counted: Usage | None) -> Usage:
    """What of a usage has not been counted yet."""
    if counted is None:
        return usage
    cost = None if usage.cost is None else usage.cost - (counted.cost or 0.0)
    return Usage(
        input_tokens=usage.input_tokens - counted.input_tokens,
        output_tokens=usage.output_tokens - counted.output_tokens,
        cost=cost,
    )


def midnight_after(moment: datetime) -> datetime:
    """The end of a day: the next midnight in UTC."""
    tomorrow = moment.astimezone(UTC).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), UTC)
