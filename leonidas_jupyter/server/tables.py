"""The tables of a configured database: made, looked at, removed."""

import asyncio
from dataclasses import dataclass
from typing import Any

from leonidas_jupyter.core.config import Leonidas
from leonidas_jupyter.server import engines
from leonidas_jupyter.server.engines import SPECS


@dataclass(frozen=True)
class TablesState:
    """How the tables stand: what is missing or differs, and of which revision they are."""

    engine: str
    revision: str | None
    problems: list[str]

    @property
    def sentence(self) -> str:
        """The same for people."""
        at = f" (revision {self.revision})" if self.revision else ""
        if self.problems:
            return f"not as this release needs them{at}; run `jupyter leonidas tables create`."
        return f"there, and as this release needs them{at}."

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {"engine": self.engine, "revision": self.revision, "problems": self.problems}


async def create(settings: Leonidas) -> None:
    """Make what is missing. Raises Unavailable."""
    await asyncio.to_thread(engines.create_tables, settings)


async def state(settings: Leonidas) -> TablesState:
    """Look at them; nothing is changed. Raises Unavailable."""
    problems = await asyncio.to_thread(engines.check_tables, settings)
    revision = await asyncio.to_thread(engines.revision_of, settings)
    return TablesState(settings.database.partition(":")[0], revision, problems)


async def drop(settings: Leonidas) -> None:
    """Remove them with all that they hold. Raises Unavailable."""
    await asyncio.to_thread(engines.drop_tables, settings)


async def contents(settings: Leonidas) -> dict[str, int]:
    """How many items each table holds. Raises Unavailable."""
    database = await asyncio.to_thread(
        engines.open_database, settings.database, ca_bundle=settings.ca_bundle
    )
    try:
        counts = {}
        for spec in SPECS:
            counts[spec.name], after = 0, None
            while True:
                page = await database.table(spec).scan(after=after, limit=500)
                counts[spec.name] += len(page.items)
                if (after := page.next) is None:
                    break
        return counts
    finally:
        await database.close()
