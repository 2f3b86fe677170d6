"""What several steps of a delivery write and read: short transactions, alerts from rows, and failures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import router, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.db.transaction import Atomic

from webhook_alerts import alert
from webhook_alerts.conf import Webhook, get_config
from webhook_alerts.metrics import catalogue, counters, reasons
from webhook_alerts.models import Delivery, Message
from webhook_alerts.reasons import PAUSED


def database() -> str:
    """The database that the record stands in."""
    return router.db_for_write(Message)


def short() -> Atomic:
    """A transaction for a few statements, durable when it ends: what it says must survive the database's own crash."""
    return transaction.atomic(using=database())


def deliveries_failed(message: Message, reason: str) -> None:
    """Fail what *message* carries and, where its webhook has a fallback, owe the alerts to that."""
    carried = Delivery.objects.filter(message=message).exclude(state=Delivery.State.DELIVERED)
    fall_back(message)
    count_failed(message.webhook, reason, carried.update(state=Delivery.State.FAILED, reason=reason, settled_at=Now()))


def count_failed(webhook: str, reason: str, number: int) -> None:
    """Have the metrics say, once the running transaction is committed, that *number* deliveries have failed."""
    count = partial(counters.add, catalogue.FAILED, webhook, reasons.class_of(reason), by=number)
    transaction.on_commit(count, using=database())


def count_suppressed(webhook: str, reason: str, number: int) -> None:
    """The same of *number* deliveries that are suppressed; *reason* is one of ``catalogue.SUPPRESSED``'s."""
    transaction.on_commit(partial(counters.add, catalogue.SUPPRESSED, webhook, reason, by=number), using=database())


def fall_back(message: Message) -> None:
    """Owe the alerts of *message* to its webhook's fallback too; what that has already, it gets only once."""
    config = get_config()
    webhook = config.webhooks.get(message.webhook)
    if webhook is not None and webhook.fallback in config.webhooks:
        _owe(Delivery.objects.filter(message=message).exclude(state=Delivery.State.DELIVERED), webhook)


def fall_back_while_paused(webhook: Webhook) -> None:
    """Owe to the fallback what *webhook* is owed and no message carries; each delivery once, which says so."""
    if webhook.fallback not in get_config().webhooks:
        return
    reason = PAUSED % {"fallback": webhook.fallback}
    waiting = Delivery.objects.filter(webhook=webhook.name, state=Delivery.State.PENDING, message=None)
    found = list(waiting.exclude(reason=reason).values_list("pk", flat=True)[:1_000])
    if found:
        with transaction.atomic(using=database()):
            _owe(Delivery.objects.filter(pk__in=found), webhook)
            Delivery.objects.filter(pk__in=found).update(reason=reason)


def _owe(carried: QuerySet[Delivery], webhook: Webhook) -> None:
    Delivery.objects.bulk_create(
        [
            Delivery(alert_id=alert_id, webhook=webhook.fallback, level=level)
            for alert_id, level in carried.values_list("alert_id", "level")
        ],
        ignore_conflicts=True,
    )


def value_of(columns: Sequence[Any]) -> alert.Alert:
    """The alert whose row has *columns*, the values of ``COLUMNS``, as a channel draws it."""
    values = dict(zip(COLUMNS, columns, strict=True))
    values["level"] = alert.Level(values["level"])
    values["kind"] = alert.Kind(values["kind"])
    values["first_seen"] = values["first_seen"].timestamp()
    values["last_seen"] = values["last_seen"].timestamp()
    values["samples"] = tuple(values["samples"])
    return alert.Alert(**values)


COLUMNS: Sequence[str] = (
    "id",
    "level",
    "kind",
    "message",
    "first_seen",
    "last_seen",
    "logger",
    "details",
    "context",
    "request",
    "exception_type",
    "stack_trace",
    "fingerprint",
    "occurrences",
    "module",
    "function",
    "line",
    "correlation_id",
    "environment",
    "service",
    "release",
    "host",
    "process",
    "traceparent",
    "samples",
)
