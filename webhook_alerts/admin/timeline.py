"""Attempts as a timeline; the alert's page and the message's draw it alike."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from webhook_alerts.admin import badges
from webhook_alerts.models import Alert, Attempt, Message

SHOWN = 50
"""Attempts of one message on a page, the latest."""


def attempts(message: Message) -> SafeString:
    """The latest requests made for *message*, oldest first."""
    return _render("attempts", {"attempts": _entries(message), "hidden": _hidden(message)})


def deliveries(alert: Alert) -> SafeString:
    """Each delivery of *alert* with its message and the requests made for it."""
    owed = alert.deliveries.select_related("message").order_by("webhook")
    return _render("timeline", {"entries": [_delivery(item) for item in owed]})


def _delivery(row: Any) -> dict[str, Any]:
    message = row.message
    waiting = message is not None and message.state == Message.State.PENDING
    return {
        "delivery": row,
        "state": badges.state(row),
        "delivered": badges.age(row.delivered_at) if row.delivered_at else "",
        "due": badges.age(message.due_at) if waiting else "",
        "attempts": _entries(message) if message else [],
        "hidden": _hidden(message) if message else 0,
    }


def _hidden(message: Message) -> int:
    return max(0, message.attempt_log.count() - SHOWN)


def _entries(message: Message) -> list[dict[str, Any]]:
    latest: list[Attempt] = list(message.attempt_log.order_by("-started_at")[:SHOWN])
    return [
        {
            "attempt": item,
            "outcome": badges.outcome(item),
            "when": badges.exact(item.started_at),
            "answer": badges.clip(item.response_excerpt, 1_000),
        }
        for item in reversed(latest)
    ]


def _render(name: str, context: dict[str, Any]) -> SafeString:
    return SafeString(render_to_string(f"webhook_alerts/admin/{name}.html", context))
