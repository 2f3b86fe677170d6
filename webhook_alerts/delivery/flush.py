"""The beat's round: nudge every webhook that owes something due. A lost nudge costs one round, never an alert."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

import redis
from django.db.models.functions import Now

from webhook_alerts.conf import get_config
from webhook_alerts.delivery import record, update
from webhook_alerts.delivery.claim import due, fresh
from webhook_alerts.delivery.nudge import nudge
from webhook_alerts.models import Delivery, Message
from webhook_alerts.shared_memory import FLUSHED, PREFIX, client

logger = logging.getLogger("webhook_alerts.delivery")
REPORT_EVERY_S = 3600


def flush() -> list[str]:
    """The webhooks that were nudged. Harmless when run twice at once: a nudge under way is not doubled."""
    expire(get_config().max_age)
    messages = Message.objects.filter(due() | update.due()).order_by().values_list("webhook")
    deliveries = Delivery.objects.filter(fresh()).order_by().values_list("webhook")
    owing = sorted(name for (name,) in messages.union(deliveries))
    known = get_config().webhooks
    _remember([name for name in owing if name not in known])
    return [name for name in owing if name in known and nudge(name)]


def expire(max_age_s: float) -> int:
    """Fail what has been owed for longer than *max_age_s* seconds; how many deliveries. They can be replayed."""
    since = Now() - timedelta(seconds=max_age_s)
    reason = "expired: it could not be sent in time"
    fresh_ones = Delivery.objects.filter(fresh(), owed_since__lt=since)
    count = fresh_ones.update(state=Delivery.State.FAILED, reason=reason)
    for message in Message.objects.filter(state=Message.State.PENDING, resend=False, created_at__lt=since)[:100]:
        with record.short():
            over = Message.objects.filter(pk=message.pk, state=Message.State.PENDING, token=message.token)
            if over.update(state=Message.State.FAILED, reason=reason, finished_at=Now()):
                carried = Delivery.objects.filter(message=message, state=Delivery.State.PENDING)
                count += carried.update(state=Delivery.State.FAILED, reason=reason)
    return count


def _remember(orphans: list[str]) -> None:
    """Leave a sign that beat is alive, and say once an hour which webhooks owe but are not configured."""
    try:
        memory = client()
        memory.set(FLUSHED, str(time.time()))
        unsaid = [name for name in orphans if memory.set(f"{PREFIX}orphan:{name}", 1, nx=True, ex=REPORT_EVERY_S)]
    except redis.RedisError as error:
        logger.warning("Redis is away: %s", type(error).__name__)
        unsaid = orphans
    for name in unsaid:
        logger.warning("Alerts wait for the webhook %s, which is not configured (any more)", name)
