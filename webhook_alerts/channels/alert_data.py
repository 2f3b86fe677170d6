"""An alert as data for machines: every key is always there, all of it within some bytes.

The schema is ``docs/webhook-1.schema.json``.
"""

from __future__ import annotations

from webhook_alerts.alert import JSON, Alert
from webhook_alerts.channels import content
from webhook_alerts.channels.base import Style
from webhook_alerts.channels.bounded import fitting, moment, size, text, word
from webhook_alerts.channels.text import cut_middle

ALERT = 19_800
"""Bytes of one alert, so that a request of one is within the 20 kB that Standard Webhooks recommends."""
_VALUE, _DETAILS, _REQUEST, _SAMPLE, _NOTE = 2_000, 1_000, 500, 400, 900
"""Bytes: of a value of the context, of what a kind brings, of a part of a request, of a repeat's message, of a note."""
_NAME, _LINK = 200, 512
"""Characters of a name, of a link."""
_BETWEEN = len('"message":"","exception":{"type":"","stack_trace":""},"context":,"omitted":9999999,')
"""Bytes around what may be long."""


def tell(alert: Alert, style: Style) -> dict[str, JSON]:
    """*alert* as the schema says, each text that is too long cut in its middle with a mark of what is gone."""
    details, left_out = fitting(alert.details, _DETAILS, _DETAILS // 2)
    found: dict[str, JSON] = {
        "id": str(alert.id),
        "fingerprint": content.key(alert),
        "kind": alert.kind.value,
        "level": alert.level.name.lower(),
        "occurrences": alert.occurrences,
        "first_seen": moment(alert.first_seen),
        "last_seen": moment(alert.last_seen),
        "samples": [text(sample, _SAMPLE) for sample in alert.samples[:3]],
        "logger": word(alert.logger, _NAME),
        "location": _location(alert),
        **{name: word(getattr(alert, name), _NAME) for name in ("service", "environment", "release", "host")},
        "request": _request(alert),
        "correlation_id": word(alert.correlation_id, 128),
        "trace_id": word(alert.traceparent.partition("-")[2][:32], 32),
        "details": details,
        "incident": _incident(alert),
        "url": _link(alert, style),
    }
    room = ALERT - size(found) - _BETWEEN
    found["context"], omitted = fitting(alert.context, room // 3, _VALUE)
    found["omitted"] = left_out + omitted
    return {**found, **_texts(alert, style, room - size(found["context"]))}


def _texts(alert: Alert, style: Style, room: int) -> dict[str, JSON]:
    """Message and exception within *room* bytes: the trace gets what the message leaves, and half at the least."""
    kind = word(alert.exception_type, _NAME)
    trace = alert.stack_trace if style.include_stack_traces else ""
    room -= size(kind)
    message = text(cut_middle(alert.message, style.max_message_length), room // 2 if trace else room)
    trace = text(trace, room - size(message))
    return {"message": message, "exception": {"type": kind, "stack_trace": trace} if kind or trace else None}


def _location(alert: Alert) -> JSON:
    if not alert.function and not alert.module:
        return None
    return {"module": word(alert.module, _NAME), "function": word(alert.function, _NAME), "line": alert.line}


def _request(alert: Alert) -> JSON:
    """What is known of the HTTP request; its path without a query, as it was recorded."""
    if not alert.request:
        return None
    return {name: text(alert.request.get(name, ""), _REQUEST) for name in ("method", "path", "user_id", "ip")}


def _incident(alert: Alert) -> JSON:
    if not alert.state:
        return None
    since = moment(alert.state_since) if alert.state_since else None
    return {"state": alert.state, "since": since, "note": text(alert.note, _NOTE)}


def _link(alert: Alert, style: Style) -> str:
    link = style.link(alert)
    return link if len(link) <= _LINK else ""
