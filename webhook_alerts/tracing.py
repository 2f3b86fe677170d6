"""Spans, where the project traces with OpenTelemetry; without it, or without its SDK, nothing happens.

Nothing here imports OpenTelemetry: a process that traces has it loaded. An alert carries the span that it was raised
in as a W3C ``traceparent``, so that its way stays in the trace of the request that it comes from.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import Context
from functools import cache
from typing import Any

logger = logging.getLogger("webhook_alerts.tracing")
MOST_LINKS = 100
"""Traces that one span is linked to; an SDK keeps 128 unless told otherwise."""
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_SUPPRESSING = ("_SUPPRESS_INSTRUMENTATION_KEY", "_SUPPRESS_HTTP_INSTRUMENTATION_KEY")

Attributes = Mapping[str, str | int]
Tell = Callable[..., None]
"""``tell(attributes, error="…")``: what a span's work came to; ``error`` is short and holds no secret."""


def traceparent(context: Context | None = None) -> str:
    """The current span, of *context* if it is given, as ``00-<trace>-<span>-<flags>``; empty where there is none.

    https://www.w3.org/TR/trace-context/#traceparent-header
    """
    api = _api()
    if api is None:
        return ""
    span = context.run(api.get_current_span) if context is not None else api.get_current_span()
    found = span.get_span_context()
    return f"00-{found.trace_id:032x}-{found.span_id:016x}-{found.trace_flags:02x}" if found.is_valid else ""


def trace_id(traceparent: str) -> str:
    """The trace's part of a ``traceparent``: 32 hexadecimal digits, or nothing."""
    return traceparent.split("-")[1] if _TRACEPARENT.fullmatch(traceparent) else ""


@contextmanager
def span(name: str, kind: str, traceparents: Iterable[str], attributes: Attributes) -> Iterator[Tell]:
    """A span of the block's work, of *kind* ``CLIENT`` or ``CONSUMER``: a child of the first of *traceparents*,
    linked to the others and to the span that is current.

    An exception that leaves the block is told by its type alone, for its text may hold a secret.
    """
    started = _start(name, kind, traceparents, attributes)
    if started is None:
        yield _tell_nobody
        return
    api, span = started
    try:
        with api.use_span(span, end_on_exit=False, record_exception=False, set_status_on_exception=False):
            yield lambda attributes, error="": _tell(api, span, attributes, error)
    except BaseException as error:
        _tell(api, span, {}, type(error).__name__)
        raise
    finally:
        _guarded(span.end)


@contextmanager
def hidden() -> Iterator[None]:
    """Keep instrumented libraries from telling of the block's requests: what they tell holds addresses, our secrets."""
    with _hidden_from_opentelemetry(), _hidden_from_sentry():
        yield


@contextmanager
def _hidden_from_opentelemetry() -> Iterator[None]:
    api = sys.modules.get("opentelemetry.context")
    if api is None:
        yield
        return
    context = api.get_current()
    # The plain key is that of older instrumentation.
    for key in ("suppress_instrumentation", *(getattr(api, name, "") for name in _SUPPRESSING)):
        context = api.set_value(key, True, context)
    token = api.attach(context)
    try:
        yield
    finally:
        api.detach(token)


@contextmanager
def _hidden_from_sentry() -> Iterator[None]:
    """Sentry notes each request of ``http.client`` with its path, unless the scope's client has no integrations."""
    api = sys.modules.get("sentry_sdk")
    scope_of = getattr(api, "new_scope", None)  # since 2.0
    if scope_of is None:
        yield
        return
    with scope_of() as scope:
        scope.set_client(_deaf(api))
        yield


@cache
def _deaf(sentry: Any) -> Any:
    # The empty text keeps it from asking the environment.
    return sentry.Client(dsn="", default_integrations=False, auto_enabling_integrations=False)


def _api() -> Any:
    api = sys.modules.get("opentelemetry.trace")
    # Another thread may be importing it just now.
    return api if hasattr(api, "get_tracer") and hasattr(api, "use_span") else None


def _start(name: str, kind: str, traceparents: Iterable[str], attributes: Attributes) -> tuple[Any, Any] | None:
    api = _api()
    if api is None:
        return None
    try:
        contexts = [_context(api, *found.groups()) for found in _distinct(traceparents)]
        parent = api.set_span_in_context(api.NonRecordingSpan(contexts[0])) if contexts else None
        others = contexts[1:]
        current = api.get_current_span().get_span_context()
        if contexts and current.is_valid:
            others.append(current)
        span = api.get_tracer("webhook_alerts").start_span(
            name,
            context=parent,
            kind=getattr(api.SpanKind, kind),
            links=[api.Link(context) for context in others],
            attributes=dict(attributes),
        )
    except Exception as error:  # noqa: BLE001 - the user's SDK; alerts go on without it
        logger.warning("A span cannot be started: %s", type(error).__name__)
        return None
    return api, span


def _distinct(traceparents: Iterable[str]) -> list[re.Match[str]]:
    seen = dict.fromkeys(traceparents)
    found = (match for text in seen if (match := _TRACEPARENT.fullmatch(text)))
    return [match for match, _ in zip(found, range(MOST_LINKS), strict=False)]


def _context(api: Any, trace: str, span: str, flags: str) -> Any:
    return api.SpanContext(int(trace, 16), int(span, 16), is_remote=True, trace_flags=api.TraceFlags(int(flags, 16)))


def _tell(api: Any, span: Any, attributes: Attributes, error: str) -> None:
    _guarded(lambda: span.set_attributes(dict(attributes)))
    if error:
        _guarded(lambda: span.set_status(api.Status(api.StatusCode.ERROR, error)))


def _tell_nobody(attributes: Attributes, error: str = "") -> None:
    """There is no span."""


def _guarded(work: Callable[[], object]) -> None:
    try:
        work()
    except Exception as error:  # noqa: BLE001 - as above
        logger.warning("A span cannot be written: %s", type(error).__name__)
