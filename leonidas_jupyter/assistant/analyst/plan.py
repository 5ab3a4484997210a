"""What the analyst decides to do: tool calls, and how their results are said."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class PlannedCall:
    """One tool call: the tool's name and its arguments as JSON carries them."""

    tool: str
    arguments: Arguments


@dataclass(frozen=True)
class ToolOutcome:
    """What a tool answered: ``result`` where ``ok``, else one sentence in ``error``."""

    ok: bool
    result: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None


Renderer = Callable[[Sequence[ToolOutcome]], str]


@dataclass(frozen=True)
class Plan:
    """The calls that answer a question, in order, and the Markdown made of their results.

    Without calls the text is complete at once: help, a question back, or a refusal. ``kind`` names
    the operation (``aggregate``, ``share`` …, or ``help``, ``greeting``, ``refusal``,
    ``choice``).
    """

    kind: str
    calls: tuple[PlannedCall, ...]
    render: Renderer = field(repr=False, compare=False)

    def say(self, results: Sequence[ToolOutcome] = ()) -> str:
        """Return the answer as Markdown; ``results`` stand in the order of ``calls``."""
        failed = next((outcome for outcome in results if not outcome.ok), None)
        if failed is not None:
            reason = (failed.error or "it gave no reason").strip().rstrip(".")
            return f"I could not compute this: {reason}."
        if len(results) < len(self.calls):
            return "I could not compute this: a tool call got no result. Ask again."
        return self.render(results)


def plain(kind: str, text: str) -> Plan:
    """Return a plan that needs no tool: ``text`` is the whole answer."""
    return Plan(kind=kind, calls=(), render=lambda _results: text)
