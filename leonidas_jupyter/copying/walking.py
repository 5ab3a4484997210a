"""All items of a table, page by page, the next page on its way while one is worked on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from leonidas_jupyter.tables.base import M, Table

PAGE = 100
"""How many items are held at once, of which each may have hundreds of kilobytes."""


async def pages(table: Table[M]) -> AsyncIterator[list[M]]:
    """The pages of a table that hold anything."""
    page = await table.scan(limit=PAGE)
    while page.next is not None:
        following = asyncio.ensure_future(table.scan(after=page.next, limit=PAGE))
        try:
            if page.items:
                yield page.items
            page = await following
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await following
    if page.items:
        yield page.items
