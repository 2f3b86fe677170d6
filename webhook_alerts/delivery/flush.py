"""The beat's round: nudge every webhook that owes something due. A lost nudge costs one round, never an alert."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

import redis
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from webhook_alerts import reasons
from webhook_alerts.conf import get_config
from webhook_alerts.delivery import record, update
from webhook_alerts.delivery.nudge import nudge
from webhook_alerts.delivery.owed import due, fresh
from webhook_alerts.models import Delivery, Message
from webhook_alerts.shared_memory import FLUSHED, PREFIX, client
from webhook_alerts.silencing import quiet

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
    """Fail what has been owed for longer than *max_age_s* seconds; how many deliveries. They can be replayed.

    Waiting for the end of quiet hours does not count.
    """
    since = Now() - timedelta(seconds=max_age_s)
    reason = reasons.EXPIRED
    fresh_ones = Delivery.objects.filter(_spared("owed_since", max_age_s), fresh(), owed_since__lt=since)
    count = 0
    for webhook in list(fresh_ones.order_by().values_list("webhook", flat=True).distinct()):
        count += record.expired(fresh_ones.filter(webhook=webhook), webhook, reason)
    messages = Message.objects.filter(_spared("created_at", max_age_s), created_at__lt=since)
    for message in messages.filter(record.stuck())[:100]:
        with record.short():
            over = Message.objects.filter(record.stuck(), pk=message.pk, token=message.token)
            if over.update(state=Message.State.FAILED, reason=reason, finished_at=Now(), token=None, lease_until=None):
                count += record.deliveries_failed(message, reason)
    return count


def _spared(field: str, max_age_s: float) -> Q:
    """All but what has waited for so long only because its webhook had quiet hours; *field* says since when."""
    asked = Q()
    for webhook in get_config().webhooks.values():
        if webhook.quiet_hours:
            age = quiet.awake(webhook, timezone.now(), timedelta(seconds=max_age_s))
            asked &= ~Q(webhook=webhook.name) | Q(**{f"{field}__lt": Now() - age})
    return asked


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
