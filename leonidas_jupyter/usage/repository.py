"""What usage needs stored: one row for each user, day and model."""

from datetime import datetime, timedelta
from typing import Any

from leonidas_jupyter.assistant.shapes import Usage
from leonidas_jupyter.tables.base import Add, Database, Exists, TableSpec
from leonidas_jupyter.usage.schemas import DayUse

USAGE = TableSpec("usage", DayUse, key=("subject", "entry"), ttl="expires_at")
SPECS: tuple[TableSpec[Any], ...] = (USAGE,)
"""The tables of this domain."""

KEPT = timedelta(days=400)
"""How long a day's counts are kept: a year, and the month in which it is looked at."""

_PAGE = 200
_LAST = "\U0010ffff"
"""Sorts after every model's name."""


class UsageRepository:
    """The counts of each day."""

    def __init__(self, database: Database) -> None:
        self._rows = database.table(USAGE)

    async def since(self, user_id: str, first_day: str) -> list[DayUse]:
        """What somebody used from a day (``YYYY-MM-DD``) on, newest first."""
        found: list[DayUse] = []
        after: str | None = None
        while True:
            page = await self._rows.query(
                None,
                _subject(user_id),
                after=after,
                between=(first_day, None),
                limit=_PAGE,
                descending=True,
            )
            found += page.items
            if (after := page.next) is None:
                return found

    async def on(self, user_id: str, day: str) -> list[DayUse]:
        """What somebody used on one day; more models than a page holds are not looked at."""
        span = (day, f"{day} {_LAST}")
        page = await self._rows.query(None, _subject(user_id), between=span, limit=_PAGE)
        return page.items

    async def begin_day(self, user_id: str, model: str, moment: datetime) -> bool:
        """Make the row that a count is added to; false where it stands already."""
        subject, entry = _key(user_id, model, moment)
        row = DayUse(
            subject=subject,
            entry=entry,
            day=day_of(moment),
            model=model,
            expires_at=moment + KEPT,
        )
        try:
            await self._rows.put(row, if_absent=True)
        except Exists:
            return False
        return True


def counting(user_id: str, model: str, moment: datetime, used: Usage, *, runs: int) -> Add:
    """The operation that counts; it raises Missing until ``begin_day`` has made its row."""
    also = {"output_tokens": used.output_tokens, "cost_micros": used.cost_micros, "runs": runs}
    return Add(USAGE, _key(user_id, model, moment), "input_tokens", used.input_tokens, also)


def day_of(moment: datetime) -> str:
    """The day of a moment in UTC, ``YYYY-MM-DD``."""
    return moment.date().isoformat()


def _subject(user_id: str) -> str:
    return f"user:{user_id}"


def _key(user_id: str, model: str, moment: datetime) -> tuple[str, str]:
    return _subject(user_id), f"{day_of(moment)} {model}"
