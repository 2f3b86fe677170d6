"""The Celery tasks: each one call into the room that does the work."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
from celery import shared_task
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from webhook_alerts import emergency, overrides
from webhook_alerts.conf import TASK_LIMIT_S, Webhook, get_config
from webhook_alerts.delivery.ceiling import ceiling, follow
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.flush import flush
from webhook_alerts.delivery.nudge import ADDED_QUEUE, ADDED_TASK, queue_name, task_name
from webhook_alerts.incidents.state import resolve_quiet
from webhook_alerts.intake.accept import accept
from webhook_alerts.intake.spooled import take_up
from webhook_alerts.operations.prune import ROUND_S, prune
from webhook_alerts.outbox import receipts
from webhook_alerts.outbox.guard import quiet
from webhook_alerts.reports.send import send_due
from webhook_alerts.silencing.silence import remind
from webhook_alerts.tallies.count import count_due

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
    with _at_work():
        noted = emergency.with_notes(batch)
        try:
            stored = accept(noted)
            emergency.forget_notes(noted)
        except DatabaseError:
            if self.request.retries < DATABASE_RETRIES:
                raise
            emergency.keep(noted)
            stored = 0
        receipts.give(batch)
        return stored


@shared_task(name="webhook_alerts.flush", **_OPTIONS)
def flush_webhooks() -> list[str]:
    """Take up what waits on this machine's disk, and nudge every webhook that owes something due."""
    with _at_work():
        try:
            take_up()
            resolve_quiet()
            remind(timezone.now())
            return flush()
        except DatabaseError as error:
            logger.warning("The database is away: %s", type(error).__name__)
            emergency.send_unrecorded()
            return []


@shared_task(name="webhook_alerts.prune", **_OPTIONS)
def prune_record() -> dict[str, int]:
    """Let go of what is over its retention, for a minute at the most."""
    with _at_work():
        return prune(get_config().retention, timezone.now(), seconds=ROUND_S)


@shared_task(name="webhook_alerts.report", **_OPTIONS)
def send_reports() -> int:
    """Owe the digests that are due."""
    with _at_work():
        return send_due(timezone.now())


@shared_task(name="webhook_alerts.tally", **_OPTIONS)
def tally() -> int:
    """Count what has ended."""
    with quiet():
        return count_due(timezone.now())


def make_deliver_tasks() -> None:
    """Give every webhook of the settings its own task, on every Celery app there is or will be."""
    for webhook in get_config().webhooks.values():
        _make_deliver_task(webhook)


def _make_deliver_task(webhook: Webhook) -> None:
    name = webhook.name

    @shared_task(name=task_name(name), queue=queue_name(name), rate_limit=ceiling(webhook.rate), bind=True, **_OPTIONS)
    def deliver_webhook(self: Any, slot: int = 0, token: str = "") -> int:
        """Send what is due to one webhook; acknowledged early, since the rows know what is owed."""
        with _at_work():
            if configured := get_config().webhooks.get(name):
                follow(self, configured)
            return deliver(name, slot, token)


@shared_task(name=ADDED_TASK, queue=ADDED_QUEUE, **_OPTIONS)
def deliver_added(webhook: str, slot: int = 0, token: str = "") -> int:
    """Send what is due to a webhook that an operator has added, if need be a moment ago."""
    with _at_work():
        if webhook not in get_config().webhooks:
            overrides.reload()
        return deliver(webhook, slot, token)


@contextmanager
def _at_work() -> Iterator[None]:
    """Our own work, under what operators have set."""
    with quiet():
        overrides.refresh()
        yield
