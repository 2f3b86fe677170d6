"""Why something failed, as one of a few classes: the reasons themselves are too many for a label."""

from __future__ import annotations

import re

_CLASSES = (
    (r"HTTP 4|SMTP 5", "refused"),
    (r"HTTP [35]|SMTP 4", "server_error"),
    (r"timeout_", "timeout"),
    (r"dns_error|connection_|unreachable|tls_error|address_refused|invalid_request", "unreachable"),
    (r"expired", "expired"),
    (r"poison", "poison"),
    (r"cannot be drawn", "not_drawn"),
)


def class_of(reason: str) -> str:
    """The class of the *reason* that stands on a failed delivery: one of ``catalogue.FAILED``'s."""
    return next((name for pattern, name in _CLASSES if re.match(pattern, reason)), "other")
