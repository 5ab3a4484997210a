"""A project's frames as a mapping: ``frames["sales"]``, ``frames.sales``, loaded when asked for."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from leonidas_jupyter.kernel.errors import LeonidasError
from leonidas_jupyter.kernel.listings import frame_listing

if TYPE_CHECKING:
    import pandas as pd

    from leonidas_jupyter.kernel.wire import File


class UnknownFrame(LeonidasError, KeyError):
    """There is no frame of that name."""

    __str__ = Exception.__str__  # KeyError's would put the sentence into quotes


class Frames(Mapping[str, "pd.DataFrame"]):
    """The frames that can be loaded; each access gives a DataFrame of its own to change."""

    def __init__(
        self, completed: "Callable[[], list[File]]", load: "Callable[[File], pd.DataFrame]"
    ) -> None:
        self._completed = completed
        self._load = load

    def __getitem__(self, name: str) -> "pd.DataFrame":
        files = self._completed()
        for file in files:
            if file.frame_name == name:
                return self._load(file)
        raise UnknownFrame(no_such_frame(name, [file.frame_name for file in files]))

    def __iter__(self) -> Iterator[str]:
        return iter([file.frame_name for file in self._completed()])

    def __len__(self) -> int:
        return len(self._completed())

    def __contains__(self, name: object) -> bool:
        return any(file.frame_name == name for file in self._completed())

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

    def __repr__(self) -> str:
        shapes = [f"{f.frame_name} ({f.rows:,} × {f.columns})" for f in self._completed()]
        return f"<Frames: {', '.join(shapes) or 'none yet'}>"

    def _repr_html_(self) -> str:
        return frame_listing(self._completed())._repr_html_()


def no_such_frame(name: str, known: list[str]) -> str:
    """The sentence that names what there is instead."""
    there = f"there are: {', '.join(known)}" if known else "upload a CSV file first"
    return f"There is no frame {name!r} in this project; {there}."
