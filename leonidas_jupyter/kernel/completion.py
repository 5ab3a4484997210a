"""Tab completion of ``%leonidas``: commands, options, projects, files, frames, sessions, paths."""

import os
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leonidas_jupyter.kernel.arguments import COMMANDS, EXPOSURES
from leonidas_jupyter.kernel.engines import BACKENDS, ENGINES
from leonidas_jupyter.kernel.errors import LeonidasError
from leonidas_jupyter.kernel.frames import Frames

if TYPE_CHECKING:
    from leonidas_jupyter.kernel.connection import Connection

LOOKUP_SECONDS = 1.0
"""Completion gives up on a slower server: a person is waiting with a finger on the key."""

FRESH_SECONDS = 5.0

LOAD_OPTIONS = (
    "--columns",
    "--where",
    "--engine",
    "--dtype-backend",
    "--any-size",
    "--sheet",
    "--sep",
    "--encoding",
    "--decimal",
    "--thousands",
    "--quote",
    "--comment",
    "--skip-rows",
    "--header-rows",
    "--footer-rows",
    "--null-words",
    "--text-columns",
    "--reset",
)

_LINE = re.compile(r"(?:^|=)\s*%?leonidas\s+(?P<rest>.*)$")
_CELL = re.compile(r"^%%leonidas\s+(?P<rest>.*)$")
_METHOD = re.compile(
    r"(?P<object>[^\W\d]\w*)\.(?:load|lazy|dask|profile)\(\s*(?:\"(?P<double>[^\"]*)|'(?P<single>[^']*))$"
)
"""A call of ``frames`` whose first argument is being written."""

_CHOICES: dict[str, tuple[str, ...]] = {
    "--engine": ENGINES,
    "--dtype-backend": BACKENDS,
    "--exposure": EXPOSURES,
    "--decimal": (".", ","),
}
_OPTIONS: dict[str, tuple[str, ...]] = {
    "use": ("--url", "--token"),
    "new": ("--description",),
    "upload": ("--name", "--replace"),
    "load": LOAD_OPTIONS,
    "save": ("--replace", "--no-guard"),
    "ask": ("--project", "--session", "--into", "--model", "--exposure", "--here"),
    "approve": ("--session", "--edit"),
    "export": ("--session",),
    "history": ("--session",),
}


