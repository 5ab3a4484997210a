"""What people and clients answer to calls that wait, and who may answer what.

* Only the person who asked lets their calls run; any other editor may refuse them.
* A token of a kernel is as good as its person for one call. It is refused while code of that
  person's calls runs where such a token is (in a notebook's kernel, or in a client that has claimed
  a call), so that code which DS Bro runs does not approve the next call itself; and it allows
  nothing for the rest of the session, except in the session's own kernel, which has no token.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from leonidas_jupyter.assistant.events import MimeBundle
from leonidas_jupyter.assistant.executors.names import names_read
from leonidas_jupyter.assistant.executors.outputs import Outputs, plain
from leonidas_jupyter.assistant.shapes import (
    AnswerRow,
    Decision,
    FrameRead,
    OwnRead,
    RunRow,
    StoredCall,
)
from leonidas_jupyter.core.errors import ErrorCode, LeonidasError, conflict, invalid
from leonidas_jupyter.core.ids import now

MAX_CODE = 50_000
MAX_REASON = 2_000
MAX_REPORT = 64 * 1024
"""The longest text that a client may report, in characters."""

MAX_REPORTED_OUTPUTS = 256 * 1024
"""All outputs of one reported call, as JSON, in bytes."""

ANSWER_BYTES = 320 * 1024
"""What all results of one answer keep; beyond it only the text of an output is kept."""


class Approval(BaseModel):
    """What a person decides about a call: to run it once, always in this session, or not."""

    model_config = ConfigDict(extra="forbid")

    decision: Decision
    code: str | None = Field(default=None, min_length=1, max_length=MAX_CODE)
    reason: str | None = Field(default=None, max_length=MAX_REASON)

    @field_validator("code", "reason")
    @classmethod
    def _storable(cls, text: str | None) -> str | None:
        if text is not None and "\x00" in text:
            raise PydanticCustomError("plain_text", "It holds a NUL character; leave it out.")
        return text


class ClientResult(BaseModel):
    """What came of a call that a client ran; ``claim`` is what claiming it gave, if it did."""

    model_config = ConfigDict(extra="forbid")

    tool_call_id: str = Field(max_length=40)
    ok: bool
    text: str = Field(default="", max_length=MAX_REPORT)
    outputs: list[MimeBundle] = Field(default_factory=list, max_length=50)
    claim: str | None = Field(default=None, max_length=40)

    @field_validator("outputs")
    @classmethod
    def _bounded(cls, outputs: list[MimeBundle]) -> list[MimeBundle]:
        size = len(json.dumps(outputs).encode())
        if size > MAX_REPORTED_OUTPUTS:
            raise PydanticCustomError(
                "too_large",
                "The outputs have {size} KB, and {most} KB are taken; leave the largest out.",
                {"size": size // 1024, "most": MAX_REPORTED_OUTPUTS // 1024},
            )
        return outputs


class Claim(BaseModel):
    """A client runs a call, and must say so again before ``lease_until``, with ``claim``."""

    claim: str
    lease_until: datetime


@dataclass(frozen=True)
class Answers:
    """What somebody answers, to one or several calls."""

    approvals: dict[str, Approval] = field(default_factory=dict)
    results: Sequence[ClientResult] = ()


Reads = Sequence[FrameRead]
"""Frames as they are read now."""


@dataclass(frozen=True)
class Rules:
    """Who answers, and what holds now.

    Attributes:
        user_id: who answers.
        owner: whose run it is.
        via: ``kernel`` when the answer came with a token of a kernel.
        kernel_busy: code of this person's calls runs in a kernel that holds such a token.
        runs_in: whose Python it is.
        off: why Python may not run (any more), in one sentence; null where it may.
        overwrites: the names of the user's own that code would overwrite.
        beside: the tables that the client named when it asked.
        files: the project's frames, which a client loads where code names them.
    """

    user_id: str
    owner: str
    via: Literal["user", "kernel"]
    kernel_busy: bool
    runs_in: str
    off: str | None
    overwrites: Callable[[str], Awaitable[Sequence[str]]]
    beside: Sequence[str] = ()
    files: Reads = ()


def allowance(run: RunRow) -> str:
    """What is allowed for a session: one person's code, where it runs, of notebooks in that one."""
    place = run.runs_in if run.kernel_id is None else f"{run.runs_in}:{run.kernel_id}"
    return f"{run.user_id}/{place}"


def unanswered(answer: AnswerRow | None) -> list[StoredCall]:
    """The calls of an answer that wait for somebody."""
    calls = () if answer is None else answer.tool_calls
    return [call for call in calls if call.state == "pending" and call.decision is None]


def waiting_call(by_id: dict[str, StoredCall], call_id: str) -> StoredCall:
    """The call, if it waits. Raises LeonidasError: ``invalid_request``, ``conflict``."""
    call = by_id.get(call_id)
    if call is None:
        raise invalid(f"No call {call_id[:40]!r} waits in this answer; read the session again.")
    if call.state != "pending" or call.decision is not None:
        raise conflict(f"The call {call_id} was answered before; read the session again.")
    return call


