"""Notes of what was sent, in Redis: a worker whose disk refuses leaves them for whoever stores the alerts later."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from typing import Any

import redis

from webhook_alerts.outbox.batch import Item
from webhook_alerts.shared_memory import PREFIX, client

logger = logging.getLogger("webhook_alerts.outbox")
NOTES = f"{PREFIX}notes"
REMEMBER_S = 86_400
"""How long notes are kept after the last one was left, in seconds."""


def leave(notes: Iterable[Item]) -> None:
    """Add *notes*. Without Redis nobody hears of them, which is logged."""
    found: dict[Any, Any] = {str(value["message"]): json.dumps(value) for kind, value in notes if kind == "sent"}
    if not found:
        return
    try:
        with client().pipeline() as pipe:
            pipe.hset(NOTES, mapping=found)
            pipe.expire(NOTES, REMEMBER_S)
            pipe.execute()
    except redis.RedisError as error:
        logger.warning("What was sent could not be noted (%s): it may be sent again", type(error).__name__)


def left() -> list[Item]:
    """All notes that were left; none without Redis."""
    try:
        return [("sent", json.loads(value)) for value in client().hvals(NOTES)]
    except redis.RedisError:
        return []


def forget(notes: Iterable[Item]) -> None:
    """These are on record. Without Redis they are recorded again, which changes nothing."""
    found = [str(value["message"]) for kind, value in notes if kind == "sent"]
    try:
        if found:
            client().hdel(NOTES, *found)
    except redis.RedisError:
        return
