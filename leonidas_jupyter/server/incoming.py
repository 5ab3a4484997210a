"""A request's body on its way to a handler that takes it in pieces."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leonidas_jupyter.core.http import Response

WAITING = 8
"""How many pieces (64 KiB each) may wait for the handler before the sender is held up."""


class ClientGone(ConnectionError):
    """The client closed its connection in the middle of the body."""


class Incoming:
    """Runs a handler while its body arrives."""

    def __init__(self, work: Callable[[AsyncIterator[bytes]], Awaitable["Response"]]) -> None:
        self._pieces: asyncio.Queue[bytes | ClientGone | None] = asyncio.Queue(WAITING)
        self._task = asyncio.ensure_future(work(self._chunks()))

    def when_done(self, callback: Callable[[], None]) -> None:
        """Call back when the handler has ended, be it before the body did."""
        self._task.add_done_callback(lambda _: callback())

    async def give(self, piece: bytes | None) -> None:
        """Hand over the next piece, None at the end; waits while the handler is busy."""
        if self._pieces.full():
            putting = asyncio.ensure_future(self._pieces.put(piece))
            await asyncio.wait({putting, self._task}, return_when=asyncio.FIRST_COMPLETED)
            putting.cancel()
        elif not self._task.done():
            self._pieces.put_nowait(piece)

    async def response(self) -> "Response":
        """What the handler answers. Raises what it raises."""
        return await self._task

    def abort(self) -> None:
        """The client is gone: the handler's iterator raises ClientGone."""
        while not self._pieces.empty():
            self._pieces.get_nowait()
        self._pieces.put_nowait(ClientGone("The client closed the connection."))
        self._task.add_done_callback(_forget)

    async def _chunks(self) -> AsyncIterator[bytes]:
        while (piece := await self._pieces.get()) is not None:
            if isinstance(piece, ClientGone):
                raise piece
            yield piece


def _forget(task: "asyncio.Future[Response]") -> None:
    # Nobody is there to be told how it ended.
    with suppress(Exception, asyncio.CancelledError):
        task.result()