def approve(call: StoredCall, approval: Approval, rules: Rules) -> None:
    """Take a decision.

    Raises:
        LeonidasError: ``forbidden_by_policy``, ``invalid_request``.
    """
    call.answered_by, call.answered_via = rules.user_id, rules.via
    if approval.decision == "refuse":
        _refuse(call, approval.reason or "the user refused")
        return
    only_owner(rules)
    if call.needs == "client":
        raise invalid(f"The call {call.id} runs in your client: claim it and send its result.")
    _only_a_person(approval.decision, rules)
    call.decision = approval.decision
    if rules.off is not None:
        _refuse(call, rules.off)


def _refuse(call: StoredCall, why: str) -> None:
    call.decision, call.state, call.ok, call.summary = "refuse", "refused", False, why.strip()


def edit(call: StoredCall, code: str, overwrites: list[str]) -> None:
    """Put a person's code in place of the model's."""
    call.edited = call.edited or code != call.arguments["code"]
    call.arguments = {**call.arguments, "code": code}
    call.code, call.overwrites = code, overwrites


def report(
    call: StoredCall, result: ClientResult, rules: Rules, calls: Sequence[StoredCall]
) -> None:
    """Take what a client found. Raises LeonidasError as ``approve``, and ``conflict``."""
    only_owner(rules)
    if call.needs != "client":
        raise invalid(f"The call {call.id} does not run in a client; approve it instead.")
    only_claimed(call, result.claim)
    call.answered_by, call.answered_via = rules.user_id, rules.via
    if rules.off is not None:
        _refuse(call, rules.off)
        return
    outputs, text = _sanitised(result, _room(calls))
    call.state, call.ok = ("done", True) if result.ok else ("failed", False)
    lines = text.strip().splitlines()
    said = lines[0 if result.ok else -1] if lines else ""
    call.summary = said[:200] or ("it ran in the client" if result.ok else "it failed")
    call.outputs, call.client_reported = outputs, True
    call.result = {"text": text}
    _note_read(call, rules)


def _note_read(call: StoredCall, rules: Rules) -> None:
    """Tell the client's own tables that the code read from the files that were loaded for it."""
    files = {read.name: read for read in rules.files}
    read = sorted(names_read(call.code or "", [*rules.beside, *files]))
    beside = frozenset(rules.beside)
    call.frames = [files[name] for name in read if name not in beside]
    call.own = [
        OwnRead(name=name, filename=files[name].filename if name in files else None)
        for name in read
        if name in beside
    ]


def _sanitised(result: ClientResult, room: int) -> tuple[list[MimeBundle], str]:
    """The outputs as those of a kernel are kept, and the text without terminal escapes."""
    collected = Outputs()
    for bundle in result.outputs:
        collected.take("display_data", {"data": bundle})
    outputs = collected.bundles()
    text = plain(result.text)
    if len(json.dumps([outputs, text]).encode()) > room:
        outputs = [
            {"text/plain": bundle["text/plain"][:2_000]}
            for bundle in outputs
            if "text/plain" in bundle
        ][:5]
        text = text[:4_000]
    return outputs, text


def _room(calls: Sequence[StoredCall]) -> int:
    kept: list[Any] = [[call.outputs, call.result, call.told] for call in calls]
    return ANSWER_BYTES - len(json.dumps(kept, default=str).encode())


def only_owner(rules: Rules) -> None:
    """Raise LeonidasError, ``forbidden_by_policy``, for anybody but who asked."""
    if rules.user_id != rules.owner:
        raise LeonidasError(
            ErrorCode.FORBIDDEN_BY_POLICY,
            "Only who asked may let the code run; you may refuse it, or ask yourself.",
        )


def only_claimed(call: StoredCall, claim: str | None) -> None:
    """Raise LeonidasError, ``conflict``, while another client runs the call."""
    held = call.claimed_until is not None and call.claimed_until > now()
    if held and claim != call.claimed_by:
        raise conflict("Another window or notebook runs this call; wait for its result.")


def _only_a_person(decision: Decision, rules: Rules) -> None:
    """What a token of a kernel may not; see the module."""
    if rules.via != "kernel":
        return
    if decision == "session" and rules.runs_in != "session":
        raise LeonidasError(
            ErrorCode.FORBIDDEN_BY_POLICY,
            "A notebook cannot allow code for the whole session in its own kernel; do that in the "
            "sidebar, or approve each call.",
        )
    if rules.kernel_busy:
        raise LeonidasError(
            ErrorCode.FORBIDDEN_BY_POLICY,
            "Code that DS Bro runs in a notebook cannot approve code; approve when it has ended, "
            "or in the sidebar.",
        )
