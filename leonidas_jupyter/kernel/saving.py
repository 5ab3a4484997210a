"""A table of this kernel as a file of the project, in the dialect that it is read back by."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leonidas_jupyter.kernel.csvwriting import CsvWriter
from leonidas_jupyter.kernel.errors import LeonidasError
from leonidas_jupyter.kernel.listing import shape_text
from leonidas_jupyter.kernel.loading import ORIGIN
from leonidas_jupyter.kernel.progress import clock
from leonidas_jupyter.kernel.replies import Json
from leonidas_jupyter.kernel.wire import File

if TYPE_CHECKING:
    from leonidas_jupyter.kernel.files import ProjectFiles

EXTENSION = ".csv"


@dataclass(frozen=True)
class Saved:
    """A table that was saved; ``guarded`` cells were marked, so that no spreadsheet runs them."""

    file: File
    guarded: int
    guard: bool

    def __repr__(self) -> str:
        file = self.file
        said = f"{file.filename} → {file.frame_name}: {shape_text(file.rows, file.columns)}"
        if self.guarded:
            cells = "1 cell" if self.guarded == 1 else f"{self.guarded:,} cells"
            said += (
                f"\n{cells} that a spreadsheet would run as a formula got a ' in front; "
                "--no-guard (guard=False) saves them as they are."
            )
        elif not self.guard:
            said += "\nNo cell was changed: a spreadsheet runs those that begin like a formula."
        return said


def save(
    files: "ProjectFiles",
    table: Any,  # noqa: ANN401 - one of several libraries' tables
    filename: str,
    *,
    replace: bool,
    guard: bool,
    progress: bool,
) -> Saved:
    """Write a table into a temporary file, part by part, and upload that.

    Raises:
        LeonidasError: it is no table, cannot be written or is refused.
    """
    name = Path(filename).name
    if name != filename:
        raise LeonidasError("A file of a project has no folder; give its name alone.", code="usage")
    if not name.lower().endswith(EXTENSION):
        name += EXTENSION
    with tempfile.TemporaryDirectory(prefix="leonidas-save-") as folder:
        path = Path(folder) / "table.csv"
        writer = CsvWriter(path, guard=guard)
        try:
            with clock(f"Writing {name}", shown=progress) as tick:
                writer.write(table, tick)
        except OSError as error:
            raise LeonidasError(
                f"{name} cannot be written to {folder}: {error.strerror or error}; make room on "
                "that disk, or name another in TMPDIR."
            ) from error
        told = {
            "source": "APP_GENERATED",
            "derived_from": _origins(table),
            "dialect": _as_written(writer.text_columns),
        }
        file = files.upload(path, name, replace=replace, progress=progress, told=told)
    return Saved(file, writer.guarded, guard)


def _origins(table: Any) -> list[str]:  # noqa: ANN401 - one of several libraries' tables
    """The file that a DataFrame says it came from: pandas hands ``attrs`` on to what is derived."""
    origin = (getattr(table, "attrs", None) or {}).get(ORIGIN)
    file_id = origin.get("file_id") if isinstance(origin, dict) else None
    return [file_id] if isinstance(file_id, str) else []


def _as_written(text_columns: list[str]) -> Json:
    """How ``csvwriting`` writes, so that nothing has to be guessed."""
    return {
        "encoding": "utf-8",
        "delimiter": ",",
        "quote": '"',
        "escape": '"',
        "comment": "",
        "skip_rows": 0,
        "header_rows": 1,
        "footer_rows": 0,
        "decimal": ".",
        "thousands": "",
        "text_columns": text_columns,
    }
