"""What has become of an alert's incident, for whoever draws the alert."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webhook_alerts.alert import Alert
from webhook_alerts.drawing.moments import lasting, with_zone
from webhook_alerts.drawing.numbers import number
from webhook_alerts.incidents.rules import has_incident
from webhook_alerts.models import Incident

SLACK = timedelta(seconds=5)
"""The clock of the caller's process may differ from that of the worker that opened the episode."""


@dataclass(slots=True)
class _Standing:
    """What is told of an incident; an ``Incident`` knows it, too, and is read in three times the time."""

    state: str
    state_since: datetime
    state_by: str
    opened_at: datetime
    reopened: int
    flapping: bool
    told_alert: UUID | None
    first_seen: datetime
    count: int


_COLUMNS = tuple(each.name for each in fields(_Standing))


def with_notes(alerts: Sequence[Alert]) -> list[Alert]:
    """*alerts*, those that belong to an incident with its ``state`` and a ``note``; one query for all of them."""
    wanted = {alert.fingerprint for alert in alerts if has_incident(alert)}
    if not wanted:
        return list(alerts)
    found = Incident.objects.filter(pk__in=wanted).order_by().values_list("pk", *_COLUMNS)
    rows = {key: _Standing(*columns) for key, *columns in found}
    return [_noted(alert, rows.get(alert.fingerprint)) if has_incident(alert) else alert for alert in alerts]


def _noted(alert: Alert, row: _Standing | None) -> Alert:
    if row is None:
        return alert
    since = row.state_since.timestamp()
    if row.told_alert != alert.id and datetime.fromtimestamp(alert.last_seen, UTC) < row.opened_at - SLACK:
        over = since if row.state == Incident.State.RESOLVED else 0.0
        return replace(alert, state="resolved", state_since=over, note=_("resolved, and came back later"))
    if row.state == Incident.State.OPEN and row.flapping:
        words = _("comes and goes: told once until it is quiet for longer")
        return replace(alert, state="flapping", state_since=since, note=words)
    words = note(row)
    if row.told_alert == alert.id and row.state == Incident.State.OPEN and row.count > alert.occurrences:
        often = ngettext("%(n)s time since %(when)s", "%(n)s times since %(when)s", row.count)
        often %= {"n": number(row.count), "when": with_zone(timezone.localtime(row.first_seen))}
        words = _("%(note)s; %(often)s") % {"note": words, "often": often} if words else often
    return replace(alert, state=row.state, state_since=since, note=words)


def note(row: Incident | _Standing) -> str:
    """Where *row* stands, in words; nothing for what is simply open."""
    if row.state == Incident.State.RESOLVED:
        text = _("resolved by %(who)s after %(time)s") if row.state_by else _("quiet, resolved after %(time)s")
        return text % {"time": lasting(row.opened_at, row.state_since), "who": row.state_by}
    if row.state == Incident.State.ACKNOWLEDGED:
        return _("acknowledged by %(who)s") % {"who": row.state_by}
    if row.reopened:
        return ngettext("came back", "came back %(n)d times", row.reopened) % {"n": row.reopened}
    return ""
