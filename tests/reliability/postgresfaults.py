"""Connections to PostgreSQL that are ended from outside at a statement."""

import re
from contextlib import contextmanager
from typing import Any

from leonidas_jupyter.tables.connection import DriverConnection
from tests.reliability.awsfaults import Call, Fault, Injector

_TABLE = re.compile(r"(?:FROM|INTO|UPDATE|EXISTS|TABLE) \"?(\w+)")


class Backends:
    """Ends connections by way of one of its own."""

    def __init__(self, url):
        import psycopg

        self._connection = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)

    def end(self, raw):
        """End what serves a connection, and see that it has ended."""
        pid = raw.info.backend_pid
        ended = self._connection.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,))
        assert ended.fetchone() == (True,), pid

    def close(self):
        self._connection.close()


def _before(watched, run):
    watched.backends.end(watched.raw)
    return run()


def _after(watched, run):
    found = run()
    watched.backends.end(watched.raw)
    return found


def _unseen(watched, run):
    """It is confirmed, and the answer does not arrive."""
    run()
    watched.backends.end(watched.raw)
    return watched.raw.execute("SELECT 1")


FAULTS = {
    "ended before": Fault(_before),
    "ended after": Fault(_after),
    "confirmed unseen": Fault(_unseen, of=frozenset({"COMMIT"})),
}


class Watched:
    """A connection of the driver whose statements may meet a fault."""

    def __init__(self, raw: Any, injector: Injector, backends: Backends) -> None:
        self.raw = raw
        self.backends = backends
        self._injector = injector

    def execute(self, text, *arguments):
        operation, table = text.split(None, 1)[0], _TABLE.search(text)
        about = table[1] if table else ""
        call = Call(self._injector.step, "postgresql", operation, about)
        fault = self._injector.meets(call)

        def run():
            return self.raw.execute(text, *arguments)

        return run() if fault is None else fault.act(self, run)

    def __getattr__(self, name):
        return getattr(self.raw, name)


@contextmanager
def watching(injector, url, monkeypatch):
    """The connections that are opened in the body may be watched."""
    backends = Backends(url)
    opened = DriverConnection._opened

    def open_(self):
        raw = opened(self)
        return Watched(raw, injector, backends) if injector.watches else raw

    with monkeypatch.context() as patch:
        patch.setattr(DriverConnection, "_opened", open_)
        try:
            yield
        finally:
            backends.close()
