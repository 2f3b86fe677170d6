"""The numbers behind ``PRESET`` and the default routes: tables, no logic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from webhook_alerts.channels.base import Window


@dataclass(frozen=True, slots=True)
class Preset:
    """What an environment starts from: alerts in memory, requests per message, seconds, requests per webhook."""

    queue_size: int
    max_attempts: int
    flush_interval: float
    rate: tuple[Window, ...]


PRESETS: Mapping[str, Preset] = {
    "production": Preset(5000, 5, 10.0, (Window(30, 60.0),)),
    "staging": Preset(2000, 3, 5.0, (Window(50, 60.0),)),
    "development": Preset(1000, 3, 3.0, (Window(100, 60.0),)),
}

ROUTES: Mapping[str, tuple[str, ...]] = {
    "critical": ("errors", "info"),
    "error": ("errors",),
    "warning": ("errors",),
    "info": ("info",),
    "debug": (),
    "performance": ("performance",),
    "event": ("members",),
    "status": ("info",),
}

NEAREST: Mapping[str, tuple[str, ...]] = {
    "errors": ("info",),
    "info": ("errors",),
    "performance": ("errors", "info"),
    "members": ("info", "errors"),
}
"""Where an alert goes when the webhook of its default route is not configured, in this order, then anywhere."""

REPEATS: tuple[float, ...] = (0.0, 0.0, 300.0, 3_600.0, 14_400.0, 86_400.0, 604_800.0)
"""How many seconds lie between the messages of an incident that goes on: after three at the pace of ``DEDUP_WINDOW``,
5 minutes, an hour, 4 hours, a day, a week."""

RETENTION: Mapping[str, int] = {
    "delivered": 30,
    "suppressed": 30,
    "failed": 90,
    "unresolved": 365,
    "incidents": 365,
    "acts": 730,
}
"""How many days a record is kept: a delivery by the state that it ended in, and at least so long while its incident is
unresolved; an incident after it was seen last; what operators did."""
