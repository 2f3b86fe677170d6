"""Alerts about alerting itself: one row, owed to the webhooks that still work."""

from __future__ import annotations

import time

from webhook_alerts import models
from webhook_alerts.alert import Alert, Kind, Level, uuid7
from webhook_alerts.conf import get_config
from webhook_alerts.delivery.nudge import nudge
from webhook_alerts.intake.columns import row

LOGGER = "webhook_alerts"


def tell(message: str, *, but_not: str, **context: str) -> None:
    """Raise an ERROR with *message* at the webhooks of its route, or any other, *but_not* the one it is about."""
    config = get_config()
    now = time.time()
    alert = Alert(
        id=uuid7(),
        level=Level.ERROR,
        kind=Kind.LOG,
        message=message,
        first_seen=now,
        last_seen=now,
        logger=LOGGER,
        context=context,
        environment=config.environment,
        service=config.service,
    )
    routed = [name for name in config.route(alert) if name != but_not]
    names = routed or [name for name in config.webhooks if name != but_not][:1]
    stored = row(alert)
    stored.save(force_insert=True)
    models.Delivery.objects.bulk_create(
        [models.Delivery(alert=stored, webhook=name, level=alert.level, alone=True) for name in names]
    )
    for name in names:
        nudge(name)
