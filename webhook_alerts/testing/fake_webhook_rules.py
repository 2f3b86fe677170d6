"""What a careful receiver refuses, checked without a line of the code that renders and signs.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#verifying-webhook-authenticity
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from typing import Any

TOLERANCE_S = 300.0
"""Seconds that the clocks may differ by, and that a request may be old."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_KEYS: Mapping[str, type | tuple[type, ...]] = {
    "id": str,
    "fingerprint": str,
    "kind": str,
    "level": str,
    "message": str,
    "exception": (dict, type(None)),
    "occurrences": int,
    "first_seen": str,
    "last_seen": str,
    "incident": (dict, type(None)),
    "context": dict,
    "url": str,
}
"""Of an alert, those that a receiver would build on."""


def refusal(headers: Mapping[str, str], body: bytes, keys: Iterable[str], now: float) -> str:
    """Why *body* is not believed to come from who has one of *keys*; empty where it is. *now* in Unix seconds."""
    message_id, at, signatures = (headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not (message_id and at and signatures):
        return "a header is missing"
    if not at.isdigit() or abs(now - int(at)) > TOLERANCE_S:
        return "the timestamp is too far from now"
    signed = f"{message_id}.{at}.".encode() + body
    wanted = {hmac.new(base64.b64decode(key[6:]), signed, hashlib.sha256).digest() for key in keys}
    for signature in signatures.split(" "):
        version, _, digest = signature.partition(",")
        if version == "v1" and any(hmac.compare_digest(base64.b64decode(digest), each) for each in wanted):
            return ""
    return "no signature is of a known key"


def fault(body: Any) -> str:
    """What is wrong with a *body*; empty where nothing is."""
    if not isinstance(body, dict) or body.get("type") not in {"alert.created", "alert.updated"}:
        return "of no type that is known"
    if not _MOMENT.fullmatch(str(body.get("timestamp"))):
        return "timestamp"
    data = body.get("data")
    if not isinstance(data, dict) or data.get("version") != 1:
        return "of no version that is known"
    alerts = data.get("alerts")
    if not isinstance(alerts, list) or not alerts:
        return "no alerts"
    for alert in alerts:
        for name, kind in _KEYS.items():
            if name not in alert or not isinstance(alert[name], kind):
                return f"alerts: {name}"
    return ""
