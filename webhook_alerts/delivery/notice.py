"""Alerts about alerting itself: one row, owed to the webhooks that still work.

Their sentences are kept in English, and retold in the language of each webhook's readers.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from django.db import router, transaction

from webhook_alerts import models
from webhook_alerts.alert import Alert, Kind, Level, uuid7
from webhook_alerts.conf import get_config
from webhook_alerts.delivery.nudge import nudge
from webhook_alerts.intake.columns import row
from webhook_alerts.retelling import retell

LOGGER = "webhook_alerts"


def tell(message: str, *, but_not: str, **context: str) -> None:
    """Raise an ERROR with *message* at the webhooks of its route, or any other, *but_not* the one it is about."""
    config = get_config()
    routed = [name for name in config.route(_notice(message, Level.ERROR, context)) if name != but_not]
    post(message, Level.ERROR, routed or [name for name in config.webhooks if name != but_not][:1], **context)


def post(message: str, level: Level, webhooks: Iterable[str], **context: str) -> None:
    """Owe *webhooks* the *message*, in a message of its own; they are looked at once that is committed."""
    alert = _notice(message, level, context)
    stored = row(alert)
    stored.save(force_insert=True)
    names = list(webhooks)
    models.Delivery.objects.bulk_create(
        [models.Delivery(alert=stored, webhook=name, level=alert.level, alone=True) for name in names]
    )
    for name in names:
        transaction.on_commit(partial(nudge, name), using=router.db_for_write(models.Delivery))


def retold(alerts: Sequence[Alert]) -> list[Alert]:
    """*alerts*, those about alerting itself in the language that is active."""
    return [_retold(alert) if alert.logger == LOGGER else alert for alert in alerts]


def _retold(alert: Alert) -> Alert:
    context = {
        retell(name): retell(value) if isinstance(value, str) else value for name, value in alert.context.items()
    }
    return replace(alert, message=retell(alert.message), context=context)


def _notice(message: str, level: Level, context: Mapping[str, str]) -> Alert:
    config = get_config()
    now = time.time()
    return Alert(
        id=uuid7(),
        level=level,
        kind=Kind.LOG,
        message=message,
        first_seen=now,
        last_seen=now,
        logger=LOGGER,
        context=context,
        environment=config.environment,
        service=config.service,
    )
