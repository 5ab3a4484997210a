"""How a file is written: encoding, separators, header, marks. Recognised here, shown to people, overridable."""

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

    ``skip_rows`` counts physical lines before the header; ``header_rows`` is 0 where the file has no header;
    ``quote`` and ``escape`` are empty where none is used (a doubled quote is ``escape == quote``).
    """

    encoding: str = "utf-8"
    bom: bool = False
    compression: Compression = "none"
    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    newline: str = "\n"
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
