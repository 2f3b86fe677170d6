"""Accepting a batch: what was received becomes rows, exactly once however often the broker brings it."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import models as orm
from django.db import router, transaction
from django.db.models.functions import Greatest

from webhook_alerts import models
from webhook_alerts.alert import Alert, Level
from webhook_alerts.conf import Config, get_config
from webhook_alerts.delivery.nudge import nudge
from webhook_alerts.intake import dedup
from webhook_alerts.intake.columns import moment, row
from webhook_alerts.intake.dedup import Repeat

logger = logging.getLogger("webhook_alerts.intake")


def accept(batch: Mapping[str, Any]) -> int:
    """Store the alerts of *batch* and what they owe to whom; the number of new alerts.

    Running it again with the same batch changes nothing. Whatever of it cannot be read is counted and logged, and
    the rest accepted. DEBUG alerts that no webhook wants are not stored: a handler on the root logger sees thousands.
    """
    config = get_config()
    alerts = [
        alert for alert in _read_alerts(batch.get("alerts", ())) if alert.level > Level.DEBUG or config.route(alert)
    ]
    told = _read_repeats(batch.get("repeats", ()))
    folding = dedup.fold(alerts, told, config)
    named = {*(alert.id for alert in alerts), *folding.named}
    stored = set(models.Alert.objects.filter(id__in=named).values_list("id", flat=True)) if named else set()
    firsts, repeats = folding.settle(alerts, stored)
    owed = [(alert, name) for alert in firsts for name in config.route(alert)]
    if firsts or repeats:
        with transaction.atomic(using=router.db_for_write(models.Alert)):
            _store(firsts, owed)
            _count(repeats)
    dedup.remember(repeats)
    _nudge(owed, config)
    return len(firsts)


def _read_alerts(items: Iterable[Any]) -> list[Alert]:
    """The alerts that can be read, one for each id."""
    found: dict[UUID, Alert] = {}
    for item in items:
        try:
            alert = Alert.from_dict(item)
            row(alert)
        except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
            _malformed("An alert", error)
            continue
        found.setdefault(alert.id, alert)
    return list(found.values())


def _read_repeats(items: Iterable[Any]) -> list[Repeat]:
    found = []
    for item in items:
        try:
            found.append(Repeat.from_dict(item))
        except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
            _malformed("A count of repeats", error)
    return found


def _malformed(what: str, error: Exception) -> None:
    logger.error("%s of a batch could not be read: %s", what, type(error).__name__)
    dedup.count_malformed()


def _store(firsts: Sequence[Alert], owed: Sequence[tuple[Alert, str]]) -> None:
    models.Alert.objects.bulk_create([row(alert) for alert in firsts], ignore_conflicts=True)
    models.Delivery.objects.bulk_create(
        [models.Delivery(alert_id=alert.id, webhook=name, level=alert.level) for alert, name in owed],
        ignore_conflicts=True,
    )


def _count(repeats: Sequence[Repeat]) -> None:
    """Add what was repeated to the alerts that stand for it, in one statement for all."""
    if not repeats:
        return
    counts: defaultdict[UUID, int] = defaultdict(int)
    latest: dict[UUID, float] = {}
    samples: dict[UUID, list[str]] = {}
    for repeat in repeats:
        counts[repeat.alert_id] += repeat.count
        latest[repeat.alert_id] = max(repeat.last_seen, latest.get(repeat.alert_id, 0.0))
        if repeat.samples:
            samples[repeat.alert_id] = list(repeat.samples)

    def each(values: Mapping[UUID, Any], field: orm.Field[Any, Any], default: Any) -> orm.Case:
        whens = (orm.When(id=key, then=orm.Value(value, output_field=field)) for key, value in values.items())
        return orm.Case(*whens, default=default, output_field=field)

    seen = {key: moment(at) for key, at in latest.items()}
    changes: dict[str, Any] = {
        "occurrences": orm.F("occurrences") + each(counts, orm.IntegerField(), orm.Value(0)),
        "last_seen": Greatest(orm.F("last_seen"), each(seen, orm.DateTimeField(), orm.F("last_seen"))),
    }
    if samples:
        changes["samples"] = each(samples, orm.JSONField(), orm.F("samples"))
    models.Alert.objects.filter(id__in=list(counts)).update(**changes)


def _nudge(owed: Sequence[tuple[Alert, str]], config: Config) -> None:
    """Send on at once what is critical or fills a message; the flush sees to the rest."""
    urgent = {name for alert, name in owed if alert.level >= Level.CRITICAL}
    for name, count in Counter(name for _, name in owed).items():
        if name in urgent or count >= config.webhooks[name].batch_size:
            nudge(name)
