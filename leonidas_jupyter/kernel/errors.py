"""The one exception of the kernel side: a sentence for a person, and never a traceback of ours."""

from typing import Any

_RED = "\x1b[31m"
_PLAIN = "\x1b[0m"


class LeonidasError(Exception):
    """What went wrong and what to do next, in one sentence.

    Attributes:
        code: of the API's closed list, or ``unreachable``, ``connection_lost``, ``interrupted``,
            ``usage``, ``local`` for what never reached a server.
        status: the HTTP status, where a server answered.
        detail: machine-readable facts from the server.
        retry_after: seconds after which trying again makes sense.
        request_id: what the server's log knows the request by.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "local",
        status: int | None = None,
        detail: dict[str, Any] | None = None,
        retry_after: float | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.detail = detail or {}
        self.retry_after = retry_after
        self.request_id = request_id

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in place of a traceback; the cell still fails."""
        return [f"{_RED}{self}{_PLAIN}"]


class ConnectionLost(LeonidasError):
    """The server stopped answering in the middle; the work there may go on."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="connection_lost")


class Interrupted(LeonidasError):
    """The person stopped it; what was said so far is kept on the server."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="interrupted")
