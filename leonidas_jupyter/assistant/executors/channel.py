"""A conversation with one kernel over ZMQ, in Jupyter's messaging protocol.

Source of the protocol: https://jupyter-client.readthedocs.io/en/stable/messaging.html (5.4).
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from queue import Empty
from typing import Any, cast

NUDGE_SECONDS = 0.2
"""How often a kernel is asked whether its output reaches us, until it does."""

LAST_OUTPUT_SECONDS = 2.0
"""How long the end of the output is waited for once the kernel has replied."""

Message = dict[str, Any]
Sink = Callable[[str, Mapping[str, Any]], None]


class NoAnswer(Exception):
    """The kernel did not answer in time."""


@dataclass
class Request:
    """One execution as it goes: ``started`` is set when the kernel has begun with it."""

    code: str
    silent: bool = False
    expressions: Mapping[str, str] = field(default_factory=dict)
    sink: Sink = lambda _kind, _content: None
    started: asyncio.Event = field(default_factory=asyncio.Event)


class Channel:
    """A client of one kernel; its requests go one after the other.

    It has a ZMQ identity of its own: two clients that share one lose each other's replies.
    """

    def __init__(self, connection: Mapping[str, Any]) -> None:
        import zmq.asyncio
        from jupyter_client.asynchronous.client import AsyncKernelClient

        self._client = AsyncKernelClient(context=zmq.asyncio.Context.instance())
        self._client.load_connection_info(cast("Any", dict(connection)))

    async def open(self, seconds: float) -> Mapping[str, Any]:
        """Connect, and wait until the kernel's output reaches us; returns its ``kernel_info``.

        The question goes to the control channel, which a busy kernel answers, too.

        Raises:
            NoAnswer: it did not in ``seconds``.
        """
        self._client.start_channels(stdin=False, hb=False)
        try:
            async with asyncio.timeout(seconds):
                return await self._nudge()
        except TimeoutError:
            self.close()
            raise NoAnswer from None
        except BaseException:
            self.close()
            raise

    async def _nudge(self) -> Mapping[str, Any]:
        """A subscription takes a moment, and what is published before it stands is lost."""
        asked: set[str] = set()
        while True:
            message = self._client.session.msg("kernel_info_request")
            self._client.control_channel.send(message)
            asked.add(message["header"]["msg_id"])
            reply = await _next(self._client.control_channel, NUDGE_SECONDS)
            if reply is None or reply["parent_header"].get("msg_id") not in asked:
                continue
            heard = await _next(self._client.iopub_channel, NUDGE_SECONDS)
            if heard is not None:
                content: Mapping[str, Any] = reply["content"]
                return content

    async def execute(self, request: Request) -> Mapping[str, Any]:
        """Run code; returns the content of the reply once all its output has come.

        The kernel's page and history are left alone. Cancelling the caller stops nothing in the
        kernel.
        """
        message = self._client.session.msg(
            "execute_request",
            {
                "code": request.code,
                "silent": request.silent,
                "store_history": False,
                "user_expressions": dict(request.expressions),
                "allow_stdin": False,
                "stop_on_error": False,  # what waits behind it in a notebook is the user's
            },
        )
        message_id = message["header"]["msg_id"]
        self._client.shell_channel.send(message)
        listening = asyncio.ensure_future(self._listen(message_id, request))
        try:
            content = await self._reply(message_id)
            request.started.set()
            await asyncio.wait([listening], timeout=LAST_OUTPUT_SECONDS)
        finally:
            listening.cancel()
            await asyncio.wait([listening])
        if not listening.cancelled() and (failure := listening.exception()) is not None:
            raise failure
        return content

    async def _reply(self, message_id: str) -> Mapping[str, Any]:
        while True:
            reply = await self._client.shell_channel.get_msg()
            if reply["parent_header"].get("msg_id") == message_id:
                content: Mapping[str, Any] = reply["content"]
                return content

    async def _listen(self, message_id: str, request: Request) -> None:
        while True:
            message = await self._client.iopub_channel.get_msg()
            if message["parent_header"].get("msg_id") != message_id:
                continue
            kind, content = message["header"]["msg_type"], message["content"]
            if kind == "status":
                if content.get("execution_state") == "idle":
                    return
                request.started.set()
            else:
                request.sink(kind, content)

    def close(self) -> None:
        """Let go of the kernel."""
        self._client.stop_channels()


async def _next(channel: Any, seconds: float) -> Message | None:  # noqa: ANN401 - not typed
    try:
        message: Message = await channel.get_msg(timeout=seconds)
    except Empty:
        return None
    return message
