"""A project's frames as a mapping: ``frames["sales"]``, ``frames.sales``, loaded when asked for."""

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from leonidas_jupyter.kernel.errors import LeonidasError
from leonidas_jupyter.kernel.listings import frame_listing
from leonidas_jupyter.kernel.loading import Wanted

if TYPE_CHECKING:
    import pandas as pd

    from leonidas_jupyter.kernel.files import ProjectFiles
    from leonidas_jupyter.kernel.profiles import FrameProfile
    from leonidas_jupyter.kernel.wire import File

_NAMED = 20
"""How many frames a sentence names at most."""


class UnknownFrame(LeonidasError, KeyError):
    """There is no frame of that name."""

    __str__ = Exception.__str__  # KeyError's would put the sentence into quotes


class Frames(Mapping[str, "pd.DataFrame"]):
    """The frames that can be loaded; each access gives a DataFrame of its own to change.

    A frame that is called like a method here (``load``, ``items``) is reached by ``frames["load"]``
    alone. Where loading would take much of the memory, it asks first; see ``load``.
    """

    def __init__(self, files: "Callable[[], ProjectFiles]") -> None:
        self._files = files

    def load(
        self,
        name: str,
        columns: Sequence[str] | None = None,
        where: Any = None,  # noqa: ANN401 - a text, tuples, or an expression of pyarrow's
        engine: str = "pandas",
        dtype_backend: str | None = None,
        *,
        any_size: bool = False,
        progress: bool = True,
    ) -> Any:  # noqa: ANN401 - a table of the engine's
        """A frame, or columns and rows of it, as one's own.

        Columns and rows are chosen while the file is read, so that the rest takes no memory.

        Args:
            name: the frame's name, or its file's.
            columns: which columns, in which order; None is all.
            where: which rows: a condition as SQL writes it (``"amount > 10 AND region IN ('n',
                's')"``, see ``conditiontext``), a list of ``(column, op, value)`` that must all
                hold, a list of such lists of which one must, or an expression of pyarrow's.
            engine: ``pandas``, ``polars`` or ``arrow`` for a table in memory; ``duckdb`` for a
                relation and ``dask`` for a DataFrame in partitions, which stay on the disk.
            dtype_backend: of pandas: ``numpy_nullable`` or ``pyarrow`` throughout; None takes its
                own types, and the nullable ones only where missing values need them.
            any_size: whether to load without asking what takes more memory than
                LEONIDAS_LOAD_BYTES, or half of what is free.
            progress: whether to show a bar when it takes long.

        Raises:
            LeonidasError: there is no such frame, column or engine, or no memory for it.
        """
        wanted = Wanted(columns, where, engine, dtype_backend, any_size)
        return self._files().load(self._file(name), wanted, progress=progress)

    def sql(
        self,
        query: str,
        *,
        limit: int | None = None,
        engine: str = "pandas",
        dtype_backend: str | None = None,
        progress: bool = True,
    ) -> Any:  # noqa: ANN401 - a table of the engine's
        """The result of one SQL query over the frames, which are tables by their names.

        The server runs it, in DuckDB's SQL, and sends the rows alone; no frame is loaded here. The
        types are those of the query: dates as ``datetime64``, whole numbers as such beside missing
        ones, decimals as floats where all survive that and else as ``decimal.Decimal``.

        Args:
            query: one SELECT (or WITH, DESCRIBE, SUMMARIZE, PIVOT).
            limit: how many rows at most; the server has a limit of its own, and a warning says
                when that cut the result.
            engine: ``pandas``, ``polars`` or ``arrow``.
            dtype_backend: as for ``load``.
            progress: whether to show a clock when it takes long.

        Raises:
            LeonidasError: the query was refused or failed; the sentence says why.
        """
        return self._files().ask(
            query, limit=limit, engine=engine, dtype_backend=dtype_backend, progress=progress
        )

    def profile(self, name: str) -> "FrameProfile":
        """What is known of a frame, without loading it; in a cell a table with histograms.

        Types, missing and distinct values, ranges, common values, what to look out for, and the
        columns by which it is likely to join with other frames.

        Args:
            name: the frame's name, or its file's.

        Raises:
            LeonidasError: there is no such frame, or its file could not be read.
        """
        return self._files().profile(self._file(name))

    def lazy(self, name: str, engine: str = "duckdb") -> Any:  # noqa: ANN401 - of DuckDB or polars
        """A frame that stays on the disk, whatever its size: only results come into memory.

        Args:
            name: the frame's name, or its file's.
            engine: ``duckdb`` gives a relation of DuckDB's default connection (``.filter(…)``,
                ``.aggregate(…)``, ``.df()``, or ``duckdb.sql("… FROM relation")``); ``polars`` a
                ``LazyFrame``.

        Raises:
            LeonidasError: there is no such frame or engine.
        """
        return self._files().loader().lazy(self._file(name), engine)

    def dask(
        self,
        name: str,
        client_or_address: Any = None,  # noqa: ANN401 - of distributed
        columns: Sequence[str] | None = None,
        where: Any = None,  # noqa: ANN401 - as for load
    ) -> Any:  # noqa: ANN401 - of dask
        """A frame as a ``dask.dataframe``, whose partitions are row groups of its Parquet file.

        Workers that see this machine's cache read them from there. To others the row groups are
        sent, compressed, and held in the cluster's memory. Nothing else of this kernel goes to a
        worker: no token, no signed URL.

        Args:
            name: the frame's name, or its file's.
            client_or_address: a ``distributed.Client``, a cluster such as ``LocalCluster()``, or a
                scheduler's address; None is the client that is active, else this kernel's threads.
            columns: which columns, in which order; None is all.
            where: which rows, as for ``load``.

        Raises:
            LeonidasError: there is no such frame, or no cluster answers.
        """
        wanted = Wanted(columns, where, "dask")
        return self._files().loader().dask(self._file(name), client_or_address, wanted)

    def __getitem__(self, name: str) -> "pd.DataFrame":
        files = self._files().completed()
        for file in files:
            if file.frame_name == name:
                frame: pd.DataFrame = self._files().load(file, Wanted())
                return frame
        raise UnknownFrame(no_such_frame(name, [file.frame_name for file in files]))

    def __iter__(self) -> Iterator[str]:
        return iter([file.frame_name for file in self._files().completed()])

    def __len__(self) -> int:
        return len(self._files().completed())

    def __contains__(self, name: object) -> bool:
        return any(file.frame_name == name for file in self._files().completed())

    def __getattr__(self, name: str) -> "pd.DataFrame":
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except UnknownFrame as error:
            raise AttributeError(str(error)) from error

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self]

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def _file(self, name: str) -> "File":
        return self._files().find(name)

    def __repr__(self) -> str:
        files = self._files().completed()
        shapes = [f"{f.frame_name} ({f.rows:,} × {f.columns})" for f in files]
        return f"<Frames: {', '.join(shapes) or 'none yet'}>"

    def _repr_html_(self) -> str:
        return frame_listing(self._files().completed())._repr_html_()


def no_such_frame(name: str, known: list[str]) -> str:
    """The sentence that names what there is instead: what is near, or all of a few."""
    import difflib

    plain = {_plain(other): other for other in known}
    near = [plain[each] for each in difflib.get_close_matches(_plain(name), plain, n=3)]
    if near:
        there = f"did you mean {' or '.join(map(repr, near))}?"
    elif known:
        more = f" and {len(known) - _NAMED:,} more" if len(known) > _NAMED else ""
        there = f"there are: {', '.join(known[:_NAMED])}{more}."
    else:
        there = "upload a CSV file first."
    return f"There is no frame {name!r} in this project; {there}"


def _plain(name: str) -> str:
    """A name without accents and capitals, as somebody may have typed it."""
    parts = unicodedata.normalize("NFKD", name.casefold())
    return "".join(sign for sign in parts if not unicodedata.combining(sign))
