"""What is counted of requests and answers, in the registry that Jupyter Server uses.

Never any content; and every label has a bounded number of values.
"""

from functools import lru_cache

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, generate_latest

_REQUESTS = Counter(
    "leonidas_requests", "Requests to the Leonidas API.", ["method", "route", "status"]
)
_SECONDS = Histogram(
    "leonidas_request_seconds",
    "Time until a request to the Leonidas API was answered.",
    ["method", "route"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)

_RUNS = Counter("leonidas_runs", "Answers that have ended or paused.", ["status", "model"])
_TOKENS = Counter("leonidas_tokens", "Tokens of models.", ["model", "direction"])
_TOOL_CALLS = Counter("leonidas_tool_calls", "Tool calls of answers.", ["tool", "outcome"])
_LONG = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0)
_FIRST_TEXT = Histogram(
    "leonidas_run_first_text_seconds",
    "Time from the beginning of an answer until its first text.",
    ["model"],
    buckets=_LONG,
)
_RUN_SECONDS = Histogram(
    "leonidas_run_seconds", "Time that an answer was worked on.", ["model"], buckets=_LONG
)
_PENDING = Gauge(
    "leonidas_pending_approvals", "Answers of this process that wait for somebody's approval."
)

MAX_MODELS = 50
"""Models that are told apart in the metrics; patterns may allow any number of names."""

OTHER = "other"
_models: set[str] = set()


def model_label(model: str) -> str:
    """A model's name as a label; of those that come after MAX_MODELS others, ``other``."""
    if model not in _models:
        if len(_models) >= MAX_MODELS:
            return OTHER
        _models.add(model)
    return model


def count_run(model: str, status: str, seconds: float, first_text: float | None) -> None:
    """Count an answer that has ended or paused; ``first_text`` is None where none was said."""
    label = model_label(model)
    _RUNS.labels(status, label).inc()
    _RUN_SECONDS.labels(label).observe(seconds)
    if first_text is not None:
        _FIRST_TEXT.labels(label).observe(first_text)


def count_tokens(model: str, input_tokens: int, output_tokens: int) -> None:
    """Count what an answer took."""
    label = model_label(model)
    _TOKENS.labels(label, "input").inc(input_tokens)
    _TOKENS.labels(label, "output").inc(output_tokens)


def count_tool_call(tool: str, outcome: str) -> None:
    """Count a tool call that has come to an end: ``ok``, ``failed`` or ``interrupted``."""
    _TOOL_CALLS.labels(tool, outcome).inc()


def set_pending(answers: int) -> None:
    """Say how many answers wait for an approval."""
    _PENDING.set(answers)


CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus's text format."""


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count an answered request; ``route`` is the path with its placeholders, not with ids."""
    counter, histogram = _of_request(method, route, status)
    counter.inc()
    histogram.observe(seconds)


@lru_cache(maxsize=1024)
def _of_request(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """To find them by their labels takes longer than to count."""
    return _REQUESTS.labels(method, route, str(status)), _SECONDS.labels(method, route)


def exposition() -> bytes:
    """Everything in the registry, Jupyter's own metrics too, in Prometheus's text format."""
    return generate_latest(REGISTRY)
