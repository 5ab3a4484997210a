"""A text made ready to be read: as UTF-8, and recognised."""

from dataclasses import dataclass
from pathlib import Path

from leonidas_jupyter.data.dialect import DialectOverride
from leonidas_jupyter.data.drawings import plainly
from leonidas_jupyter.data.encoding import recognise_encoding, said_encoding, transcode
from leonidas_jupyter.data.errors import UnreadableFile
from leonidas_jupyter.data.formats import Opened
from leonidas_jupyter.data.recognise import Recognition, examine
from leonidas_jupyter.data.wrapped import unwrapped


@dataclass
class Prepared:
    """UTF-8 text at ``text`` and what was found out about it."""

    text: Path
    found: Recognition


@dataclass
class Decoded:
    """A text as UTF-8 without a mark, and what is worth a word about how it was written."""

    text: Path
    encoding: str
    bom: bool
    notes: list[str]


def decode(plain: Path, scratch: Path, said: str | None) -> Decoded:
    """The text in UTF-8: ``plain`` itself where it is that, else written into ``scratch``.

    Raises:
        UnreadableFile: the file is binary, or not in the encoding that a person said.
    """
    encoding = said_encoding(plain, said) if said else recognise_encoding(plain)
    text, replaced = plain, 0
    if not encoding.clean:
        text = scratch / "text"
        replaced = transcode(plain, encoding, text)
    notes = [encoding.note] if encoding.note else []
    if replaced:
        notes.insert(
            0, f"Characters that cannot be read as {encoding.name} are replaced by �: {replaced:,}."
        )
    return Decoded(text, encoding.name, encoding.bom > 0, notes)


def prepare(
    opened: Opened, scratch: Path, *, filename: str, override: DialectOverride | None
) -> Prepared:
    """Decode a text of delimited cells into ``scratch`` where that is needed, then recognise it.

    Raises:
        UnreadableFile: the file is binary, damaged, or no table.
    """
    decoded = decode(opened.plain, scratch, override.encoding if override else None)
    text = decoded.text
    if override is None and filename.lower().endswith((".tsv", ".tab")) and _has_tabs(text):
        override = DialectOverride(delimiter="\t")
    if unwrapped(text, scratch / "unwrapped", override or DialectOverride()):
        text = scratch / "unwrapped"
        decoded.notes.append("Each line stands in quotes as a whole; these are left out.")
    drawn = plainly(text, scratch / "plainly", override or DialectOverride())
    text = drawn.text
    found = examine(text, drawn.override if drawn.kind else override)
    found.dialect.drawn = drawn.kind
    found.dialect.encoding = decoded.encoding
    found.dialect.bom = decoded.bom
    found.dialect.compression = opened.compression
    found.dialect.assumed = decoded.notes + drawn.notes + found.dialect.assumed
    if not found.names:
        raise UnreadableFile("The file has no columns: check that it is a table.")
    return Prepared(text, found)


def _has_tabs(text: Path) -> bool:
    with text.open("rb") as handle:
        return b"\t" in handle.readline(1 << 16)
