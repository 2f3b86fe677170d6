"""The id that a request shares with the tasks it queued and the alerts they raise.

It is ours where ``CorrelationIdMiddleware`` or a task has set it, else what structlog, django-guid, asgi-correlation-id
or a variable of the project's own holds, else the OpenTelemetry trace. A thread does not inherit it: start it with
``contextvars.copy_context().run``.
"""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Mapping
from contextvars import Context, ContextVar, copy_context
from typing import Any

from webhook_alerts import tracing

LENGTH = 128
_ours: ContextVar[str] = ContextVar("webhook_alerts_correlation_id", default="")
_NAMES = (
    "webhook_alerts_correlation_id",
    "structlog_request_id",
    "structlog_correlation_id",
    "guid",  # django-guid
    "correlation_id",  # asgi-correlation-id, and what people write themselves
    "request_id",
)
"""Context variables by name, the most telling first. By name, so that nothing is imported to look."""
_GIVEN = re.compile(r"[A-Za-z0-9_.:-]{8,128}")
"""What is taken from outside: no white space, no markup, neither so short that it means nothing nor a burden."""


def new() -> str:
    """A fresh id: 32 hexadecimal digits."""
    return uuid.uuid4().hex


def is_valid(given: str) -> bool:
    """May *given*, from outside, be used as an id?"""
    return _GIVEN.fullmatch(given) is not None


def current() -> str:
    """The id of what runs now; empty where there is none."""
    context = copy_context()
    return found_in(context) or tracing.trace_id(tracing.traceparent())


def found_in(context: Context | None) -> str:
    """The id that *context* holds in one of the known variables; at most 128 characters."""
    if context is None:
        return ""
    held = {variable.name: value for variable, value in context.items() if variable.name in _NAMES}
    return next((text for name in _NAMES if (text := as_text(held.get(name)))), "")


def as_text(value: object) -> str:
    """*value* as an id, if it is a text or a UUID; at most 128 characters."""
    return str(value)[:LENGTH] if isinstance(value, (str, uuid.UUID)) else ""


def begin(identity: str) -> None:
    """From now on, in this context, *identity* is the id; empty: there is none of ours."""
    _ours.set(identity)


class CorrelationIdFilter(logging.Filter):
    """Gives every record a ``correlation_id`` for formatters: ``"%(correlation_id)s %(message)s"``; never drops one."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Note the id, unless the record has one."""
        if not hasattr(record, "correlation_id"):
            record.correlation_id = current()
        return True


HEADER = "webhook_alerts_correlation_id"
"""Its name among the headers of a Celery message."""


def into_message(headers: Any = None, **_: Any) -> None:
    """Send the id of what runs now along with a task; a receiver of ``before_task_publish``."""
    if isinstance(headers, dict) and HEADER not in headers and (identity := current()):
        headers[HEADER] = identity


def into_task(task_id: str = "", task: Any = None, **_: Any) -> None:
    """The task's id is that of who queued it, else of who called it eagerly, else the task's own; ``task_prerun``."""
    request = task.request
    before = _ours.get()
    request.webhook_alerts_correlation_before = before
    begin(_of_message(request) or current() or str(task_id)[:LENGTH])


def out_of_task(task: Any = None, **_: Any) -> None:
    """The task is over, and its process serves others; a receiver of ``task_postrun``."""
    begin(getattr(task.request, "webhook_alerts_correlation_before", ""))


def _of_message(request: Any) -> str:
    headers = getattr(request, "headers", None)
    given = getattr(request, HEADER, None) or (headers.get(HEADER) if isinstance(headers, Mapping) else None)
    return as_text(given)