class Completion:
    """What fits at the cursor; never connects, and never starts a server."""

    def __init__(
        self,
        connected: "Callable[[], Connection | None]",
        namespace: Callable[[], Mapping[str, Any]] = dict,
    ) -> None:
        self._connected = connected
        self._namespace = namespace
        self._kept: dict[str, tuple[float, list[str]]] = {}

    def suggest(self, text: str) -> tuple[str, list[str]] | None:
        """The fragment before the cursor and what may stand for it; None: not our line.

        Args:
            text: the line up to the cursor.
        """
        if cell := _CELL.match(text):
            return self._argument("ask", cell["rest"])
        line = _LINE.search(text)
        if line is None:
            return self._frame_in_call(text)
        command, space, rest = line["rest"].partition(" ")
        if not space:
            return command, [name for name in COMMANDS if name.startswith(command)]
        return self._argument(command, rest.lstrip())

    def _argument(self, command: str, rest: str) -> tuple[str, list[str]]:
        before, _, word = rest.rpartition(" ")
        if word.startswith("-"):
            return word, [o for o in _OPTIONS.get(command, ()) if o.startswith(word)]
        option = before.split()[-1] if before.split() else ""
        if option in _CHOICES:
            return word, [choice for choice in _CHOICES[option] if choice.startswith(word)]
        if command == "load" and option in {"--columns", "--text-columns"}:
            return word, self._columns(before.split()[0], word)
        if option == "--project":
            return word, self._quoted(self._fitting("projects", word))
        if option == "--session":
            return word, self._quoted(self._fitting("sessions", word))
        if command == "use":
            # The words of a project's name need no quotes there, so all of them are replaced.
            return rest, self._fitting("projects", rest)
        return word, self._first(command, word) if not before or command == "upload" else []

    def _first(self, command: str, word: str) -> list[str]:
        """What fits as a command's first argument."""
        if command in {"load", "profile"}:
            return self._fitting("frames", word)
        if command == "save":
            return [name for name in self._tables() if name.startswith(word)]
        if command == "upload":
            return _paths(word)
        if command == "help":
            return [name for name in COMMANDS if name.startswith(word)]
        return []

    def _frame_in_call(self, text: str) -> tuple[str, list[str]] | None:
        call = _METHOD.search(text)
        if call is None or not isinstance(self._namespace().get(call["object"]), Frames):
            return None
        start = call["double"] or call["single"] or ""
        return start, self._fitting("frames", start)

    def _columns(self, frame: str, word: str) -> list[str]:
        """The columns of a frame behind those that stand before the last comma."""
        before, comma, start = word.rpartition(",")
        taken = before.split(",")
        names = [n for n in self._names("columns", frame) if n not in taken]
        return [f"{before}{comma}{n}" for n in names if n.casefold().startswith(start.casefold())]

    def _tables(self) -> list[str]:
        """Variables that hold something with columns."""
        return [
            name
            for name, value in list(self._namespace().items())
            if not name.startswith("_") and hasattr(type(value), "columns")
        ]

    def _fitting(self, what: str, start: str) -> list[str]:
        names = self._names(what)
        return [name for name in names if name.casefold().startswith(start.casefold())]

    def _quoted(self, names: Sequence[str]) -> list[str]:
        return [f'"{name}"' if " " in name else name for name in names]

    def _names(self, what: str, of: str = "") -> list[str]:
        """Names from the server, not older than a few seconds; none where it is slow."""
        connection = self._connected()
        if connection is None:
            return []
        at, names = self._kept.get(what + of, (0.0, []))
        if time.monotonic() - at < FRESH_SECONDS and at:
            return names
        found: list[str] = []

        def look() -> None:
            try:
                found.extend(_LOOK[what](connection, of))
            except LeonidasError:
                return  # the command itself will say what is wrong

        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        thread.join(LOOKUP_SECONDS)
        self._kept[what + of] = (time.monotonic(), list(found))
        return list(found)


def matcher(completion: Completion) -> Any:  # noqa: ANN401 - IPython is not typed
    """The completion as a matcher of IPython's completer (its API, version 2)."""
    from IPython.core.completer import SimpleCompletion, context_matcher

    @context_matcher(identifier="leonidas")  # type: ignore[untyped-decorator]  # IPython's
    def leonidas_matcher(context: Any) -> dict[str, Any]:  # noqa: ANN401 - IPython is not typed
        line = context.text_until_cursor.rpartition("\n")[2]
        suggested = completion.suggest(line)
        if suggested is None:
            return {"completions": [], "suppress": False}
        fragment, names = suggested
        return {
            "completions": [SimpleCompletion(text=name, type="magic") for name in names],
            "matched_fragment": fragment,
            # Python's own completion has nothing to say about a command line.
            "suppress": True,
        }

    return leonidas_matcher


def _paths(start: str) -> list[str]:
    """Files and folders that begin so; folders end in a separator, hidden ones are left out."""
    folder, name = os.path.split(start)
    try:
        entries = sorted(Path(folder or ".").expanduser().iterdir())
    except OSError:
        return []
    found = []
    for entry in entries:
        if entry.name.startswith(name) and (name.startswith(".") or entry.name[0] != "."):
            path = os.path.join(folder, entry.name) + (os.sep if entry.is_dir() else "")
            found.append(f'"{path}"' if " " in path else path)
    return found


_LOOK: "dict[str, Callable[[Connection, str], list[str]]]" = {
    "projects": lambda connection, _: [p.name for p in connection.projects()],
    "sessions": lambda connection, _: [s.title for s in connection.sessions() if s.title],
    "frames": lambda connection, _: list(connection.frames),
    "columns": lambda connection, frame: connection.columns(frame),
}
