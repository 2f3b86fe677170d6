"""What was let through and then told nowhere: when it comes again, it is news."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Greatest

from webhook_alerts.models import Delivery, Incident
from webhook_alerts.models.locking import locked


def hold(alerts: Collection[UUID], fingerprints: Collection[str]) -> list[str]:
    """Of these *fingerprints*, the incidents that were told by one of *alerts*, which are to be silenced.

    To be called before anything of the alerts is changed: whoever accepts has incidents before deliveries. And who
    silences the same alerts at another webhook waits, and sees then what was silenced here.
    """
    rows = Incident.objects.filter(pk__in=fingerprints, told_alert__in=alerts)
    return list(locked(rows).values_list("pk", flat=True))


def untell(alerts: Collection[UUID], held: Collection[str]) -> None:
    """*alerts*, whose incidents are *held*, were silenced: as far as no webhook has them, their episodes are as before.

    Else what comes after a silence would be kept back as the repeat of what nobody has seen. To be called in the
    transaction that suppresses them.
    """
    elsewhere = Delivery.objects.filter(alert__in=alerts).exclude(state=Delivery.State.SUPPRESSED)
    silent = set(alerts) - set(elsewhere.values_list("alert_id", flat=True))
    rows = Incident.objects.filter(pk__in=held, told_alert__in=silent)
    rows.update(told=Greatest(F("told") - 1, 0), told_level=0)
