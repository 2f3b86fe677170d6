"""What accepting a batch adds to the metrics."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Sequence
from functools import partial
from typing import Protocol
from uuid import UUID

from django.db import router, transaction

from webhook_alerts import models
from webhook_alerts.alert import Level
from webhook_alerts.intake.repeats import Added
from webhook_alerts.metrics import catalogue, counters

Counts = Counter[tuple[catalogue.Metric, str, str]]
"""How much of which metric, by its two labels."""


class Stored(Protocol):
    """An alert that was stored, and the webhooks that it is owed to."""

    @property
    def row(self) -> models.Alert:
        """The alert."""

    @property
    def route(self) -> Sequence[str]:
        """The names of the webhooks."""


def count(firsts: Iterable[Stored], added: Sequence[Added], kept_back: Container[UUID]) -> None:
    """Count the alerts that were stored, of which some are *kept_back*, and what was *added* to those and others.

    To be called inside the transaction that stores them: nothing is counted that is not committed.
    """
    found: Counts = Counter()
    for first in firsts:
        row = first.row
        found[_received(row.level, row.kind)] += row.occurrences
        for webhook in first.route:
            found[catalogue.SUPPRESSED, webhook, "repeat"] += row.occurrences - (row.pk not in kept_back)
    webhooks = _webhooks({one.alert for one in added})
    for one in added:
        if one.kind:  # else its alert was pruned meanwhile
            found[_received(one.level, one.kind)] += one.count
        for webhook in webhooks[one.alert]:
            found[catalogue.SUPPRESSED, webhook, "repeat"] += one.count
    transaction.on_commit(partial(_add, found), using=router.db_for_write(models.Alert))


def _received(level: int, kind: str) -> tuple[catalogue.Metric, str, str]:
    return catalogue.RECEIVED, Level.of(level).name.lower(), kind


def _webhooks(alerts: set[UUID]) -> defaultdict[UUID, list[str]]:
    """Which webhooks *alerts* are owed to."""
    found: defaultdict[UUID, list[str]] = defaultdict(list)
    if alerts:
        for alert, webhook in models.Delivery.objects.filter(alert__in=alerts).values_list("alert_id", "webhook"):
            found[alert].append(webhook)
    return found


def _add(counts: Counts) -> None:
    for (metric, *labels), number in counts.items():
        counters.add(metric, *labels, by=number)
