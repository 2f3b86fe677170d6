"""Catching up after an outage: what has become stale leaves as one message that sums it up, not as a flood.

Every alert keeps its own delivery, which says in which message it was told.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from webhook_alerts.alert import Alert, Kind, Level, uuid7
from webhook_alerts.channels.base import Channel
from webhook_alerts.conf import Config, Webhook
from webhook_alerts.models import Delivery, Message

STALE_S = 600.0
"""An alert that has waited this long, in seconds, is news no more."""
FROM = 100
"""So many stale ones are summed up; fewer fit into two messages."""
MOST = 5_000
"""Told in one digest."""
GROUPS = 8
_SHOWN = 90


def stale(webhook: Webhook) -> QuerySet[Delivery]:
    """What has waited for too long and is not critical, the oldest first."""
    old = Q(owed_since__lt=Now() - timedelta(seconds=STALE_S), level__lt=Level.CRITICAL, alone=False)
    return Delivery.objects.filter(old, webhook=webhook.name, state=Delivery.State.PENDING, message=None).order_by("id")


def is_due(webhook: Webhook) -> bool:
    """Are there so many that they are summed up?"""
    return len(stale(webhook).values_list("pk")[:FROM]) == FROM


def take(message: Message, webhook: Webhook, channel: Channel, config: Config) -> int:
    """Put what is stale into *message*, which is stored, and draw it; how many. To be called in a transaction."""
    last = stale(webhook).values_list("pk", flat=True)[MOST - 1 : MOST]
    chosen = stale(webhook)
    for pk in last:
        chosen = chosen.filter(pk__lte=pk)
    count = chosen.order_by().update(state=Delivery.State.SENDING, message=message)
    if count:
        payload = channel.render([summary(_told(message), config)], config.style(webhook))
        message.body = payload.json
        message.save(update_fields=["body"])
    return count


def _told(message: Message) -> Sequence[tuple[Any, ...]]:
    columns = ("level", "kind", "logger", "exception_type", "message", "occurrences", "first_seen", "last_seen")
    return list(message.deliveries.order_by("pk").values_list(*(f"alert__{name}" for name in columns)))


def summary(told: Sequence[tuple[Any, ...]], config: Config) -> Alert:
    """The alert that stands for all of *told*: how many of which level, since when, and what came most often."""
    levels: Counter[int] = Counter()
    groups: Counter[tuple[int, str]] = Counter()
    begin: datetime = min(row[6] for row in told)
    end: datetime = max(row[7] for row in told)
    for level, kind, logger, exception, message, occurrences, *_ in told:
        levels[level] += occurrences
        text = " ".join(message.split())[:_SHOWN] or kind
        groups[level, ": ".join(filter(None, (exception.rpartition(".")[2] or logger, text)))] += occurrences
    total = sum(levels.values())
    often = [f"{number:,} × {text}" for (_, text), number in groups.most_common(GROUPS)]
    if len(groups) > GROUPS:
        often.append(f"and {len(groups) - GROUPS:,} other kinds")
    return Alert(
        id=uuid7(),
        level=Level(max(levels)),
        kind=Kind.LOG,
        message=f"{total:,} alerts while this webhook could not be reached, {_span(begin, end)}",
        first_seen=begin.timestamp(),
        last_seen=end.timestamp(),
        context={
            "By level": ", ".join(
                f"{levels[level]:,} {level.name.lower()}" for level in reversed(Level) if levels[level]
            ),
            "Most often": "\n".join(often),
        },
        environment=config.environment,
        service=config.service,
        fingerprint=uuid.uuid4().hex,
    )


def _span(begin: datetime, end: datetime) -> str:
    shown = "%H:%M" if begin.date() == end.date() else "%Y-%m-%d %H:%M"
    return f"{begin:{shown}} to {end:{shown} %Z}"
