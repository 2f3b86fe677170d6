"""What operators, and time, do to an incident. Every change is a compare-and-set, on record, and shown in messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from webhook_alerts import audit
from webhook_alerts.conf import get_config
from webhook_alerts.delivery import record
from webhook_alerts.incidents import messages, rules
from webhook_alerts.models import Act, Incident

AT_ONCE = 100
"""Incidents that one round of the beat resolves at the most."""


def acknowledge(fingerprint: str, actor: str) -> bool:
    """*actor* deals with it: no further messages but for what is graver; did that change anything?"""
    return _change(fingerprint, [Incident.State.OPEN], Incident.State.ACKNOWLEDGED, Act.Verb.ACKNOWLEDGED, actor)


def resolve(fingerprint: str, actor: str = "") -> bool:
    """It is over; its messages say so. Did that change anything? Without *actor*, because it has been quiet."""
    unresolved = [Incident.State.OPEN, Incident.State.ACKNOWLEDGED]
    return _change(fingerprint, unresolved, Incident.State.RESOLVED, Act.Verb.RESOLVED, actor)


def reopen(fingerprint: str, actor: str) -> bool:
    """Take an acknowledgement or a resolution back; did that change anything?"""
    closed = [Incident.State.ACKNOWLEDGED, Incident.State.RESOLVED]
    return _change(fingerprint, closed, Incident.State.OPEN, Act.Verb.REOPENED, actor)


def resolve_quiet(now: datetime | None = None) -> int:
    """Resolve what has been quiet for ``RESOLVE_AFTER``; how many. Harmless when run twice at once."""
    after_s = get_config().resolve_after
    now = now or timezone.now()
    _settle(now - timedelta(seconds=rules.flap_window_s(after_s)))
    if not after_s:
        return 0
    since = now - timedelta(seconds=after_s)
    quiet = Incident.objects.filter(state__in=[Incident.State.OPEN, Incident.State.ACKNOWLEDGED], last_seen__lt=since)
    found = quiet.order_by("last_seen").values_list("pk", flat=True)[:AT_ONCE]
    unresolved = [Incident.State.OPEN, Incident.State.ACKNOWLEDGED]
    return sum(
        _change(key, unresolved, Incident.State.RESOLVED, Act.Verb.RESOLVED, "", last_seen__lt=since) for key in found
    )


def _change(fingerprint: str, before: Sequence[str], after: str, verb: str, actor: str, **only: Any) -> bool:
    with record.short():
        rows: QuerySet[Incident] = Incident.objects.filter(pk=fingerprint, state__in=before, **only)
        if not rows.update(state=after, state_since=timezone.now(), state_by=actor[:150]):
            return False
        audit.note(verb, "incident", fingerprint, actor=actor)
        incident = Incident.objects.get(pk=fingerprint)
        if actor or not incident.flapping:
            messages.show_state(incident)
    return True


def _settle(since: datetime) -> None:
    """What came and went, and has not come back after *since*, comes and goes no more: now its messages may say so."""
    gone = Incident.objects.filter(state=Incident.State.RESOLVED, flapping=True, state_since__lt=since)
    for incident in gone.order_by("state_since")[:AT_ONCE]:
        with record.short():
            if gone.filter(pk=incident.pk).update(flapping=False):
                messages.show_state(incident)
