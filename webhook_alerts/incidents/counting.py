"""Counting alerts on their incidents as they are accepted, and deciding which of them are told.

A row is locked from the first look to the commit of the batch, in the order of the fingerprints, so that no count
is lost and an episode has one first message, however many workers accept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, router, transaction
from tenacity import retry, retry_if_exception_type, stop_after_attempt

from webhook_alerts import audit, reasons
from webhook_alerts.conf import Config
from webhook_alerts.incidents import messages, rules
from webhook_alerts.incidents.notes import SLACK
from webhook_alerts.models import Act, Alert, Incident
from webhook_alerts.models.bulk import insert
from webhook_alerts.models.locking import locked

TITLE = 255
LOOKS = 10
"""Looks at incidents of which other workers make some at the same moment."""
_COUNTED = (
    "level", "kind", "title", "logger", "exception_type", "labels", "count", "hours", "last_seen", "state",
    "state_since", "state_by", "opened_at", "reopened", "reopenings", "flapping", "told", "told_at", "told_level",
    "told_alert",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """*count* occurrences of one fingerprint, the latest at *last_seen*.

    ``alert`` is the row that is stored of them; repeats of what is stored already come without one. ``dedup`` is off
    where the caller wants each to be told.
    """

    fingerprint: str
    count: int
    last_seen: datetime
    alert: Alert | None = None
    dedup: bool = True


@dataclass(slots=True)
class _Round:
    """One look at what was seen: the rows as they become, what is not told, what was instead, and what came back.

    ``goes_on`` comes and goes, and came although somebody had resolved it, which its messages say.
    """

    rows: dict[str, Incident] = field(default_factory=dict)
    kept_back: dict[UUID, str] = field(default_factory=dict)
    told_before: set[UUID] = field(default_factory=set)
    came_back: list[tuple[Incident, float]] = field(default_factory=list)
    goes_on: list[Incident] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Counted:
    """Why which alerts are not told, by their ids, and which were told instead of them before.

    The messages *changed* show an incident that somebody had resolved, and that goes on.
    """

    kept_back: Mapping[UUID, str]
    told_before: frozenset[UUID] = frozenset()
    changed: frozenset[UUID] = frozenset()


def count(seen: Sequence[Seen], config: Config, now: datetime) -> Counted:
    """Count what was *seen*, and decide what of it is told.

    To be called inside the transaction that stores the alerts, after they are stored. Raises ``IntegrityError`` where
    others make incidents that this transaction does not get to see.
    """
    if not seen:
        return Counted({})
    looked = _counted(seen, config, now)
    for row, quiet_s in looked.came_back:
        verb = Act.Verb.FLAPPING if row.flapping else Act.Verb.CAME_BACK
        audit.note(verb, "incident", row.pk, quiet_s=int(quiet_s))
    changed = messages.tell_state(*looked.goes_on)
    return Counted(looked.kept_back, frozenset(looked.told_before), frozenset(changed))


def _counted(seen: Sequence[Seen], config: Config, now: datetime) -> _Round:
    looked, known = retry(
        retry=retry_if_exception_type(IntegrityError),  # another worker was quicker: the next look sees what it made
        stop=stop_after_attempt(LOOKS),
        reraise=True,
    )(_with_new)(seen, config, now)
    Incident.objects.bulk_create(
        [row for row in _sorted(looked.rows) if row.pk in known],
        update_conflicts=True,
        unique_fields=["fingerprint"],
        update_fields=_COUNTED,
    )
    return looked


def _with_new(seen: Sequence[Seen], config: Config, now: datetime) -> tuple[_Round, Mapping[str, Incident]]:
    """One look, and what was known before it, which is locked before anything new is inserted.

    Raises ``IntegrityError``, with nothing locked, where something new came meanwhile: whoever kept what it has
    inserted, and locked the others then, would wait for who has those and inserts the same.
    """
    with transaction.atomic(using=router.db_for_write(Incident)):
        known = _lock({one.fingerprint for one in seen})
        looked = _look(seen, known, config, now)
        insert([row for row in _sorted(looked.rows) if row.pk not in known])
    return looked, known


def _look(seen: Iterable[Seen], known: Mapping[str, Incident], config: Config, now: datetime) -> _Round:
    looked = _Round()
    for one in seen:
        row = looked.rows.get(one.fingerprint) or known.get(one.fingerprint) or _new(one, now)
        if row is None:
            continue
        looked.rows[row.pk] = row
        _add(row, one)
        if one.alert is None:
            if row.state == Incident.State.RESOLVED and one.last_seen > row.state_since + SLACK:
                _reopen(row, config, now, looked)  # which the message that counts the repeats shows
        else:
            _describe(row, one.alert)
            if why := _keep_back(row, one, config, now, looked):
                looked.kept_back[one.alert.pk] = why
                looked.told_before |= {row.told_alert} if row.told_alert else set()
    return looked


def _sorted(rows: Mapping[str, Incident]) -> list[Incident]:
    """In an order that every worker has."""
    return [rows[key] for key in sorted(rows)]


def _lock(fingerprints: Collection[str]) -> dict[str, Incident]:
    return {row.pk: row for row in locked(Incident.objects.filter(pk__in=fingerprints))}


def _new(one: Seen, now: datetime) -> Incident | None:
    """The incident that begins with *one*; ``None`` for repeats of what was pruned, or makes no incident."""
    if one.alert is None:
        return None
    return _bare(one.fingerprint, one.alert.level, one.last_seen, now)


def _bare(fingerprint: str, level: int, first_seen: datetime, now: datetime) -> Incident:
    """A row that nothing is counted on yet."""
    return Incident(
        fingerprint=fingerprint,
        level=level,
        first_seen=first_seen,
        last_seen=first_seen,
        state_since=now,
        opened_at=now,
    )


def _add(row: Incident, one: Seen) -> None:
    row.count += one.count
    row.hours = rules.add_hour(row.hours, one.last_seen.timestamp(), one.count)
    row.last_seen = max(row.last_seen, one.last_seen)


def _describe(row: Incident, alert: Alert) -> None:
    """What the latest alert says of it."""
    row.kind = alert.kind
    row.title = (alert.message.strip().splitlines() or [""])[0][:TITLE]
    row.logger = alert.logger
    row.exception_type = alert.exception_type
    row.labels = rules.labels(alert)


def _keep_back(row: Incident, one: Seen, config: Config, now: datetime, looked: _Round) -> str:
    """Why an alert is not told, or nothing: then it counts as the latest message of its episode."""
    level = one.alert.level if one.alert else row.level
    if row.state == Incident.State.RESOLVED:
        _reopen(row, config, now, looked)
        row.level = level
    elif row.flapping and (now - row.opened_at).total_seconds() > rules.flap_window_s(config.resolve_after):
        row.flapping = False  # it has come and stays
    row.level = max(row.level, level)
    if row.told and level <= row.told_level and one.dedup and config.dedup_window:
        settled = row.flapping or row.state == Incident.State.ACKNOWLEDGED
        wait_s = rules.repeat_wait_s(row.told, config.repeats, settled=settled)
        left = (row.told_at or now) + timedelta(seconds=wait_s) - now
        if left > timedelta():
            return why_kept_back(row, left)
    row.told += 1
    row.told_at = now
    row.told_alert = one.alert.pk if one.alert else None
    row.told_level = max(row.told_level, level)
    return ""


def why_kept_back(row: Incident, left: timedelta) -> str:
    """The sentence for the row, beginning with the class that suppressed deliveries are counted by."""
    if row.state == Incident.State.ACKNOWLEDGED:
        return reasons.ACKNOWLEDGED % {"who": row.state_by}
    if row.flapping:
        return reasons.FLAPPING
    minutes = max(1, int(left.total_seconds() // 60))
    if minutes < 120:
        return reasons.told_in_minutes(minutes)
    return reasons.TOLD_IN_HOURS % {"count": minutes // 60}


def _reopen(row: Incident, config: Config, now: datetime, looked: _Round) -> None:
    """It came back: a new episode, unless it does so all the time."""
    quiet_s = (now - row.state_since).total_seconds()
    window_s = rules.flap_window_s(config.resolve_after)
    row.reopenings = [*(at for at in row.reopenings if now.timestamp() - at < window_s), now.timestamp()][-10:]
    flapped, row.flapping = row.flapping, rules.flaps(row.reopenings, now.timestamp(), window_s)
    was_resolved_by, row.state_by = row.state_by, ""
    row.state, row.state_since = Incident.State.OPEN, now
    row.reopened += 1
    row.opened_at = now
    if flapped and row.flapping:
        looked.goes_on += [row] if was_resolved_by else []
        return
    row.told = row.told_level = 0
    looked.came_back.append((row, quiet_s))
