"""Statements as the driver takes them, and a connection that runs them.

SQLAlchemy builds and compiles each statement once; running one through it takes four times as long
as through the driver, which is what a light request would spend most of its time on.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Dialect, Engine
from sqlalchemy.sql.elements import ClauseElement

from leonidas_jupyter.tables.rows import Scalar

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

    def __init__(self, engine: Engine, begin: str) -> None:
        self._pooled = engine.raw_connection()
        self._driver: Any = self._pooled.driver_connection
        self._begin = begin

    def rows(self, statement: Prepared, parameters: Parameters) -> list[tuple[Scalar, ...]]:
        """All rows that a query finds."""
        cursor = self._driver.cursor()
        cursor.execute(statement.text, statement.arguments(parameters))
        found: list[tuple[Scalar, ...]] = cursor.fetchall()
        return found

    def run(self, statement: Prepared, parameters: Parameters) -> int:
        """Change rows; how many."""
        cursor = self._driver.cursor()
        cursor.execute(statement.text, statement.arguments(parameters))
        return int(cursor.rowcount)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that the body does, or nothing of it, other writers locked out meanwhile."""
        self._driver.execute(self._begin)
        try:
            yield
            self._driver.execute("COMMIT")
        except BaseException:
            with suppress(Exception):  # the engine may have rolled back by itself
                self._driver.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Release the connection."""
        self._pooled.close()
