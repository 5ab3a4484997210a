"""Answering what waits: approvals, refusals, and results of what ran in this process."""

from leonidas_jupyter.kernel.answer import Answer, Step
from leonidas_jupyter.kernel.client import Client, path_of
from leonidas_jupyter.kernel.errors import LeonidasError
from leonidas_jupyter.kernel.replies import Json
from leonidas_jupyter.kernel.run import Run, Watch


def decide(client: Client, answer: Answer, given: Json, watch: Watch) -> Answer:
    """Give every step that waits the same decision, and follow on.

    Raises:
        LeonidasError: nothing waits, several steps do where one's code was changed, or the server
            refused.
    """
    waiting = answer.waiting
    if not waiting:
        raise LeonidasError("Nothing waits for an answer.", code="usage")
    if "code" in given and len(waiting) != 1:
        raise LeonidasError(
            "Several steps wait, so their code cannot be changed here; approve or refuse them.",
            code="usage",
        )
    return Run(client, answer, watch).go_on({"approvals": {step.id: given for step in waiting}})


def claim(client: Client, answer: Answer, step: Step, known: str | None = None) -> Json:
    """Say that this process runs a step: ``claim`` and ``lease_until``, to be renewed before it.

    Raises:
        LeonidasError: another client runs it, or it is answered already.
    """
    path = path_of(
        "/sessions/{session_id}/runs/{run_id}/calls/{call_id}/claim",
        session_id=answer.session_id,
        run_id=answer.run_id,
        call_id=step.id,
    )
    return client.call("POST", path, body={} if known is None else {"claim": known})


def report(client: Client, answer: Answer, results: list[Json], watch: Watch) -> Answer:
    """Report what came of the steps that ran here (the API's ``tool_results``), and follow on.

    Raises:
        LeonidasError: the server refused.
    """
    return Run(client, answer, watch).go_on({"tool_results": results})
