"""Adding up what was repeated, exactly once however often the broker brings the same count.

A process counts the repeats of its own alert and tells the total so far, so that a later count replaces an earlier
one. Its alert may have been folded into another's: a ``Repeat`` row says into which, and how far it has been counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models as orm
from django.db.models.functions import Greatest

from webhook_alerts import models
from webhook_alerts.alert import Alert
from webhook_alerts.intake.columns import moment, text
from webhook_alerts.models.locking import locked

MOST = 2**31 - 1
"""What a counter's column holds."""


@dataclass(frozen=True, slots=True)
class Told:
    """The alert *source* was seen *total* times by its process, *last_seen* in Unix seconds.

    ``owner`` is the alert that it was counted on before, if it was.
    """

    source: UUID
    total: int
    last_seen: float
    samples: tuple[str, ...] = ()
    owner: UUID | None = None

    @classmethod
    def from_dict(cls, item: Mapping[str, Any]) -> Told:
        """What an outbox tells. Raises ``KeyError``, ``TypeError`` or ``ValueError``."""
        total, last_seen = min(int(item["total"]), MOST), float(item["last_seen"])
        if total < 1:
            raise ValueError("no repeat")
        moment(last_seen)
        return cls(UUID(item["id"]), total, last_seen, tuple(text(str(s)) for s in item.get("samples", ())))

    @classmethod
    def of(cls, alert: Alert) -> Told:
        """An alert that is folded into another."""
        return cls(alert.id, alert.occurrences, alert.last_seen)


def counted(sources: Iterable[UUID]) -> dict[UUID, Told]:
    """What was counted before of these *sources*."""
    rows = models.Repeat.objects.filter(source__in=list(sources))
    return {row.source: Told(row.source, row.total, row.created_at.timestamp(), owner=row.alert_id) for row in rows}


@dataclass(frozen=True, slots=True)
class Added:
    """*count* more occurrences of *alert*, whose level, kind and fingerprint are told; the latest at *last_seen*."""

    alert: UUID
    level: int
    kind: str
    fingerprint: str
    count: int
    last_seen: datetime


def count(told: Iterable[Told], owners: Mapping[UUID, UUID]) -> list[Added]:
    """Add what is *told* to the alerts that own it; a source without an owner is kept until its alert comes.

    To be called inside a transaction, after the alerts are stored.
    """
    latest = _latest(told)
    if not latest:
        return []
    # Whoever counts for the same alerts waits here, so that both see what the other has written.
    targets = {owners[source] for source in latest if source in owners}
    held = locked(models.Alert.objects.filter(pk__in=targets))
    stored = {row[0]: row for row in held.values_list("pk", "level", "kind", "fingerprint")}
    rows = models.Repeat.objects.in_bulk(list(latest))
    added: defaultdict[UUID, list[tuple[int, Told]]] = defaultdict(list)
    changed = []
    for source, one in sorted(latest.items()):
        owner = owners.get(source)
        row = rows.get(source) or models.Repeat(source=source)
        before = _share(row.total, source, row.alert_id) if row.alert_id else 0
        row.total = max(row.total, one.total)
        row.alert_id = row.alert_id or owner
        changed.append(row)
        if row.alert_id:
            added[row.alert_id].append((_share(row.total, source, row.alert_id) - before, one))
    models.Repeat.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=["source"], update_fields=["alert", "total"]
    )
    _add(added)
    return [
        Added(
            *stored.get(owner, (owner, 0, "", "")),
            sum(number for number, _ in parts),
            moment(max(one.last_seen for _, one in parts)),
        )
        for owner, parts in added.items()
    ]


def _latest(told: Iterable[Told]) -> dict[UUID, Told]:
    found: dict[UUID, Told] = {}
    for one in told:
        if one.source not in found or one.total >= found[one.source].total:
            found[one.source] = one
    return found


def _share(total: int, source: UUID, owner: UUID) -> int:
    """What a source adds to its owner's row, which counts the owner's own first occurrence already."""
    return max(0, total - (source == owner))


def _add(added: Mapping[UUID, Sequence[tuple[int, Told]]]) -> None:
    """Raise the counters, in one statement for all."""
    counts = {owner: sum(number for number, _ in parts) for owner, parts in added.items()}
    seen = {owner: moment(max(one.last_seen for _, one in parts)) for owner, parts in added.items()}
    samples = {owner: list(one.samples) for owner, parts in added.items() for _, one in parts if one.samples}
    if not counts:
        return

    def each(values: Mapping[UUID, Any], field: orm.Field[Any, Any], default: Any) -> orm.Case:
        whens = (orm.When(id=key, then=orm.Value(value, output_field=field)) for key, value in values.items())
        return orm.Case(*whens, default=default, output_field=field)

    changes: dict[str, Any] = {
        "occurrences": orm.F("occurrences") + each(counts, orm.IntegerField(), orm.Value(0)),
        "last_seen": Greatest(orm.F("last_seen"), each(seen, orm.DateTimeField(), orm.F("last_seen"))),
    }
    if samples:
        changes["samples"] = each(samples, orm.JSONField(), orm.F("samples"))
    models.Alert.objects.filter(id__in=list(counts)).update(**changes)
