"""Letting go of old rows, in small batches, so that nobody waits for a lock.

Rows are looked at in the order in which they ended, by an index. Where some are kept for longer than others, Redis
remembers how far a round came, so that the next need not begin with them; once a day everything is looked at anew.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import redis
from django.db import router, transaction
from django.db.models import Exists, Model, OuterRef, QuerySet

from webhook_alerts.alert import uuid7
from webhook_alerts.models import Act, Alert, Delivery, Incident, Message, Repeat, Silence
from webhook_alerts.shared_memory import PREFIX, client

BATCH = 500
"""Rows in one statement."""
ROUND_S = 60.0
"""How long one round of beat may take; the next goes on where it stopped."""
PASS = timedelta(days=1)
"""How long what was looked at and kept is not looked at again: most of the record, where a kind is kept for long."""
_ENDED = [Message.State.DELIVERED, Message.State.FAILED]
_COLUMNS = ("pk", "settled_at", "state", "alert_id", "message_id", "alert__kind", "alert__fingerprint")


@dataclass(frozen=True, slots=True)
class Limits:
    """How long what is kept, in *retention*'s days before *now*."""

    retention: Mapping[str, int]
    now: datetime

    def before(self, name: str) -> datetime:
        """What ended before this is over its limit *name*."""
        return self.now - timedelta(days=self.retention[name])

    def of_delivery(self, state: str, kind: str, *, unresolved: bool) -> datetime:
        """A failed one has its own limit, any other that of its kind, if it has one, or of its state.

        While its incident is unresolved, it is kept for at least as long as that.
        """
        name = kind if kind in self.retention and state != Delivery.State.FAILED else state
        own = self.before(name)
        return min(own, self.before("unresolved")) if unresolved else own

    def shortest(self) -> datetime:
        """Nothing that ended after this is over any limit of deliveries."""
        days = [days for name, days in self.retention.items() if name in {*Delivery.State.values, *Alert.Kind.values}]
        return self.now - timedelta(days=min(days))


@dataclass(frozen=True, slots=True)
class _Round:
    """What one call of ``prune`` goes by; one that ``is_whole`` looks at everything."""

    limits: Limits
    batch: int
    is_whole: bool

    def place(self, name: str) -> _Place:
        """How far rounds came among the rows called *name*."""
        return _Place(f"{PREFIX}pruned:{name}", self.limits.now, is_new=self.is_whole)


def prune(
    retention: Mapping[str, int], now: datetime, batch: int = BATCH, seconds: float = float("inf")
) -> dict[str, int]:
    """Delete what is older than its *retention*, in days; how many rows of each kind went. Ends after *seconds*.

    What is still owed stays, however old. An alert goes with its last delivery, a message too; an alert that was owed
    to nobody is kept as long as a suppressed one. With a bound on its time it goes on where the last one stopped, and
    finds what became too old behind that place within ``PASS``.
    """
    this = _Round(Limits(retention, now), batch, is_whole=seconds == float("inf"))
    ends = time.monotonic() + seconds
    gone: Counter[str] = Counter(dict.fromkeys(("alerts", "deliveries", "messages", "incidents", "acts"), 0))
    for rows in (_deliveries, _unowed_alerts, _empty_messages, _others):
        for went in rows(this):
            gone.update(went)
            if time.monotonic() > ends:
                return dict(gone)
    return dict(gone)


def _deliveries(this: _Round) -> Iterator[Mapping[str, int]]:
    """What is over, a page at a time."""
    limit = this.limits.of_delivery
    for page in _pages(this):
        unresolved = _unresolved(row["alert__fingerprint"] for row in page)
        over = [
            row
            for row in page
            if row["settled_at"]
            < limit(row["state"], row["alert__kind"], unresolved=row["alert__fingerprint"] in unresolved)
        ]
        yield _forget(over)


def _unresolved(fingerprints: Iterable[str]) -> set[str]:
    asked = set(fingerprints)
    return set(
        Incident.objects.filter(pk__in=asked).exclude(state=Incident.State.RESOLVED).values_list("pk", flat=True)
    )


def _forget(over: Sequence[Mapping[str, Any]]) -> Mapping[str, int]:
    """Delete these deliveries, and what was there for them alone."""
    if not over:
        return {}
    alerts = {row["alert_id"] for row in over}
    with transaction.atomic(using=router.db_for_write(Delivery)):
        # A failed one may have been sent for again meanwhile: by its message, which an operator has first.
        messages = _free(Message.objects.filter(pk__in={row["message_id"] for row in over}, state__in=_ENDED))
        ended = {None, *messages}
        keys = [row["pk"] for row in over if row["message_id"] in ended]
        return {
            "deliveries": _delete(Delivery.objects.filter(pk__in=keys, settled_at__isnull=False)),
            "alerts": _delete(Alert.objects.filter(~_has_delivery("alert"), pk__in=alerts)),
            "messages": _delete(Message.objects.filter(~_has_delivery("message"), pk__in=messages)),
        }


