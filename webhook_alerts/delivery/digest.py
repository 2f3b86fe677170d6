"""Catching up after an outage: what has become stale leaves as one message that sums it up, not as a flood.

Every alert keeps its own delivery, which says in which message it was told.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webhook_alerts import models
from webhook_alerts.alert import Alert, Kind, Level, uuid7
from webhook_alerts.channels.base import Channel
from webhook_alerts.conf import Config, Webhook
from webhook_alerts.delivery import record
from webhook_alerts.delivery.draw import draw
from webhook_alerts.delivery.look import look, speaking_to
from webhook_alerts.drawing.moments import span
from webhook_alerts.drawing.numbers import number
from webhook_alerts.models import Delivery, Message
from webhook_alerts.models.locking import in_order
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

Title = tuple[int, str]
"""A level, and the words that are shown for all alerts which begin alike."""


@dataclass(frozen=True, slots=True)
class Stale:
    """What is to be summed up, the oldest first; ``span`` is that of the quiet hours whose end it waited for, if so."""

    rows: QuerySet[Delivery]
    span: Span | None = None


class Told(NamedTuple):
    """What a digest tells of one alert, with its delivery's key and since when that is owed."""

    pk: int
    owed_since: datetime
    level: int
    kind: str
    logger: str
    exception_type: str
    message: str
    occurrences: int
    first_seen: datetime
    last_seen: datetime

    @property
    def title(self) -> Title:
        """What it is counted under."""
        text = " ".join(self.message.split())[:_SHOWN] or self.kind
        return self.level, ": ".join(filter(None, (self.exception_type.rpartition(".")[2] or self.logger, text)))


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
    """Put what waited into *message*, which is stored, and draw it; how many. To be called in a transaction.

    Raises ``NotDrawnError``, after which that transaction is to be undone.
    """
    stale = due(webhook)
    if stale is None:
        return 0
    chosen = stale.rows
    for pk in chosen.values_list("pk", flat=True)[MOST - 1 : MOST]:
        chosen = chosen.filter(pk__lte=pk)
    count = in_order(chosen).update(state=Delivery.State.SENDING, message=message)
    if count:
        message.body = body(read(message.deliveries.all()), stale.span, webhook, channel, config)
        message.save(update_fields=["body"])
    return count


def give_up(webhook: Webhook) -> None:
    """What was to be summed up leaves one by one: its channel cannot draw the sum."""
    if (stale := due(webhook)) is not None:
        with record.short():
            in_order(stale.rows).update(alone=True)


def read(rows: QuerySet[Delivery]) -> list[Told]:
    """What is to be told of *rows*, the oldest first."""
    columns = (f"alert__{name}" for name in Told._fields[2:])
    return [Told(*row) for row in rows.order_by("pk").values_list(*Told._fields[:2], *columns)]


def span_of(told: Iterable[Told], webhook: Webhook, at: datetime) -> Span | None:
    """The quiet hours whose end all of *told* had waited for when they were summed up *at* that time, if so."""
    span = quiet.last(webhook, at)
    return span if span and all(span[0] <= row.owed_since < span[1] for row in told) else None


def titles(told: Iterable[Told]) -> Counter[Title]:
    """How often each title occurred."""
    found: Counter[Title] = Counter()
    for row in told:
        found[row.title] += row.occurrences
    return found


def body(
    told: Sequence[Told], quiet_hours: Span | None, webhook: Webhook, channel: Channel, config: Config
) -> dict[str, Any]:
    """The message that sums up *told*. Raises ``NotDrawnError``."""
    with speaking_to(webhook):
        alert = summary(told, config, quiet_hours)
    return draw(channel, [alert], look(webhook, config)).json


def summary(told: Sequence[Told], config: Config, quiet_hours: Span | None = None) -> Alert:
    """The alert that stands for all of *told*: how many of which level, since when, and what came most often.

    What has waited for the end of *quiet_hours* says so, else that the webhook could not be reached.
    """
    levels: Counter[int] = Counter()
    groups = titles(told)
    begin = min(row.first_seen for row in told)
    end = max(row.last_seen for row in told)
    for (level, _text), often in groups.items():
        levels[level] += often
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
