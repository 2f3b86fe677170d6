"""Telling repeats apart over all processes: Redis remembers which alert opened a window.

With Redis away every process's alert is a first one: more messages, none lost.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from uuid import UUID

import redis

from webhook_alerts.alert import Alert
from webhook_alerts.conf import Config
from webhook_alerts.intake.columns import fingerprint
from webhook_alerts.shared_memory import PREFIX, client

logger = logging.getLogger("webhook_alerts.intake")


def owners(alerts: Sequence[Alert], routes: Mapping[UUID, Sequence[str]], config: Config) -> dict[UUID, UUID]:
    """Of those *alerts* that fall into a window which another one opened, that other one's id."""
    windows = [(alert, *window) for alert in alerts if (window := _window(alert, routes[alert.id], config))]
    if not windows:
        return {}
    try:
        return _ask(windows)
    except redis.RedisError as error:
        logger.warning("Redis is away (%s): repeats are not told apart over processes", type(error).__name__)
        return {}


def _ask(windows: Sequence[tuple[Alert, str, int]]) -> dict[UUID, UUID]:
    memory = client()
    with memory.pipeline(transaction=False) as pipe:
        for alert, key, left_ms in windows:
            pipe.set(key, str(alert.id), nx=True, px=left_ms)
        opened = pipe.execute()
        taken = [(alert, key) for (alert, key, _), was_free in zip(windows, opened, strict=True) if not was_free]
        for _, key in taken:
            pipe.get(key)
        holders = pipe.execute()
    found = {}
    for (alert, _), holder in zip(taken, holders, strict=True):
        # A window that ended between the two questions has no holder any more.
        if holder and (owner := UUID(holder.decode())) != alert.id:
            found[alert.id] = owner
    return found


def _window(alert: Alert, route: Sequence[str], config: Config) -> tuple[str, int] | None:
    """The key of the window that *alert* falls into, and what is left of it in milliseconds; ``None``: it has none.

    It began when the alert was first seen, as it did in the process that saw it, so that both end together.
    """
    left_ms = int((alert.first_seen + config.dedup_window - time.time()) * 1000)
    if not alert.dedup or not alert.fingerprint or left_ms < 1:
        return None
    return f"{PREFIX}window:{int(alert.level)}:{','.join(route)}:{fingerprint(alert)}", left_ms
