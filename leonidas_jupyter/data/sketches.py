"""What a frame keeps of the values of its key-like columns, to find frames that it joins with.

A sketch holds the smallest hashes of a column's distinct values (bottom-k, as in E. Cohen and
H. Kaplan, "Summarizing data using bottom-k sketches", PODC 2007). Of two columns the hashes below
the lower of their ends are samples of both, from which follows how many values of one the other
has. So no data is read again when another file arrives.
"""

import base64
import struct
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from leonidas_jupyter.data.counting import Column, one_row
from leonidas_jupyter.data.keynames import names_things
from leonidas_jupyter.data.profile import ColumnProfile, FrameProfile

if TYPE_CHECKING:
    import duckdb

SKETCH_HASHES = 512
"""Columns of at most so many distinct values are kept whole."""

KEY_COLUMNS = 16
"""Columns of a frame that are sketched at most: the likeliest keys."""

KEY_LENGTH = 200
"""Texts of which one is longer are prose, no keys."""

KEPT_AS: dict[str, str] = {"integer": "BIGINT", "text": "VARCHAR", "date": "DATE"}
"""Types whose values can name things, and what they are hashed as."""

MARGIN = 2
"""So many times the hashes that are kept are looked at: distinct counts may be estimates."""

HASHES = 2**64


class KeySketch(BaseModel):
    """The smallest hashes of a column's distinct values.

    Attributes:
        column: its name.
        hashes: 64-bit hashes in ascending order, little-endian, in base64.
        complete: these are all that there are.
        by: what the hash function makes of one text: only what the same function made compares.
    """

    column: str
    hashes: str
    complete: bool
    by: str

    def values(self) -> tuple[int, ...]:
        """The hashes, ascending."""
        raw = base64.b64decode(self.hashes)
        return struct.unpack(f"<{len(raw) // 8}Q", raw)


class SketchedProfile(FrameProfile):
    """A profile as it is stored: with the sketches, which nobody is shown."""

    keys: list[KeySketch] = Field(default_factory=list)

    def shown(self) -> FrameProfile:
        """The profile without the sketches."""
        return FrameProfile.model_construct(
            **{name: getattr(self, name) for name in FrameProfile.model_fields}
        )


def sketch_keys(
    connection: "duckdb.DuckDBPyConnection", source: str, columns: list[Column], rows: int
) -> list[KeySketch]:
    """Sketch the columns that may be keys; reads each of them once, and no other.

    Args:
        connection: where ``source`` is known.
        source: a relation with the columns.
        columns: with their profiles filled in.
        rows: of the frame.
    """

    def likely(column: Column) -> tuple[bool, bool]:
        return (not column.profile.candidate_key, not names_things(column.name))

    able = [column for column in columns if can_be_key(column.profile, rows)]
    chosen = sorted(able, key=likely)[:KEY_COLUMNS]
    if not chosen:
        return []
    by = format(int(one_row(connection, "SELECT hash('leonidas')")[0]), "x")
    return [_sketch(connection, source, column, by) for column in chosen]


def can_be_key(profile: ColumnProfile, rows: int) -> bool:
    """Whether a column's values may name things: several short texts, whole numbers or dates."""
    if profile.type not in KEPT_AS or profile.distinct < 2 or rows < 2:
        return False
    return (profile.max_length or 0) <= KEY_LENGTH


def _sketch(
    connection: "duckdb.DuckDBPyConnection", source: str, column: Column, by: str
) -> KeySketch:
    hashed = f"hash(CAST({column.sql} AS {KEPT_AS[column.type]}))"
    where = f"{column.sql} IS NOT NULL"
    expected = max(column.profile.distinct, 1)
    bounded = expected > MARGIN * SKETCH_HASHES
    if bounded:
        where += f" AND {hashed} < {HASHES * MARGIN * SKETCH_HASHES // expected}::UBIGINT"
    found = connection.execute(
        f"SELECT DISTINCT {hashed} AS h FROM {source} WHERE {where} "  # noqa: S608 - quoted names
        f"ORDER BY h LIMIT {SKETCH_HASHES + 1}"
    ).fetchall()
    kept = [int(row[0]) for row in found[:SKETCH_HASHES]]
    return KeySketch(
        column=column.name,
        hashes=base64.b64encode(struct.pack(f"<{len(kept)}Q", *kept)).decode(),
        complete=not bounded and len(found) <= SKETCH_HASHES,
        by=by,
    )
