"""Accepting a batch: what was received becomes rows, exactly once however often the broker brings it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import redis
from django.db import DataError, IntegrityError, router, transaction
from django.utils import timezone

from webhook_alerts import models, tracing
from webhook_alerts.alert import Alert, Level
from webhook_alerts.channels import registry
from webhook_alerts.conf import Config, get_config
from webhook_alerts.delivery import update
from webhook_alerts.delivery.nudge import nudge
from webhook_alerts.incidents import counting
from webhook_alerts.incidents.counting import Seen
from webhook_alerts.incidents.rules import has_incident
from webhook_alerts.intake import dedup, measured, repeats, sent
from webhook_alerts.intake.columns import row
from webhook_alerts.intake.repeats import Told
from webhook_alerts.intake.sent import Sent
from webhook_alerts.models.bulk import insert
from webhook_alerts.outbox.batch import items_of, message
from webhook_alerts.shared_memory import PREFIX, client

logger = logging.getLogger("webhook_alerts.intake")
MALFORMED = f"{PREFIX}malformed"
"""How many alerts could not be read, ever."""
TRIES = 3
"""Looks at a batch of which another worker stores a copy at the same moment."""
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class _Incoming:
    """An alert, the row that it becomes, and the webhooks that it is owed to."""

    alert: Alert
    row: models.Alert
    route: tuple[str, ...]

    @property
    def is_wanted(self) -> bool:
        """DEBUG that no webhook wants is not stored: a handler on the root logger sees thousands."""
        return self.alert.level > Level.DEBUG or bool(self.route)


def accept(batch: Mapping[str, Any]) -> int:
    """Store the alerts of *batch* and what they owe to whom; the number of new alerts.

    Running it again with the same batch changes nothing. Whatever of it cannot be read is counted and logged, and
    the rest accepted. In the trace of the first alert that has one, it is a span.
    """
    alerts = [item for item in batch.get("alerts", ()) if isinstance(item, Mapping)]
    traces = [item.get("traceparent", "") for item in alerts]
    with tracing.span("alert accept", "CONSUMER", traces, {"webhook_alerts.alerts": len(alerts)}) as tell:
        stored = _accept_apart(batch)
        tell({"webhook_alerts.stored": stored})
        return stored


def _accept_apart(batch: Mapping[str, Any]) -> int:
    """Accept it; where the database refuses it for what it holds, by halves, until only what is refused is left out."""
    refused: Exception
    for _ in range(TRIES):
        try:
            return _accept(batch)
        except IntegrityError as error:
            refused = error  # a copy may have been stored just now, or an alert pruned: that is seen at the next look
        except DataError as error:
            refused = error
            break
    items = items_of(batch)
    owed = [item for item in items if item[0] != "sent"]
    if len(owed) < 2:
        _malformed("An alert or a count", refused)
        return 0
    notes = [item for item in items if item[0] == "sent"]
    half = len(owed) // 2
    return sum(_accept_apart(message([*part, *notes])) for part in (owed[:half], owed[half:]))


def _accept(batch: Mapping[str, Any]) -> int:
    config = get_config()
    told = _read_all("A count of repeats", batch.get("repeats", ()), Told.from_dict)
    read = _read_all("An alert", batch.get("alerts", ()), lambda item: _read(item, config))
    incoming = {one.alert.id: one for one in read if one.is_wanted}
    counted = repeats.counted({*incoming, *(one.source for one in told)})
    firsts, folded, owners = _sort(incoming, told, counted, config)
    early = [counted[one.alert.id] for one in firsts if one.alert.id in counted]
    stored = len(firsts)
    noted = _read_all("A note of what was sent", batch.get("sent", ()), Sent.from_dict)
    if firsts or folded or told or noted:
        with transaction.atomic(using=router.db_for_write(models.Alert)):
            insert(sorted((one.row for one in firsts), key=lambda row: row.pk))
            added = repeats.count([*early, *told, *(Told.of(one.alert) for one in folded)], owners)
            counted_on = counting.count(_seen(firsts, added), config, timezone.now())
            _owe(firsts, counted_on.kept_back)
            if noted:
                sent.record(noted)
            update.mark({one.alert for one in added}, counted_on.told_before, counted_on.changed)
            measured.count(firsts, added, counted_on.kept_back)
        firsts = [one for one in firsts if one.alert.id not in counted_on.kept_back]
    _nudge(firsts, config)
    return stored


def _read_all(what: str, items: Iterable[Any], read: Callable[[Any], _Read]) -> list[_Read]:
    """What *read* makes of each item; those that it cannot read are counted and logged."""
    found = []
    for item in items:
        try:
            found.append(read(item))
        except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
            _malformed(what, error)
    return found


def _read(item: Any, config: Config) -> _Incoming:
    alert = Alert.from_dict(item)
    return _Incoming(alert, row(alert), config.route(alert))


def _malformed(what: str, error: Exception) -> None:
    logger.error("%s of a batch could not be read: %s", what, type(error).__name__)
    try:
        client().incr(MALFORMED)
    except redis.RedisError as away:
        logger.warning("Redis is away (%s): it is not counted", type(away).__name__)


def _sort(
    incoming: Mapping[UUID, _Incoming], told: Sequence[Told], counted: Mapping[UUID, Told], config: Config
) -> tuple[list[_Incoming], list[_Incoming], dict[UUID, UUID]]:
    """The alerts to be stored, those to be counted on another, and who owns the counts of whom.

    An alert is stored itself when its window's first is not: that one's worker may have died.
    """
    owners = {source: one.owner for source, one in counted.items() if one.owner}
    stored = _stored({*incoming, *(one.source for one in told)})
    new = [one for key, one in incoming.items() if key not in stored and owners.get(key, key) == key]
    windows = dedup.owners([one.alert for one in new], {one.alert.id: one.route for one in new}, config)
    there = stored | {one.alert.id for one in new if one.alert.id not in windows}
    there |= _stored(set(windows.values()) - there)
    firsts, folded = [], []
    for one in new:
        owner = windows.get(one.alert.id, one.alert.id)
        if owner != one.alert.id and owner in there:
            folded.append(one)
        else:
            owner = one.alert.id
            firsts.append(one)
            there.add(owner)
        owners[one.alert.id] = owner
    return firsts, folded, {**{key: key for key in stored}, **owners}


def _stored(ids: set[UUID]) -> set[UUID]:
    return set(models.Alert.objects.filter(pk__in=ids).values_list("pk", flat=True)) if ids else set()


def _seen(firsts: Sequence[_Incoming], added: Iterable[repeats.Added]) -> list[Seen]:
    """What is to be counted on incidents: new alerts, and repeats of others."""
    return [
        *(
            Seen(one.row.fingerprint, one.row.occurrences, one.row.last_seen, one.row, one.alert.dedup)
            for one in firsts
            if has_incident(one.alert)
        ),
        *(Seen(one.fingerprint, one.count, one.last_seen) for one in added if one.fingerprint and one.count),
    ]


def _owe(firsts: Sequence[_Incoming], kept_back: Mapping[UUID, str]) -> None:
    """The deliveries of *firsts*; of those that are *kept_back*, suppressed ones that say why."""
    now = timezone.now()
    insert(
        [
            models.Delivery(
                alert_id=one.alert.id,
                webhook=name,
                level=one.alert.level,
                created_at=now,
                owed_since=now,
                **_fate(kept_back, one, now),
            )
            for one in firsts
            for name in one.route
        ],
        ignore_conflicts=True,
    )


def _fate(kept_back: Mapping[UUID, str], one: _Incoming, now: datetime) -> dict[str, Any]:
    why = kept_back.get(one.alert.id)
    return {"state": models.Delivery.State.SUPPRESSED, "reason": why, "settled_at": now} if why else {}


def _nudge(firsts: Sequence[_Incoming], config: Config) -> None:
    """Send on at once what is critical or fills a message; the flush sees to the rest."""
    urgent = {name for one in firsts if one.alert.level >= Level.CRITICAL for name in one.route}
    for name, count in Counter(name for one in firsts for name in one.route).items():
        webhook = config.webhooks.get(name)
        if webhook is None:
            continue  # locked: what it is owed waits
        if name in urgent or count >= min(webhook.batch_size, registry.get(webhook.channel).max_alerts):
            nudge(name)
