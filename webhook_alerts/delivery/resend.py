"""Sending again what an operator asks for: one inert try of a message, or failed work back to pending."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Least, Now

from webhook_alerts import audit
from webhook_alerts.conf import get_config
from webhook_alerts.delivery import record
from webhook_alerts.delivery.nudge import nudge
from webhook_alerts.models import Act, Delivery, Message
from webhook_alerts.models.locking import in_order, locked
from webhook_alerts.reasons import TAKEN_APART


def resend(message_ids: Iterable[UUID], *, actor: str = "") -> int:
    """Try these finished messages once more, with the same id and body, because *actor* says so; how many will be.

    What is pending or under way is left alone, so that a second click does nothing; so is a message that was taken
    apart, whose alerts others carry. A resend that fails leaves everything as it was, but for its attempt.
    """
    chosen = settled(Message.objects.filter(pk__in=list(message_ids)))
    with record.short():
        going = dict(locked(chosen).values_list("pk", "webhook"))
        Message.objects.filter(pk__in=going).update(
            before_resend=F("state"),
            state=Message.State.PENDING,
            resend=True,
            due_at=Now(),
            claims=Least(F("attempts") + F("deferrals"), Message.MOST_CLAIMS),
        )
        audit.note_all(Act.Verb.RESENT, "message", going, actor=actor)
    _nudge(set(going.values()))
    return len(going)


def settled(messages: QuerySet[Message]) -> QuerySet[Message]:
    """Those of *messages* that can be sent again: neither under way nor taken apart."""
    over = messages.filter(state__in=[Message.State.DELIVERED, Message.State.FAILED])
    return over.exclude(reason__startswith=TAKEN_APART.partition("%")[0])


def replay(webhook: str | None = None, since: datetime | None = None, ids: Iterable[UUID] | None = None) -> int:
    """Put failed deliveries back to pending with all their tries; how many.

    Only those of *webhook*, of deliveries created *since*, and of the alerts or messages with these *ids*. Their
    messages go out as they were; where there is none any more, a new one is made.
    """
    failed = _failed(webhook, since, ids)
    webhooks = set(failed.order_by().values_list("webhook", flat=True).distinct())
    with transaction.atomic(using=record.database()):
        messages = Message.objects.filter(
            pk__in=list(failed.filter(message__isnull=False).values_list("message", flat=True).distinct()),
            state=Message.State.FAILED,
        )
        # The deliveries of a message that somebody resends just now stay with it: whoever does is waited for.
        replayed = list(locked(messages).values_list("pk", flat=True))
        count = Delivery.objects.filter(state=Delivery.State.FAILED, message__in=replayed).update(
            state=Delivery.State.PENDING, reason="", owed_since=Now(), settled_at=None
        )
        count += in_order(failed.filter(message__isnull=True)).update(
            state=Delivery.State.PENDING, reason="", owed_since=Now(), settled_at=None
        )
        Message.objects.filter(pk__in=replayed, state=Message.State.FAILED).update(
            state=Message.State.PENDING,
            due_at=Now(),
            created_at=Now(),
            attempts=0,
            deferrals=0,
            claims=0,
            reason="",
            finished_at=None,
        )
    _nudge(webhooks)
    return count


def _failed(webhook: str | None, since: datetime | None, ids: Iterable[UUID] | None) -> QuerySet[Delivery]:
    chosen = Q(state=Delivery.State.FAILED)
    if webhook is not None:
        chosen &= Q(webhook=webhook)
    if since is not None:
        chosen &= Q(created_at__gte=since)
    if ids is not None:
        wanted = list(ids)
        chosen &= Q(alert__in=wanted) | Q(message__in=wanted)
    return Delivery.objects.filter(chosen)


def _nudge(webhooks: set[str]) -> None:
    for name in sorted(webhooks & set(get_config().webhooks)):
        nudge(name)
