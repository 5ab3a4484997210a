"""How a file is written: encoding, separators, header, marks. Shown to people, overridable."""

import tempfile
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Compression = Literal["none", "gzip", "zip", "zstd", "xz"]
"""What the bytes are wrapped in."""


class ColumnDialect(BaseModel):
    """How one column's cells are written, so that typed values can be written back as they were."""

    decimal: str = "."
    thousands: str = ""
    prefix: str = ""
    suffix: str = ""
    format: str | None = None
    true_word: str | None = None
    false_word: str | None = None
    null_words: list[str] = Field(default_factory=list)


class Dialect(BaseModel):
    """How a whole file is written, and what was assumed while finding out.

    ``skip_rows`` counts physical lines before the header; ``header_rows`` is 0 where the file has
    no header; ``footer_rows`` counts rows at the end that are notes or empty; ``quote`` and
    ``escape`` are empty where none is used (a doubled quote is ``escape == quote``); ``skip_space``
    says that a space after each delimiter belongs to it. ``columns`` holds the marks of typed
    columns; outer spaces of typed cells are not kept.
    """

    encoding: str = "utf-8"
    bom: bool = False
    compression: Compression = "none"
    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    newline: str = "\n"
    skip_space: bool = False
    comment: str = ""
    skip_rows: int = 0
    header_rows: int = 1
    footer_rows: int = 0
    columns: dict[str, ColumnDialect] = Field(default_factory=dict)
    assumed: list[str] = Field(default_factory=list)


class DialectOverride(BaseModel):
    """What a person says about a file; everything left out is recognised."""

    model_config = ConfigDict(extra="forbid")

    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    escape: str | None = None
    comment: str | None = None
    skip_rows: int | None = Field(default=None, ge=0)
    header_rows: int | None = Field(default=None, ge=0, le=10)
    footer_rows: int | None = Field(default=None, ge=0)
    decimal: Literal[".", ","] | None = None
    thousands: str | None = None
    null_words: list[str] | None = None
    text_columns: list[str] | None = None


def recognise(path: Path, *, filename: str, override: DialectOverride | None = None) -> Dialect:
    """How the file at ``path`` is written; columns' marks are found only by reading all of it.

    Raises:
        UnreadableFile: the file is empty, binary, or no table.
    """
    from leonidas_jupyter.data.prepare import prepare

    with tempfile.TemporaryDirectory(prefix="leonidas-") as scratch:
        return prepare(path, Path(scratch), filename=filename, override=override).found.dialect
