"""What a webhook is owed and may be sent now, and what of it is kept back instead."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from webhook_alerts.alert import Alert, Level
from webhook_alerts.conf import Config, Webhook, get_config
from webhook_alerts.delivery import record, update
from webhook_alerts.matching import COLUMNS
from webhook_alerts.models import Delivery, Message
from webhook_alerts.silencing import current, quiet
from webhook_alerts.silencing.keeping_back import keep_back

PAGE = 100
"""Deliveries read at a time: a query for each message would cost more than drawing it."""
MOST_SWEPT = 5_000
"""Deliveries that one look at what is held goes through, the oldest: as many as one digest tells."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """A delivery that no message carries yet; ``alone`` asks for a message of its own."""

    pk: int
    alone: bool
    alert: Alert


def due() -> Q:
    """Messages that may be claimed: owed and due, or claimed by a worker whose lease ran out."""
    return Q(state=Message.State.PENDING, due_at__lte=Now()) | Q(state=Message.State.SENDING, lease_until__lte=Now())


def fresh() -> Q:
    """Deliveries that no message carries yet."""
    return Q(state=Delivery.State.PENDING, message=None)


def wakes() -> Q:
    """Messages that go out in quiet hours, too: what an operator asks for, and what carries something critical."""
    critical = Delivery.objects.filter(message=OuterRef("pk"), level__gte=Level.CRITICAL)
    return Q(Exists(critical)) | Q(resend=True)


def is_quiet(webhook: Webhook | None) -> bool:
    """Is *webhook* in its quiet hours?"""
    return webhook is not None and quiet.until(webhook, timezone.now()) is not None


def owes(webhook: str) -> bool:
    """Is there anything that could be sent to *webhook* now?"""
    deliveries = Delivery.objects.filter(fresh(), webhook=webhook)
    messages = Message.objects.filter(due(), webhook=webhook)
    if is_quiet(get_config().webhooks.get(webhook)):
        deliveries, messages = deliveries.filter(level__gte=Level.CRITICAL), messages.filter(wakes())
    updates = Message.objects.filter(update.due(), webhook=webhook)
    return deliveries.exists() or messages.exists() or updates.exists()


def page(rows: QuerySet[Delivery]) -> list[Fresh]:
    """The first of *rows*, as many as are read at a time."""
    found = rows.values_list("pk", "alone", *(f"alert__{name}" for name in record.COLUMNS))[:PAGE]
    return [Fresh(pk, alone, record.value_of(columns)) for pk, alone, *columns in found]


def sweep(rows: QuerySet[Delivery], webhook: str, config: Config) -> int:
    """Keep back what is not to be told now of *rows*, fresh ones, though none is to be sent yet; how many were."""
    if current.get(config).is_empty:
        return 0
    light = rows.select_related("alert").only("pk", *(f"alert__{name}" for name in COLUMNS)).order_by("pk")
    after, kept_back = 0, 0
    for _ in range(MOST_SWEPT // PAGE):
        found = list(light.filter(pk__gt=after)[:PAGE])
        kept_back += len(found) - len(keep_back(found, webhook, config))
        if len(found) < PAGE:
            break
        after = found[-1].pk
    return kept_back
