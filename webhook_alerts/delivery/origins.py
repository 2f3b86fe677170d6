"""Where the alerts of a message come from: when each was raised, and in which trace."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from webhook_alerts.alert import Alert
from webhook_alerts.models import Message


class Origin(NamedTuple):
    """When an alert was first seen, in Unix seconds, and the span that it was raised in (may be empty)."""

    raised_at: float
    traceparent: str


def of_alerts(alerts: Iterable[Alert]) -> tuple[Origin, ...]:
    """Those of *alerts*, in their order."""
    return tuple(Origin(alert.first_seen, alert.traceparent) for alert in alerts)


def of_message(message: Message) -> tuple[Origin, ...]:
    """Those of the alerts that *message* carries, the gravest first."""
    rows = message.deliveries.order_by("-level", "id").values_list("alert__first_seen", "alert__traceparent")
    return tuple(Origin(first_seen.timestamp(), traceparent) for first_seen, traceparent in rows)
