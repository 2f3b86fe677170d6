"""What Prometheus' Alertmanager sends to its webhook receivers, so that whatever reads that reads us.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config, version "4" (read 2026-11-21).
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Mapping, Sequence
from typing import ClassVar
from urllib.parse import urlsplit

from webhook_alerts.alert import JSON, Alert, Kind
from webhook_alerts.channels import content
from webhook_alerts.channels.base import Access, Payload, Request, Style
from webhook_alerts.channels.bounded import fitting, moment, text, word
from webhook_alerts.channels.generic import Generic
from webhook_alerts.channels.text import cut_middle

RECEIVER = "webhook_alerts"
NOT_YET = "0001-01-01T00:00:00Z"
"""When what is firing ends: Go's zero time, which Alertmanager writes."""
DESCRIPTION, TRACE, CONTEXT = 4_000, 8_000, 3_000
"""Bytes of these annotations; everything stands in the body twice."""
_LABEL = 200
_VALUE = 1_000
_SUMMARY = 300
_OUTSIDE = re.compile(r"[^a-zA-Z0-9_]", re.ASCII)
_NAMED_BY = {Kind.PERFORMANCE: "metric", Kind.EVENT: "event", Kind.STATUS: "status"}


class Alertmanager(Generic):
    """One alert to a request, as Alertmanager has it with ``group_by: ['...']``: each incident is its own group.

    A group of several would have to be told whole whenever one of them changes, and receivers take its status for that
    of all.
    """

    name: ClassVar[str] = "alertmanager"
    max_alerts: ClassVar[int] = 1

    def edit(self, access: Access, message_id: str, body: dict[str, JSON]) -> Request:  # noqa: ARG002 - it has none
        """The same group, firing or resolved."""
        return self.request(access, body, (), int(time.time()))

    def render(self, alerts: Sequence[Alert], style: Style) -> Payload:
        """The first of *alerts*; what is acknowledged goes on firing, with a note."""
        alert = alerts[0]
        is_over = content.standing(alert) == "resolved"
        status = "resolved" if is_over else "firing"
        labels, annotations = _labels(alert), _annotations(alert, style)
        group = {"incident": labels["incident"]}
        link = style.link(alert)
        told: dict[str, JSON] = {
            "status": status,
            "labels": labels,
            "annotations": annotations,
            "startsAt": moment(alert.first_seen),
            "endsAt": moment(alert.state_since) if is_over else NOT_YET,
            "generatorURL": link,
            "fingerprint": hashlib.sha256(content.key(alert).encode()).hexdigest()[:16],
        }
        body: dict[str, JSON] = {
            "version": "4",
            "groupKey": f"{{}}:{{incident={json.dumps(group['incident'], ensure_ascii=False)}}}",
            "truncatedAlerts": 0,
            "status": status,
            "receiver": RECEIVER,
            "groupLabels": group,
            "commonLabels": labels,
            "commonAnnotations": annotations,
            "externalURL": _site(link),
            "alerts": [told],
        }
        return Payload(body, 1)


def _labels(alert: Alert) -> dict[str, str]:
    """What the alert is known by; only what is known, as Prometheus has it."""
    found = {
        "alertname": _name(alert),
        "severity": alert.level.name.lower(),
        "kind": alert.kind.value,
        "incident": content.key(alert),
        "logger": alert.logger,
        "service": alert.service,
        "environment": alert.environment,
        "instance": alert.host,
    }
    return {name: short for name, value in found.items() if (short := word(value, _LABEL))}


def _name(alert: Alert) -> str:
    """What is alerted on: the exception, the metric, the event, or who says so."""
    named = alert.exception_type.rpartition(".")[2] or alert.details.get(_NAMED_BY.get(alert.kind, ""), "")
    return word(named, _LABEL) or word(alert.logger, _LABEL) or alert.kind.value


def _annotations(alert: Alert, style: Style) -> dict[str, str]:
    """All that may change between two of the same, as texts."""
    trace = alert.stack_trace if style.include_stack_traces else ""
    found = {
        "summary": word(content.line(alert), _SUMMARY),
        "description": text(cut_middle(alert.message, style.max_message_length), DESCRIPTION),
        "stack_trace": text(trace, TRACE),
        "occurrences": str(alert.occurrences),
        "state": text(alert.note or alert.state, _VALUE),
        "release": word(alert.release, _LABEL),
        "correlation_id": word(alert.correlation_id, _LABEL),
        "request": text(" ".join(str(alert.request.get(name, "")) for name in ("method", "path")).strip(), _VALUE),
    }
    omitted = _add(found, "detail", alert.details) + _add(found, "context", alert.context)
    found["omitted"] = str(omitted or "")
    return {name: value for name, value in found.items() if value}


def _add(annotations: dict[str, str], prefix: str, values: Mapping[str, JSON]) -> int:
    """Put *values* into *annotations*, by names that Prometheus takes; how many found no room."""
    pairs, omitted = fitting(values, CONTEXT, _VALUE)
    for name, value in pairs.items():
        fitted = f"{prefix}_{_OUTSIDE.sub('_', name)}"
        while fitted in annotations:
            fitted += "_"
        annotations[fitted] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return omitted


def _site(link: str) -> str:
    parts = urlsplit(link)
    return f"{parts.scheme}://{parts.netloc}" if link else ""
