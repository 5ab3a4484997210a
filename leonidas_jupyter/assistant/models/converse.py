"""Converse, given up at once: also before the first byte of an answer.

boto3 waits in a thread for an answer's headers and cannot be told to stop; the request would go on,
and so would the process that wants to end. So each request remembers its connection, and to give it
up is to shut its socket down.
"""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from contextvars import ContextVar
from typing import Any

from botocore.awsrequest import AWSHTTPConnectionPool, AWSHTTPSConnectionPool
from pydantic_ai.models import StreamedResponse
from pydantic_ai.models.bedrock import BedrockConverseModel


class _Line:
    """The connection of one request."""

    def __init__(self) -> None:
        self._connection: Any = None

    def taken(self, connection: object) -> None:
        self._connection = connection

    def hang_up(self) -> None:
        with suppress(AttributeError, OSError):  # not connected yet, or closed already
            self._connection.sock.shutdown(socket.SHUT_RDWR)


_line: ContextVar[_Line | None] = ContextVar("leonidas_converse_line", default=None)


class _Remembering:
    """A pool that says which connection a request took."""

    def _get_conn(self, timeout: float | None = None) -> Any:  # noqa: ANN401 - urllib3's
        connection = super()._get_conn(timeout)  # type: ignore[misc]  # a pool of urllib3's
        if (line := _line.get()) is not None:
            line.taken(connection)
        return connection


class _Plain(_Remembering, AWSHTTPConnectionPool):  # type: ignore[misc]  # botocore has no types
    pass


class _Secure(_Remembering, AWSHTTPSConnectionPool):  # type: ignore[misc]  # botocore has no types
    pass


def remember_connections(client: Any) -> None:  # noqa: ANN401 - boto3 makes its classes as it runs
    """Let requests of a boto3 client be given up; one built in another way stays as it is."""
    with suppress(AttributeError):
        manager = client._endpoint.http_session._manager
        manager.pool_classes_by_scheme = {"http": _Plain, "https": _Secure}


class ConverseModel(BedrockConverseModel):
    """A model by Converse whose cancelled requests end."""

    @asynccontextmanager
    async def request_stream(self, *request: Any, **more: Any) -> AsyncGenerator[StreamedResponse]:  # noqa: ANN401 - as the base class
        """The response as it comes; cancelled, it closes its connection at once."""
        async with AsyncExitStack() as stack:
            line = _Line()
            token = _line.set(line)
            try:
                opening = super().request_stream(*request, **more)
                streamed = await stack.enter_async_context(opening)
            except asyncio.CancelledError:
                line.hang_up()
                raise
            finally:
                _line.reset(token)
            yield streamed
