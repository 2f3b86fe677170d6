"""Where webhooks have moved to, as their service told it. Shared by all workers; told again where it was forgotten."""

from __future__ import annotations

import logging

import redis

from webhook_alerts.conf import Webhook
from webhook_alerts.delivery.gate import endpoint_digest
from webhook_alerts.shared_memory import PREFIX, client

logger = logging.getLogger("webhook_alerts.delivery")
REMEMBERED_S = 90 * 86_400
"""An address that stands in the settings for longer is told again, once in so many seconds."""


def place_of(webhook: Webhook) -> str:
    """Where *webhook* is now; empty where it is where its address says, or nobody knows better."""
    try:
        told = client().get(_key(webhook))
    except redis.RedisError as error:
        logger.warning("Redis is away (%s): %s is asked at its old address", type(error).__name__, webhook.name)
        return ""
    return told.decode() if isinstance(told, bytes) else ""


def remember(webhook: Webhook, place: str) -> None:
    """*webhook* is at *place* from now on."""
    logger.warning("The webhook %s has moved: change its address in the settings to the one it has now", webhook.name)
    try:
        client().set(_key(webhook), place, ex=REMEMBERED_S)
    except redis.RedisError as error:
        logger.warning("Redis is away (%s): where %s is now is not kept", type(error).__name__, webhook.name)


def _key(webhook: Webhook) -> str:
    return f"{PREFIX}moved:{endpoint_digest(webhook)}"
