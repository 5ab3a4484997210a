"""How every answer looks: one error shape, request ids, security headers, one access log line."""

import json
import logging
import re

from jupyter_server.base.handlers import JupyterHandler
from tornado.web import HTTPError

from leonidas_jupyter.core.errors import ErrorCode, LeonidasError
from leonidas_jupyter.core.ids import new_id
from leonidas_jupyter.server.logs import heard
from leonidas_jupyter.server.logs import request_id as request_id_of_logs

log = logging.getLogger("leonidas_jupyter.server.access")

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_CODES = {
    400: (ErrorCode.INVALID_REQUEST, "The request is malformed."),
    403: (ErrorCode.FORBIDDEN_BY_POLICY, "This is not allowed."),
    404: (ErrorCode.NOT_FOUND, "There is nothing at this address."),
    405: (ErrorCode.METHOD_NOT_ALLOWED, "This address does not take this method."),
}


class Answering(JupyterHandler):
    """A handler whose answers, errors above all, look as the API says."""

    request_id = ""
    route_path = ""
    username = ""
    _host_allowed: bool | None = None

    def check_host(self) -> bool:
        """Whether this server is known by the request's host name; looked at once."""
        if self._host_allowed is None:
            self._host_allowed = super().check_host()
        return self._host_allowed

    def set_default_headers(self) -> None:
        """The headers of every answer. The administrator's own stay, but none opens CORS."""
        if not self.request_id:
            self.request_id = self._given_id() or new_id()
            request_id_of_logs.set(self.request_id)
        for name, value in self.settings.get("headers", {}).items():
            if not name.lower().startswith("access-control-"):
                self.set_header(name, value)
        for name, value in HEADERS.items():
            self.set_header(name, value)
        self.set_header("X-Request-ID", self.request_id)

    def set_cors_headers(self) -> None:
        """No other origin may read our answers, whatever Jupyter allows for its own."""

    def compute_etag(self) -> None:
        """Answers are not stored, so that they need no tag."""

    def answer_error(self, error: LeonidasError) -> None:
        """Answer in the error shape; where an answer has begun already, break it off."""
        if self._finished:
            return
        if self._headers_written:
            self.break_off()
            return
        self.clear()
        self.set_status(error.status)
        self.set_header("Content-Type", "application/json")
        if error.retry_after is not None:
            self.set_header("Retry-After", str(error.retry_after))
        if error.status == 401:
            self.set_header("WWW-Authenticate", 'Bearer realm="leonidas"')
        if error.code is ErrorCode.METHOD_NOT_ALLOWED:
            self.set_header("Allow", ", ".join(error.detail.get("allow", ())))
        self.finish(json.dumps(error.body(self.request_id)))

    def break_off(self) -> None:
        """Close the connection, so that the client sees that the answer is not whole."""
        stream = self.request.connection.stream if self.request.connection else None  # type: ignore[attr-defined]  # of HTTP/1
        if stream is not None:
            stream.close()

    def write_error(self, status_code: int, **kwargs: object) -> None:
        """What tornado itself refuses, or what went wrong outside of our own code."""
        exc_info = kwargs.get("exc_info")
        error = exc_info[1] if isinstance(exc_info, tuple) else None
        if not isinstance(error, LeonidasError):
            internal = (ErrorCode.INTERNAL, "Something went wrong here; the log says what.")
            error = LeonidasError(*_CODES.get(status_code, internal))
            if status_code == 405:
                error.detail["allow"] = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"]
        self.answer_error(error)

    def log_exception(self, typ: object, value: object, tb: object) -> None:
        """An error that has a shape is no news; others are logged with their traceback."""
        if not isinstance(value, LeonidasError | HTTPError):
            super().log_exception(typ, value, tb)  # type: ignore[arg-type]  # any three objects

    def _log(self) -> None:
        # The route instead of the URL: URLs hold signed tokens, and Jupyter's own in ?token=.
        status = self.get_status()
        level = logging.DEBUG if status < 400 else logging.INFO if status < 500 else logging.ERROR
        if heard(log, level):
            log.log(
                level,
                "%s %s %s (%s@%s) %.1f ms",
                status,
                self.request.method,
                self.route_path or "-",
                self.username,
                self.request.remote_ip,
                1000 * self.request.request_time(),
            )

    def _given_id(self) -> str | None:
        given = self.request.headers.get("X-Request-ID", "")
        return given if _SANE_ID.fullmatch(given) else None
