"""An answer of DS Bro as a Python object: its text, steps, tables and chart."""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from leonidas_jupyter.kernel.errors import LeonidasError
from leonidas_jupyter.kernel.markdown import fenced, for_terminal, safe

if TYPE_CHECKING:
    import pandas as pd

VEGALITE = "application/vnd.vegalite.v5+json"
MARKDOWN = "text/markdown"
PICTURES = ("image/png", "image/jpeg")
SPEAKER = "built-in analyst, not a language model"
_RESULT = "application/json"
_TABLE_RULE = re.compile(r"^\s*\|?(\s*:?-{3,}:?\s*\|)+", re.MULTILINE)


@dataclass
class Step:
    """One tool call of an answer, and what came of it.

    Attributes:
        code: the SQL or Python that ran, or is to run, where the tool runs code.
        outputs: mime bundles, as Jupyter has them.
        needs: ``approval`` or ``client`` where it waits until somebody lets it run.
        overwrites: variables of one's own that the code would overwrite.
        frames: the frames of files that it read, with the version of each file.
        own: variables that it read instead, which are no files.
    """

    id: str
    tool: str
    arguments: dict[str, Any]
    code: str | None = None
    ok: bool | None = None
    summary: str = ""
    outputs: list[dict[str, Any]] = field(default_factory=list)
    needs: str = "none"
    overwrites: list[str] = field(default_factory=list)
    frames: list[dict[str, Any]] = field(default_factory=list)
    own: list[dict[str, Any]] = field(default_factory=list)

    @property
    def language(self) -> str:
        """What the code is written in."""
        return "sql" if self.tool in {"query", "chart", "save_file"} else "python"

    @property
    def frame(self) -> "pd.DataFrame | None":
        """The result as a DataFrame; None where it is no table."""
        result = self._result()
        if result is None:
            return None
        from leonidas_jupyter.kernel.results import result_frame

        return result_frame(result)

    @property
    def chart(self) -> "Chart | None":
        """The chart that was drawn, if one was."""
        return next((Chart(o) for o in self.outputs if VEGALITE in o), None)

    @property
    def table(self) -> str | None:
        """The result's first rows as a Markdown table; None where it is no table."""
        if self._result() is None:
            return None
        return next((str(o[MARKDOWN]) for o in self.outputs if MARKDOWN in o), None)

    @property
    def read(self) -> list[str]:
        """Which data it read, in words: files, or the notebook's own variables."""
        files = [
            f"{use.get('filename') or use['name']} (version {use['content_version']})"
            for use in self.frames
        ]
        return files + [own_text(use) for use in self.own]

    @property
    def milliseconds(self) -> float:
        """How long the query ran."""
        return float((self._result() or {}).get("elapsed_ms", 0.0))

    def _result(self) -> dict[str, Any] | None:
        for output in self.outputs:
            result = output.get(_RESULT)
            if isinstance(result, dict) and "columns" in result and "rows" in result:
                return result
        return None

    def __repr__(self) -> str:
        state = {None: "running", True: self.summary or "done", False: self.summary or "failed"}
        return f"<Step {self.tool}: {state[self.ok]}>"


def own_text(use: dict[str, Any]) -> str:
    """``the notebook's `sales`, not sales.csv``."""
    whose = "the notebook's" if use.get("place") != "session" else "the session's own"
    instead = f", not {use['filename']}" if use.get("filename") else ""
    return f"{whose} `{use['name']}`{instead}"


class Chart:
    """A chart; the notebook draws it, ``spec`` is its Vega-Lite specification."""

    def __init__(self, bundle: dict[str, Any]) -> None:
        self.bundle = bundle

    @property
    def spec(self) -> dict[str, Any]:
        """The Vega-Lite specification, with its data inside."""
        return dict(self.bundle[VEGALITE])

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return {"text/plain": repr(self), **self.bundle}

    def __repr__(self) -> str:
        mark = self.spec.get("mark", "chart")
        kind = mark.get("type", "chart") if isinstance(mark, dict) else mark
        return f"<Chart: {kind}>"


