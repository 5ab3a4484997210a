"""Asking, and following the answer until it ends, over however many connections that takes."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from leonidas_jupyter.kernel.answer import Answer, Step
from leonidas_jupyter.kernel.client import Client, path_of
from leonidas_jupyter.kernel.errors import ConnectionLost, LeonidasError
from leonidas_jupyter.kernel.replies import Json
from leonidas_jupyter.kernel.sse import ServerEvent

RECONNECT_SECONDS = (0.1, 0.3, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0)
"""Pauses before each attempt to attach again; a server that restarts needs a few seconds."""

Watch = Callable[[Answer], None]


class Run:
    """One question and its answer, as it grows."""

    def __init__(self, client: Client, answer: Answer, watch: Watch) -> None:
        self.answer = answer
        self._client = client
        self._watch = watch
        self._confirmed = len(answer.text)

    def ask(self, options: Json) -> Answer:
        """Ask, and follow until it ends or waits for somebody.

        Args:
            options: fields of the API's ChatRequest beside the question.

        Raises:
            LeonidasError: the question was refused, or the answer failed.
            KeyboardInterrupt: the person stopped it; the server was told.
        """
        return self._say({"content": self.answer.question, **options})

    def go_on(self, given: Json) -> Answer:
        """Answer what waits (``approvals`` or ``tool_results``), and follow on.

        Raises:
            LeonidasError: it was refused, or the answer failed.
            KeyboardInterrupt: as ``ask``.
        """
        self.answer.status = "running"
        try:
            return self._say({**given, "run_id": self.answer.run_id})
        except LeonidasError:
            if self.answer.status == "running":  # nothing was taken: it still waits
                self.answer.status = "pending"
            raise

    def _say(self, body: Json) -> Answer:
        path = path_of("/sessions/{session_id}/chat", session_id=self.answer.session_id)
        try:
            self._follow("POST", path, body=body)
            self._attach_until_finished()
        except KeyboardInterrupt:
            self._cancel()
            raise
        finally:
            self._watch(self.answer)
        if self.answer.status == "failed":
            raise LeonidasError(
                self.answer.error or "DS Bro could not answer; ask again in a moment.",
                code="model_error",
            )
        return self.answer

    def _attach_until_finished(self) -> None:
        path = path_of(
            "/sessions/{session_id}/runs/{run_id}/events",
            session_id=self.answer.session_id,
            run_id=self.answer.run_id,
        )
        for pause in RECONNECT_SECONDS:
            if self.answer.status != "running":
                return
            time.sleep(pause)
            # What was said after the last stored event comes again, with its number.
            self.answer.text = self.answer.text[: self._confirmed]
            self._follow("GET", path, query={"after": self.answer.last_event})
        if self.answer.status == "running":
            self.answer.status = "detached"
            raise ConnectionLost(
                "The connection to the server was lost and did not come back; the answer goes on "
                "there, and `%leonidas history` shows it when it is done."
            )

    def _follow(self, method: str, path: str, **request: Any) -> None:  # noqa: ANN401 - body, query
        """Follow one connection to its end, be that the run's or only the connection's.

        Raises:
            ConnectionLost: before the server named the run, so that there is nothing to attach to.
        """
        try:
            with self._client.stream(method, path, **request) as events:
                self._take_all(events)
        except LeonidasError as error:
            gone = error.code in {"connection_lost", "unreachable"} or error.status == 503
            if not gone or not self.answer.run_id:
                raise

    def _take_all(self, events: Iterator[ServerEvent]) -> None:
        for event in events:
            self._take(event)
            self._watch(self.answer)
            if self.answer.status != "running":
                return
        if not self.answer.run_id:
            raise ConnectionLost(
                "The connection was lost before the answer began; look at `%leonidas history` "
                "before you ask again."
            )

    def _take(self, event: ServerEvent) -> None:
        take = _TAKE.get(event.name)
        if take is not None:  # a newer server may say more than this client knows
            take(self.answer, event.data)
        if event.number is not None:
            self.answer.last_event = event.number
            self._confirmed = len(self.answer.text)

    def _cancel(self) -> None:
        if not self.answer.run_id:
            return
        path = path_of(
            "/sessions/{session_id}/runs/{run_id}/cancel",
            session_id=self.answer.session_id,
            run_id=self.answer.run_id,
        )
        with contextlib.suppress(LeonidasError):
            self._client.call("POST", path)
        self.answer.status = "cancelled"


def _started(answer: Answer, data: dict[str, Any]) -> None:
    answer.run_id = str(data["run_id"])
    answer.message_id = str(data.get("message_id", ""))
    answer.model = str(data.get("model") or answer.model)


def _text(answer: Answer, data: dict[str, Any]) -> None:
    answer.text += str(data["text"])


def _called(answer: Answer, data: dict[str, Any]) -> None:
    if all(step.id != data["id"] for step in answer.steps):
        answer.steps.append(
            Step(
                data["id"],
                data["tool"],
                data.get("arguments") or {},
                data.get("code"),
                needs=str(data.get("needs") or "none"),
                overwrites=list(data.get("overwrites") or []),
            )
        )


def _returned(answer: Answer, data: dict[str, Any]) -> None:
    step = answer.step(data["id"])
    step.ok = bool(data["ok"])
    step.summary = str(data.get("summary") or "")
    step.outputs = list(data.get("outputs") or [])
    step.frames = list(data.get("frames") or [])
    step.own = list(data.get("own") or [])


def _used(answer: Answer, data: dict[str, Any]) -> None:
    answer.usage = data


def _finished(answer: Answer, data: dict[str, Any]) -> None:
    answer.status = str(data["status"])
    answer.error = str(data.get("error") or "")


_TAKE: dict[str, Callable[[Answer, dict[str, Any]], None]] = {
    "run_started": _started,
    "text_delta": _text,
    "tool_call": _called,
    "tool_result": _returned,
    "usage": _used,
    "run_finished": _finished,
}
