"""Our log lines in Jupyter's log, each with its request id; as text or as JSON lines."""

import json
import logging
from contextvars import ContextVar
from copy import copy
from datetime import UTC, datetime

request_id: ContextVar[str] = ContextVar("leonidas_request_id", default="")
"""The id of the request that the present code works for."""

PACKAGE = "leonidas_jupyter"


class _ToJupyter(logging.Handler):
    """Hands our records to Jupyter's logger."""

    def __init__(self, target: logging.Logger) -> None:
        super().__init__()
        self._target = target

    def hears(self, level: int) -> bool:
        """Whether Jupyter's logger and one of its handlers take records of that level."""
        return heard(self._target, level)

    def emit(self, record: logging.LogRecord) -> None:
        if not self.hears(record.levelno):
            return
        record = copy(record)  # others may handle it, too
        if current := request_id.get():
            record.request_id = current
            if not any(isinstance(h.formatter, JsonLines) for h in self._target.handlers):
                record.msg, record.args = f"{record.getMessage()} [{current}]", None
        self._target.handle(record)


def heard(logger: logging.Logger, level: int) -> bool:
    """Whether a handler takes a logger's records of that level.

    Jupyter's logger takes them all, and its handler few: to make those that are dropped then is a
    good part of what a light request costs.
    """
    if not logger.isEnabledFor(level):
        return False
    current: logging.Logger | None = logger
    while current is not None:
        for handler in current.handlers:
            if level >= handler.level and (
                not isinstance(handler, _ToJupyter) or handler.hears(level)
            ):
                return True
        current = current.parent if current.propagate else None
    return False


class JsonLines(logging.Formatter):
    """One JSON object per line: time, level, logger, message, request_id, exception."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if current := getattr(record, "request_id", ""):
            line["request_id"] = current
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class JupyterLog:
    """Our package's logger, joined to Jupyter's for as long as the server runs."""

    def __init__(self, target: logging.Logger, log_format: str) -> None:
        self._logger = logging.getLogger(PACKAGE)
        self._before = (self._logger.level, self._logger.propagate)
        self._handler = _ToJupyter(target)
        self._logger.addHandler(self._handler)
        self._logger.setLevel(target.getEffectiveLevel())
        self._logger.propagate = False
        if log_format == "json":
            for handler in target.handlers:
                handler.setFormatter(JsonLines())

    def close(self) -> None:
        """Leave our logger as it was."""
        self._logger.removeHandler(self._handler)
        self._logger.setLevel(self._before[0])
        self._logger.propagate = self._before[1]
