"""Catching up after an outage: what has become stale leaves as one message that sums it up, not as a flood.

Every alert keeps its own delivery, which says in which message it was told.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webhook_alerts import models
from webhook_alerts.alert import Alert, Kind, Level, uuid7
from webhook_alerts.channels.base import Channel
from webhook_alerts.conf import Config, Webhook
from webhook_alerts.delivery.look import look, speaking_to
from webhook_alerts.drawing.moments import span
from webhook_alerts.drawing.numbers import number
from webhook_alerts.models import Delivery, Message
from webhook_alerts.silencing import quiet
from webhook_alerts.silencing.quiet import Span

STALE_S = 600.0
"""An alert that has waited this long, in seconds, is news no more."""
FROM = 100
"""So many stale ones are summed up; fewer fit into two messages."""
HELD_FROM = 3
"""So many that waited for the end of quiet hours are; fewer leave as themselves."""
MOST = 5_000
"""Told in one digest."""
GROUPS = 8
_SHOWN = 90


@dataclass(frozen=True, slots=True)
class Stale:
    """What is to be summed up, the oldest first; ``span`` is that of the quiet hours whose end it waited for, if so."""

    rows: QuerySet[Delivery]
    span: Span | None = None


def due(webhook: Webhook, *, is_full: bool = True) -> Stale | None:
    """What has waited and is not critical, if there is so much that it is summed up; *is_full*: more than a page."""
    alike = Q(level__lt=Level.CRITICAL, alone=False, state=Delivery.State.PENDING, message=None)
    waiting = Delivery.objects.filter(alike, webhook=webhook.name).order_by("id")
    span = quiet.last(webhook, timezone.now())
    if span is not None:
        held = waiting.filter(owed_since__gte=span[0], owed_since__lt=span[1])
        if _are(HELD_FROM, held):
            return Stale(held, span)
    old = waiting.filter(owed_since__lt=Now() - timedelta(seconds=STALE_S))
    return Stale(old) if is_full and _are(FROM, old) else None


def _are(number: int, rows: QuerySet[Delivery]) -> bool:
    return len(rows.values_list("pk")[:number]) == number


def take(message: Message, webhook: Webhook, channel: Channel, config: Config) -> int:
    """Put what waited into *message*, which is stored, and draw it; how many. To be called in a transaction."""
    stale = due(webhook)
    if stale is None:
        return 0
    chosen = stale.rows
    for pk in chosen.values_list("pk", flat=True)[MOST - 1 : MOST]:
        chosen = chosen.filter(pk__lte=pk)
    count = chosen.order_by().update(state=Delivery.State.SENDING, message=message)
    if count:
        with speaking_to(webhook):
            alert = summary(_told(message), config, stale.span)
        payload = channel.render([alert], look(webhook, config))
        message.body = payload.json
        message.save(update_fields=["body"])
    return count


def _told(message: Message) -> Sequence[tuple[Any, ...]]:
    columns = ("level", "kind", "logger", "exception_type", "message", "occurrences", "first_seen", "last_seen")
    return list(message.deliveries.order_by("pk").values_list(*(f"alert__{name}" for name in columns)))


def summary(told: Sequence[tuple[Any, ...]], config: Config, quiet_hours: Span | None = None) -> Alert:
    """The alert that stands for all of *told*: how many of which level, since when, and what came most often.

    What has waited for the end of *quiet_hours* says so, else that the webhook could not be reached.
    """
    levels: Counter[int] = Counter()
    groups: Counter[tuple[int, str]] = Counter()
    begin: datetime = min(row[6] for row in told)
    end: datetime = max(row[7] for row in told)
    for level, kind, logger, exception, message, occurrences, *_times in told:
        levels[level] += occurrences
        text = " ".join(message.split())[:_SHOWN] or kind
        groups[level, ": ".join(filter(None, (exception.rpartition(".")[2] or logger, text)))] += occurrences
    total = sum(levels.values())
    shown = [f"{number(often)} × {text}" for (_level, text), often in groups.most_common(GROUPS)]
    if len(groups) > GROUPS:
        rest = len(groups) - GROUPS
        shown.append(ngettext("and %(n)s other kind", "and %(n)s other kinds", rest) % {"n": number(rest)})
    return Alert(
        id=uuid7(),
        level=Level(max(levels)),
        kind=Kind.LOG,
        message=_heading(total, begin, end, quiet_hours),
        first_seen=begin.timestamp(),
        last_seen=end.timestamp(),
        context={
            _("By level"): ", ".join(
                f"{number(levels[level])} × {models.Alert.Level(level).label}"
                for level in reversed(Level)
                if levels[level]
            ),
            _("Most often"): "\n".join(shown),
        },
        environment=config.environment,
        service=config.service,
        fingerprint=uuid.uuid4().hex,
    )


def _heading(total: int, begin: datetime, end: datetime, quiet_hours: Span | None) -> str:
    if quiet_hours:
        text = ngettext("%(n)s alert in the quiet hours, %(span)s", "%(n)s alerts in the quiet hours, %(span)s", total)
        return text % {"n": number(total), "span": span(*quiet_hours)}
    text = ngettext(
        "%(n)s alert while this webhook could not be reached, %(span)s",
        "%(n)s alerts while this webhook could not be reached, %(span)s",
        total,
    )
    return text % {"n": number(total), "span": f"{span(begin, end)} {end:%Z}"}
