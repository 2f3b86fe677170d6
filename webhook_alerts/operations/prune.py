"""Letting go of old rows, in small batches, so that nobody waits for a lock.

Rows are looked at in the order in which they ended, by an index. Where some are kept for longer than others, Redis
remembers how far a round came, so that the next need not begin with them.
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
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from webhook_alerts.alert import uuid7
from webhook_alerts.models import Act, Alert, Delivery, Incident, Message, Repeat, Silence
from webhook_alerts.shared_memory import PREFIX, client

BATCH = 500
"""Rows in one statement."""
ROUND_S = 60.0
"""How long one round of beat may take; the next goes on where it stopped."""
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


def prune(
    retention: Mapping[str, int], now: datetime, batch: int = BATCH, seconds: float = float("inf")
) -> dict[str, int]:
    """Delete what is older than its *retention*, in days; how many rows of each kind went. Ends after *seconds*.

    What is still owed stays, however old. An alert goes with its last delivery, a message too; an alert that was owed
    to nobody is kept as long as a suppressed one.
    """
    limits = Limits(retention, now)
    ends = time.monotonic() + seconds
    gone: Counter[str] = Counter(dict.fromkeys(("alerts", "deliveries", "messages", "incidents", "acts"), 0))
    for rows in (_deliveries, _unowed_alerts, _empty_messages, _others):
        for went in rows(limits, batch):
            gone.update(went)
            if time.monotonic() > ends:
                return dict(gone)
    return dict(gone)


def _deliveries(limits: Limits, batch: int) -> Iterator[Mapping[str, int]]:
    """What is over, a page at a time."""
    rows = Delivery.objects.filter(settled_at__lt=limits.shortest())
    for page in _pages(rows, "settled_at", batch):
        unresolved = _unresolved(row["alert__fingerprint"] for row in page)
        over = [
            row
            for row in page
            if row["settled_at"]
            < limits.of_delivery(row["state"], row["alert__kind"], unresolved=row["alert__fingerprint"] in unresolved)
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
    messages = {row["message_id"] for row in over if row["message_id"]}
    with transaction.atomic(using=router.db_for_write(Delivery)):
        # A failed one may have been sent for again meanwhile.
        still = Delivery.objects.filter(pk__in=[row["pk"] for row in over], settled_at__isnull=False)
        return {
            "deliveries": _delete(still),
            "alerts": _delete(Alert.objects.filter(~_has_delivery("alert"), pk__in=alerts)),
            "messages": _delete(Message.objects.filter(~_has_delivery("message"), pk__in=messages, state__in=_ENDED)),
        }


def _has_delivery(of: str) -> Exists:
    return Exists(Delivery.objects.filter(**{of: OuterRef("pk")}))


def _unowed_alerts(limits: Limits, batch: int) -> Iterator[Mapping[str, int]]:
    """Alerts that no webhook was owed."""
    before = limits.before("suppressed")
    rows = Alert.objects.filter(~_has_delivery("alert"), pk__lt=_first_of(before), received_at__lt=before)
    yield from ({"alerts": count} for count in _all(rows, batch))


def _empty_messages(limits: Limits, batch: int) -> Iterator[Mapping[str, int]]:
    """Messages that carried no alert: digests, and what was said once more."""
    first = _first_of(limits.shortest())
    rows = Message.objects.filter(~_has_delivery("message"), pk__lt=first, state__in=_ENDED)
    yield from ({"messages": count} for count in _all(rows, batch))


def _others(limits: Limits, batch: int) -> Iterator[Mapping[str, int]]:
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
        model: type[Model] = rows.model
        yield _delete(model._default_manager.filter(pk__in=keys))


def _delete(rows: QuerySet[Any]) -> int:
    _, deleted = rows.delete()
    return deleted.get(rows.model._meta.label, 0)


def _pages(rows: QuerySet[Any], column: str, batch: int) -> Iterator[Sequence[dict[str, Any]]]:
    """*rows* by *column*, from where the last round stopped; the next begins anew when this one comes to the end."""
    place = _Place(f"{PREFIX}pruned:{column}")
    after = place.read()
    while True:
        found = rows
        if after is not None:
            moment, key = after
            found = rows.filter(**{f"{column}__gte": moment}).exclude(Q(**{column: moment}) & Q(pk__lte=key))
        page = list(found.order_by(column, "pk").values(*_COLUMNS)[:batch])
        if not page:
            place.forget()
            return
        after = page[-1][column], page[-1]["pk"]
        place.write(*after)  # before it is dealt with: the round may end there
        yield page


@dataclass(frozen=True, slots=True)
class _Place:
    """How far a round came. Without Redis each begins anew, and looks again at what is kept."""

    key: str

    def read(self) -> tuple[datetime, int] | None:
        try:
            kept = client().get(self.key)
        except redis.RedisError:
            return None
        if not isinstance(kept, bytes):
            return None
        moment, _, key = kept.decode().partition(" ")
        return datetime.fromisoformat(moment), int(key)

    def write(self, moment: datetime, key: int) -> None:
        try:
            client().set(self.key, f"{moment.isoformat()} {key}", ex=86_400)
        except redis.RedisError:
            return

    def forget(self) -> None:
        try:
            client().delete(self.key)
        except redis.RedisError:
            return


def _first_of(moment: datetime) -> uuid.UUID:
    """The smallest version 7 identifier of a moment: they begin with the time."""
    made = uuid7(int(moment.timestamp() * 1000))
    return uuid.UUID(int=made.int >> 80 << 80)
