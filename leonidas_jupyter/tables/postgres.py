"""What is particular to PostgreSQL: connections, locks, texts and errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.dialects.postgresql.base import PGTypeCompiler
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from leonidas_jupyter.core.postgresplace import parse_postgres
from leonidas_jupyter.tables.base import Unavailable
from leonidas_jupyter.tables.drivers import BUSY, Driver

if TYPE_CHECKING:
    from sqlalchemy.types import Text

CONNECT_SECONDS = 10
LOCK_SECONDS = 30
STATEMENT_SECONDS = 60
IDLE_SECONDS = 300.0
"""After which a connection that nobody needs is closed: each takes memory of the server's."""
_MIGRATION = 0x4C656F6E
"""The number of the advisory lock under which schemas are changed: "Leon"."""

_OPTIONS: dict[str, Any] = {
    "application_name": "leonidas",
    "connect_timeout": CONNECT_SECONDS,
    # A network that went away in silence is noticed within a minute.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""Parameters of libpq, for those that the URL does not give (PostgreSQL manual, 34.1.2)."""

_CONFLICTS = frozenset(
    {
        "40001",  # serialization_failure
        "40P01",  # deadlock_detected
        "23505",  # unique_violation: what was free when it was read is taken now
    }
)
UNREACHABLE = "The database cannot be reached; check that it runs and that database_url is right."
_SENTENCES = {
    "08": UNREACHABLE,
    "25006": "The database can only be read at the moment; try again soon.",
    "28": "The database refuses the user or password of database_url; correct them.",
    "3D": "The server has no database of the name in database_url; make it, or correct the name.",
    "42501": "The user of database_url may not do this in the database; grant it what it needs.",
    "53100": "The disk of the database is full; free some space and try again.",
    "53200": "There is too little memory for the database; try again in a moment.",
    "53300": "The database has no connection left; try again in a moment, or raise its limit.",
    "53": "The database has reached a limit of its own; try again in a moment.",
    "55P03": BUSY,
    "57014": "The database took too long to answer; try again in a moment.",
    "57": "The database is starting or stopping; try again in a moment.",
    "58": "The disk of the database cannot be read or written; check it and try again.",
    "SSL": "No safe connection to the database can be made; check sslmode, sslrootcert and its "
    "certificate.",
    "XX001": "The database is damaged; restore it from a backup.",
    "XX002": "The database is damaged; rebuild its indexes, or restore it from a backup.",
}
"""By SQLSTATE, or its class (PostgreSQL manual, appendix A); SSL is a name of our own."""
_SOON = frozenset({"08", "53300", "53200", "55P03", "57014", "57"})
_REFUSALS = (
    ("authentication failed", "28"),
    ("no pg_hba.conf entry", "28"),
    ("SSL", "SSL"),
    ("certificate", "SSL"),
    ("too many", "53300"),
    ("remaining connection slots", "53300"),
    ("starting up", "57"),
    ("shutting down", "57"),
    ("permission denied", "42501"),
    ("FATAL:  role", "28"),
    ("FATAL:  database", "3D"),
)
"""How a connection that cannot be made says why, as libpq hands over no SQLSTATE of it."""


def postgres_driver(address: str) -> Driver:
    """The driver for a ``postgresql+psycopg://`` URL; nothing is connected yet.

    Raises:
        Unavailable: psycopg is not installed.
        ValueError: the URL names no database, or the query something that is not known.
    """
    try:
        plain, given, size = parse_postgres(address)
    except ValueError as error:
        raise ValueError(f"database_url: {error}") from error
    try:
        import psycopg  # noqa: F401 - SQLAlchemy takes it
    except ImportError as error:
        raise Unavailable(
            "PostgreSQL needs psycopg; install leonidas-jupyter[server,postgres].", 60
        ) from error
    engine = create_engine(plain, poolclass=NullPool, connect_args={**_OPTIONS, **given})
    _order_by_bytes(engine)
    return Driver(
        engine,
        "BEGIN ISOLATION LEVEL READ COMMITTED",
        explained,
        prepare=_prepare,
        conflict=lambda error: getattr(error, "sqlstate", None) in _CONFLICTS,
        lost=lambda connection: bool(connection.closed),
        alone=_alone,
        encode=encoded,
        decode=decoded,
        row_locks=True,
        makes_tables=False,
        readers=size - size // 2,
        writers=size // 2,
        idle_seconds=IDLE_SECONDS,
    )


def encoded(text: str) -> str:
    """A text without NUL, which PostgreSQL does not take, that sorts as the text does."""
    if "\0" not in text and "\x01" not in text:
        return text
    return text.replace("\x01", "\x01\x02").replace("\0", "\x01\x01")


def decoded(text: str) -> str:
    """The text that was encoded."""
    if "\x01" not in text:
        return text
    return text.replace("\x01\x01", "\0").replace("\x01\x02", "\x01")


@contextmanager
def explained() -> Iterator[None]:
    """Failures of the engine within the body become Unavailable; our mistakes stay as they are."""
    import psycopg

    try:
        yield
    except (DBAPIError, psycopg.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        state = _state(cause)
        for known in (state, state[:2]):
            if known in _SENTENCES:
                soon = known in _SOON
                raise Unavailable(_SENTENCES[known], retry_after=5 if soon else 60) from error
        raise


def _state(error: BaseException | None) -> str:
    """The SQLSTATE of an error, guessed where the connection could not be made, or broke."""
    import psycopg

    state = getattr(error, "sqlstate", None)
    if state is not None:
        return str(state)
    if not isinstance(error, psycopg.OperationalError):
        return ""
    said = str(error)
    return next((state for words, state in _REFUSALS if words in said), "08")


def _prepare(connection: Any) -> None:  # noqa: ANN401 - the driver's connection
    connection.autocommit = True  # the driver begins nothing by itself
    limits = {
        "lock_timeout": LOCK_SECONDS,
        "statement_timeout": STATEMENT_SECONDS,
        "idle_in_transaction_session_timeout": STATEMENT_SECONDS,
    }
    # Not as options of the connection, which the poolers between us and the server refuse.
    connection.execute("; ".join(f"SET {name} = {s * 1000:.0f}" for name, s in limits.items()))


def _alone(connection: Connection) -> None:
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION})")


class _ByteOrder(PGTypeCompiler):
    """Texts of columns sort by their bytes, as they do in the other engines."""

    def visit_TEXT(
        self,
        type_: "Text",
        **options: Any,  # noqa: ANN401 - SQLAlchemy's
    ) -> str:
        text = super().visit_TEXT(type_, **options)
        return text if options.get("type_expression") is None else f'{text} COLLATE "C"'


def _order_by_bytes(engine: Engine) -> None:
    engine.dialect.type_compiler_instance = _ByteOrder(engine.dialect)
