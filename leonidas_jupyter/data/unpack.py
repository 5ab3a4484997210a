"""What the bytes are wrapped in: archives are unpacked under limits, what is no table is named."""

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from leonidas_jupyter.data.dialect import Compression
from leonidas_jupyter.data.errors import UnreadableFile

CHUNK = 1 << 20
MAX_UNPACKED = 64 * 1024**3
"""Largest size that a compressed file may unpack to, in bytes."""

MAX_RATIO = 250
"""A file that unpacks to more times its size counts as a bomb; tables give 3 to 100 times."""

RATIO_COUNTS_FROM = 64 * 1024**2
"""Small files may compress to any ratio; the ratio counts from so many unpacked bytes on."""

BZIP2: tuple[tuple[bytes, Compression], ...] = tuple(
    (b"BZh%d1AY&SY" % level, "bzip2") for level in range(1, 10)
)
"""With the beginning of the first block: the letters alone may begin a text."""

SIGNATURES: tuple[tuple[bytes, Compression], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xfd7zXZ\x00", "xz"),
    *BZIP2,
)

DAMAGES = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError)
"""What the readers of archives raise."""

FOREIGN = (
    (b"%PDF-", "a PDF document"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"PARE", "an encrypted Parquet file"),
    (b"FEA1", "a Feather file of version 1"),
    (b"ORC", "an ORC file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
)


def compression_of(path: Path) -> Compression:
    """What the file is wrapped in, by its first bytes.

    Raises:
        UnreadableFile: it is empty, or of another format than text.
    """
    with path.open("rb") as handle:
        head = handle.read(16)
    if not head:
        raise UnreadableFile("The file is empty: upload it again with its content.")
    for signature, name in FOREIGN:
        if head.startswith(signature):
            raise UnreadableFile(
                f"This is {name}, which is no table here: "
                "export it as CSV, JSON, Parquet or Excel and upload that."
            )
    for signature, compression in SIGNATURES:
        if head.startswith(signature):
            return compression
    return "none"


def unpack(path: Path, compression: Compression, target: Path) -> Path:
    """The plain content: ``path`` itself if it is not compressed, else written to ``target``.

    Raises:
        UnreadableFile: the archive is damaged, holds not exactly one file, or unpacks to too much.
    """
    if compression == "none":
        return path
    packed = path.stat().st_size
    try:
        with _opener(compression)(path) as source, target.open("wb") as plain:
            _copy(source, plain, packed)
    except DAMAGES as error:
        raise UnreadableFile(
            f"The {compression} archive is damaged or protected ({error}): pack the file again."
        ) from None
    if target.stat().st_size == 0:
        raise UnreadableFile(f"The file inside the {compression} archive is empty.")
    return target


def _copy(source: IO[bytes], plain: IO[bytes], packed: int) -> None:
    written = 0
    while chunk := source.read(CHUNK):
        written += len(chunk)
        if written > MAX_UNPACKED or (written > RATIO_COUNTS_FROM and written > packed * MAX_RATIO):
            raise UnreadableFile(
                f"The compressed file unpacks to more than {written // CHUNK:,} MiB, "
                f"over {written // max(packed, 1):,} times its size: upload the plain file instead."
            )
        plain.write(chunk)


def _opener(compression: Compression) -> Callable[[Path], Any]:
    if compression == "gzip":
        return gzip.open
    if compression == "xz":
        return lzma.open
    if compression == "bzip2":
        return bz2.open
    return _open_zstd if compression == "zstd" else _open_zip


def _open_zstd(path: Path) -> Any:  # noqa: ANN401 - pyarrow's streams are file-like without a type
    import pyarrow as pa

    return pa.CompressedInputStream(pa.OSFile(str(path), "rb"), "zstd")


def _open_zip(path: Path) -> IO[bytes]:
    archive = zipfile.ZipFile(path)
    members = [
        member
        for member in archive.infolist()
        if not member.is_dir()
        and not member.filename.startswith("__MACOSX/")
        and not member.filename.rsplit("/", 1)[-1].startswith(".")
    ]
    if any(member.filename == "[Content_Types].xml" for member in members):
        raise UnreadableFile(
            "This is an Office document without a sheet: save its table as CSV and upload that."
        )
    if len(members) != 1:
        raise UnreadableFile(f"The zip archive holds {len(members)} files: upload one at a time.")
    return archive.open(members[0])
