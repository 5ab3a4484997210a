"""What a kernel publishes while code runs, collected within bounds and made fit to be shown."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from leonidas_jupyter.assistant.events import MimeBundle

MAX_TEXT = 64 * 1024
"""Characters of printed output that are kept: the beginning."""

MAX_LINE = 2 * MAX_TEXT
"""Characters of a traceback's line, or of an error's message, that are looked at."""

MAX_LINES = 40
"""Lines of a traceback that are looked at, each of them a whole frame."""

MAX_OUTPUTS = 50
MAX_BUNDLE = 240 * 1024
"""The largest form of an output, in characters; a larger one is left out and named."""

MAX_TOTAL = 240 * 1024
"""All forms of one run, in characters: an answer is one stored item."""

SHOWN = ("text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg")
"""The forms that are kept. An SVG can hold scripts and links, so pictures come as PNG or JPEG."""

_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-_]")
_ADDRESS = re.compile(r"<[\w.]+ (?:object )?at 0x[0-9a-f]+>")


def plain(text: str) -> str:
    """Text without the escape sequences that colour a terminal."""
    return _ANSI.sub("", storable(text))


def storable(text: str) -> str:
    """Text without what no store takes: halves of surrogate pairs, and NUL."""
    return text.encode(errors="replace").decode().replace("\x00", "")


class Outputs:
    """The outputs of one run, in order.

    ``result`` is the one that shows the last expression's value, ``note`` says in a sentence what
    was left out. Messages of another form than the protocol's are passed over: code in a kernel can
    publish what it likes.
    """

    def __init__(self) -> None:
        self.result: MimeBundle | None = None
        self._items: list[MimeBundle | list[str]] = []
        self._displays: dict[str, int] = {}
        self._left = MAX_TOTAL
        self._text_left = MAX_TEXT
        self._clear_next = False
        self._dropped: set[str] = set()

    def take(self, kind: str, content: Mapping[str, Any]) -> None:
        """Take a message of the kernel's output channel."""
        if kind == "clear_output":
            self._clear_next = bool(content.get("wait"))
            if not self._clear_next:
                self._clear()
            return
        if kind not in {"stream", "display_data", "execute_result", "update_display_data"}:
            return
        if self._clear_next:
            self._clear_next = False
            self._clear()
        if kind == "stream":
            self._print(storable(str(content.get("text", ""))[: MAX_TEXT + 1]))
        else:
            self._show(kind, content)

    def bundles(self) -> list[MimeBundle]:
        """What to show, in order."""
        made = []
        for item in self._items:
            if isinstance(item, dict):
                made.append(item)
            elif text := _settled("".join(item)):
                made.append({"text/plain": text})
        return made

    def text(self) -> str:
        """What was printed and shown, as text."""
        shown = (bundle.get("text/plain", "") for bundle in self.bundles())
        return "\n".join(part.rstrip("\n") for part in shown if part.strip())

    @property
    def note(self) -> str | None:
        """What is not here and was there."""
        if not self._dropped:
            return None
        return f"Not kept: {', '.join(sorted(self._dropped))}."

    def _clear(self) -> None:
        self._items.clear()
        self._displays.clear()
        self._left, self._text_left, self.result = MAX_TOTAL, MAX_TEXT, None

    def _print(self, text: str) -> None:
        room = min(self._text_left, self._left)
        if len(text) > room:
            text = text[:room]
            self._dropped.add(f"printed text beyond {MAX_TEXT // 1024} KiB")
        if not text:
            return
        self._text_left -= len(text)
        self._left -= len(text)
        if self._items and isinstance(self._items[-1], list):
            self._items[-1].append(text)
        else:
            self._items.append([text])

    def _show(self, kind: str, content: Mapping[str, Any]) -> None:
        display = _field(content.get("transient"), "display_id")
        place = self._displays.get(display) if isinstance(display, str) else None
        if kind == "update_display_data":
            if place is not None:
                self._replace(place, content.get("data"))
            return
        bundle = self._kept(content.get("data"))
        if not bundle:
            return
        if len(self._items) >= MAX_OUTPUTS:
            self._dropped.add(f"outputs beyond the first {MAX_OUTPUTS}")
            return
        if isinstance(display, str):
            self._displays[display] = len(self._items)
        if kind == "execute_result":
            self.result = bundle
        self._items.append(bundle)

    def _replace(self, place: int, data: object) -> None:
        """Show something else in the place of an output, and in its room."""
        before = self._items[place]
        held = sum(map(len, before.values())) if isinstance(before, dict) else 0
        self._left += held
        if bundle := self._kept(data):
            self._items[place] = bundle
        else:
            self._left -= held

    def _kept(self, data: object) -> MimeBundle:
        bundle: MimeBundle = {}
        if not isinstance(data, Mapping):
            return bundle
        for kind in SHOWN:
            if kind not in data:
                continue
            form = _form(kind, data[kind])
            if form is None or len(form) > min(MAX_BUNDLE, self._left):
                self._dropped.add(f"an output of the form {kind} that is too large")
                continue
            self._left -= len(form)
            bundle[kind] = form
        if "image/svg+xml" in data and not {"image/png", "image/jpeg"} & set(bundle):
            self._dropped.add("an SVG picture (save it as PNG to see it here)")
        return bundle


