"""What was let through and then told nowhere: when it comes again, it is news."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Greatest

from webhook_alerts.models import Delivery, Incident


def untell(alerts: Collection[UUID], fingerprints: Collection[str]) -> None:
    """*alerts*, of these *fingerprints*, were silenced: as far as no webhook has them, their episodes are as before.

    Else what comes after a silence would be kept back as the repeat of what nobody has seen. To be called in the
    transaction that suppresses them.
    """
    elsewhere = Delivery.objects.filter(alert__in=alerts).exclude(state=Delivery.State.SUPPRESSED)
    silent = set(alerts) - set(elsewhere.values_list("alert_id", flat=True))
    rows = Incident.objects.filter(pk__in=fingerprints, told_alert__in=silent)
    # Locked in the order in which everybody does.
    locked = list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))
    rows.filter(pk__in=locked).update(told=Greatest(F("told") - 1, 0), told_level=0)
