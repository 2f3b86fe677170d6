"""The answer: every service, every figure, and what they come to."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.utils import translation

from webhook_alerts import __version__
from webhook_alerts.alert import JSON
from webhook_alerts.conf import Config, get_config
from webhook_alerts.health import services
from webhook_alerts.health.findings import ESSENTIAL, Finding, Status, overall
from webhook_alerts.health.probes import Probe, look
from webhook_alerts.health.rounds import Rounds

FIGURES = "metrics"
_NO_FIGURES: Mapping[str, JSON] = {"pending": None, "failed_24h": None, "oldest_pending_s": None}
_probes = [
    Probe(name, check, Status.UNHEALTHY if name in ESSENTIAL else Status.UNKNOWN)
    for name, check in (*services.SERVICES.items(), (FIGURES, services.figures))
]


@dataclass(frozen=True, slots=True)
class Report:
    """What one round found, and when."""

    at: datetime
    findings: Mapping[str, Finding]
    config: Config

    @property
    def status(self) -> Status:
        """What everything comes to."""
        return overall(self.findings)

    def needed(self, names: Iterable[str] = ESSENTIAL) -> dict[str, Finding]:
        """The findings of the essential services, or of some of them."""
        return {name: self.findings[name] for name in names}

    def to_dict(self) -> dict[str, JSON]:
        """The whole, JSON-ready."""
        figures = self.findings[FIGURES]
        return {
            **summary(self.status, self.at),
            "version": self.config.release or __version__,
            "environment": self.config.environment,
            "service": self.config.service,
            "webhook_alerts": __version__,
            "services": {name: found.to_dict() for name, found in self.findings.items() if name != FIGURES},
            "metrics": {**_NO_FIGURES, **figures.details, **({"reason": figures.reason} if figures.reason else {})},
        }


def summary(status: Status, at: datetime) -> dict[str, JSON]:
    """What a stranger may know."""
    return {"status": status.value, "timestamp": at.isoformat(timespec="milliseconds")}


def current() -> Report:
    """What the last round found, or a new one, within about a second. Raises ``TimeoutError`` hardly ever."""
    return _rounds.get(get_config())


def now() -> datetime:
    """The moment of an answer that nothing was looked at for."""
    return datetime.now(UTC)


def _round() -> Report:
    # The sentences are for whoever runs the site, in its language, not in that of the request which came first.
    with translation.override(settings.LANGUAGE_CODE):
        return Report(now(), look(_probes), get_config())


_rounds = Rounds(_round)


def _forget() -> None:
    _rounds.forget()
    for probe in _probes:
        probe.forget()


os.register_at_fork(after_in_child=_forget)
