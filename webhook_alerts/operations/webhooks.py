"""How each webhook stands: its gate, what it owes, and its latest requests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from webhook_alerts.conf import get_config
from webhook_alerts.delivery.gate import state_of
from webhook_alerts.models import Attempt, Delivery, Pause

COUNTED = 10_000
"""Pending deliveries that are counted at the most."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One webhook. ``gate`` is a state of ``gate.state_of``, ``wait_s`` in seconds; ``pending`` at most ``COUNTED``.

    ``last`` is the latest request, ``delivered_at`` when the latest arrived.
    """

    name: str
    channel: str
    gate: str
    wait_s: float
    reason: str
    pause: Pause | None
    pending: int
    oldest: datetime | None
    last: Attempt | None
    delivered_at: datetime | None


def standings() -> list[Standing]:
    """Every configured webhook, as its name sorts; each costs the same few queries, whatever its history."""
    pauses = Pause.objects.in_bulk()
    return [
        _standing(name, webhook.channel, pauses.get(name)) for name, webhook in sorted(get_config().configured.items())
    ]


def _standing(name: str, channel: str, pause: Pause | None) -> Standing:
    seen = state_of(name)
    owed = Delivery.objects.filter(webhook=name, state__in=[Delivery.State.PENDING, Delivery.State.SENDING]).order_by()
    pending = owed.values("pk")[:COUNTED].count()
    requests = Attempt.objects.filter(webhook=name).order_by("-started_at")
    arrived = requests.filter(outcome=Attempt.Outcome.DELIVERED)
    return Standing(
        name=name,
        channel=channel,
        gate=seen["state"],
        wait_s=seen["wait_s"],
        reason=str(seen["reason"]),
        pause=pause if seen["state"] == "paused" else None,
        pending=pending,
        oldest=owed.order_by("owed_since").values_list("owed_since", flat=True).first() if pending else None,
        last=requests.first(),
        delivered_at=arrived.values_list("started_at", flat=True).first(),
    )
