"""Letting go of old rows, in small batches, so that nobody waits for a lock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, Model, OuterRef, QuerySet

from webhook_alerts.models import Alert, Delivery, Message, Repeat

BATCH = 500
"""Rows in one statement."""


def prune(retention: Mapping[str, int], now: datetime, batch: int = BATCH) -> dict[str, int]:
    """Delete what is older than its *retention*, in days by state; how many rows of each kind went.

    What is still owed stays, however old. A message goes with its last delivery, an alert with its last too; an alert
    that was owed to nobody is kept as long as a suppressed one.
    """
    deliveries = sum(
        _delete(Delivery.objects.filter(state=state, created_at__lt=now - timedelta(days=days)), batch)
        for state, days in retention.items()
    )
    shortest = now - timedelta(days=min(retention.values()))
    carried = Exists(Delivery.objects.filter(message=OuterRef("pk")))
    settled = [Message.State.DELIVERED, Message.State.FAILED]
    messages = _delete(Message.objects.filter(~carried, state__in=settled, created_at__lt=shortest), batch)
    owed = Exists(Delivery.objects.filter(alert=OuterRef("pk")))
    unowed = now - timedelta(days=retention["suppressed"])
    alerts = _delete(Alert.objects.filter(~owed, received_at__lt=unowed), batch)
    _delete(Repeat.objects.filter(alert=None, created_at__lt=shortest), batch)
    return {"alerts": alerts, "deliveries": deliveries, "messages": messages}


def _delete(rows: QuerySet[Any], batch: int) -> int:
    """Delete *rows*, *batch* at a time, the oldest first; how many."""
    model: type[Model] = rows.model
    done = 0
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:batch]):
        _, deleted = model._default_manager.filter(pk__in=keys).delete()
        done += deleted.get(model._meta.label, 0)
    return done
