"""What the system says of a write on this machine, which a carrier says in the way of HTTP."""

from __future__ import annotations

from webhook_alerts.channels.base import Outcome, Response, Verdict
from webhook_alerts.channels.text import clean, cut_end

FULL = 507
"""No room is left; RFC 4918, 11.5."""
_FULL_S = 30.0
_MENDED_S = 60.0
"""After what somebody must mend; no pause, since that would not end when a directory is made or opened."""


def classify(response: Response) -> Outcome:
    """Written, or to be tried again: a disk has room one day, a directory is made."""
    if 200 <= response.status < 300:
        return Outcome(Verdict.DELIVERED, "written")
    reason = clean(cut_end(response.body[:200].decode("utf-8", "replace"), 200)) or "not written"
    return Outcome(Verdict.RETRY, reason, wait_s=_FULL_S if response.status == FULL else _MENDED_S)
