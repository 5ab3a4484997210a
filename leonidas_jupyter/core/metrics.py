"""What is counted of requests, in the registry that Jupyter Server uses; never any content."""

from prometheus_client import REGISTRY, Counter, Histogram, generate_latest

_REQUESTS = Counter(
    "leonidas_requests", "Requests to the Leonidas API.", ["method", "route", "status"]
)
_SECONDS = Histogram(
    "leonidas_request_seconds",
    "Time until a request to the Leonidas API was answered.",
    ["method", "route"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus's text format."""


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count an answered request; ``route`` is the path with its placeholders, not with ids."""
    _REQUESTS.labels(method, route, str(status)).inc()
    _SECONDS.labels(method, route).observe(seconds)


def exposition() -> bytes:
    """Everything in the registry, Jupyter's own metrics too, in Prometheus's text format."""
    return generate_latest(REGISTRY)
