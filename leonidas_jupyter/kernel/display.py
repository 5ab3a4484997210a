"""How an answer appears: under its cell while it streams, or as text in a terminal."""

import sys
import time
from typing import Any, Protocol

from leonidas_jupyter.kernel.answer import MARKDOWN, Answer
from leonidas_jupyter.kernel.markdown import for_terminal, safe
from leonidas_jupyter.kernel.surroundings import in_notebook

UPDATE_SECONDS = 0.1
"""A display is drawn again at most this often: every update renders the whole text."""


class LiveDisplay(Protocol):
    """Where an answer shows as it grows."""

    def update(self, answer: Answer) -> None:
        """Show what there is by now, perhaps a moment later."""

    def finish(self, answer: Answer) -> None:
        """Show all of it, with evidence and receipt."""


def live_display() -> LiveDisplay:
    """One that fits where the code runs."""
    return CellDisplay() if in_notebook() else TextDisplay()


class CellDisplay:
    """One Markdown display under the cell, updated in place; a chart and its receipt follow it."""

    def __init__(self) -> None:
        self._handle = _display(_bundle("*Thinking…*"), raw=True, display_id=True)
        self._shown_at = 0.0

    def update(self, answer: Answer) -> None:
        """Draw again, unless that was done a moment ago; an answer's end is always drawn."""
        if time.monotonic() - self._shown_at < UPDATE_SECONDS:
            return
        text = "\n\n".join(part for part in (safe(answer.text), _status(answer)) if part)
        self._draw(text)

    def finish(self, answer: Answer) -> None:
        """Draw the whole answer."""
        stopped = "*Stopped.*" if answer.status == "cancelled" else ""
        printed = answer.printed()
        if answer.chart is None and not printed:
            self._draw("\n\n".join(part for part in (answer.markdown(), stopped) if part))
            return
        self._draw("\n\n".join(part for part in (safe(answer.text), stopped) if part))
        for shown in printed:
            _display(shown, raw=True)
        if answer.chart is not None:
            _display(answer.chart)
        parts = (answer.receipt(), answer.question_back())
        _display(_bundle("\n\n".join(part for part in parts if part)), raw=True)

    def _draw(self, markdown: str) -> None:
        self._shown_at = time.monotonic()
        self._handle.update(_bundle(markdown), raw=True)


class TextDisplay:
    """Text as it comes, for a terminal; what was written cannot be taken back."""

    def __init__(self) -> None:
        self._written = 0

    def update(self, answer: Answer) -> None:
        """Write what is new."""
        sys.stdout.write(for_terminal(answer.text[self._written :]))
        sys.stdout.flush()
        self._written = max(self._written, len(answer.text))

    def finish(self, answer: Answer) -> None:
        """Write what is missing, then evidence, charts in words, and what was run."""
        self.update(answer)
        parts = ["", *(shown["text/plain"] for shown in answer.printed()), answer.evidence()]
        if answer.chart is not None:
            parts.append(str(answer.chart.bundle.get("text/plain", answer.chart)))
        if answer.code:
            parts.append(answer.code)
        if answer.speaker:
            parts.append(f"({answer.speaker})")
        if answer.waiting:
            parts.append(answer.question_back())
        shown = "\n".join(part for part in parts if part or part == "")
        sys.stdout.write(for_terminal(shown) + "\n")


def show_again(answer: Answer) -> None:
    """Show a whole answer; only its one line where it stands under the cell already."""
    if answer.shown or not in_notebook():
        text = repr(answer) if answer.shown else f"{answer.text}\n{answer!r}"
        _display({"text/plain": for_terminal(text)}, raw=True)
        return
    CellDisplay().finish(answer)


def _display(shown: object, **options: bool) -> Any:  # noqa: ANN401 - IPython is not typed
    from IPython.display import display

    return display(shown, **options)  # type: ignore[no-untyped-call]  # IPython is not typed


def _bundle(markdown: str) -> dict[str, str]:
    return {MARKDOWN: markdown, "text/plain": for_terminal(markdown)}


def _status(answer: Answer) -> str:
    """What is going on, in words."""
    running = [step for step in answer.steps if step.ok is None]
    if running:
        return f"*Running {running[-1].tool}…*"
    return "" if answer.text else "*Thinking…*"
