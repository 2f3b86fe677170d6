"""What a digest says, read from the tallies, the incidents and the slowest deliveries of its period."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import DurationField, Exists, ExpressionWrapper, F, OuterRef, Sum

from webhook_alerts.models import Delivery, Incident, Tally

SHOWN = 5
"""Groups, and slowest deliveries, that a digest names."""
_LOOKED_AT = 500
"""Incidents seen last that are looked through for the most frequent."""


@dataclass(frozen=True, slots=True)
class Group:
    """An incident in a period: how often it occurred then."""

    title: str
    level: int
    count: int
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Contents:
    """The sums of one webhook over a period, and those of the period before."""

    delivered: Mapping[int, int] = field(default_factory=dict)
    delivered_before: Mapping[int, int] = field(default_factory=dict)
    failed: Mapping[str, int] = field(default_factory=dict)
    suppressed: Mapping[str, int] = field(default_factory=dict)
    groups: tuple[Group, ...] = ()
    new_groups: int = 0
    slowest: tuple[tuple[float, str], ...] = ()

    @property
    def total(self) -> int:
        """What was delivered."""
        return sum(self.delivered.values())

    @property
    def is_empty(self) -> bool:
        """Is there nothing to say?"""
        return not (self.total or self.failed or self.suppressed)


def read(webhook: str, starts: datetime, ends: datetime) -> Contents:
    """What happened at *webhook* between the two."""
    sums = _sums(webhook, starts, ends)
    before = _sums(webhook, starts - (ends - starts), starts)
    groups = list(_groups(webhook, starts, ends))
    return Contents(
        delivered=_by(sums, Tally.Measure.DELIVERED, 1),
        delivered_before=_by(before, Tally.Measure.DELIVERED, 1),
        failed=_by(sums, Tally.Measure.FAILED, 2),
        suppressed=_by(sums, Tally.Measure.SUPPRESSED, 2),
        groups=tuple(groups[:SHOWN]),
        new_groups=sum(group.is_new for group in groups),
        slowest=tuple(_slowest(webhook, starts, ends)),
    )


def _sums(webhook: str, starts: datetime, ends: datetime) -> list[tuple[str, int, str, int]]:
    rows = Tally.objects.filter(webhook=webhook, start__gte=starts, start__lt=ends).exclude(
        measure=Tally.Measure.LATENCY
    )
    return list(rows.order_by().values_list("measure", "level", "label").annotate(n=Sum("count")))


def _by(sums: list[tuple[str, int, str, int]], measure: str, column: int) -> dict:  # type: ignore[type-arg]
    found: Counter[object] = Counter()
    for row in sums:
        if row[0] == measure:
            found[row[column]] += row[3]
    return dict(found.most_common())


def _groups(webhook: str, starts: datetime, ends: datetime) -> Iterator[Group]:
    """The incidents that this webhook was owed something of, the most frequent first."""
    first, last = int(starts.timestamp() // 3600), int(ends.timestamp() // 3600)
    its = Delivery.objects.filter(alert__fingerprint=OuterRef("pk"), webhook=webhook)
    rows = Incident.objects.filter(last_seen__gte=starts, first_seen__lt=ends).order_by("-last_seen")
    counted = []
    shown = rows.only("pk", "title", "exception_type", "level", "hours", "first_seen")
    for row in shown.annotate(is_its=Exists(its))[:_LOOKED_AT]:
        number = sum(count for hour, count in row.hours.items() if first <= int(hour) < max(last, first + 1))
        if number and row.is_its:
            counted.append((number, row))
    counted.sort(key=lambda pair: -pair[0])
    for number, row in counted:
        kind = row.exception_type.rpartition(".")[2]
        title = f"{kind}: {row.title}" if kind and kind not in row.title else row.title
        yield Group(title or row.pk, row.level, number, is_new=starts <= row.first_seen < ends)


def _slowest(webhook: str, starts: datetime, ends: datetime) -> Iterator[tuple[float, str]]:
    """Seconds from the call to the delivery, and what of."""
    took = ExpressionWrapper(F("delivered_at") - F("alert__first_seen"), output_field=DurationField())
    rows = Delivery.objects.filter(
        webhook=webhook, state=Delivery.State.DELIVERED, settled_at__gte=starts, settled_at__lt=ends
    )
    for seconds, message in rows.annotate(took=took).order_by("-took").values_list("took", "alert__message")[:3]:
        if seconds is not None and seconds.total_seconds() >= 1:
            yield seconds.total_seconds(), message
