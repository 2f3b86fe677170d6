"""What an HTTP status means where a service says nothing more exact."""

from __future__ import annotations

import json
import time
from typing import Any

from webhook_alerts.channels import retry_after
from webhook_alerts.channels.base import Outcome, Response, Verdict

TRANSIENT = frozenset({408, 425})
WITHOUT_HINT_S = 60.0


def classify(response: Response, *, now: float | None = None) -> Outcome:
    """2xx is delivered; 429 waits; 408, 425, 3xx and 5xx are tried again; 401, 403, 404 and 410 are gone."""
    status = response.status
    wish = retry_after.parse(response.headers.get("retry-after"), time.time() if now is None else now)
    reason = f"HTTP {status}"
    if 200 <= status < 300:
        return Outcome(Verdict.DELIVERED, reason)
    if status == 429:
        return Outcome(Verdict.WAIT, reason, wait_s=WITHOUT_HINT_S if wish is None else wish)
    if status in {401, 403, 404, 410}:
        return Outcome(Verdict.GONE, reason)
    if status >= 500 or status in TRANSIENT or 300 <= status < 400:
        return Outcome(Verdict.RETRY, reason, wait_s=wish or 0.0)
    return Outcome(Verdict.REFUSED, reason)


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object that an answer's *body* is; empty where it is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
