"""Spans and counters of answers: how they hang together, what they hold, and what they cost."""

import asyncio
import logging
import re
import subprocess
import sys
import time
from types import ModuleType

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY
from pydantic_ai import models

from leonidas_jupyter.assistant.events import TextSaid, TokensUsed, ToolCalled, ToolReturned
from leonidas_jupyter.assistant.policy import Policy
from leonidas_jupyter.assistant.shapes import RunStatus
from leonidas_jupyter.assistant.telemetry import Meter, Waiting
from leonidas_jupyter.auth.service import AuthService
from leonidas_jupyter.core import metrics, tracing
from leonidas_jupyter.core.config import Leonidas
from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.core.http import Request, Response, Route, Services
from leonidas_jupyter.server.gateway import Gateway
from tests.chat.world import call, returned, world

models.ALLOW_MODEL_REQUESTS = False

CANARY = "canary-8151"
SECRET = "secret-4711-key"


@pytest.fixture
def spans(monkeypatch):
    """An SDK, configured as an administrator would, and the spans that it was given."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    yield exporter
    provider.shutdown()


def policy(**more):
    return Policy(
        allowed_models=("builtin", "remote"),
        exposure_max=DataExposure.ROWS,
        reading_seconds=0,
        **more,
    )


async def leaking(messages, info):
    """A model whose every word is content."""
    step = len([each for each in messages if each.kind == "response"])
    if step == 0:
        yield f"{CANARY}-text "
        yield call("query", f'{{"sql": "select \'{CANARY}-cell\' as a"}}', f"{CANARY}-id")
    elif step == 1:
        yield call("query", f'{{"sql": "select cast(\'{CANARY}-error\' as int)"}}')
    elif step == 2:
        yield call(f"{CANARY}_tool", "{}")
    else:
        yield f"{CANARY}-answer"
        raise RuntimeError(f"{CANARY}-provider {SECRET}")


async def plain(messages, info):
    if not returned(messages):
        yield call("query", '{"sql": "select sum(amount) as total from sales"}')
    else:
        yield "The total is 6."


def asked(stream, **more):
    """The answer of a remote model in a world, with the run's ids."""

    async def main():
        async with world(stream, policy=policy(**more)) as w:
            session = await w.session()
            run = await w.say(session, f"what is {CANARY}?", model="remote")
            return run, await w.chat.ended(run)

    return asyncio.run(main())


def everything(spans):
    return "\n".join(
        f"{each.name} {each.attributes} {each.status.description} "
        f"{[(event.name, event.attributes) for event in each.events]} {each.links}"
        for each in spans.get_finished_spans()
    )


def test_spans_hang_together_and_carry_ids_and_sizes(spans):
    run, answer = asked(plain)
    assert answer.status == "completed"
    found = spans.get_finished_spans()
    whole = next(each for each in found if each.name == "leonidas.run")
    assert dict(whole.attributes) == {
        "leonidas.run_id": run.run_id,
        "leonidas.session_id": run.session_id,
        "leonidas.model": "remote",
        "leonidas.status": "completed",
    }
    below = [each for each in found if each.parent and each.parent.span_id == whole.context.span_id]
    assert [each.name for each in below] == [
        "leonidas.model_request",
        "leonidas.tool_call",
        "leonidas.model_request",
    ]
    first, tool, last = (dict(each.attributes) for each in below)
    assert tool == {"leonidas.tool": "query", "leonidas.call_id": "t1", "leonidas.frames": 1}
    assert first["leonidas.messages"] == 1
    assert last["leonidas.messages"] == 3
    assert last["leonidas.input_tokens"] > 0
    assert last["leonidas.output_tokens"] > 0


@pytest.mark.parametrize("stream", [leaking, plain])
def test_no_content_is_in_spans_by_default(spans, stream):
    asked(stream)
    assert len(spans.get_finished_spans()) >= 4
    text = everything(spans)
    for planted in (CANARY, SECRET, "select", "sales", "total"):
        assert planted not in text


def test_content_is_in_spans_where_the_administrator_wants_it(spans):
    asked(leaking, trace_content=True)
    assert f"{CANARY}-cell" in everything(spans)


def test_of_a_failure_the_type_alone_is_told(spans):
    with (
        pytest.raises(ValueError, match="canary"),
        tracing.span("leonidas.request", {"route": "/x", "nothing": None}),
    ):
        raise ValueError(CANARY)
    (found,) = spans.get_finished_spans()
    assert found.status.status_code is trace.StatusCode.ERROR
    assert found.status.description == "ValueError"
    assert dict(found.attributes) == {"leonidas.route": "/x"}
    assert found.events == ()


