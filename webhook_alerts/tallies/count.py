"""Counting what ended, bucket by bucket, once its time is over: no delivery pays for a chart.

A bucket is counted anew while deliveries may still be committed that belong to it; a count replaces the one before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import IntegrityError
from django.db.models import Case, CharField, Count, F, QuerySet, Sum, Value, When

from webhook_alerts.delivery import record
from webhook_alerts.metrics.reasons import class_of
from webhook_alerts.models import Delivery, Tally
from webhook_alerts.tallies.buckets import BEYOND, BOUNDS_S, BUCKET_S, HOUR_S, floor, label

LATE = timedelta(seconds=60)
"""So long after its end a bucket is counted first."""
AGAIN = timedelta(seconds=2 * BUCKET_S)
"""What ended so long before the last count is counted again, for transactions that took their time."""
FINE = timedelta(days=2)
"""Older buckets are folded into hours."""
KEPT = timedelta(days=400)
"""Hours are kept for so long: a year, and the weeks that it is compared with."""
MOST = 200
"""Buckets, and hours to be folded, in one round."""
_Key = tuple[str, str, int, str]


def count_due(now: datetime) -> int:
    """Count the buckets whose time is over, fold what is old, and let go of what is too old; how many were counted."""
    counted = 0
    for start in _filled(_begin(now), floor(now - LATE, BUCKET_S)):
        _replace(start)
        counted += 1
        if counted == MOST:
            break
    _fold(floor(now - FINE, HOUR_S))
    Tally.objects.filter(start__lt=now - KEPT).delete()
    return counted


def ended(since: datetime, until: datetime) -> QuerySet[Delivery]:
    """The deliveries that ended between the two."""
    return Delivery.objects.filter(settled_at__gte=since, settled_at__lt=until)


def sums(rows: QuerySet[Delivery]) -> Counter[_Key]:
    """How many of *rows* ended how: by webhook, measure, level, and class of the reason."""
    found: Counter[_Key] = Counter()
    grouped = rows.order_by().values_list("webhook", "state", "level", "reason").annotate(n=Count("pk"))
    for webhook, state, level, reason, number in grouped:
        if state in Tally.Measure.values:
            found[webhook, state, level, _label(state, reason)] += number
    return found


def latencies(rows: QuerySet[Delivery]) -> Counter[_Key]:
    """How long those of *rows* that were delivered took from the call, by webhook and class."""
    first = F("alert__first_seen")
    took = Case(
        *(When(delivered_at__lte=first + timedelta(seconds=bound), then=Value(label(bound))) for bound in BOUNDS_S),
        default=Value(BEYOND),
        output_field=CharField(),
    )
    delivered = rows.filter(state=Delivery.State.DELIVERED, delivered_at__isnull=False)
    grouped = delivered.order_by().annotate(took=took).values_list("webhook", "took").annotate(n=Count("pk"))
    return Counter({(webhook, Tally.Measure.LATENCY.value, 0, bound): number for webhook, bound, number in grouped})


def _label(state: str, reason: str) -> str:
    """The class of *reason*: few, for every one is a row."""
    if state == Delivery.State.FAILED:
        return class_of(reason)
    return reason.partition(":")[0][:64] if state == Delivery.State.SUPPRESSED else ""


def _begin(now: datetime) -> datetime:
    """Where this round begins: a little before the last that was counted, and never among what is folded."""
    oldest = floor(now - FINE, HOUR_S) + timedelta(seconds=HOUR_S)
    last = Tally.objects.filter(seconds=BUCKET_S).order_by("-start").values_list("start", flat=True).first()
    return max(oldest, last - AGAIN) if last else oldest


def _filled(start: datetime, closed: datetime) -> Iterator[datetime]:
    """The buckets from *start* until *closed* in which anything ended; times of quiet cost nothing."""
    while True:
        later = ended(start, closed).order_by("settled_at").values_list("settled_at", flat=True)
        first = later.first()
        if first is None:
            return
        start = floor(first, BUCKET_S)
        yield start
        start += timedelta(seconds=BUCKET_S)


def _replace(start: datetime) -> None:
    rows = ended(start, start + timedelta(seconds=BUCKET_S))
    counts = sums(rows) + latencies(rows)
    try:
        with record.short():
            Tally.objects.filter(start=start, seconds=BUCKET_S).delete()
            Tally.objects.bulk_create(_rows(start, BUCKET_S, counts))
    except IntegrityError:
        return  # another worker counts the same, to the same end


def _rows(start: datetime, seconds: int, counts: Counter[_Key]) -> list[Tally]:
    return [
        Tally(start=start, seconds=seconds, webhook=key[0], measure=key[1], level=key[2], label=key[3], count=number)
        for key, number in sorted(counts.items())
    ]


def _fold(before: datetime) -> None:
    """Make hours of the buckets that are older."""
    old = Tally.objects.filter(seconds=BUCKET_S, start__lt=before)
    for _ in range(MOST):
        first = old.order_by("start").values_list("start", flat=True).first()
        if first is None:
            return
        hour = floor(first, HOUR_S)
        fine = Tally.objects.filter(seconds=BUCKET_S, start__gte=hour, start__lt=hour + timedelta(seconds=HOUR_S))
        try:
            with record.short():
                grouped = fine.order_by().values_list("webhook", "measure", "level", "label").annotate(n=Sum("count"))
                counts = Counter({(webhook, measure, level, name): n for webhook, measure, level, name, n in grouped})
                fine.delete()
                Tally.objects.bulk_create(_rows(hour, HOUR_S, counts))
        except IntegrityError:
            return  # another worker folds
