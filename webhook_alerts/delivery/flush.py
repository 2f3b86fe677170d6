"""The beat's round: nudge every webhook that owes something due. A lost nudge costs one round, never an alert."""

from __future__ import annotations

import logging
import time

import redis

from webhook_alerts.conf import get_config
from webhook_alerts.delivery import update
from webhook_alerts.delivery.claim import due, fresh
from webhook_alerts.delivery.nudge import nudge
from webhook_alerts.models import Delivery, Message
from webhook_alerts.shared_memory import FLUSHED, PREFIX, client

logger = logging.getLogger("webhook_alerts.delivery")
REPORT_EVERY_S = 3600


def flush() -> list[str]:
    """The webhooks that were nudged. Harmless when run twice at once: a nudge under way is not doubled."""
    messages = Message.objects.filter(due() | update.due()).order_by().values_list("webhook")
    deliveries = Delivery.objects.filter(fresh()).order_by().values_list("webhook")
    owing = sorted(name for (name,) in messages.union(deliveries))
    known = get_config().webhooks
    _remember([name for name in owing if name not in known])
    return [name for name in owing if name in known and nudge(name)]


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
