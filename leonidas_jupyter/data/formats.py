"""Which kind of file it is: told by its first bytes, by its name only where it is text."""

import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from leonidas_jupyter.data.dialect import Compression, Dialect, DialectOverride, Format
from leonidas_jupyter.data.errors import UnreadableFile
from leonidas_jupyter.data.readers import BadRows
from leonidas_jupyter.data.unpack import compression_of, unpack

NAMES: dict[Format, str] = {
    "csv": "a text of delimited cells",
    "json": "a JSON file",
    "parquet": "a Parquet file",
    "arrow": "an Arrow file",
    "excel": "a workbook",
}

MEANINGFUL: dict[Format, frozenset[str]] = {
    "csv": frozenset(DialectOverride.model_fields) - {"sheet"},
    "json": frozenset(("format", "encoding", "null_words", "text_columns")),
    "parquet": frozenset(("format", "text_columns")),
    "arrow": frozenset(("format", "text_columns")),
    "excel": frozenset(
        ("format", "sheet", "skip_rows", "header_rows", "footer_rows", "null_words", "text_columns")
    ),
}
"""What can be said of a file of each format."""

SIGNATURES: tuple[tuple[bytes, Format], ...] = (
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (b"\xff\xff\xff\xff", "arrow"),  # a stream begins with the mark of its first message
    (b"\xd0\xcf\x11\xe0", "excel"),
)
WORKBOOKS = frozenset(("xl/workbook.xml", "xl/workbook.bin"))
OPEN_DOCUMENT = b"application/vnd.oasis.opendocument.spreadsheet"
JSON_NAMES = (".json", ".jsonl", ".ndjson", ".geojson")
ARCHIVE_NAMES = (".gz", ".zip", ".zst", ".zstd", ".xz", ".bz2")
HEAD = 1 << 16


@dataclass
class Opened:
    """A file taken out of its archive, at ``plain``."""

    plain: Path
    compression: Compression
    format: Format


@dataclass
class Outcome:
    """What reading a file gave beside its Parquet.

    ``originals`` are the columns' names as written, by their names in the frame; ``sheets`` are the
    other sheets of a workbook that hold something.
    """

    dialect: Dialect
    originals: dict[str, str]
    bad_rows: BadRows | None = None
    sheets: list[str] = field(default_factory=list)


def open_file(
    source: Path, scratch: Path, *, filename: str, override: DialectOverride | None
) -> Opened:
    """Unpack into ``scratch`` where that is needed, and tell the format.

    Raises:
        UnreadableFile: the file is empty, damaged, of no known format, or what was said of it does
            not fit.
    """
    compression, found = compression_of(source), _container(source)
    plain = source
    if found is None and compression != "none":
        plain = unpack(source, compression, scratch / "plain")
        compression_of(plain)
        found = _container(plain)
    elif found is not None:
        compression = "none"
    said = override.format if override else None
    if found is None:
        found = said if said in ("csv", "json") else _text_format(plain, filename)
    if said not in (None, found):
        raise UnreadableFile(f"This is {NAMES[found]}: leave the format out to have it recognised.")
    if override is not None and (refusal := misplaced(override, found)):
        raise UnreadableFile(refusal)
    return Opened(plain, compression, found)


def misplaced(override: DialectOverride, found: Format) -> str | None:
    """A sentence on what cannot be said of a file of that format; None where all can."""
    given = override.model_dump(exclude_none=True)
    wrong = [name for name in given if name not in MEANINGFUL[found]]
    if not wrong:
        return None
    listed = ", ".join(wrong)
    return f"{NAMES[found].capitalize()} has nothing of the kind: leave out {listed}."


def _container(path: Path) -> Format | None:
    """The format of a binary file; None for text, and for archives of other things."""
    with path.open("rb") as handle:
        head = handle.read(8)
    for signature, name in SIGNATURES:
        if head.startswith(signature):
            return name
    return "excel" if head.startswith(b"PK\x03\x04") and _is_workbook(path) else None


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            if names & WORKBOOKS:
                return True
            if "mimetype" not in names or archive.getinfo("mimetype").file_size > HEAD:
                return False
            return archive.read("mimetype").startswith(OPEN_DOCUMENT)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError):
        return False


def _text_format(path: Path, filename: str) -> Format:
    """JSON where name and beginning agree, or where the first lines are whole JSON objects."""
    with path.open("rb") as handle:
        head = handle.read(HEAD)
    text = _decoded(head)
    name = filename.lower()
    while name.endswith(ARCHIVE_NAMES):
        name = name.rpartition(".")[0]
    if name.endswith(JSON_NAMES):
        return "json" if text.lstrip().startswith(("{", "[")) else "csv"
    lines = [line for line in text.splitlines() if line.strip()]
    if len(head) == HEAD and len(lines) > 1:
        lines.pop()
    first = [_members(line) for line in lines[:3]]
    alike = bool(first) and all(names and names[0] == first[0][0] for names in first)
    return "json" if alike and text.lstrip().startswith("{") else "csv"


def _decoded(head: bytes) -> str:
    """The beginning of a text, as far as telling its format needs."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or head[1:2] == b"\0" or head[:1] == b"\0":
        codec = "utf-16-be" if head.startswith((b"\xfe\xff", b"\0")) else "utf-16-le"
        return head.decode(codec, "ignore").lstrip("\ufeff")
    return head.decode("utf-8", "ignore").lstrip("\ufeff")


def _members(line: str) -> list[str]:
    """The names in a JSON object; none where the line is something else."""
    if not line.lstrip().startswith("{"):
        return []
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return []
    return list(found)
