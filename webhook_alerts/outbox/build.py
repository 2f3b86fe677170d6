"""From a snapshot to an alert: everything that is too dear for the caller happens here, in the publisher's thread."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextvars import Context
from hashlib import blake2b
from typing import Any

from django.utils.crypto import salted_hmac

from webhook_alerts import correlation, tracing
from webhook_alerts.alert import JSON, Alert, Kind, Level, uuid7
from webhook_alerts.conf import Config
from webhook_alerts.outbox import trace
from webhook_alerts.outbox.redaction import Redactor, redactor_for
from webhook_alerts.outbox.redaction.marks import mark
from webhook_alerts.outbox.snapshot import CONTEXT, Snapshot
from webhook_alerts.outbox.values import clean, cut, plain, repr_of, text_of

MAX_MESSAGE = 64_000
"""Characters of a message on record; a channel shows less."""
MAX_SAMPLES = 3
STANDARD = frozenset(
    {
        "name",
        "msg",
        "args",
        "levelname",
        "levelno",
        "pathname",
        "filename",
        "module",
        "exc_info",
        "exc_text",
        "stack_info",
        "lineno",
        "funcName",
        "created",
        "msecs",
        "relativeCreated",
        "thread",
        "threadName",
        "processName",
        "process",
        "taskName",
        "message",
        "asctime",
        "alert",
        "request",
    }
)
"""What every record has, and what handlers and formatters add to it: no context of the user's."""
_STRUCTLOG = frozenset({"_logger", "_name", "_record", "_from_structlog"})
_CORRELATION = ("correlation_id", "request_id", "trace_id")
"""Attributes of a record, and names of a context, that tell what it belongs to."""


def build(snapshot: Snapshot, config: Config) -> Alert:
    """The alert, redacted and complete; the snapshot is emptied and keeps what its repeats need."""
    state, redactor = snapshot.state, redactor_for(config)
    message = redactor.text(message_of(state["msg"], state["args"]))
    exception_type, stack_trace = _exception(state, redactor)
    context = redactor.mapping(_context(state))
    snapshot.id = snapshot.id or uuid7(int(snapshot.created * 1000))
    snapshot.fingerprint = fingerprint(snapshot, redactor)
    snapshot.message = message
    traceparent = tracing.traceparent(snapshot.context_vars)
    alert = Alert(
        id=snapshot.id,
        level=Level.of(snapshot.level),
        kind=_kind(snapshot, exception_type),
        message=message,
        first_seen=snapshot.created,
        last_seen=snapshot.created,
        logger=redactor.recurring(clean(str(state["name"])))[:255],
        details=redactor.mapping(plain(snapshot.details)) if snapshot.details else {},
        context=context,
        request=_request(state, config, redactor),
        exception_type=exception_type,
        stack_trace=stack_trace,
        fingerprint=snapshot.fingerprint,
        module=clean(str(state["module"]))[:255],
        function=clean(str(state["funcName"] or ""))[:255],
        line=state["lineno"] or 0,
        correlation_id=redactor.text(_correlation(state, snapshot.context_vars) or tracing.trace_id(traceparent)),
        environment=config.environment,
        service=config.service,
        release=config.release,
        host=socket.gethostname()[:255],
        process=redactor.recurring(clean(f"{state['processName']}[{os.getpid()}] {state['threadName']}"))[:255],
        traceparent=traceparent,
        webhooks=tuple(_asked_for(name, redactor) for name in snapshot.options.webhooks),
        dedup=snapshot.options.dedup,
    )
    snapshot.state = {}
    snapshot.context_vars = None
    return alert


def failed(snapshot: Snapshot, error: BaseException, config: Config) -> Alert:
    """The alert that says that its own building failed, so that even then nothing is silent."""
    snapshot.id = snapshot.id or uuid7(int(snapshot.created * 1000))
    snapshot.fingerprint = fingerprint(snapshot, redactor_for(config))
    name = redactor_for(config).recurring(clean(str(snapshot.state.get("name", ""))))[:255]
    snapshot.message = f"An alert of {name!r} could not be built: {type(error).__name__}"
    snapshot.state = {}
    return Alert(
        id=snapshot.id,
        level=Level.of(snapshot.level),
        kind=snapshot.kind,
        message=snapshot.message,
        first_seen=snapshot.created,
        last_seen=snapshot.created,
        fingerprint=snapshot.fingerprint,
        environment=config.environment,
        service=config.service,
    )


