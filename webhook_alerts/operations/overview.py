"""What an operator sees at a glance: every webhook, what ended how, how fast, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min

from webhook_alerts.alert import JSON
from webhook_alerts.drawing.sparkline import hourly
from webhook_alerts.health import report
from webhook_alerts.health.findings import Finding, Status
from webhook_alerts.models import Alert, Delivery, Incident
from webhook_alerts.tallies import read

RANGES: Mapping[str, tuple[timedelta, int]] = {
    "1h": (timedelta(hours=1), 12),
    "24h": (timedelta(hours=24), 48),
    "7d": (timedelta(days=7), 84),
}
"""How far back one may look, and in how many pieces of time."""
INCIDENTS = 10
HOURS = 48
_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One webhook: its gate, what it is owed, and what ended in the chosen time; latencies in seconds."""

    name: str
    state: str
    reason: str
    wait_s: float
    pending: int
    oldest: datetime | None
    delivered: int
    suppressed: int
    failed: int
    trend: Sequence[int]
    latencies: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Busy:
    """One unresolved incident, and how often it occurred in each of the last ``HOURS`` hours."""

    incident: Incident
    hours: Sequence[int]

    @property
    def count(self) -> int:
        """In these hours."""
        return sum(self.hours)


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything, as of ``at``."""

    at: datetime
    range: str
    status: Status
    findings: Mapping[str, Finding]
    lines: Sequence[Line]
    series: read.Series
    latencies: Sequence[float | None]
    incidents: Sequence[Busy]
    failed_why: Mapping[str, int]
    suppressed_why: Mapping[str, int]
    is_empty: bool

    @property
    def wrong(self) -> list[tuple[str, str]]:
        """Which services are not well, and why."""
        return [(name, found.reason) for name, found in self.findings.items() if found.status is not Status.HEALTHY]

    def details(self, service: str) -> Mapping[str, JSON]:
        """What a service's check found; empty where it could not be asked."""
        found = self.findings.get(service)
        return found.details if found else {}


def overview(chosen: str, now: datetime) -> Overview:
    """How everything stands at *now*, over one of ``RANGES``.

    A fixed number of queries, whose cost does not grow with history; whatever does not answer within about a second
    is told as unknown. Raises only what the database raises.
    """
    span, count = RANGES[chosen]
    since = now - span
    found = report.current()
    latencies = read.percentiles(since, now)
    return Overview(
        at=now,
        range=chosen,
        status=found.status,
        findings={name: finding for name, finding in found.findings.items() if name != report.FIGURES},
        lines=_lines(found.findings["webhooks"], since, now, count, latencies),
        series=read.series(since, now, count),
        latencies=latencies.get("", [None] * len(read.PARTS)),
        incidents=_incidents(now),
        failed_why=read.reasons(since, now, "failed"),
        suppressed_why=read.reasons(since, now, "suppressed"),
        is_empty=not Alert.objects.exists(),
    )


def _lines(
    webhooks: Finding,
    since: datetime,
    now: datetime,
    count: int,
    latencies: Mapping[str, Sequence[float | None]],
) -> list[Line]:
    ended, owed = read.by_webhook(since, now), _owed()
    trends = read.trends(since, now, count)
    gates: Mapping[str, Mapping[str, JSON]] = webhooks.details.get("webhooks", {})
    return [
        Line(
            name=name,
            state=str(gates.get(name, {}).get("gate", "unknown")),
            reason=str(gates.get(name, {}).get("reason", "")),
            wait_s=float(gates.get(name, {}).get("wait_s", 0.0)),
            pending=owed.get(name, (0, None))[0],
            oldest=owed.get(name, (0, None))[1],
            trend=trends.get(name, [0] * count),
            latencies=latencies.get(name, [None] * len(read.PARTS)),
            **ended.get(name, dict.fromkeys(read.MEASURES, 0)),
        )
        for name in dict.fromkeys([*gates, *owed, *ended])
    ]


def _owed() -> dict[str, tuple[int, datetime | None]]:
    """How much each webhook is owed, and since when."""
    owed = Delivery.objects.filter(state__in=[Delivery.State.PENDING, Delivery.State.SENDING])
    rows = owed.order_by().values_list("webhook").annotate(n=Count("pk"), since=Min("created_at"))
    return {name: (number, oldest) for name, number, oldest in rows}


def _incidents(now: datetime) -> list[Busy]:
    """The most frequent of the unresolved incidents seen last."""
    unresolved = Incident.objects.filter(state__in=[Incident.State.OPEN, Incident.State.ACKNOWLEDGED])
    rows = unresolved.defer("labels", "reopenings").order_by("-last_seen")[:_LOOKED_AT]
    busy = [Busy(row, hourly(row.hours, now.timestamp(), HOURS)) for row in rows]
    return sorted(busy, key=lambda each: -each.count)[:INCIDENTS]
