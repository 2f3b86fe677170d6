"""Points in time as people speak of them, in their language."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext


def elapsed(moment: datetime) -> str:
    """How long ago, or in how long, in its largest unit."""
    now = timezone.now()
    if abs((now - moment).total_seconds()) < 60:
        return _("just now")
    if moment > now:
        return _("in %(time)s") % {"time": timesince(now, moment, depth=1)}
    return _("%(time)s ago") % {"time": timesince(moment, now, depth=1)}


def lasting(begin: datetime, end: datetime) -> str:
    """How long it is from *begin* to *end*, in its largest unit."""
    seconds = max(0, int((end - begin).total_seconds()))
    if seconds < 60:
        return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}
    return timesince(begin, end, depth=1)


def exact(moment: datetime) -> str:
    """To the second, in the current time zone."""
    return date_format(timezone.localtime(moment), pgettext("date format", "Y-m-d H:i:s"))


def to_the_minute(moment: datetime) -> str:
    """To the minute, in the current time zone."""
    return date_format(timezone.localtime(moment), pgettext("date format", "Y-m-d H:i"))


def with_zone(moment: datetime) -> str:
    """To the minute, in the time zone that *moment* is in, which is named."""
    return date_format(moment, pgettext("date format", "Y-m-d H:i T"))


def clock(moment: datetime) -> str:
    """The time, in the current time zone, with its day where that is not today."""
    local = timezone.localtime(moment)
    return date_format(local, "H:i") if local.date() == timezone.localdate() else to_the_minute(moment)


def period(begin: datetime, end: datetime) -> str:
    """From *begin* to *end*, to the minute, in the time zone that they are in, which is named."""
    first = date_format(begin, pgettext("date format", "Y-m-d H:i"))
    return _("%(from)s to %(to)s") % {"from": first, "to": with_zone(end)}


def span(begin: datetime, end: datetime) -> str:
    """From *begin* to *end*, in the time zones that they are in: times of day where less than a day lies between."""
    form = "H:i" if end - begin < timedelta(hours=24) else pgettext("date format", "Y-m-d H:i")
    return _("%(from)s to %(to)s") % {"from": date_format(begin, form), "to": date_format(end, form)}