def message_of(template: object, args: Any) -> str:
    """The message as ``LogRecord.getMessage`` gives it, bounded; bad arguments are named, not raised."""
    text = template if isinstance(template, str) else text_of(template)
    if args:
        try:
            text = text % args
        except Exception as error:  # noqa: BLE001  # a wrong format, or an argument's own code
            shown = ", ".join(repr_of(arg, 200) for arg in (args if isinstance(args, tuple) else (args,))[:10])
            text = cut(text, MAX_MESSAGE // 2)
            text = f"{text} [arguments do not fit: {type(error).__name__}: {text_of(error, 200)}; they were: {shown}]"
    return clean(cut(text, MAX_MESSAGE))


def fingerprint(snapshot: Snapshot, redactor: Redactor) -> str:
    """What repeats are grouped by, the same in every process: 32 hexadecimal digits, or what the caller chose.

    What is chosen is shown; where it holds a secret, a digest of it is.
    """
    chosen = snapshot.options.fingerprint
    is_plain = len(chosen) <= 64 and chosen.isascii() and chosen.isprintable()
    if chosen and is_plain and redactor.recurring(chosen) == chosen:
        return chosen
    parts = (chosen,) if chosen else snapshot.key or (str(snapshot.id),)
    return blake2b("\x1f".join(map(str, parts)).encode(errors="replace"), digest_size=16).hexdigest()


def samples_of(snapshot: Snapshot, redactor: Redactor) -> list[str]:
    """Up to three messages of repeats that differ from the first's and from each other."""
    found: dict[str, None] = {}
    for template, args in snapshot.samples or ():
        text = cut(redactor.text(message_of(template, args)), 1_000, seam="")
        if text != cut(snapshot.message, 1_000, seam=""):
            found[text] = None
    return list(found)[:MAX_SAMPLES]


def _exception(state: Mapping[str, Any], redactor: Redactor) -> tuple[str, str]:
    exc_info = state["exc_info"]
    if exc_info and exc_info[0] is not None:
        return trace.name(exc_info[0]), redactor.text(trace.render(exc_info))
    text = state.get("stack_info") or state.get("exc_text") or ""
    return "", redactor.text(clean(cut(str(text), trace.MAX_TRACE))).strip()


def _asked_for(name: str, redactor: Redactor) -> str:
    """The *name* of a webhook; people write its address there by mistake."""
    return mark("webhook") if "/" in name else redactor.recurring(clean(name))


def _kind(snapshot: Snapshot, exception_type: str) -> Kind:
    if snapshot.kind is Kind.LOG and (exception_type or snapshot.level >= Level.ERROR):
        return Kind.ERROR
    return snapshot.kind


def _context(state: Mapping[str, Any]) -> dict[str, JSON]:
    extra = {key: value for key, value in state.items() if key not in STANDARD and key not in _STRUCTLOG}
    given = extra.pop(CONTEXT, {})
    context = plain({**extra, **given})
    return context if isinstance(context, dict) else {}


def _request(state: Mapping[str, Any], config: Config, redactor: Redactor) -> dict[str, JSON]:
    request = dict(state.get("request") or ())
    if config.mask_user_ids and "user_id" in request:
        digest = salted_hmac("webhook_alerts.user", str(request["user_id"])).hexdigest()
        request["user_id"] = f"user-{digest[:12]}"
    return redactor.mapping(plain(request)) if request else {}


def _correlation(state: Mapping[str, Any], context: Context | None) -> str:
    """What the record itself says, else what its context does."""
    given = {**state, **state.get(CONTEXT, {})}
    said = next((text for name in _CORRELATION if (text := correlation.as_text(given.get(name)))), "")
    return clean(said or correlation.found_in(context))