def test_a_request_is_the_root_and_names_its_route_alone(spans):
    async def handler(request, services):
        with tracing.span("leonidas.run", {"run_id": "r"}):
            return Response(204)

    async def main():
        route = Route("GET", "/things/{thing_id}", "x", handler=handler)

        async def close():
            return None

        services = Services()
        services.add(AuthService.__new__(AuthService))

        gateway = Gateway(routes=(route,), services=services, settings=Leonidas(), close=close)
        request = Request(
            method="GET",
            path=f"/things/{CANARY}",
            params={"thing_id": CANARY},
            query={"q": CANARY},
            headers={"authorization": f"Bearer {SECRET}"},
            request_id="req-1",
            base_url="/x",
        )
        await gateway.call(route, request)

    asyncio.run(main())
    inner, outer = spans.get_finished_spans()
    assert (outer.name, inner.parent.span_id) == ("leonidas.request", outer.context.span_id)
    assert outer.attributes["leonidas.route"] == "/things/{thing_id}"
    assert outer.attributes["leonidas.request_id"] == "req-1"
    assert CANARY not in everything(spans)
    assert SECRET not in everything(spans)


def test_without_an_sdk_nothing_is_recorded_and_next_to_nothing_paid():
    assert not tracing.recording()
    best = min(_seconds_of(1000) for _ in range(5))
    assert best / 1000 < 1e-4


def test_what_another_thread_is_just_importing_is_not_used(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", ModuleType("opentelemetry.trace"))
    assert not tracing.recording()


def _seconds_of(many):
    began = time.perf_counter()
    for _ in range(many):
        with tracing.span("leonidas.run", {"run_id": "r", "model": "m"}) as current:
            current.set("status", "completed")
    return time.perf_counter() - began


def test_tracing_imports_nothing():
    code = (
        "import sys\nfrom leonidas_jupyter.core.tracing import span\n"
        "with span('x', {}) as s:\n    s.set('a', 1)\n"
        "print(sorted(n for n in sys.modules if n.startswith(('opentelemetry', 'pydantic'))))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def value(name, **labels):
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_answers_are_counted(monkeypatch):
    before = {
        "runs": value("leonidas_runs_total", status="completed", model="remote"),
        "input": value("leonidas_tokens_total", model="remote", direction="input"),
        "output": value("leonidas_tokens_total", model="remote", direction="output"),
        "tools": value("leonidas_tool_calls_total", tool="query", outcome="ok"),
        "first": value("leonidas_run_first_text_seconds_count", model="remote"),
        "seconds": value("leonidas_run_seconds_count", model="remote"),
    }
    _, answer = asked(plain)
    used = answer.message.usage
    after = {
        "runs": value("leonidas_runs_total", status="completed", model="remote"),
        "input": value("leonidas_tokens_total", model="remote", direction="input"),
        "output": value("leonidas_tokens_total", model="remote", direction="output"),
        "tools": value("leonidas_tool_calls_total", tool="query", outcome="ok"),
        "first": value("leonidas_run_first_text_seconds_count", model="remote"),
        "seconds": value("leonidas_run_seconds_count", model="remote"),
    }
    grown = {name: after[name] - before[name] for name in after}
    assert grown == {
        "runs": 1,
        "input": used.input_tokens,
        "output": used.output_tokens,
        "tools": 1,
        "first": 1,
        "seconds": 1,
    }


def test_metrics_hold_no_content_and_no_secret(caplog):
    with caplog.at_level(logging.CRITICAL):
        asked(leaking)
    shown = metrics.exposition().decode()
    assert 'leonidas_tool_calls_total{outcome="failed",tool="query"}' in shown
    for planted in (CANARY, SECRET):
        assert planted not in shown


def test_labels_are_bounded(monkeypatch):
    monkeypatch.setattr(metrics, "_models", set())
    for number in range(metrics.MAX_MODELS + 20):
        metrics.count_run(f"bounded:{number}", "completed", 1.0, None)
        metrics.count_tokens(f"bounded:{number}", 1, 1)
    named = set(
        re.findall(r'leonidas_runs_total\{model="(bounded:\d+)"', metrics.exposition().decode())
    )
    assert len(named) == metrics.MAX_MODELS
    assert value("leonidas_runs_total", status="completed", model="other") == 20


def test_tool_calls_that_never_returned_are_interrupted():
    before = value("leonidas_tool_calls_total", tool="python", outcome="interrupted")
    failed = value("leonidas_tool_calls_total", tool="query", outcome="failed")
    meter = Meter("builtin")
    meter.take(TextSaid("a"))
    meter.take(ToolCalled("t1", "query", {}))
    meter.take(ToolReturned("t1", ok=False, summary=CANARY))
    meter.take(ToolCalled("t2", "python", {}))
    meter.take(ToolCalled("t3", "python", {}, needs="approval"))
    meter.ended(RunStatus.CANCELLED, TokensUsed(1, 2))
    assert value("leonidas_tool_calls_total", tool="python", outcome="interrupted") == before + 1
    assert value("leonidas_tool_calls_total", tool="query", outcome="failed") == failed + 1


def test_what_waits_for_an_approval_is_a_gauge():
    waiting = Waiting()
    for run_id, status, expected in (
        ("a", RunStatus.PENDING, 1),
        ("a", RunStatus.PENDING, 1),
        ("b", RunStatus.PENDING, 2),
        ("a", RunStatus.RUNNING, 1),
        ("c", RunStatus.COMPLETED, 1),
        ("b", RunStatus.FAILED, 0),
    ):
        waiting.change(run_id, status)
        assert value("leonidas_pending_approvals") == expected
