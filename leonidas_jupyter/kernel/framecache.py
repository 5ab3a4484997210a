"""Typed copies of frames on this machine's disk, by content; the longest unused go first.

A frame is kept as an uncompressed Arrow IPC file, which is read by memory map: several times faster
than reading the Parquet again, and only the columns that are asked for are touched.
"""

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_BYTES = 5 * 1024**3
_DIRECTORY = "LEONIDAS_CACHE_DIR"
_LIMIT = "LEONIDAS_CACHE_BYTES"


class FrameCache:
    """Frames by their hash; safe for several processes at once."""

    def __init__(self, directory: Path | None = None, max_bytes: int | None = None) -> None:
        self.directory = directory or _default_directory()
        self.max_bytes = max_bytes if max_bytes is not None else _default_limit()

    def load(
        self,
        frame_hash: str,
        shape: tuple[int, int],
        columns: Sequence[str] | None,
        fetch: Callable[[Path], None],
    ) -> "pd.DataFrame":
        """The frame, from the disk, or by way of ``fetch``.

        Args:
            frame_hash: of content, dialect and reader version together.
            shape: rows and columns that the frame has; a kept copy of another shape is damaged.
            columns: which columns, in which order; None is all.
            fetch: writes the frame's Parquet to the path that it is given.
        """
        kept = self.directory / f"{frame_hash}.arrow"
        frame = self._read(kept, shape, columns)
        if frame is None:
            self._fill(kept, fetch)
            frame = self._read(kept, shape, columns)
            self._evict(kept)
        if frame is None:
            raise OSError("the server's copy of the frame has another shape than it says")
        return frame

    def _read(
        self, kept: Path, shape: tuple[int, int], columns: Sequence[str] | None
    ) -> "pd.DataFrame | None":
        """The frame; None when no sound copy is kept."""
        import pyarrow as pa

        try:
            os.utime(kept)
            with pa.memory_map(str(kept)) as source:
                table = pa.ipc.open_file(source).read_all()
                if table.shape == shape:
                    return to_pandas(table if columns is None else table.select(list(columns)))
        except FileNotFoundError:
            return None
        except (pa.ArrowInvalid, OSError):
            pass
        kept.unlink(missing_ok=True)
        return None

    def _fill(self, kept: Path, fetch: Callable[[Path], None]) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=self.directory, prefix=".new-") as scratch:
            downloaded = Path(scratch) / "frame.parquet"
            fetch(downloaded)
            table = parquet.read_table(downloaded)
            written = Path(scratch) / "frame.arrow"
            with pa.ipc.new_file(str(written), table.schema) as writer:
                writer.write_table(table)
            # A reader sees the whole file or none, and its footer is there to be checked.
            written.replace(kept)

    def _evict(self, newest: Path) -> None:
        files = []
        for file in self.directory.glob("*.arrow"):
            with contextlib.suppress(FileNotFoundError):
                state = file.stat()
                files.append((state.st_mtime, state.st_size, file))
        total = sum(size for _, size, _ in files)
        for _, size, file in sorted(files):
            if total <= self.max_bytes:
                return
            if file != newest:
                with contextlib.suppress(OSError):
                    file.unlink()
                total -= size


def to_pandas(table: Any) -> "pd.DataFrame":  # noqa: ANN401 - pyarrow is not typed
    """A DataFrame of pandas' default types: writable, dates as ``datetime64``.

    Whole numbers and booleans with missing values take pandas' nullable types (``Int64``,
    ``boolean``), because the default ones would turn them into floats and objects.
    """
    import pandas as pd

    nullable = _nullable_types()
    series = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        wanted = nullable.get(column.type) if column.null_count else None
        mapper = None if wanted is None else {column.type: wanted}.get
        values = column.to_pandas(types_mapper=mapper, date_as_object=False)
        # What Arrow did not have to convert is a read-only view of the mapped file.
        values = values.copy() if wanted is None else values
        series[name] = values
    return pd.DataFrame(series, copy=False)


def _nullable_types() -> dict[Any, Any]:
    import pandas as pd
    import pyarrow as pa

    return {
        pa.int8(): pd.Int8Dtype(),
        pa.int16(): pd.Int16Dtype(),
        pa.int32(): pd.Int32Dtype(),
        pa.int64(): pd.Int64Dtype(),
        pa.uint8(): pd.UInt8Dtype(),
        pa.uint16(): pd.UInt16Dtype(),
        pa.uint32(): pd.UInt32Dtype(),
        pa.uint64(): pd.UInt64Dtype(),
        pa.bool_(): pd.BooleanDtype(),
    }


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
