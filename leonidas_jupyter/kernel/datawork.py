"""What a connection does with the files and frames of its project."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leonidas_jupyter.kernel.files import ProjectFiles
from leonidas_jupyter.kernel.wire import File

if TYPE_CHECKING:
    from leonidas_jupyter.kernel.frames import Frames
    from leonidas_jupyter.kernel.listing import Listing
    from leonidas_jupyter.kernel.saving import Saved


class DataWork:
    """Files and frames of the active project, whose calls are in ``_files``."""

    frames: "Frames"
    _files: ProjectFiles

    def files(self) -> "Listing[File]":
        """The files of the active project."""
        return self._files.listing()

    def file(self, name: str) -> File:
        """A file of the active project, by its frame's name or its own.

        Raises:
            UnknownFrame: there is none.
        """
        return self._files.find(name)

    def columns(self, name: str) -> list[str]:
        """The names of a frame's columns.

        Raises:
            UnknownFrame: there is none.
        """
        return self._files.columns(self._files.find(name))

    def upload(
        self,
        path: str | Path,
        name: str | None = None,
        *,
        replace: bool = False,
        progress: bool = True,
    ) -> File:
        """Upload a file, and wait until its frame can be used.

        The same content under the same name is not sent again.

        Args:
            path: of the file.
            name: what to call it in the project; None is its own name.
            replace: whether other content may take the place of a file of that name.
            progress: whether to show a bar when it takes long.

        Raises:
            LeonidasError: it cannot be read here, or could not be read there.
        """
        return self._files.upload(Path(path), name, replace=replace, progress=progress)

    def load(
        self,
        name: str,
        columns: Sequence[str] | None = None,
        **options: Any,  # noqa: ANN401 - of Frames.load
    ) -> Any:  # noqa: ANN401 - a table of the engine's
        """A frame, by its name or its file's, as one's own; as ``frames.load``.

        Args:
            name: the frame's name, or the file's.
            columns: which columns, in which order; None is all.
            options: ``where``, ``engine``, ``dtype_backend``, ``any_size`` and ``progress``.

        Raises:
            LeonidasError: there is none, or it could not be read.
        """
        return self.frames.load(name, columns, **options)

    def read_again(
        self,
        name: str,
        *,
        reset: bool = False,
        progress: bool = True,
        **said: Any,  # noqa: ANN401 - fields of the API's DialectOverride
    ) -> str:
        """Correct how a file is read, and wait until it has been; what changed, in words.

        Args:
            name: of the frame, or of the file.
            reset: whether corrections that were made before are forgotten.
            progress: whether to show how long it takes.
            said: what holds for the file: ``sheet``, ``delimiter``, ``encoding``, ``decimal``,
                ``thousands``, ``quote``, ``escape``, ``comment``, ``skip_rows``, ``header_rows``,
                ``footer_rows``, ``null_words`` or ``text_columns``; the rest is recognised.

        Raises:
            LeonidasError: it cannot be read so; the frame stands as it was.
        """
        _, changed = self._files.read_again(name, said, reset=reset, progress=progress)
        return changed

    def save(
        self,
        table: Any,  # noqa: ANN401 - one of several libraries' tables
        filename: str,
        *,
        replace: bool = False,
        guard: bool = True,
        progress: bool = True,
    ) -> "Saved":
        """Save a table as a CSV file of the project, and wait until it is a frame, too.

        The index is kept where it has a name or is more than the numbers of the rows. Texts stay
        texts when they are read back.

        Args:
            table: a DataFrame of pandas, polars or dask, a relation of DuckDB, a pyarrow table.
            filename: what to call it.
            replace: whether it may take the place of a file of that name.
            guard: whether cells that a spreadsheet would run as formulas get a ``'`` in front.
            progress: whether to show a bar when it takes long.

        Raises:
            LeonidasError: it is no table, cannot be written, or is refused.
        """
        from leonidas_jupyter.kernel.saving import save

        return save(self._files, table, filename, replace=replace, guard=guard, progress=progress)
