"""Statements as the driver takes them, and a connection that runs them.

SQLAlchemy builds and compiles each statement once; running one through it takes four times as long
as through the driver, which is what a light request would spend most of its time on.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from sqlalchemy import Dialect
from sqlalchemy.sql.elements import ClauseElement

from leonidas_jupyter.tables.base import Unavailable
from leonidas_jupyter.tables.drivers import ATTEMPTS, BUSY, Driver, pause
from leonidas_jupyter.tables.rows import Scalar

T = TypeVar("T")
Parameters = Mapping[str, Scalar]


class Prepared:
    """A statement in the words of one dialect; its parameters are given by their names."""

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self._order: Sequence[str] | None = getattr(compiled, "positiontup", None)
        self._constants = {k: v for k, v in compiled.params.items() if v is not None}

    def arguments(self, parameters: Parameters) -> Any:  # noqa: ANN401 - as the driver's style is
        """The parameters in the form that the driver takes."""
        given = {**self._constants, **parameters}
        return given if self._order is None else [given[name] for name in self._order]


class DriverConnection:
    """One connection of the driver, for one thread. Every method raises the driver's errors."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._raw: Any = self._opened()

    def attempt(self, work: Callable[[], T]) -> T:
        """What ``work`` gives, done again after a conflict, and once after a lost connection.

        Raises:
            Unavailable: others come into the way again and again.
        """
        renewed = False
        for attempt in range(ATTEMPTS):
            try:
                return work()
            except Exception as error:
                if self._driver.lost(self._raw) and not renewed:
                    renewed = True
                    self._renew()
                    if isinstance(error, Unavailable):  # whether it was done is not known
                        raise
                elif not self._driver.conflict(error):
                    raise
                else:
                    pause(attempt)
        raise Unavailable(BUSY, 1)

    def rows(self, statement: Prepared, parameters: Parameters) -> list[tuple[Scalar, ...]]:
        """All rows that a query finds."""
        found: list[tuple[Scalar, ...]] = self._run(statement, parameters).fetchall()
        decode = self._driver.decode
        if decode is None:
            return found
        return [tuple(decode(v) if isinstance(v, str) else v for v in row) for row in found]

    def run(self, statement: Prepared, parameters: Parameters) -> int:
        """Change rows; how many, or -1 where the driver does not tell."""
        return int(self._run(statement, parameters).rowcount)

    def run_many(self, statement: Prepared, many: Sequence[Parameters]) -> None:
        """Change rows as often as there are parameters."""
        given = [self._arguments(statement, each) for each in many]
        if self._driver.columnwise:
            self._raw.execute(statement.text, [list(column) for column in zip(*given, strict=True)])
        else:
            self._raw.cursor().executemany(statement.text, given)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that the body does, or nothing of it.

        Raises:
            Unavailable: the connection broke when all was to be confirmed.
        """
        self._raw.execute(self._driver.begin)
        try:
            yield
            self._commit()
        except BaseException:
            with suppress(Exception):  # the engine may have rolled back by itself
                self._raw.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Release the connection."""
        self._raw.close()

    def _commit(self) -> None:
        try:
            self._raw.execute("COMMIT")
        except Exception as error:
            if not self._driver.lost(self._raw):
                raise
            raise Unavailable(
                "The connection to the database broke while a change was confirmed; look whether "
                "it was made before you try again.",
                1,
            ) from error

    def _run(self, statement: Prepared, parameters: Parameters) -> Any:  # noqa: ANN401 - a cursor
        return self._raw.execute(statement.text, self._arguments(statement, parameters))

    def _arguments(self, statement: Prepared, parameters: Parameters) -> Any:  # noqa: ANN401
        encode = self._driver.encode
        if encode is not None:
            parameters = {
                name: encode(value) if isinstance(value, str) else value
                for name, value in parameters.items()
            }
        return statement.arguments(parameters)

    def _opened(self) -> Any:  # noqa: ANN401 - the driver's connection
        pooled = self._driver.engine.raw_connection()
        raw = pooled.driver_connection
        pooled.detach()  # it is this object that closes it
        self._driver.prepare(raw)
        return raw

    def _renew(self) -> None:
        with suppress(Exception):
            self._raw.close()
        self._raw = self._opened()