def _has_delivery(of: str) -> Exists:
    return Exists(Delivery.objects.filter(**{of: OuterRef("pk")}))


def _unowed_alerts(this: _Round) -> Iterator[Mapping[str, int]]:
    """Alerts that no webhook was owed."""
    before = this.limits.before("suppressed")
    rows = Alert.objects.filter(received_at__lt=before)
    yield from ({"alerts": count} for count in _without_delivery(rows, "alert", before, this))


def _empty_messages(this: _Round) -> Iterator[Mapping[str, int]]:
    """Messages that carried no alert: digests, and what was said once more."""
    rows = Message.objects.filter(state__in=_ENDED)
    yield from ({"messages": count} for count in _without_delivery(rows, "message", this.limits.shortest(), this))


def _without_delivery(rows: QuerySet[Any], of: str, before: datetime, this: _Round) -> Iterator[int]:
    """Delete those of *rows* from before that time that have no delivery; how many went each time."""
    place, end = this.place(f"{of}s"), str(_first_of(before))
    alone = rows.filter(~_has_delivery(of), pk__lt=end).order_by("pk")
    while place.at < end:
        found = alone.filter(pk__gte=place.at) if place.at else alone
        keys = list(found.values_list("pk", flat=True)[: this.batch])
        place.move(str(keys[-1]) if len(keys) == this.batch else end)
        yield _delete(alone.filter(pk__in=keys)) if keys else 0


def _others(this: _Round) -> Iterator[Mapping[str, int]]:
    limits, batch = this.limits, this.batch
    resolved = Incident.objects.filter(state=Incident.State.RESOLVED, last_seen__lt=limits.before("incidents"))
    yield from ({"incidents": count} for count in _all(resolved.order_by("last_seen"), batch))
    yield from ({"acts": count} for count in _all(Act.objects.filter(pk__lt=_first_of(limits.before("acts"))), batch))
    for rows in (
        Silence.objects.filter(ends_at__lt=limits.before("acts")),
        Repeat.objects.filter(alert=None, created_at__lt=limits.shortest()),
    ):
        yield from ({} for _ in _all(rows, batch))


def _all(rows: QuerySet[Any], batch: int) -> Iterator[int]:
    """Delete *rows*, *batch* at a time, the oldest first; how many went each time."""
    ordered = rows if rows.query.order_by else rows.order_by("pk")
    while keys := list(ordered.values_list("pk", flat=True)[:batch]):
        went = _delete(rows.filter(pk__in=keys))
        yield went
        if went < len(keys):
            return  # somebody is at the others


def _delete(rows: QuerySet[Any]) -> int:
    """Delete *rows* that nobody else is at: for what is deleted here nobody is waited for."""
    model: type[Model] = rows.model
    with transaction.atomic(using=router.db_for_write(model)):
        _, deleted = model._default_manager.filter(pk__in=_free(rows)).delete()
    return deleted.get(model._meta.label, 0)


def _free(rows: QuerySet[Any]) -> list[Any]:
    """The keys of *rows* that nobody else holds, and nobody else gets until the transaction ends."""
    free = rows.order_by("pk").select_for_update(of=("self",), skip_locked=True)
    return list(free.values_list("pk", flat=True))


def _pages(this: _Round) -> Iterator[Sequence[dict[str, Any]]]:
    """The deliveries that may be over, in the order in which they ended, from where the last round stopped."""
    rows = Delivery.objects.filter(settled_at__lt=this.limits.shortest()).order_by("settled_at", "pk")
    place = this.place("deliveries")
    while True:
        found = rows
        if place.at:
            moment, _, key = place.at.partition(" ")
            found = rows.filter(settled_at__gte=moment).exclude(settled_at=moment, pk__lte=key)
        page = list(found.values(*_COLUMNS)[: this.batch])
        if not page:
            return
        last = page[-1]
        place.move(f"{last['settled_at'].isoformat()} {last['pk']}")  # before it is dealt with: the round may end there
        yield page


class _Place:
    """How far rounds came since one began anew: ``at``, empty at the beginning.

    Without Redis each round begins anew, and looks again at what is kept.
    """

    def __init__(self, key: str, now: datetime, *, is_new: bool) -> None:
        self._key = key
        self._begun = now
        self.at = ""
        if not is_new:
            self._go_on(now)

    def _go_on(self, now: datetime) -> None:
        try:
            kept: Any = client().get(self._key)
        except redis.RedisError:
            return
        begun, _, at = (kept or b"").decode().partition(" ")
        if begun and now - datetime.fromisoformat(begun) < PASS:
            self._begun, self.at = datetime.fromisoformat(begun), at

    def move(self, at: str) -> None:
        """Go on there, in this round and the next."""
        self.at = at
        try:
            client().set(self._key, f"{self._begun.isoformat()} {at}", ex=2 * PASS)
        except redis.RedisError:
            return


def _first_of(moment: datetime) -> uuid.UUID:
    """The smallest version 7 identifier of a moment: they begin with the time."""
    made = uuid7(int(moment.timestamp() * 1000))
    return uuid.UUID(int=made.int >> 80 << 80)
