"""OpenTelemetry spans of what is done, with ids and sizes and no content; nothing without an SDK.

Whoever runs the server configures an SDK (``opentelemetry-instrument jupyter lab``, or code in
Jupyter's configuration). Where none is, a span costs a look-up. Nothing is imported here for it:
an SDK that is configured is imported already.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

Attribute = str | int | float | bool

_SCOPE = "leonidas_jupyter"


class Span(Protocol):
    """What can be said of something while it is done."""

    def set(self, name: str, value: Attribute) -> None:
        """Say one fact: an id, a size, a name out of a closed list."""


class _Nothing:
    def set(self, name: str, value: Attribute) -> None:
        """Nobody listens."""


class _Recorded:
    def __init__(self, span: Any) -> None:  # noqa: ANN401 - a span of whatever SDK there is
        self._span = span

    def set(self, name: str, value: Attribute) -> None:
        self._span.set_attribute(f"leonidas.{name}", value)


_NOTHING = _Nothing()
_known: dict[str, Any] = {}
"""The provider that was asked last, and its tracer: to make one costs more than a span."""


def _tracer() -> Any:  # noqa: ANN401 - a tracer of whatever SDK there is
    trace: Any = sys.modules.get("opentelemetry.trace")
    if not hasattr(trace, "get_tracer_provider"):
        return None  # nobody imports it, or another thread is just importing it
    provider = trace.get_tracer_provider()
    if isinstance(provider, trace.ProxyTracerProvider):
        return None  # the API is there, but no SDK
    if _known.get("provider") is not provider:
        _known.update(provider=provider, tracer=provider.get_tracer(_SCOPE))
    return _known["tracer"]


def recording() -> bool:
    """Whether an SDK takes spans."""
    return _tracer() is not None


@contextmanager
def span(name: str, facts: Mapping[str, Attribute | None]) -> Iterator[Span]:
    """Something that is done, below what it is done in; of a failure the type alone is told.

    ``facts`` become attributes ``leonidas.…``; those that are None are left out.
    """
    tracer = _tracer()
    if tracer is None:
        yield _NOTHING
        return
    attributes = {f"leonidas.{key}": value for key, value in facts.items() if value is not None}
    # Messages of exceptions hold paths, cells and what models said.
    begun = tracer.start_as_current_span(
        name, attributes=attributes, record_exception=False, set_status_on_exception=False
    )
    with begun as current:
        try:
            yield _Recorded(current)
        except BaseException as error:
            trace = sys.modules["opentelemetry.trace"]
            current.set_status(trace.Status(trace.StatusCode.ERROR, type(error).__name__))
            raise
