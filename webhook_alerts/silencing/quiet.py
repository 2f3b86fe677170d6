"""Is a webhook left alone now, until when, and since when has it not been? Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from webhook_alerts.conf import Webhook

REMEMBERED = timedelta(hours=24)
"""For how long after quiet hours what waited in them is summed up."""
_AROUND = timedelta(days=8)
"""How far before and after a moment its quiet hours may reach: hours that follow each other are one, within a week."""
_FARTHEST = timedelta(days=3_660)

Span = tuple[datetime, datetime]


def until(webhook: Webhook, now: datetime) -> datetime | None:
    """When the quiet hours end that *webhook* is in, by the wall clock that they go by; ``None`` if in none."""
    if not webhook.quiet_hours:
        return None
    end = next((end for begin, end in _spans(webhook, now - _AROUND, now + _AROUND) if begin <= now < end), None)
    return _local(webhook, end) if end else None


def last(webhook: Webhook, now: datetime) -> Span | None:
    """When the latest quiet hours that are over began and ended, if that was not long ago."""
    if not webhook.quiet_hours:
        return None
    over = [span for span in _spans(webhook, now - _AROUND, now) if now - REMEMBERED < span[1] <= now]
    return (_local(webhook, over[-1][0]), _local(webhook, over[-1][1])) if over else None


def awake(webhook: Webhook | None, now: datetime, wanted: timedelta) -> timedelta:
    """How long ago it was that *webhook* has been out of quiet hours for the time that is *wanted*, taken together."""
    if webhook is None or not webhook.quiet_hours:
        return wanted
    reach = 2 * wanted + _AROUND
    while (found := _walk_back(webhook, now, wanted, reach)) is None and reach < _FARTHEST:
        reach *= 2
    return found if found is not None else reach


def clock(moment: datetime, now: datetime) -> str:
    """The time of a *moment*, with its day where that is not the next to come."""
    return f"{moment:%H:%M}" if moment - now < timedelta(hours=24) else f"{moment:%Y-%m-%d %H:%M}"


def _walk_back(webhook: Webhook, now: datetime, wanted: timedelta, reach: timedelta) -> timedelta | None:
    """From span to span into the past; ``None`` when that leads farther than *reach*."""
    left, edge = wanted, now
    for begin, end in reversed(_spans(webhook, now - reach, now)):
        if begin >= edge:
            continue
        free = edge - min(end, edge)
        if free >= left:
            break
        left -= free
        edge = begin
    over = now - (edge - left)
    return over if over <= reach else None


def _spans(webhook: Webhook, since: datetime, until: datetime) -> list[Span]:
    """All that may touch the time between the two, in UTC, the earliest first; what follows each other is one."""
    each = sorted(span for hours in webhook.quiet_hours for span in hours.spans(since, until, settings.TIME_ZONE))
    merged: list[Span] = []
    for begin, end in each:
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif begin < end:
            merged.append((begin, end))
    return merged


def _local(webhook: Webhook, moment: datetime) -> datetime:
    return moment.astimezone(webhook.quiet_hours[0].tz(settings.TIME_ZONE))
