"""What a silence would have kept back of the newest alerts: for who makes one, and to know whom it concerns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Prefetch

from webhook_alerts.alert import Level
from webhook_alerts.delivery import notice
from webhook_alerts.matching import COLUMNS, Matcher, fit, labels_of, read
from webhook_alerts.models import Alert, Delivery, Silence

LOOKED_AT = 1_000
"""The newest alerts that are looked through."""
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """Of ``looked_at`` alerts, the oldest of ``since``, ``fitting`` fit, ``critical`` of them critical.

    ``often`` are the messages that come most often among them; ``webhooks`` those that they were owed to.
    """

    looked_at: int = 0
    since: datetime | None = None
    fitting: int = 0
    critical: int = 0
    often: Sequence[tuple[str, int]] = ()
    webhooks: frozenset[str] = field(default_factory=frozenset)


def matchers_of(silence: Silence) -> tuple[Matcher, ...]:
    """What *silence* is about. Raises ``MatcherError`` where another release has written it."""
    return read(silence.matchers)


def newest_that_fit(matchers: Sequence[Matcher]) -> Sample:
    """What *matchers* fit of the newest alerts, at any of the webhooks that they were owed to; two queries."""
    owed = Prefetch("deliveries", Delivery.objects.only("alert_id", "webhook"))
    rows = list(Alert.objects.only(*COLUMNS, "received_at").order_by("-pk").prefetch_related(owed)[:LOOKED_AT])
    texts: Counter[str] = Counter()
    webhooks: set[str] = set()
    critical = 0
    for row in rows:
        if row.logger == notice.LOGGER:
            continue
        names = [delivery.webhook for delivery in row.deliveries.all()]
        fitting = [name for name in names or [""] if fit(matchers, labels_of(row, name))]
        if fitting:
            texts[row.message] += 1
            webhooks.update(fitting)
            critical += row.level >= Level.CRITICAL
    since = rows[-1].received_at if rows else None
    return Sample(
        len(rows), since, texts.total(), critical, tuple(texts.most_common(SHOWN)), frozenset(webhooks - {""})
    )
