"""Sending to a webhook again, at once, because an operator says so."""

from __future__ import annotations

from webhook_alerts.delivery.gate import gate_for
from webhook_alerts.delivery.nudge import clear, nudge


def resume(webhook: str, actor: str = "") -> bool:
    """End a pause, a cooldown and an open breaker because *actor* says so, and look at what is due; was there a pause?

    Raises ``KeyError`` for a webhook that is not configured.
    """
    was_paused = gate_for(webhook).resume(actor)
    clear(webhook)
    nudge(webhook)
    return was_paused
