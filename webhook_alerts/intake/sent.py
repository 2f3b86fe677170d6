"""Completing the record of what the emergency path has sent without it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import router, transaction
from django.db.models.functions import Now

from webhook_alerts import reasons
from webhook_alerts.intake.columns import moment, text
from webhook_alerts.metrics import catalogue, counters
from webhook_alerts.models import Attempt, Delivery, Message
from webhook_alerts.models.locking import in_order


@dataclass(frozen=True, slots=True)
class Sent:
    """One message that went out and stands on no record, or only there."""

    message: Message
    attempt: Attempt
    alerts: tuple[uuid.UUID, ...]

    @classmethod
    def from_dict(cls, note: Mapping[str, Any]) -> Sent:
        """What ``webhook_alerts.emergency`` has noted. Raises ``KeyError``, ``TypeError`` or ``ValueError``."""
        key, started = uuid.UUID(note["message"]), moment(float(note["started_at"]))
        ended = started + timedelta(milliseconds=int(note["duration_ms"]))
        message = Message(
            pk=key,
            webhook=str(note["webhook"])[:64],
            state=Message.State.DELIVERED,
            body=dict(note["body"]),
            files=list(note["files"]),
            due_at=started,
            created_at=started,
            finished_at=ended,
            provider_message_id=text(str(note["provider_message_id"]))[:128],
            reason=reasons.UNRECORDED,
        )
        attempt = Attempt(
            pk=key,
            message=message,
            webhook=message.webhook,
            started_at=started,
            duration_ms=int(note["duration_ms"]),
            status_code=note["status_code"],
            outcome=Attempt.Outcome.DELIVERED,
        )
        return cls(message, attempt, tuple(uuid.UUID(key) for key in note["alerts"]))


def record(sent: Iterable[Sent]) -> None:
    """Write messages and attempts, and what they delivered; once, however often it is told.

    To be called in the transaction that stores the alerts, so that no worker sees them as owed in between.
    """
    sent = sorted(sent, key=lambda one: one.message.pk)
    Message.objects.bulk_create([one.message for one in sent], ignore_conflicts=True)
    Attempt.objects.bulk_create([one.attempt for one in sent], ignore_conflicts=True)
    for one in sent:
        owed = Delivery.objects.filter(
            alert__in=one.alerts, webhook=one.message.webhook, state=Delivery.State.PENDING, message=None
        )
        number = in_order(owed).update(
            state=Delivery.State.DELIVERED,
            message=one.message,
            delivered_at=one.message.finished_at,
            settled_at=Now(),
        )
        count = partial(counters.add, catalogue.DELIVERED, one.message.webhook, by=number)
        transaction.on_commit(count, using=router.db_for_write(Delivery))
