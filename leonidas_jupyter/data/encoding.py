"""Which encoding a text file is in, and its content as UTF-8."""

import codecs
import itertools
import re
from dataclasses import dataclass
from pathlib import Path

from leonidas_jupyter.data.alphabets import by_letters, only_signs
from leonidas_jupyter.data.east_asian import reads_as
from leonidas_jupyter.data.errors import UnreadableFile

CHUNK = 1 << 20
SAMPLE = 1 << 18
"""How much is looked at where one encoding must be told from another, in bytes."""

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Byte order marks; UTF-32's before UTF-16's, whose mark begins alike."""

EAST_ASIAN = ("cp932", "cp949", "euc_jp", "gb18030", "big5")
NAMES = {"cp932": "shift_jis", "cp949": "euc_kr"}
"""The encodings as people know them; the codec is the superset that files really use."""

WIDE = ("utf-16", "utf16", "utf-32", "utf32")
"""How encodings begin in which commas and line ends hold zeros."""

DOS_END = "\x1a"

CODECS = {known: codec for codec, known in NAMES.items()}
ISO_2022_JP = re.compile(rb"\x1b\$[@B](?:[!-~]{2})+\x1b\([BJ]")
"""Japanese between escapes, all in ASCII."""

C1_AS_UTF8 = re.compile(rb"\xc2[\x80-\x9f]")
CONTROLS = bytes(code for code in range(32) if code not in (9, 10, 11, 12, 13, 26, 27))


@dataclass
class Encoding:
    """A file's encoding. ``clean`` says that the bytes are UTF-8 that can be read as they are.

    ``controls`` says that C1 control characters stand for the Windows-1252 signs of their numbers.
    """

    name: str
    bom: int = 0
    clean: bool = False
    controls: bool = False
    note: str | None = None


def recognise_encoding(path: Path) -> Encoding:
    """Find the encoding by its mark, by NUL patterns, by UTF-8's own rules, then by guessing.

    Raises:
        UnreadableFile: the content is binary.
    """
    with path.open("rb") as handle:
        head = handle.read(SAMPLE)
    for mark, name in MARKS:
        if head.startswith(mark):
            return _checked_utf8(path, 3) if name == "utf-8" else Encoding(name, len(mark))
    wide = _wide(head)
    if wide is not None:
        return Encoding(wide)
    if sum(head.count(code) for code in CONTROLS) > max(len(head) * 0.02, 8):
        raise UnreadableFile("The file is binary, not text: export it as CSV and upload that.")
    if ISO_2022_JP.search(head) and head.isascii():
        return Encoding("iso2022_jp", note="The encoding is taken to be iso2022_jp.")
    return _checked_utf8(path, 0)


def said_encoding(path: Path, name: str) -> Encoding:
    """The encoding that a person named; a byte order mark of it is left out all the same.

    Raises:
        UnreadableFile: it is one of two or four bytes a character, and the file is not.
    """
    name = name.strip().lower().replace("_", "-")
    with path.open("rb") as handle:
        head = handle.read(SAMPLE)
    if name.startswith(WIDE) and 0 not in head:
        raise _not_in(name)
    mark = next((mark for mark, of in MARKS if of.startswith(name) and head.startswith(mark)), b"")
    return Encoding(name, 0 if name in ("utf-16", "utf-32", "utf-8-sig") else len(mark))


def _wide(head: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: ASCII characters leave zeros at regular places."""
    usable = head[: len(head) // 4 * 4]
    if usable.count(0) < len(usable) * 0.2 or not usable:
        return None
    zeros = [usable[offset::4].count(0) / (len(usable) / 4) for offset in range(4)]
    patterns = {
        "utf-32-le": zeros[1] > 0.9 and zeros[2] > 0.9 and zeros[3] > 0.9,
        "utf-32-be": zeros[0] > 0.9 and zeros[1] > 0.9 and zeros[2] > 0.9,
        "utf-16-le": min(zeros[1], zeros[3]) > 0.4 > max(zeros[0], zeros[2]),
        "utf-16-be": min(zeros[0], zeros[2]) > 0.4 > max(zeros[1], zeros[3]),
    }
    return next((name for name, fits in patterns.items() if fits), None)


def _checked_utf8(path: Path, bom: int) -> Encoding:
    """UTF-8 if the whole file is; else an 8-bit or East Asian encoding, by the odd bytes."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    controls = foreign = False
    with path.open("rb") as handle:
        handle.seek(bom)
        while chunk := handle.read(CHUNK):
            if b"\0" in chunk:
                line += chunk[: chunk.index(b"\0")].count(b"\n")
                raise UnreadableFile(
                    f"Line {line:,} holds a NUL byte, which no text has: "
                    "the file is binary or damaged, export it again."
                )
            line += chunk.count(b"\n")
            if chunk.isascii() and not decoder.getstate()[0]:
                continue
            try:
                foreign = not decoder.decode(chunk).isascii() or foreign
            except UnicodeDecodeError:
                return _eight_bit(path, bom)
            controls = controls or C1_AS_UTF8.search(chunk) is not None
    if decoder.getstate()[0] and not foreign:
        return _eight_bit(path, bom)  # the very last letter, and the only one outside ASCII
    if decoder.getstate()[0] or _ends_as_in_dos(path):
        return Encoding("utf-8", bom)
    if controls:
        note = "Control characters U+0080 to U+009F are read as the Windows-1252 signs meant."
        return Encoding("utf-8", bom, controls=True, note=note)
    return Encoding("utf-8", bom, clean=bom == 0)


def _ends_as_in_dos(path: Path) -> bool:
    """Whether a Ctrl-Z marks the end, as DOS programs write it."""
    with path.open("rb") as handle:
        handle.seek(max(0, path.stat().st_size - 1))
        return handle.read() == DOS_END.encode()


def _eight_bit(path: Path, bom: int) -> Encoding:
    sample = _odd_lines(path)
    if bom or _mostly_utf8(sample):
        return Encoding("utf-8", bom)
    if only_signs(sample):
        return Encoding("cp1252", note="The encoding is taken to be cp1252.")
    for codec in EAST_ASIAN:
        if reads_as(sample, codec):
            name = NAMES.get(codec, codec)
            return Encoding(name, note=f"The encoding is taken to be {name}.")
    name = _single_byte(sample)
    return Encoding(name, note=f"The encoding is taken to be {name}.")


def _odd_lines(path: Path) -> bytes:
    """The first lines with bytes outside ASCII, up to a sample's length."""
    found: list[bytes] = []
    size = 0
    with path.open("rb") as handle:
        while size < SAMPLE and (lines := handle.readlines(CHUNK)):
            odd = [line[:4096] for line in lines if not line.isascii()]
            found += odd
            size += sum(map(len, odd))
    return b"".join(found)[:SAMPLE]


def _mostly_utf8(sample: bytes) -> bool:
    """Whether the bytes outside ASCII form UTF-8 sequences but for a few damaged ones."""
    text = sample.decode("utf-8", "replace")
    broken = text.count("�")
    good = sum(ord(char) > 127 for char in text) - broken
    return good >= 9 * broken


SINGLE_BYTE = (
    "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "koi8_r", "mac_roman",
)  # fmt: skip
OTHER_SCRIPTS = ("cp1251", "koi8_r", "cp1253", "cp1255", "cp1256")


def _single_byte(sample: bytes) -> str:
    """The encoding that the letters tell; Windows-1252 unless a detector is sure of another."""
    from charset_normalizer import from_bytes

    told = by_letters(sample)
    if told is not None:
        return told
    best = from_bytes(sample, cp_isolation=list(SINGLE_BYTE)).best()
    if best is None:
        return "cp1252"
    odd = sum(byte > 127 for byte in sample)
    dense = odd > 0.25 * sum(byte > 64 for byte in sample)
    return best.encoding if dense and best.encoding in OTHER_SCRIPTS else "cp1252"


def transcode(path: Path, encoding: Encoding, target: Path) -> int:
    """Write the file's text as UTF-8 without a mark to ``target``; what is invalid becomes �.

    Returns how many � there are.

    Raises:
        UnreadableFile: the file holds NUL characters, or is not in that encoding at all.
    """
    decoder = _decoder(encoding.name)
    replaced, held = 0, ""
    try:
        with path.open("rb") as source, target.open("w", encoding="utf-8", newline="") as plain:
            source.seek(encoding.bom)
            for chunk in itertools.chain(iter(lambda: source.read(CHUNK), b""), [b""]):
                text = held + _text(decoder.decode(chunk, final=not chunk), encoding)
                replaced += text.count("�")
                held = DOS_END if text.endswith(DOS_END) else ""
                plain.write(text.removesuffix(DOS_END))
    except UnicodeError:
        raise _not_in(encoding.name) from None
    return replaced


def _not_in(name: str) -> UnreadableFile:
    return UnreadableFile(
        f"The file is not in {name}: leave the encoding out to have it recognised."
    )


def _decoder(name: str) -> codecs.IncrementalDecoder:
    """A decoder of a person's or our own encoding; Python's codecs that give no text are none."""
    codec = CODECS.get(name, name)
    try:
        b" ".decode(codec, "replace")
        return codecs.getincrementaldecoder(codec)("replace")
    except (LookupError, ValueError):
        said = "".join(char for char in name[:40] if char.isprintable())
        raise UnreadableFile(
            f"There is no encoding called {said}: try utf-8, cp1252 or utf-16."
        ) from None


def _text(text: str, encoding: Encoding) -> str:
    """Decoded text; C1 control characters as the signs that were meant, as browsers read them.

    Raises:
        UnreadableFile: there are NUL characters, which no text has.
    """
    if "\0" in text:
        raise UnreadableFile(
            "The file holds NUL characters: it is binary, or its encoding is another one."
        )
    if not encoding.controls or C1_TEXT.search(text) is None:
        return text
    return C1_TEXT.sub(lambda found: C1_SIGNS.get(found[0], found[0]), text)


C1_TEXT = re.compile("[\x80-\x9f]")
C1_SIGNS = {
    chr(code): bytes([code]).decode("cp1252")
    for code in range(0x80, 0xA0)
    if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