@dataclass
class Answer:
    """What DS Bro answered.

    Attributes:
        text: the answer, in Markdown.
        steps: every tool call, with its code and its result.
        status: ``completed``, ``cancelled``, ``failed``, ``pending`` while steps wait for an
            approval, ``detached`` when the connection was lost for good, or ``running`` while it
            streams.
        last_event: the number of the last event that has been read of it.
        model: which one answered, as ``provider:name`` or ``builtin``.
        shown: whether it stands under the cell already, so that its repr need not repeat it.
    """

    question: str
    session_id: str
    run_id: str = ""
    message_id: str = ""
    text: str = ""
    status: str = "running"
    error: str = ""
    steps: list[Step] = field(default_factory=list)
    usage: dict[str, Any] = field(default_factory=dict)
    shown: bool = False
    last_event: int = 0
    model: str = ""

    @property
    def waiting(self) -> list[Step]:
        """The steps that wait until somebody lets them run."""
        if self.status != "pending":
            return []
        return [step for step in self.steps if step.ok is None and step.needs != "none"]

    @property
    def code(self) -> str:
        """The code of all steps, in order; what several ran stands once."""
        return "\n\n".join(dict.fromkeys(step.code for step in self.steps if step.code))

    @property
    def frame(self) -> "pd.DataFrame | None":
        """The last result that is a table."""
        step = next((s for s in reversed(self.steps) if s.ok and s.table is not None), None)
        return None if step is None else step.frame

    @property
    def chart(self) -> Chart | None:
        """The last chart."""
        return next((s.chart for s in reversed(self.steps) if s.chart is not None), None)

    def step(self, step_id: str) -> Step:
        """The step of a tool call.

        Raises:
            LeonidasError: the server speaks of a call that it never announced.
        """
        for step in self.steps:
            if step.id == step_id:
                return step
        raise LeonidasError("The server's answer is out of order; ask again.")

    def evidence(self) -> str:
        """The last result as a Markdown table, unless the text has it or a chart shows it."""
        if self.chart is not None or _TABLE_RULE.search(self.text):
            return ""
        step = next((s for s in reversed(self.steps) if s.ok and s.table), None)
        return step.table or "" if step is not None else ""

    def printed(self) -> list[dict[str, Any]]:
        """What Python showed while it ran elsewhere: pictures and text, in order."""
        ran = [s for s in self.steps if s.tool == "python" and s.needs != "client"]
        return [shown for step in ran for output in step.outputs if (shown := _harmless(output))]

    def receipt(self) -> str:
        """What was run, collapsed: Markdown that every notebook renders."""
        waiting = self.waiting
        ran = [s for s in self.steps if (s.code or s.ok is False) and s not in waiting]
        speaker = self.speaker
        if not ran:
            return speaker and f"*{speaker}*"
        languages = {"SQL" if step.language == "sql" else "Python" for step in ran if step.code}
        kind = "".join(f" · {language}" for language in sorted(languages, reverse=True))
        seconds = sum(step.milliseconds for step in ran) / 1000
        took = f" · {max(seconds, 0.01):.2g} s" if seconds else ""
        count = f"{len(ran)} step" + ("" if len(ran) == 1 else "s")
        by = f" · {speaker}" if speaker else ""
        parts = [f"<details><summary>{count}{kind}{took}{by}</summary>"]
        shown: set[str] = set()
        for step in ran:
            read = f" · read {'; '.join(step.read)}" if step.read else ""
            parts.append(safe(f"{step.tool}: {step.summary}{read}"))
            if step.code and step.code not in shown:
                parts.append(fenced(step.code, step.language))
                shown.add(step.code)
        return "\n\n".join([*parts, "</details>"])

    @property
    def speaker(self) -> str:
        """Who answered, where nobody should take it for a language model; it may say so itself."""
        said = self.model != "builtin" or not self.text or "not a language model" in self.text
        return "" if said else SPEAKER

    def markdown(self) -> str:
        """Text, evidence, receipt, and what waits; a chart is shown beside them."""
        parts = (safe(self.text), self.evidence(), self.receipt(), self.question_back())
        return "\n\n".join(part for part in parts if part)

    def question_back(self) -> str:
        """What DS Bro wants to run, and how to answer: Markdown; empty where nothing waits."""
        if not self.waiting:
            return ""
        parts = [f"**DS Bro wants to run this {self.where}:**"]
        for step in self.waiting:
            if purpose := str(step.arguments.get("purpose") or "").strip():
                parts.append(safe(purpose))
            parts.append(fenced(step.code or "", step.language))
            if step.overwrites:
                names = ", ".join(f"`{safe(name)}`" for name in step.overwrites)
                parts.append(f"It would overwrite {names}.")
        session = (
            "" if self.here else "`%leonidas approve --session` allows Python for this session, "
        )
        parts.append(
            f"`%leonidas approve` runs it once, {session}`%leonidas approve --edit` lets you "
            "change it first, `%leonidas refuse REASON` refuses."
        )
        return "\n\n".join(parts)

    @property
    def here(self) -> bool:
        """Whether the waiting steps would run in this notebook."""
        return any(step.needs == "client" for step in self.waiting)

    @property
    def where(self) -> str:
        """In whose kernel the waiting steps would run, in words."""
        return "in this notebook" if self.here else "in the session's own kernel"

    def _ipython_display_(self) -> None:
        from leonidas_jupyter.kernel.display import show_again

        show_again(self)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        parts = (
            f"{len(self.steps)} step" + ("" if len(self.steps) == 1 else "s"),
            "" if self.status == "completed" else self.status,
            ".text .code .frame .chart .steps",
        )
        return f"<Answer: {' · '.join(part for part in parts if part)}>"


def _harmless(output: dict[str, Any]) -> dict[str, Any]:
    """What of an output can be shown in a trusted notebook: no HTML, whose scripts would run."""
    pictures = {form: data for form, data in output.items() if form in PICTURES}
    text = for_terminal(str(output.get("text/plain", "")))
    return {**pictures, "text/plain": text} if pictures or text.strip() else {}