def _form(kind: str, value: object) -> str | None:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        value = "".join(value)
    if not isinstance(value, str) or len(value) > 2 * MAX_BUNDLE:
        return None
    if kind.startswith("image/"):
        return _picture(kind, value)
    return plain(value) if kind == "text/plain" else storable(value)


def _field(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, Mapping) else None


_BEGINNINGS = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}


def _picture(kind: str, text: str) -> str | None:
    """Base64 without line breaks, if it is such a picture."""
    compact = "".join(text.split())
    try:
        content = base64.b64decode(compact, validate=True)
    except (binascii.Error, ValueError):
        return None
    return compact if content.startswith(_BEGINNINGS[kind]) else None


def _settled(text: str) -> str:
    """Printed text as a terminal would show it: carriage returns write over what stands."""
    lines = []
    for line in plain(text).split("\n"):
        shown = ""
        for part in line.removesuffix("\r").split("\r"):
            shown = part + shown[len(part) :]
        lines.append(shown)
    return "\n".join(lines).rstrip("\n")


def traceback_of(content: Mapping[str, Any]) -> str:
    """An error's traceback as plain text."""
    text = "\n".join(_traceback(content)).strip()
    return (
        text if len(text) <= MAX_TEXT else text[: MAX_TEXT // 2] + "\n…\n" + text[-MAX_TEXT // 2 :]
    )


def _traceback(content: Mapping[str, Any]) -> list[str]:
    lines = content.get("traceback")
    if not isinstance(lines, list):
        return []
    if len(lines) > MAX_LINES:
        lines = [*lines[: MAX_LINES // 2], "…", *lines[-MAX_LINES // 2 :]]
    return [plain(_clipped(str(line))) for line in lines]


def _clipped(text: str) -> str:
    """The beginning and the end of a text that is far too long to be shown."""
    half = MAX_LINE // 2
    return text if len(text) <= MAX_LINE else f"{text[:half]}\n…\n{text[-half:]}"


_AT_LINE = re.compile(r"^-+> (\d+) ", re.M)


def error_of(content: Mapping[str, Any]) -> str:
    """An error in one sentence: its name, its message, and the line of the code."""
    name = plain(str(content.get("ename", "Error"))[:200])
    message = plain(_clipped(str(content.get("evalue", ""))))
    said = f"{name}: {_ADDRESS.sub('<object>', message)}" if message else name
    said = said if len(said) <= 1_000 else said[:999] + "…"
    found = _AT_LINE.search("\n".join(_traceback(content)))
    return f"{said} (line {found[1]})" if found else said
