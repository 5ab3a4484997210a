"""A file made ready to be read: unpacked, as UTF-8, and recognised."""

from dataclasses import dataclass
from pathlib import Path

from leonidas_jupyter.data.dialect import DialectOverride
from leonidas_jupyter.data.encoding import recognise_encoding, said_encoding, transcode
from leonidas_jupyter.data.errors import UnreadableFile
from leonidas_jupyter.data.recognise import Recognition, examine
from leonidas_jupyter.data.unpack import compression_of, unpack


@dataclass
class Prepared:
    """UTF-8 text at ``text`` and what was found out about it."""

    text: Path
    found: Recognition


def prepare(
    source: Path, scratch: Path, *, filename: str, override: DialectOverride | None
) -> Prepared:
    """Unpack and decode into ``scratch`` where that is needed, then recognise.

    Raises:
        UnreadableFile: the file is empty, binary, damaged, or no table.
    """
    compression = compression_of(source)
    plain = unpack(source, compression, scratch / "plain")
    if compression != "none":
        compression_of(plain)
    said = override.encoding if override else None
    encoding = said_encoding(plain, said) if said else recognise_encoding(plain)
    text, replaced = plain, 0
    if not encoding.clean:
        text = scratch / "text"
        replaced = transcode(plain, encoding, text)
    if override is None and filename.lower().endswith((".tsv", ".tab")) and _has_tabs(text):
        override = DialectOverride(delimiter="\t")
    found = examine(text, override)
    found.dialect.encoding = encoding.name
    found.dialect.bom = encoding.bom > 0
    found.dialect.compression = compression
    if encoding.note:
        found.dialect.assumed.insert(0, encoding.note)
    if replaced:
        found.dialect.assumed.insert(
            0, f"Characters that cannot be read as {encoding.name} are replaced by �: {replaced:,}."
        )
    if not found.names:
        raise UnreadableFile("The file has no columns: check that it is a table.")
    return Prepared(text, found)


def _has_tabs(text: Path) -> bool:
    with text.open("rb") as handle:
        return b"\t" in handle.readline(1 << 16)
