"""Any endpoint that takes JSON: alerts in a schema of our own, signed as Standard Webhooks 1.0.0 has it.

The schema is ``docs/webhook-1.schema.json``. https://github.com/standard-webhooks/standard-webhooks/
blob/main/spec/standard-webhooks.md (read 2026-11-20).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import urlsplit

from webhook_alerts.alert import JSON, Alert
from webhook_alerts.channels import content, http_status, signing
from webhook_alerts.channels.base import Access, Channel, File, Outcome, Payload, Request, Response, Style, Window
from webhook_alerts.channels.bounded import fitting, moment, size, text, word
from webhook_alerts.channels.text import cut_middle

VERSION = 1
CREATED, UPDATED = "alert.created", "alert.updated"
ALERT = 19_800
"""Bytes of one alert, so that a request of one is within the 20 kB that Standard Webhooks recommends."""
MOST = 50
"""In one request, which thereby is within the megabyte that servers commonly take."""
_VALUE, _DETAILS, _REQUEST, _SAMPLE, _NOTE = 2_000, 1_000, 500, 400, 900
"""Bytes: of a value of the context, of what a kind brings, of a part of a request, of a repeat's message, of a note."""
_NAME, _LINK = 200, 512
"""Characters of a name, of a link."""
_BETWEEN = len('"message":"","exception":{"type":"","stack_trace":""},"context":,"omitted":9999999,')
"""Bytes around what may be long."""


class Generic(Channel):
    """POSTs ``{"type": …, "timestamp": …, "data": {"version": 1, "alerts": […]}}``.

    What has become of an alert is told by another request, of the type ``alert.updated``, with the same ids.
    """

    name: ClassVar[str] = "webhook"
    provider: ClassVar[str] = ""
    default_rate: ClassVar[tuple[Window, ...]] = ()
    max_alerts: ClassVar[int] = MOST
    supports_edit: ClassVar[bool] = True
    names_messages: ClassVar[bool] = False

    def recognises(self, url: str) -> bool:  # noqa: ARG002
        """Never: it is the answer where no other channel recognises the URL."""
        return False

    def endpoint(self, url: str) -> str:
        """The URL as it is."""
        if not urlsplit(url).hostname:
            raise ValueError("the URL has no host")
        return url

    def request(self, access: Access, body: dict[str, JSON], files: Sequence[File], at: int) -> Request:
        """With an id by which a receiver drops doubles, and signed where there is a key."""
        return signing.identified(super().request(access, body, files, at), access.keys, at)

    def edit(self, access: Access, message_id: str, body: dict[str, JSON]) -> Request:  # noqa: ARG002 - it has none
        """The same alerts as they are now."""
        return self.request(access, {**body, "type": UPDATED}, (), int(time.time()))

    def render(self, alerts: Sequence[Alert], style: Style) -> Payload:
        """Every alert as the schema says, each cut to ``ALERT`` bytes with a mark of what is gone."""
        taken = alerts[: self.max_alerts]
        newest = max(max(alert.last_seen, alert.state_since) for alert in taken)
        told: dict[str, JSON] = {"version": VERSION, "alerts": [_alert(alert, style) for alert in taken]}
        return Payload({"type": CREATED, "timestamp": moment(newest), "data": told}, len(taken))

    def classify(self, response: Response) -> Outcome:
        """By the HTTP status."""
        return http_status.classify(response)


def _alert(alert: Alert, style: Style) -> dict[str, JSON]:
    """*alert* with every key of the schema, whatever is known of it."""
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
