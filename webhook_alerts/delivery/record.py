"""What several steps of a delivery write and read: short transactions, alerts from rows, and failures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import router, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.db.transaction import Atomic

from webhook_alerts import alert
from webhook_alerts.conf import Webhook, get_config
from webhook_alerts.metrics import catalogue, counters, reasons
from webhook_alerts.models import Delivery, Message
from webhook_alerts.models.locking import in_order, locked
from webhook_alerts.reasons import PAUSED

AT_ONCE = 1_000
"""Deliveries that are owed to a fallback in one transaction."""


def database() -> str:
    """The database that the record stands in."""
    return router.db_for_write(Message)


def short() -> Atomic:
    """A transaction for a few statements, durable when it ends: what it says must survive the database's own crash."""
    return transaction.atomic(using=database())


def deliveries_failed(message: Message, reason: str) -> int:
    """Fail what *message* carries and, where its webhook has a fallback, owe the alerts to that; how many."""
    carried = Delivery.objects.filter(message=message).exclude(state=Delivery.State.DELIVERED)
    fall_back(message)
    number = carried.update(state=Delivery.State.FAILED, reason=reason, settled_at=Now())
    count_failed(message.webhook, reason, number)
    return number


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
    """Owe to the fallback what *webhook* is owed and nobody sends just now; each delivery once, which says so."""
    if webhook.fallback not in get_config().webhooks:
        return
    reason = PAUSED % {"fallback": webhook.fallback}
    waiting = Q(state=Delivery.State.PENDING, message=None) | Q(message__in=Message.objects.filter(stuck()))
    owed = Delivery.objects.filter(waiting, webhook=webhook.name).exclude(state=Delivery.State.DELIVERED)
    found = list(owed.exclude(reason=reason).values_list("pk", flat=True)[:AT_ONCE])
    if found:
        with short():
            # What somebody else is at is looked at again by the next task.
            held = _owe(Delivery.objects.filter(pk__in=found), webhook, skip_locked=True)
            Delivery.objects.filter(pk__in=held).update(reason=reason)


def expired(rows: QuerySet[Delivery], name: str, reason: str) -> int:
    """Fail *rows*, which are owed to the webhook *name* and which no message carries; how many were left to fail.

    As with everything that has failed, its fallback gets them.
    """
    webhook = get_config().webhooks.get(name)
    failed = {"state": Delivery.State.FAILED, "reason": reason, "settled_at": Now()}
    if webhook is None or webhook.fallback not in get_config().webhooks:
        with short():
            number = in_order(rows).update(**failed)
            count_failed(name, reason, number)
        return number
    total = 0
    while found := list(rows.values_list("pk", flat=True)[:AT_ONCE]):
        with short():
            if not (held := _owe(rows.filter(pk__in=found), webhook)):
                break  # somebody else was at it
            number = Delivery.objects.filter(pk__in=held).update(**failed)
            count_failed(name, reason, number)
        total += number
    return total


def stuck() -> Q:
    """Messages that wait to be sent (again), or whose worker has died; not those that an operator sends again."""
    return Q(state=Message.State.PENDING, resend=False) | Q(
        state=Message.State.SENDING, lease_until__lte=Now(), resend=False
    )


def _owe(rows: QuerySet[Delivery], webhook: Webhook, *, skip_locked: bool = False) -> list[int]:
    """Owe the alerts of *rows* to the fallback of *webhook*; the keys of *rows*, which are locked before.

    Whoever changed them first would have others wait who owe the same, and wait for those.
    """
    held = list(locked(rows, skip_locked=skip_locked).values_list("pk", "alert_id", "level"))
    owed = sorted((alert_id, level) for _, alert_id, level in held)
    Delivery.objects.bulk_create(
        [Delivery(alert_id=alert_id, webhook=webhook.fallback, level=level) for alert_id, level in owed],
        ignore_conflicts=True,
    )
    return [pk for pk, _, _ in held]


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
