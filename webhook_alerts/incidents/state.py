"""What operators, and time, do to an incident. Every change is a compare-and-set, on record, and shown in messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from webhook_alerts import audit
from webhook_alerts.conf import get_config
from webhook_alerts.delivery import record
from webhook_alerts.incidents import messages, rules
from webhook_alerts.models import Act, Incident
from webhook_alerts.models.locking import locked

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
    quiet = _quiet(now - timedelta(seconds=after_s))
    unresolved = Incident.objects.filter(quiet, state__in=[Incident.State.OPEN, Incident.State.ACKNOWLEDGED])
    found = unresolved.order_by("last_seen").values_list("pk", flat=True)[:AT_ONCE]
    # In one transaction, so that they are told together, and locked before, as whoever counts does.
    with record.short():
        held = list(locked(unresolved.filter(pk__in=list(found))).values_list("pk", flat=True))
        over = [incident for key in held if (incident := _resolved(key, quiet))]
        messages.show_state(*(incident for incident in over if not incident.flapping))
    return len(over)


def _quiet(since: datetime) -> Q:
    """Nothing was seen after *since*, and nobody has opened it again: who has, means it."""
    return Q(last_seen__lt=since) & ~Q(state=Incident.State.OPEN, state_by__gt="", state_since__gte=since)


def _resolved(fingerprint: str, only: Q) -> Incident | None:
    unresolved = [Incident.State.OPEN, Incident.State.ACKNOWLEDGED]
    return _changed(fingerprint, unresolved, Incident.State.RESOLVED, Act.Verb.RESOLVED, "", only)


def _change(fingerprint: str, before: Sequence[str], after: str, verb: str, actor: str) -> bool:
    with record.short():
        incident = _changed(fingerprint, before, after, verb, actor)
        if incident is not None and (actor or not incident.flapping):
            messages.show_state(incident)
    return incident is not None


def _changed(
    fingerprint: str, before: Sequence[str], after: str, verb: str, actor: str, only: Q | None = None
) -> Incident | None:
    """The incident as it is after the change, which is on record, if it was one.

    That something which comes and goes has gone is on record once it stays away.
    """
    rows: QuerySet[Incident] = Incident.objects.filter(only or Q(), pk=fingerprint, state__in=before)
    if not rows.update(state=after, state_since=timezone.now(), state_by=actor[:150]):
        return None
    incident = Incident.objects.get(pk=fingerprint)
    if actor or not incident.flapping:
        audit.note(verb, "incident", fingerprint, actor=actor)
    return incident


def _settle(since: datetime) -> None:
    """What came and went, and has not come back after *since*, comes and goes no more: now its messages may say so."""
    gone = Incident.objects.filter(state=Incident.State.RESOLVED, flapping=True, state_since__lt=since)
    for incident in gone.order_by("state_since")[:AT_ONCE]:
        with record.short():
            if gone.filter(pk=incident.pk).update(flapping=False):
                if not incident.state_by:
                    audit.note(Act.Verb.RESOLVED, "incident", incident.pk)
                messages.show_state(incident)
