"""What belongs to an incident, when it is told again, and when it flaps: pure decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Protocol

from webhook_alerts.alert import JSON, Alert, Kind, Level
from webhook_alerts.matching import CONTEXT, plain

FLAPS = 3
"""So many returns within ``flap_window_s`` are flapping."""
HOURS_KEPT = 192
"""Hours of occurrences that an incident remembers: a week and a day, for sparklines and weekly digests."""
_KINDS = frozenset({Kind.LOG, Kind.ERROR, Kind.PERFORMANCE})
_ORIGIN = ("logger", "exception_type", "service", "environment", "host", "module")
_LABELS = 20
LABEL_LENGTH = 100
"""Characters of a label that are kept, and compared."""


class Labelled(Protocol):
    """An alert, or its row, as far as labels go."""

    level: int
    kind: str
    logger: str
    exception_type: str
    service: str
    environment: str
    host: str
    module: str
    context: Any


def has_incident(alert: Alert) -> bool:
    """Is *alert* something that an operator deals with? News and deployments are not."""
    return bool(alert.fingerprint) and alert.level >= Level.WARNING and alert.kind in _KINDS


def labels(alert: Labelled) -> dict[str, JSON]:
    """What inhibition compares: where the alert comes from, and its context as far as it is plain."""
    found: dict[str, JSON] = {"level": Level.of(alert.level).name.lower(), "kind": str(alert.kind)}
    found |= {name: getattr(alert, name) for name in _ORIGIN if getattr(alert, name)}
    texts = ((key, plain(value)) for key, value in alert.context.items())
    for key, text in islice(((key, text) for key, text in texts if text is not None), _LABELS):
        found[f"{CONTEXT}{key}"[:LABEL_LENGTH]] = text[:LABEL_LENGTH]
    return found


def repeat_wait_s(told: int, repeats: Sequence[float], *, settled: bool = False) -> float:
    """How many seconds lie at least between message number *told* of an episode and the next, by *repeats*.

    The last of *repeats* holds for all that follow, and at once for what is *settled*: somebody deals with it, or it
    comes and goes.
    """
    if not repeats or not told:
        return 0.0
    return repeats[-1] if settled else repeats[min(told, len(repeats)) - 1]


def flap_window_s(resolve_after_s: float) -> float:
    """Over how many seconds returns are counted: four quiet times, for it takes one to resolve by itself."""
    return max(3600.0, 4 * resolve_after_s)


def flaps(reopenings: Sequence[float], now: float, window_s: float) -> bool:
    """Has it come back so often, at *reopenings* in Unix seconds, that its coming and going is no news?"""
    return sum(now - at < window_s for at in reopenings) >= FLAPS


def add_hour(hours: Mapping[str, int], seen: float, count: int) -> dict[str, int]:
    """*hours* with *count* more at *seen*, in Unix seconds, without those that are too old."""
    hour = int(seen // 3600)
    newest = max([hour, *map(int, hours)])
    kept = {key: value for key, value in hours.items() if int(key) > newest - HOURS_KEPT}
    if hour > newest - HOURS_KEPT:
        kept[str(hour)] = kept.get(str(hour), 0) + count
    return kept
