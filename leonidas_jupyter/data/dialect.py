"""How a file is written: encoding, separators, header, marks. Shown to people, overridable."""

import tempfile
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Compression = Literal["none", "gzip", "zip", "zstd", "xz", "bzip2"]
"""What the bytes are wrapped in."""

Format = Literal["csv", "json", "parquet", "arrow", "excel"]
"""What kind of file it is; ``csv`` is every text of delimited cells, ``excel`` every workbook."""

Drawn = Literal["", "lines", "spaces"]
"""How a table is drawn for the eye: with lines, as Markdown is, or in columns of fixed width."""

IN_A_LINE = r"^[^\r\n\x00]*$"
"""What may separate or surround cells: nothing that ends a line, and no NUL."""

NO_DIGIT = r"^[^0-9\r\n\x00+-]*$"


Negative = Literal["-", "\u2212", "()", "after"]
"""How numbers below zero are marked: a minus, the printed one, brackets, or a minus after them."""


class ColumnDialect(BaseModel):
    """How one column's cells are written, so that typed values can be written back as they were.

    ``plus`` says that numbers above zero carry a plus, ``indian`` that a thousands mark stands
    before the last three digits and then before every two. ``format`` is of dates and times as
    DuckDB notes it (``%P`` is am or pm in small letters, ``%.P`` a.m., ``%.p`` A.M. and ``%_P``
    a. m.); where it has ``%B`` and there are ``months``, these are the twelve words for it.
    """

    decimal: str = "."
    thousands: str = ""
    prefix: str = ""
    suffix: str = ""
    negative: Negative = "-"
    plus: bool = False
    indian: bool = False
    format: str | None = None
    months: list[str] = Field(default_factory=list)
    true_word: str | None = None
    false_word: str | None = None
    null_words: list[str] = Field(default_factory=list)


class Dialect(BaseModel):
    """How a whole file is written, and what was assumed while finding out.

    ``skip_rows`` counts physical lines before the header; ``header_rows`` is 0 where the file has
    no header; ``footer_rows`` counts rows at the end that are notes or empty, and ``total_at`` as
    far as to a row before them that looks like a total and is kept; ``quote`` and
    ``escape`` are empty where none is used (a doubled quote is ``escape == quote``); ``skip_space``
    says that a space after each delimiter belongs to it; ``drawn`` that what separates cells
    are lines, or but the place where they stand. ``columns`` holds the marks of typed columns;
    outer spaces of typed cells are not kept.

    Which of the fields say something depends on ``format``: a workbook has a ``sheet``, rows before
    the header and after the table; a JSON file an encoding; the others nothing of the kind.
    """

    format: Format = "csv"
    sheet: str = ""
    encoding: str = "utf-8"
    bom: bool = False
    compression: Compression = "none"
    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    newline: str = "\n"
    skip_space: bool = False
    drawn: Drawn = ""
    comment: str = ""
    skip_rows: int = 0
    header_rows: int = 1
    footer_rows: int = 0
    total_at: int | None = None
    columns: dict[str, ColumnDialect] = Field(default_factory=dict)
    assumed: list[str] = Field(default_factory=list)


class DialectOverride(BaseModel):
    """What a person says about a file; everything left out is recognised."""

    model_config = ConfigDict(extra="forbid")

    format: Format | None = None
    sheet: str | None = Field(default=None, min_length=1, max_length=255)
    encoding: str | None = Field(default=None, min_length=1, max_length=40)
    delimiter: str | None = Field(default=None, min_length=1, max_length=8, pattern=IN_A_LINE)
    quote: str | None = Field(default=None, max_length=1, pattern=IN_A_LINE)
    escape: str | None = Field(default=None, max_length=1, pattern=IN_A_LINE)
    comment: str | None = Field(default=None, max_length=8, pattern=IN_A_LINE)
    skip_rows: int | None = Field(default=None, ge=0, le=1_000_000)
    header_rows: int | None = Field(default=None, ge=0, le=10)
    footer_rows: int | None = Field(default=None, ge=0, le=100_000)
    decimal: Literal[".", ","] | None = None
    thousands: str | None = Field(default=None, max_length=1, pattern=NO_DIGIT)
    null_words: list[Annotated[str, Field(max_length=200)]] | None = Field(
        default=None, max_length=100
    )
    text_columns: list[Annotated[str, Field(max_length=1000)]] | None = Field(
        default=None, max_length=50_000
    )

    @model_validator(mode="after")
    def _tell_signs_apart(self) -> Self:
        """Refuse one sign for two purposes, under which no cell could be told from the next."""
        if self.delimiter and self.quote and self.quote in self.delimiter:
            raise ValueError("The delimiter and the quote must be different signs.")
        if self.delimiter and self.escape and self.escape in self.delimiter:
            raise ValueError("The delimiter and the escape must be different signs.")
        if self.decimal and self.decimal == self.thousands:
            raise ValueError("The decimal and the thousands mark must be different signs.")
        return self


def recognise(path: Path, *, filename: str, override: DialectOverride | None = None) -> Dialect:
    """How the file at ``path`` is written; columns' marks are found only by reading all of it.

    Raises:
        UnreadableFile: the file is empty, binary, or no table.
    """
    from leonidas_jupyter.data.formats import open_file
    from leonidas_jupyter.data.prepare import prepare

    with tempfile.TemporaryDirectory(prefix="leonidas-") as folder:
        scratch = Path(folder)
        opened = open_file(path, scratch, filename=filename, override=override)
        return prepare(opened, scratch, filename=filename, override=override).found.dialect
