"""Reading the tallies, with what has ended since they were made."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet, Sum

from webhook_alerts.models import Tally
from webhook_alerts.tallies.buckets import BUCKET_S, percentile, pieces
from webhook_alerts.tallies.count import ended, latencies, sums

PARTS = (0.5, 0.95, 0.99)
MEASURES = (Tally.Measure.DELIVERED.value, Tally.Measure.SUPPRESSED.value, Tally.Measure.FAILED.value)


@dataclass(frozen=True, slots=True)
class Series:
    """What ended in equal pieces of time: ``starts`` in Unix seconds, and by measure as many counts."""

    starts: Sequence[int]
    counts: Mapping[str, Sequence[int]]


def series(since: datetime, until: datetime, count: int, webhook: str = "") -> Series:
    """*count* pieces up to *until*, of one *webhook* or of all."""
    begin, step = pieces(since, until, count)
    found: defaultdict[str, list[int]] = defaultdict(lambda: [0] * count)
    rows = _of(begin, until, webhook).exclude(measure=Tally.Measure.LATENCY)
    for start, measure, number in rows.order_by().values_list("start", "measure").annotate(n=Sum("count")):
        found[measure][min(count - 1, int((start - begin) / step))] += number
    for (name, measure, _level, _label), number in _since_counted(begin, until, webhook)[0].items():
        if name == webhook or not webhook:
            found[measure][count - 1] += number
    starts = [int((begin + step * piece).timestamp()) for piece in range(count)]
    return Series(starts, {measure: found[measure] for measure in MEASURES})


def trends(since: datetime, until: datetime, count: int) -> dict[str, list[int]]:
    """By webhook, what was delivered in each of *count* pieces up to *until*."""
    begin, step = pieces(since, until, count)
    found: defaultdict[str, list[int]] = defaultdict(lambda: [0] * count)
    rows = _of(begin, until).filter(measure=Tally.Measure.DELIVERED)
    for webhook, start, number in rows.order_by().values_list("webhook", "start").annotate(n=Sum("count")):
        found[webhook][min(count - 1, int((start - begin) / step))] += number
    for (webhook, measure, _level, _label), number in _since_counted(begin, until)[0].items():
        if measure == Tally.Measure.DELIVERED:
            found[webhook][count - 1] += number
    return dict(found)


def by_webhook(since: datetime, until: datetime) -> dict[str, dict[str, int]]:
    """How much was delivered, suppressed and failed at each webhook."""
    found: defaultdict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(MEASURES, 0))
    rows = _of(since, until).exclude(measure=Tally.Measure.LATENCY)
    for webhook, measure, number in rows.order_by().values_list("webhook", "measure").annotate(n=Sum("count")):
        found[webhook][measure] += number
    for (webhook, measure, _level, _label), number in _since_counted(since, until)[0].items():
        found[webhook][measure] += number
    return dict(found)


def reasons(since: datetime, until: datetime, measure: str) -> dict[str, int]:
    """Why what failed, or was suppressed, by class, the most frequent first."""
    found: Counter[str] = Counter()
    rows = _of(since, until).filter(measure=measure)
    for label, number in rows.order_by().values_list("label").annotate(n=Sum("count")):
        found[label] += number
    for (_webhook, what, _level, label), number in _since_counted(since, until)[0].items():
        if what == measure:
            found[label] += number
    return dict(found.most_common())


def percentiles(since: datetime, until: datetime) -> dict[str, list[float | None]]:
    """The times from call to delivery that ``PARTS`` stayed within: by webhook, and of all by the empty name."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    rows = _of(since, until).filter(measure=Tally.Measure.LATENCY)
    for webhook, label, number in rows.order_by().values_list("webhook", "label").annotate(n=Sum("count")):
        counts[webhook][label] += number
        counts[""][label] += number
    for (webhook, _measure, _level, label), number in _since_counted(since, until)[1].items():
        counts[webhook][label] += number
        counts[""][label] += number
    return {webhook: [percentile(classes, part) for part in PARTS] for webhook, classes in counts.items()}


def _of(since: datetime, until: datetime, webhook: str = "") -> QuerySet[Tally]:
    rows = Tally.objects.filter(start__gte=since, start__lt=until)
    return rows.filter(webhook=webhook) if webhook else rows


def _since_counted(since: datetime, until: datetime, webhook: str = "") -> tuple[Counter, Counter]:  # type: ignore[type-arg]
    """What ended after the last bucket that is counted, or within the last quarter of an hour: never much."""
    last = Tally.objects.filter(seconds=BUCKET_S).order_by("-start").values_list("start", flat=True).first()
    begin = max(since, until - timedelta(seconds=3 * BUCKET_S))
    if last is not None:
        begin = max(begin, last + timedelta(seconds=BUCKET_S))
    rows = ended(begin, until)
    rows = rows.filter(webhook=webhook) if webhook else rows
    return sums(rows), latencies(rows)
