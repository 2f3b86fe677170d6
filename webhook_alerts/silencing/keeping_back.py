"""Taking out of what a webhook is owed what is not to be told now: silenced, or muted by something graver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar
from uuid import UUID

from django.db.models.functions import Now
from django.utils import timezone

from webhook_alerts.conf import Config
from webhook_alerts.delivery import notice, record
from webhook_alerts.incidents.untold import hold, untell
from webhook_alerts.matching import Labelled, fit, labels_of
from webhook_alerts.models import Delivery, Silence
from webhook_alerts.models.locking import in_order
from webhook_alerts.silencing import current, silence


class Told(Labelled, Protocol):
    """An alert, or its row."""

    @property
    def id(self) -> UUID:
        """Its id."""

    @property
    def logger(self) -> str:
        """Who raised it."""

    @property
    def fingerprint(self) -> str:
        """What it is grouped by."""


class Owed(Protocol):
    """A delivery that no message carries yet."""

    @property
    def pk(self) -> int:
        """Its row."""

    @property
    def alert(self) -> Told:
        """What is owed."""


Row = TypeVar("Row", bound=Owed)


@dataclass(frozen=True, slots=True)
class Why:
    """Why something is not told: ``reason`` begins with its class; ``silence`` is the one that fits, if one does."""

    reason: str
    silence: Silence | None = None


def keep_back(rows: Sequence[Row], webhook: str, config: Config) -> list[Row]:
    """*rows* without what is not to be told now; that is suppressed, counted, and says why."""
    if not rows or current.get(config).is_empty:
        return list(rows)
    kept: list[Row] = []
    found: dict[Why, list[Row]] = {}
    for row in rows:
        reason = why(row.alert, webhook, config)
        its = kept if reason is None else found.setdefault(reason, [])
        its.append(row)
    for reason, its in found.items():
        _suppress(its, webhook, reason)
    return kept


def why(alert: Told, webhook: str, config: Config) -> Why | None:
    """Why *alert* would not be told at *webhook* now; ``None`` when it would."""
    if alert.logger == notice.LOGGER:
        return None  # what is said about alerting itself, a silence among it
    labels, now = labels_of(alert, webhook), timezone.now()
    in_force = current.get(config)
    for row, matchers in in_force.silences:
        if row.starts_at <= now < row.ends_at and fit(matchers, labels):
            return Why(silence.why(row), row)
    return next((Why(source.reason) for source in in_force.sources if source.mutes(labels)), None)


def _suppress(rows: Sequence[Owed], webhook: str, reason: Why) -> None:
    """Only what no other worker has taken meanwhile."""
    alerts = {row.alert.id for row in rows}
    with record.short():
        held = hold(alerts, {row.alert.fingerprint for row in rows})
        owed = Delivery.objects.filter(pk__in=[row.pk for row in rows], state=Delivery.State.PENDING, message=None)
        number = in_order(owed).update(state=Delivery.State.SUPPRESSED, reason=reason.reason, settled_at=Now())
        if not number:
            return
        record.count_suppressed(webhook, reason.reason.partition(":")[0], number)
        if reason.silence is not None:
            silence.count(reason.silence, number)
        untell(alerts, held)
