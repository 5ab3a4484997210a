"""Tab completion of ``%leonidas``: commands, options, projects, files, frames, sessions, paths."""

import os
import re
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leonidas_jupyter.kernel.arguments import COMMANDS, EXPOSURES
from leonidas_jupyter.kernel.errors import LeonidasError

if TYPE_CHECKING:
    from leonidas_jupyter.kernel.connection import Connection

LOOKUP_SECONDS = 1.0
"""Completion gives up on a slower server: a person is waiting with a finger on the key."""

FRESH_SECONDS = 5.0

_LINE = re.compile(r"(?:^|=)\s*%?leonidas\s+(?P<rest>.*)$")
_CELL = re.compile(r"^%%leonidas\s+(?P<rest>.*)$")
_OPTIONS: dict[str, tuple[str, ...]] = {
    "use": ("--url", "--token"),
    "new": ("--description",),
    "upload": ("--name", "--replace"),
    "load": ("--columns",),
    "ask": ("--project", "--session", "--into", "--model", "--exposure", "--here"),
    "approve": ("--session", "--edit"),
    "export": ("--session",),
    "history": ("--session",),
}


class Completion:
    """What fits at the cursor; never connects, and never starts a server."""

    def __init__(self, connected: "Callable[[], Connection | None]") -> None:
        self._connected = connected
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
            return None
        command, space, rest = line["rest"].partition(" ")
        if not space:
            return command, [name for name in COMMANDS if name.startswith(command)]
        return self._argument(command, rest.lstrip())

    def _argument(self, command: str, rest: str) -> tuple[str, list[str]]:
        before, _, word = rest.rpartition(" ")
        if word.startswith("-"):
            return word, [o for o in _OPTIONS.get(command, ()) if o.startswith(word)]
        option = before.split()[-1] if before.split() else ""
        if option == "--exposure":
            return word, [level for level in EXPOSURES if level.startswith(word)]
        if option == "--project":
            return word, self._quoted(self._fitting("projects", word))
        if option == "--session":
            return word, self._quoted(self._fitting("sessions", word))
        if command == "use":
            # The words of a project's name need no quotes there, so all of them are replaced.
            return rest, self._fitting("projects", rest)
        if command == "load" and not before:
            return word, self._fitting("frames", word)
        if command == "upload":
            return word, _paths(word)
        if command == "help":
            return word, [name for name in COMMANDS if name.startswith(word)]
        return word, []

    def _fitting(self, what: str, start: str) -> list[str]:
        names = self._names(what)
        return [name for name in names if name.casefold().startswith(start.casefold())]

    def _quoted(self, names: Sequence[str]) -> list[str]:
        return [f'"{name}"' if " " in name else name for name in names]

    def _names(self, what: str) -> list[str]:
        """Names from the server, not older than a few seconds; none where it is slow."""
        connection = self._connected()
        if connection is None:
            return []
        at, names = self._kept.get(what, (0.0, []))
        if time.monotonic() - at < FRESH_SECONDS and at:
            return names
        found: list[str] = []

        def look() -> None:
            try:
                found.extend(_LOOK[what](connection))
            except LeonidasError:
                return  # the command itself will say what is wrong

        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        thread.join(LOOKUP_SECONDS)
        self._kept[what] = (time.monotonic(), list(found))
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


_LOOK: "dict[str, Callable[[Connection], list[str]]]" = {
    "projects": lambda connection: [p.name for p in connection.projects()],
    "sessions": lambda connection: [s.title for s in connection.sessions() if s.title],
    "frames": lambda connection: list(connection.frames),
}
