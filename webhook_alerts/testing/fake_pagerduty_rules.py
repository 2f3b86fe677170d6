"""What PagerDuty refuses, checked without a line of the code that renders.

https://developer.pagerduty.com/docs/send-alert-event; the words of its answers as users quote them (issues 70 of
envato/pagerduty and 10 of blockpane/tenderduty).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

EVENT_BYTES = 512 * 1024
_ACTIONS = {"trigger", "acknowledge", "resolve"}
_SEVERITIES = {"critical", "error", "warning", "info"}
_KEYS = {"routing_key", "event_action", "dedup_key", "payload", "images", "links", "client", "client_url"}
_PAYLOAD = {"summary", "source", "severity", "timestamp", "component", "group", "class", "custom_details"}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)")


def faults(event: Any) -> list[str]:
    """Everything that is wrong with an *event*."""
    if not isinstance(event, dict):
        return ["Event object format is unrecognized"]
    return [*_event(event)]


def _event(event: Mapping[str, Any]) -> Iterator[str]:
    key = event.get("routing_key")
    if not isinstance(key, str) or not key:
        yield "'routing_key' is missing or blank"
    elif len(key) != 32:
        yield "Length of 'routing_key' is incorrect (should be 32 characters)"
    elif not key.isalnum() or not key.isascii():
        yield "'routing_key' cannot contain non-alphanumeric characters."
    action = event.get("event_action")
    if action not in _ACTIONS:
        yield "'event_action' is invalid (must be one of: 'trigger', 'acknowledge' or 'resolve')"
    dedup = event.get("dedup_key", "-")
    if not isinstance(dedup, str) or not 1 <= len(dedup) <= 255:
        yield "'dedup_key' is too long (maximum is 255 characters)"
    if action in {"acknowledge", "resolve"} and "dedup_key" not in event:
        yield "'dedup_key' is missing or blank"
    if action == "trigger" or "payload" in event:
        yield from _payload(event.get("payload"))
    yield from _links(event.get("links", []))
    yield from (f"'{name}' is not known" for name in event if name not in _KEYS)


def _payload(payload: Any) -> Iterator[str]:
    if not isinstance(payload, dict):
        yield "'payload' is missing or blank"
        return
    summary = payload.get("summary")
    if not isinstance(summary, str) or not summary.strip():
        yield "'payload.summary' is missing or blank"
    elif len(summary) > 1024:
        yield "'payload.summary' is too long (maximum is 1024 characters)"
    if not isinstance(payload.get("source"), str) or not payload["source"].strip():
        yield "'payload.source' is missing or blank"
    if payload.get("severity") not in _SEVERITIES:
        yield "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')"
    if "timestamp" in payload and not _TIME.fullmatch(str(payload["timestamp"])):
        yield "'payload.timestamp' is invalid"
    for name in ("component", "group", "class"):
        if not isinstance(payload.get(name, ""), str):
            yield f"'payload.{name}' is no text"
    if not isinstance(payload.get("custom_details", {}), dict):
        yield "'payload.custom_details' is no object"
    yield from (f"'payload.{name}' is not known" for name in payload if name not in _PAYLOAD)


def _links(links: Any) -> Iterator[str]:
    if not isinstance(links, list) or not all(isinstance(each, dict) for each in links):
        yield "'links' is no list of objects"
        return
    for link in links:
        if not re.match(r"https?://", str(link.get("href"))):
            yield "'links' have no href"
