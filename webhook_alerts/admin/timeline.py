"""Attempts and acts as timelines; the pages of alerts, messages and incidents draw them alike."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from webhook_alerts import audit
from webhook_alerts.admin import badges
from webhook_alerts.drawing.moments import lasting
from webhook_alerts.models import Act, Alert, Attempt, Message
from webhook_alerts.retelling import retell

SHOWN = 50
"""Attempts of one message on a page, the latest."""


def attempts(message: Message) -> SafeString:
    """The latest requests made for *message*, oldest first."""
    return _render("attempts", {"attempts": _entries(message), "hidden": _hidden(message)})


def deliveries(alert: Alert) -> SafeString:
    """Each delivery of *alert* with its message and the requests made for it."""
    owed = alert.deliveries.select_related("message").order_by("webhook")
    return _render("timeline", {"entries": [_delivery(item) for item in owed]})


def acts(target: str, target_id: object, began: datetime | None = None) -> SafeString:
    """What was done to one thing, the latest first, back to when it *began*; empty where there is nothing to tell."""
    found = audit.of(target, target_id)
    if not found and began is None:
        return SafeString("")
    entries = [(act, badges.exact(act.at), _said(act)) for act in found]
    return _render("acts", {"acts": entries, "began": began, "began_at": badges.exact(began)})


def _said(act: Act) -> str:
    """What the details of an act add to it."""
    quiet_s = act.details.get("quiet_s")
    if isinstance(quiet_s, int):
        quiet = lasting(act.at - timedelta(seconds=quiet_s), act.at)
        return _("after %(time)s of quiet") % {"time": quiet}
    return retell(str(act.details.get("reason", "")))


def _delivery(row: Any) -> dict[str, Any]:
    message = row.message
    waiting = message is not None and message.state == Message.State.PENDING
    return {
        "delivery": row,
        "state": badges.state(row),
        "reason": badges.reason(row),
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
            "error": retell(item.error),
            "outcome": badges.outcome(item),
            "when": badges.exact(item.started_at),
            "answer": badges.clip(item.response_excerpt, 1_000),
        }
        for item in reversed(latest)
    ]


def _render(name: str, context: dict[str, Any]) -> SafeString:
    return SafeString(render_to_string(f"webhook_alerts/admin/{name}.html", context))
