"""What one ``accept`` message holds: alerts, and counts of repeats of alerts that went before."""

from __future__ import annotations

from collections.abc import Sequence

from webhook_alerts.alert import JSON

Item = tuple[str, dict[str, JSON]]
"""``("alert", …)`` as ``Alert.to_dict`` gives it, or ``("repeat", …)``."""


def message(items: Sequence[Item]) -> dict[str, list[JSON]]:
    """*items* as the argument of ``webhook_alerts.accept``."""
    found: dict[str, list[JSON]] = {"alerts": [value for kind, value in items if kind == "alert"]}
    if repeats := [value for kind, value in items if kind == "repeat"]:
        found["repeats"] = repeats
    return found


def alerts_in(items: Sequence[Item]) -> int:
    """How many of *items* are alerts."""
    return sum(kind == "alert" for kind, _ in items)
