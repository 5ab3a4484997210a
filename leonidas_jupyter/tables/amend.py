"""Changes that depend on what an item is now, safe against others who change it too."""

from collections.abc import Callable, Mapping
from typing import Any

from leonidas_jupyter.tables.base import Key, M, Missing, Stale, Table, Unavailable

ATTEMPTS = 20
"""How often somebody else may be quicker before the engine counts as overloaded."""


async def amend(
    table: Table[M],
    key: Key,
    decide: Callable[[M], Mapping[str, Any] | None],
    *,
    if_version: int | None = None,
) -> M:
    """Read the item, let ``decide`` say its changes (None: none), write them if nobody was quicker.

    ``decide`` is asked again for each new state; what it raises ends the attempt.

    Raises:
        Missing: there is no such item.
        Stale: it does not have the version ``if_version`` that the caller knows.
    """
    for _ in range(ATTEMPTS):
        item = await table.get(key)
        if item is None:
            raise Missing
        if if_version is not None and item.version != if_version:
            raise Stale
        changes = decide(item)
        if changes is None:
            return item
        try:
            return await table.update(key, changes, if_version=item.version)
        except Stale:
            continue
    raise Unavailable("Many changes are made to the same thing at once.", retry_after=1)
