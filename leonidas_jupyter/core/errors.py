"""The closed list of error codes, and the one exception that becomes the one error shape."""

from enum import StrEnum
from typing import Any


class ErrorCode(StrEnum):
    """Every code that an answer of the API can carry."""

    INVALID_REQUEST = "invalid_request"
    UNAUTHENTICATED = "unauthenticated"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - the name of an error, not a secret
    FORBIDDEN_BY_POLICY = "forbidden_by_policy"
    XSRF_FAILED = "xsrf_failed"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    CONFLICT = "conflict"
    RUN_IN_PROGRESS = "run_in_progress"
    LENGTH_REQUIRED = "length_required"
    VERSION_MISMATCH = "version_mismatch"
    FILE_TOO_LARGE = "file_too_large"
    UNSUPPORTED_FILE = "unsupported_file"
    UNREADABLE_CSV = "unreadable_csv"
    RATE_LIMITED = "rate_limited"
    BUDGET_EXHAUSTED = "budget_exhausted"
    MODEL_ERROR = "model_error"
    BACKEND_UNAVAILABLE = "backend_unavailable"
    INTERNAL = "internal"


STATUS: dict[ErrorCode, int] = {
    ErrorCode.INVALID_REQUEST: 400,
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.TOKEN_EXPIRED: 401,
    ErrorCode.FORBIDDEN_BY_POLICY: 403,
    ErrorCode.XSRF_FAILED: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.METHOD_NOT_ALLOWED: 405,
    ErrorCode.CONFLICT: 409,
    ErrorCode.RUN_IN_PROGRESS: 409,
    ErrorCode.LENGTH_REQUIRED: 411,
    ErrorCode.VERSION_MISMATCH: 412,
    ErrorCode.FILE_TOO_LARGE: 413,
    ErrorCode.UNSUPPORTED_FILE: 415,
    ErrorCode.UNREADABLE_CSV: 422,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.BUDGET_EXHAUSTED: 429,
    ErrorCode.INTERNAL: 500,
    ErrorCode.MODEL_ERROR: 502,
    ErrorCode.BACKEND_UNAVAILABLE: 503,
}
"""The HTTP status of each code."""


class LeonidasError(Exception):
    """What went wrong, in one sentence a person can act on.

    Attributes:
        code: one of the closed list.
        message: what happened and what to do next; never a path, a secret or a traceback.
        detail: machine-readable facts (field paths, limits, ids of the caller's own things).
        retry_after: seconds after which trying again makes sense, sent as ``Retry-After``.
    """

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        *,
        detail: dict[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.detail = detail or {}
        self.retry_after = retry_after

    @property
    def status(self) -> int:
        """The HTTP status that goes with the code."""
        return STATUS[self.code]

    def body(self, request_id: str) -> dict[str, Any]:
        """The error shape of every answer."""
        return {
            "error": {
                "code": self.code.value,
                "message": self.message,
                "detail": self.detail,
                "request_id": request_id,
            }
        }


def not_found(what: str) -> LeonidasError:
    """What a caller may not see and what does not exist look the same."""
    return LeonidasError(
        ErrorCode.NOT_FOUND, f"There is no such {what}, or it is not shared with you."
    )


def conflict(message: str, **detail: Any) -> LeonidasError:  # noqa: ANN401 - facts of any JSON type
    """The request does not fit the present state."""
    return LeonidasError(ErrorCode.CONFLICT, message, detail=detail)


def invalid(message: str, **detail: Any) -> LeonidasError:  # noqa: ANN401 - facts of any JSON type
    """The request itself is wrong."""
    return LeonidasError(ErrorCode.INVALID_REQUEST, message, detail=detail)
