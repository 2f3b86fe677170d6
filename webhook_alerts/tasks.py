"""The Celery tasks: each one call into the room that does the work."""

from __future__ import annotations

import logging
import math
from typing import Any

import redis
from celery import shared_task
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError

from webhook_alerts import emergency
from webhook_alerts.channels.base import Window
from webhook_alerts.conf import TASK_LIMIT_S, Webhook, get_config
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.flush import flush
from webhook_alerts.delivery.nudge import queue_name, task_name
from webhook_alerts.intake.accept import accept
from webhook_alerts.intake.spooled import take_up
from webhook_alerts.outbox import receipts
from webhook_alerts.outbox.guard import quiet

logger = logging.getLogger("webhook_alerts")
DATABASE_RETRIES = 2
"""How often a batch is tried again, after 1 to 2 s each, before the emergency path is taken."""
_OPTIONS: dict[str, Any] = {
    # What stands beneath us was away for a moment. What a service answers is the row's matter, not Celery's.
    "autoretry_for": (OperationalError, InterfaceError, redis.ConnectionError, redis.TimeoutError),
    "retry_backoff": True,
    "retry_backoff_max": 16,
    "retry_jitter": True,
    "max_retries": 5,
    "ignore_result": True,
    "soft_time_limit": int(TASK_LIMIT_S) - 20,
    "time_limit": int(TASK_LIMIT_S),
}


@shared_task(name="webhook_alerts.accept", bind=True, acks_late=True, reject_on_worker_lost=True, **_OPTIONS)
def accept_batch(self: Any, batch: dict[str, Any]) -> int:
    """Store a batch of alerts; acknowledged once its rows are committed, or it lies on this machine's disk."""
    with quiet():
        try:
            stored = accept(emergency.with_notes(batch))
        except DatabaseError:
            if self.request.retries < DATABASE_RETRIES:
                raise
            emergency.keep(batch)
            stored = 0
        receipts.give(batch)
        return stored


@shared_task(name="webhook_alerts.flush", **_OPTIONS)
def flush_webhooks() -> list[str]:
    """Take up what waits on this machine's disk, and nudge every webhook that owes something due."""
    with quiet():
        try:
            take_up()
            return flush()
        except DatabaseError as error:
            logger.warning("The database is away: %s", type(error).__name__)
            emergency.send_unrecorded()
            return []


def make_deliver_tasks() -> None:
    """Give every configured webhook its own task, on every Celery app there is or will be."""
    for webhook in get_config().webhooks.values():
        _make_deliver_task(webhook)


def _make_deliver_task(webhook: Webhook) -> None:
    name = webhook.name

    @shared_task(name=task_name(name), queue=queue_name(name), rate_limit=ceiling(webhook.rate), **_OPTIONS)
    def deliver_webhook(slot: int = 0, token: str = "") -> int:
        """Send what is due to one webhook; acknowledged early, since the rows know what is owed."""
        with quiet():
            return deliver(name, slot, token)


def ceiling(windows: tuple[Window, ...]) -> str | None:
    """Celery's ``rate_limit``: the pace of the fastest window, in whole messages a second.

    Celery counts per worker process and holds what it limits in its prefetch, where it stalls other queues; the gate
    waits before a task would get there.
    """
    if not windows:
        return None
    return f"{max(math.ceil(window.limit / window.seconds) for window in windows)}/s"
