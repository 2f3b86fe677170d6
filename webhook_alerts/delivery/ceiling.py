"""Celery's own ``rate_limit`` of a webhook's task: a ceiling above what the gate lets through, which follows the rate.

Celery counts per worker process and holds what it limits in its prefetch, where it stalls other queues; the gate
waits before a task would get there.
"""

from __future__ import annotations

import logging
import math
from typing import Any

from kombu.exceptions import OperationalError

from webhook_alerts.channels.base import Window
from webhook_alerts.conf import Webhook

logger = logging.getLogger("webhook_alerts.delivery")
_told: dict[str, str | None] = {}
"""What this process has told its worker, by task."""


def ceiling(windows: tuple[Window, ...]) -> str | None:
    """The pace of the fastest window, in whole messages a second; ``None`` is no limit."""
    if not windows:
        return None
    return f"{max(math.ceil(window.limit / window.seconds) for window in windows)}/s"


def follow(task: Any, webhook: Webhook) -> None:
    """Have the worker that runs *task* limit it as the rate of *webhook* is now, if that was another when it started.

    By remote control, addressed to this worker alone: every worker hears it from its own process, and one that missed
    an operator's change hears it with its next task.
    """
    limit = ceiling(webhook.rate)
    if task.request.is_eager or _told.get(task.name, task.rate_limit) == limit:
        return
    try:
        task.app.control.rate_limit(task.name, limit or 0, destination=[task.request.hostname])
    except (OperationalError, OSError) as error:
        logger.warning("The broker is away (%s): the limit of %s stays as it was", type(error).__name__, task.name)
        return
    _told[task.name] = limit
