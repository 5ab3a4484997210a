"""Following an answer: torn streams, live text that comes again, stops, and refusals."""

import pytest

from leonidas_jupyter.kernel import run as run_module
from leonidas_jupyter.kernel.answer import Answer
from leonidas_jupyter.kernel.errors import ConnectionLost, LeonidasError
from leonidas_jupyter.kernel.run import Run

CHAT = ("POST", "/sessions/s1/chat")
EVENTS = ("GET", "/sessions/s1/runs/r1/events")
CANCEL = ("POST", "/sessions/s1/runs/r1/cancel")

STARTED = ("run_started", {"run_id": "r1", "session_id": "s1", "message_id": "m1"}, 1)
FINISHED = ("run_finished", {"status": "completed", "message_id": "m1", "pending": []}, 9)


def text(said: str, number: int | None):
    return ("text_delta", {"text": said}, number)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(run_module, "RECONNECT_SECONDS", (0.0, 0.01, 0.01))


def ask(client, watch=lambda _answer: None):
    return Run(client, Answer("How many?", "s1"), watch).ask({})


def test_a_torn_stream_is_followed_on_and_no_text_is_lost_or_doubled(stub, client):
    stub.on[CHAT] = [
        lambda c: c.stream(
            STARTED, text("Gen", None), text("too", 2), text(", 5,0", None), tear=True
        )
    ]
    stub.on[EVENTS] = [
        lambda c: c.stream(text(", 5,076", 3), text(" g", None), tear=True),
        lambda c: c.stream(text(" grams.", 4), FINISHED),
    ]
    answer = ask(client)
    assert answer.text == "Gentoo, 5,076 grams."
    assert answer.status == "completed"
    assert [call.query["after"] for call in stub.calls if call.method == "GET"] == ["2", "3"]


def test_a_step_that_is_told_twice_stands_once(stub, client):
    called = ("tool_call", {"id": "t1", "tool": "query", "arguments": {}, "code": "SELECT 1"}, 2)
    result = {"columns": [{"name": "n", "type": "BIGINT"}], "rows": [[344]], "elapsed_ms": 4.0}
    output = {"application/json": result, "text/markdown": "| n |\n| --- |\n| 344 |"}
    returned = ("tool_result", {"id": "t1", "ok": True, "summary": "1", "outputs": [output]}, 3)
    stub.on[CHAT] = [lambda c: c.stream(STARTED, called, tear=True)]
    stub.on[EVENTS] = [lambda c: c.stream(called, returned, FINISHED)]
    answer = ask(client)
    assert [(step.tool, step.code, step.ok) for step in answer.steps] == [
        ("query", "SELECT 1", True)
    ]
    assert answer.frame.to_dict("list") == {"n": [344]}
    assert "| 344 |" in answer.markdown()


def test_a_server_that_stays_away_is_said_and_what_was_said_is_kept(stub, client):
    stub.on[CHAT] = [lambda c: c.stream(STARTED, text("Gentoo", 2), tear=True)]
    stub.on[EVENTS] = [lambda c: c.hang_up()]
    seen = []
    with pytest.raises(ConnectionLost, match="%leonidas history"):
        ask(client, seen.append)
    assert seen[-1].text == "Gentoo"
    assert seen[-1].status == "detached"


def test_a_stream_that_breaks_before_the_run_has_a_name_is_not_asked_again(stub, client):
    stub.on[CHAT] = [lambda c: c.stream(tear=True)]
    with pytest.raises(ConnectionLost):
        ask(client)
    assert stub.paths().count("POST /sessions/s1/chat") == 1


def test_an_interrupt_stops_the_run_on_the_server(stub, client):
    stub.on[CHAT] = [lambda c: c.stream(STARTED, text("Gen", 2), text("too", 3))]
    stub.on[CANCEL] = [lambda c: c.answer(202)]
    seen = []

    def interrupt(answer):
        seen.append((answer.text, answer.status))
        if answer.text == "Gen" and answer.status == "running":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask(client, interrupt)
    assert stub.paths()[-1] == "POST /sessions/s1/runs/r1/cancel"
    assert seen[-1] == ("Gen", "cancelled")


def test_a_refused_question_is_the_servers_own_sentence(stub, client):
    stub.on[CHAT] = [lambda c: c.fail(409, "run_in_progress", "An answer is still being written.")]
    with pytest.raises(LeonidasError, match=r"^An answer is still being written") as caught:
        ask(client)
    assert caught.value.code == "run_in_progress"


def test_a_failed_answer_raises_its_sentence(stub, client):
    failed = ("run_finished", {"status": "failed", "message_id": "m1", "error": "No model."}, 2)
    stub.on[CHAT] = [lambda c: c.stream(STARTED, failed)]
    with pytest.raises(LeonidasError, match=r"^No model\.$"):
        ask(client)


def test_a_token_that_expires_before_the_stream_opens_is_refreshed(stub, client):
    stub.on[CHAT] = [
        lambda c: c.fail(401, "token_expired", "Expired."),
        lambda c: c.stream(STARTED, text("Yes.", 2), FINISHED),
    ]
    stub.on["POST", "/auth/refresh"] = [lambda c: c.answer(200, stub.tokens("second"))]
    assert ask(client).text == "Yes."


def test_events_that_this_version_does_not_know_are_passed_over(stub, client):
    stub.on[CHAT] = [
        lambda c: c.stream(STARTED, ("mood", {"is": "good"}, 2), text("Yes.", 3), FINISHED)
    ]
    assert ask(client).text == "Yes."


def test_a_stream_that_is_not_json_is_a_lost_connection(stub, client):
    def garbage(call):
        call.answer(
            200, b"event: run_started\ndata: {oops\n\n", {"Content-Type": "text/event-stream"}
        )

    stub.on[CHAT] = [garbage]
    with pytest.raises(ConnectionLost, match="could not be read"):
        ask(client)
