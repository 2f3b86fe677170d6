"""What a check found, and what all findings together come to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from webhook_alerts.alert import JSON

ESSENTIAL = ("database", "redis", "broker")
"""The services without which nothing can be served: one that is unhealthy makes everything so."""


class Status(StrEnum):
    """The words of the answers. ``unknown``: it cannot be told, because what would tell is away."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """How one service stands; ``reason`` is a sentence for people, empty while it is healthy."""

    status: Status = Status.HEALTHY
    reason: str = ""
    details: Mapping[str, JSON] = field(default_factory=dict)

    def to_dict(self) -> dict[str, JSON]:
        """JSON-ready: the status, the reason if there is one, and what belongs to this service."""
        told = {"status": self.status.value, **({"reason": self.reason} if self.reason else {})}
        return told | dict(self.details)


def overall(findings: Mapping[str, Finding]) -> Status:
    """Unhealthy when an essential service is, degraded when anything is not healthy."""
    if any(findings[name].status is Status.UNHEALTHY for name in ESSENTIAL if name in findings):
        return Status.UNHEALTHY
    return worst(found.status for found in findings.values())


def worst(statuses: Iterable[Status]) -> Status:
    """Healthy when all are, else degraded."""
    return Status.HEALTHY if all(status is Status.HEALTHY for status in statuses) else Status.DEGRADED
