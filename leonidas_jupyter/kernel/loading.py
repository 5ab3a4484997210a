"""A file's frame, from this machine's cache where it is there, in the form that is asked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leonidas_jupyter.kernel.client import Client, path_of
from leonidas_jupyter.kernel.engines import check_kinds, from_arrow, library
from leonidas_jupyter.kernel.errors import LeonidasError
from leonidas_jupyter.kernel.filters import condition_of, filter_of, sql_of
from leonidas_jupyter.kernel.framecache import FrameCache, OtherContent
from leonidas_jupyter.kernel.holding import hold
from leonidas_jupyter.kernel.memory import permit, unasked_bytes
from leonidas_jupyter.kernel.progress import bar, clock
from leonidas_jupyter.kernel.ranges import receive_ranges
from leonidas_jupyter.kernel.selection import Copy, check_columns
from leonidas_jupyter.kernel.transfers import Signed
from leonidas_jupyter.kernel.wire import File

ORIGIN = "leonidas"
"""Under which of a DataFrame's ``attrs`` stands which frame it was loaded from."""


@dataclass(frozen=True)
class Wanted:
    """What of a frame is wanted, and as what; see ``Frames.load``."""

    columns: Sequence[str] | None = None
    where: Any = None
    engine: str = "pandas"
    dtype_backend: str | None = None
    any_size: bool = False


