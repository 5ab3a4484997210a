"""Copies of frames on this machine's disk, by content; the longest unused go first.

Each is named by the frame's hash and by the SHA-256 of its own bytes, so that a name never stands
for two contents and several processes can share the folder. The Parquet file is kept as it came;
beside it, for what fits into memory, the same as an uncompressed Arrow IPC file, which is read by
memory map: several times faster, and only the columns that are asked for are touched. Its texts are
``large_string``, which is how pandas holds them: a DataFrame has them from the map, without a copy.

A copy is trusted while it has the size and time of change that it had when its whole content was
last compared with its name; otherwise, and after ``TRUST_SECONDS``, it is compared again.
"""

import contextlib
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from leonidas_jupyter.kernel.conversion import with_long_texts
from leonidas_jupyter.kernel.holding import evict
from leonidas_jupyter.kernel.transfers import sha256_of

DEFAULT_BYTES = 5 * 1024**3
TRUST_SECONDS = 7 * 24 * 3600.0
"""How long a comparison counts: disks lose bits without telling."""

SCRATCH_SECONDS = 24 * 3600.0
"""What a process that was killed left behind goes after this long."""

KINDS = ("arrow", "parquet")
_CHECKED = ".checked"
_SCRATCH = ".new-"
_DIRECTORY = "LEONIDAS_CACHE_DIR"
_LIMIT = "LEONIDAS_CACHE_BYTES"


class OtherContent(OSError):
    """What was downloaded is not what the server said it would be."""


class FrameCache:
    """Copies of frames by their hash; safe for several processes at once."""

    def __init__(self, directory: Path | None = None, max_bytes: int | None = None) -> None:
        self.directory = directory or _default_directory()
        self.max_bytes = max_bytes if max_bytes is not None else _default_limit()

    def find(self, frame_hash: str, kind: str) -> Path | None:
        """A sound copy of a frame, ``arrow`` or ``parquet``; a damaged one is deleted."""
        for path in self.directory.glob(f"{frame_hash}.*.{kind}"):
            with contextlib.suppress(FileNotFoundError):
                if _sound(path):
                    return path
                for file in (path, _record(path)):
                    file.unlink(missing_ok=True)
        return None

    def parquet(self, frame_hash: str, sha256: str, fetch: Callable[[Path], None]) -> Path:
        """A sound copy of the frame's Parquet, from the disk or by way of ``fetch``.

        Args:
            frame_hash: of content, dialect and reader version together.
            sha256: of the Parquet as the server keeps it; empty where it does not say.
            fetch: writes it to the path that it is given.

        Raises:
            OtherContent: what came has another SHA-256.
            OSError: it cannot be kept.
        """
        kept = self.find(frame_hash, "parquet")
        if kept is not None:
            return kept
        with self._new_file(frame_hash, "parquet") as (path, seal):
            fetch(path)
            digest = sha256_of(path)
            if sha256 and digest != sha256:
                raise OtherContent("what came is damaged: its SHA-256 is not what the server says")
            return seal(digest)

    def make_arrow(self, frame_hash: str, parquet: Path) -> Path:
        """The Arrow copy of a Parquet file, made row group by row group.

        Raises:
            OSError: it cannot be kept.
        """
        import pyarrow as pa
        from pyarrow.parquet import ParquetFile

        with self._new_file(frame_hash, "arrow") as (path, seal):
            with path.open("wb") as file, ParquetFile(parquet) as source:
                hashed, schema = _Hashed(file), with_long_texts(source.schema_arrow)
                with pa.ipc.new_file(pa.PythonFile(hashed, mode="w"), schema) as out:
                    for number in range(source.num_row_groups):
                        out.write_table(source.read_row_group(number).cast(schema))
            return seal(hashed.digest.hexdigest())

    @contextlib.contextmanager
    def _new_file(self, frame_hash: str, kind: str) -> Iterator[tuple[Path, Callable[[str], Path]]]:
        """A path to write to, and what puts it into its place under the digest of its content."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=self.directory, prefix=_SCRATCH) as scratch:
            written = Path(scratch) / "frame"

            def seal(digest: str) -> Path:
                kept = self.directory / f"{frame_hash}.{digest}.{kind}"
                _make_durable(written)
                try:
                    written.replace(kept)  # another process sees the whole file or none
                except PermissionError:  # Windows, where that process maps the same already
                    if not _sound(kept):
                        raise
                _trust(kept)
                return kept

            yield written, seal
        self._make_room(frame_hash)

    def _make_room(self, newest: str) -> None:
        copies, total = [], 0
        for path in self.directory.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if path.suffix[1:] in KINDS:
                    size = path.stat().st_size
                    total += size
                    copies.append((_last_used(path), size, path))
                elif _left_behind(path):
                    shutil.rmtree(path, ignore_errors=True)
        for _, size, path in sorted(copies):
            if total <= self.max_bytes:
                return
            if not path.name.startswith(f"{newest}.") and evict(path):
                _record(path).unlink(missing_ok=True)
                total -= size


class _Hashed:
    """A file that computes the SHA-256 of what is written to it."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Write, as a file does."""
        self.digest.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        """As a file does."""
        self._file.flush()

    def close(self) -> None:
        """Left to whose file it is."""


def _sound(path: Path) -> bool:
    """Whether the content is still what the name says; notes that the copy is in use."""
    record = _record(path)
    try:
        known = json.loads(record.read_text())
        state = path.stat()
        same = (known["size"], known["mtime_ns"]) == (state.st_size, state.st_mtime_ns)
        if same and 0 <= time.time() - known["at"] < TRUST_SECONDS:
            os.utime(record)
            return True
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError, TypeError):
        record.unlink(missing_ok=True)
    digests = path.name.split(".")[1:-1]
    if digests != [sha256_of(path)]:
        return False
    _trust(path)
    return True


def _trust(path: Path) -> None:
    """Note what the copy looks like, now that its content is known to be right."""
    state = path.stat()
    known = {"size": state.st_size, "mtime_ns": state.st_mtime_ns, "at": time.time()}
    with (
        contextlib.suppress(OSError),  # a disk that is full: it is compared again next time
        tempfile.TemporaryDirectory(dir=path.parent, prefix=_SCRATCH) as scratch,
    ):
        written = Path(scratch) / "record"
        written.write_text(json.dumps(known))
        written.replace(_record(path))


def _record(path: Path) -> Path:
    return path.with_name(path.name + _CHECKED)


def _last_used(path: Path) -> float:
    record = _record(path)
    return (record if record.exists() else path).stat().st_mtime


def _left_behind(path: Path) -> bool:
    """Whether this is the scratch folder of a process that was killed."""
    old = time.time() - path.stat().st_mtime > SCRATCH_SECONDS
    return path.name.startswith(_SCRATCH) and old


def _make_durable(path: Path) -> None:
    """A machine that goes down must not leave a file of the right size with nothing in it."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _default_directory() -> Path:
    if named := os.environ.get(_DIRECTORY):
        return Path(named) / "frames"
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "leonidas" / "frames"


def _default_limit() -> int:
    given = os.environ.get(_LIMIT, "")
    return int(given) if given.isdigit() else DEFAULT_BYTES