class FrameLoader:
    """Loads the frames of files that have been read."""

    def __init__(self, client: Client, cache: FrameCache, *, progress: bool = True) -> None:
        self._client = client
        self._cache = cache
        self._progress = progress

    def load(self, file: File, wanted: Wanted) -> Any:  # noqa: ANN401 - a table of the engine's
        """Columns and rows of a frame, as the engine has them.

        Raises:
            LeonidasError: a library, a column, memory or the disk stands against it.
        """
        check_kinds(wanted.engine, wanted.dtype_backend)
        if wanted.engine == "dask":
            return self.dask(file, None, wanted)
        if wanted.engine == "duckdb":
            return self._relation(file, wanted)
        if wanted.engine == "polars":
            library("polars")
        return self._guarded(file, lambda: self._table(file, wanted))

    def lazy(self, file: File, engine: str) -> Any:  # noqa: ANN401 - of DuckDB or polars
        """A frame that stays on the disk: a DuckDB relation, or a polars ``LazyFrame``.

        Raises:
            LeonidasError: there is no such engine, or as ``load``.
        """
        if engine == "duckdb":
            return self._relation(file, Wanted())
        if engine == "polars":
            polars = library("polars")
            return polars.scan_parquet(self.parquet(file))
        raise LeonidasError(
            f"There is no lazy engine {engine!r}; there are: duckdb, polars.", code="usage"
        )

    def dask(self, file: File, client_or_address: Any, wanted: Wanted) -> Any:  # noqa: ANN401 - of distributed; of dask
        """A frame as a ``dask.dataframe``; see ``clusters``.

        Raises:
            LeonidasError: the cluster cannot be reached, or as ``load``.
        """
        from leonidas_jupyter.kernel.clusters import dask_frame

        library("dask.dataframe")
        path = self.parquet(file)
        copy = Copy(path, file.frame_name)
        condition = filter_of(wanted.where, copy.schema, file.frame_name)
        check_columns(file.frame_name, wanted.columns, copy.schema.names)
        return dask_frame(path, client_or_address, wanted.columns, condition)

    def parquet(self, file: File) -> Path:
        """The frame's Parquet on this machine, checked, and kept for as long as this process lives.

        Raises:
            LeonidasError: it cannot be had.
        """
        path: Path = self._guarded(file, lambda: self._parquet(file))
        return path

    def _table(self, file: File, wanted: Wanted) -> Any:  # noqa: ANN401 - a table of the engine's
        copy = self._copy(file, wanted)
        condition = filter_of(wanted.where, copy.schema, file.frame_name)
        if not wanted.any_size and wanted.engine != "arrow":
            need = copy.estimated_bytes(wanted.columns, None)
            if condition is not None and need > unasked_bytes():
                need = copy.estimated_bytes(wanted.columns, condition)
            permit(file.frame_name, need)
        table = copy.table(wanted.columns, condition)
        frame = from_arrow(table, wanted.engine, wanted.dtype_backend)
        if wanted.engine == "pandas":
            frame.attrs[ORIGIN] = {
                "file_id": file.file_id,
                "frame": file.frame_name,
                "content_version": file.content_version,
            }
        return frame

    def _copy(self, file: File, wanted: Wanted) -> Copy:
        """The Arrow copy, made where all of the frame fits into memory; else the Parquet."""
        kept = self._cache.find(file.frame_hash, "arrow")
        if kept is None:
            parquet = Copy(self._parquet(file), file.frame_name)
            check_columns(file.frame_name, wanted.columns, parquet.schema.names)
            most = min(unasked_bytes(), self._cache.max_bytes)
            if parquet.estimated_bytes(None, None) > most:
                return parquet
            with clock(f"Unpacking {file.frame_name}", shown=self._progress):
                try:
                    kept = self._cache.make_arrow(file.frame_hash, parquet.path)
                except OSError:  # the disk is full: the Parquet will do
                    return parquet
        hold(kept)
        return Copy(kept, file.frame_name)

    def _relation(self, file: File, wanted: Wanted) -> Any:  # noqa: ANN401 - of DuckDB
        duckdb = library("duckdb")
        path = self.parquet(file)
        copy = Copy(path, file.frame_name)
        check_columns(file.frame_name, wanted.columns, copy.schema.names)
        condition = filter_of(wanted.where, copy.schema, file.frame_name)
        if condition is wanted.where and condition is not None:  # an expression of pyarrow's
            relation = duckdb.from_arrow(copy.dataset().filter(condition))
        else:
            relation = duckdb.read_parquet(str(path))
            if condition is not None:
                relation = relation.filter(sql_of(condition_of(wanted.where)))
        if wanted.columns is not None:
            names = [column.replace('"', '""') for column in wanted.columns]
            relation = relation.project(", ".join(f'"{name}"' for name in names))
        return relation

    def _parquet(self, file: File) -> Path:
        while True:
            path = self._fetched(file)
            try:
                hold(path)
            except FileNotFoundError:  # another process evicted it just then
                continue
            return path

    def _fetched(self, file: File) -> Path:
        try:
            path = self._cache.parquet(
                file.frame_hash, file.frame_sha256, lambda path: self._fetch(file, path)
            )
        except OtherContent:
            # It may have been read again meanwhile, and what stands there now is another file.
            now = File.read(self._client.call("GET", path_of("/files/{id}", id=file.file_id)))
            path = self._cache.parquet(
                now.frame_hash, now.frame_sha256, lambda path: self._fetch(now, path)
            )
        return path

    def _fetch(self, file: File, path: Path) -> None:
        url = path_of("/files/{file_id}/download-url", file_id=file.file_id)
        place = self._client.call("GET", url, query={"form": "frame"})
        signed = Signed(place["download_url"], place["method"], dict(place["headers"]))
        with bar(f"Loading {file.frame_name}", file.frame_size, shown=self._progress) as advance:
            receive_ranges(path, signed, self._client.transport.origin, file.frame_size, advance)

    def _guarded(self, file: File, get: Callable[[], Any]) -> Any:  # noqa: ANN401 - what get returns
        try:
            return get()
        except ImportError as error:
            raise LeonidasError(
                "Loading a frame takes pandas and pyarrow: `pip install pandas pyarrow` in this "
                "kernel's environment."
            ) from error
        except OSError as error:
            raise LeonidasError(
                f"{file.frame_name} could not be kept in {self._cache.directory}: {error}; look "
                "at that disk, or name another in LEONIDAS_CACHE_DIR."
            ) from error
