"""What keeps alerts back now, as this process knows it: two queries, at most every two seconds."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from webhook_alerts.conf import Config
from webhook_alerts.configuration.inhibit import Inhibition
from webhook_alerts.matching import Matcher, MatcherError, read
from webhook_alerts.models import Silence
from webhook_alerts.silencing.inhibition import Source, sources

logger = logging.getLogger("webhook_alerts.silencing")
LIFE_S = 2.0
"""How long what was read holds, in seconds: so long a worker may not know of a silence that was made or ended, or that
the source of an inhibition is resolved."""


@dataclass(frozen=True, slots=True)
class Current:
    """The silences that hold or begin at any moment, each with its matchers, and the incidents that mute others."""

    silences: tuple[tuple[Silence, tuple[Matcher, ...]], ...] = ()
    sources: tuple[Source, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Is everything told?"""
        return not self.silences and not self.sources


class _Known:
    """What this process has read, by which rules, and until when it holds."""

    found = Current()
    rules: tuple[Inhibition, ...] = ()
    until = 0.0


_known = _Known()


def get(config: Config) -> Current:
    """What was read at most two seconds ago. Raises what the database raises."""
    now = time.monotonic()
    if now >= _known.until or config.inhibit != _known.rules:
        _known.found = Current(tuple(_silences()), tuple(sources(config.inhibit)))
        _known.rules, _known.until = config.inhibit, now + LIFE_S
    return _known.found


def forget() -> None:
    """Read anew at the next look: in this process something has changed."""
    _known.until = 0.0


def active(now: datetime | None = None) -> QuerySet[Silence]:
    """The silences that hold now."""
    at = now or timezone.now()
    return Silence.objects.filter(starts_at__lte=at, ends_at__gt=at, ended_at=None)


def _silences() -> list[tuple[Silence, tuple[Matcher, ...]]]:
    now = timezone.now()
    soon = now + timedelta(seconds=LIFE_S)
    found = []
    for row in Silence.objects.filter(starts_at__lte=soon, ends_at__gt=now, ended_at=None).order_by("pk"):
        try:
            found.append((row, read(row.matchers)))
        except MatcherError as error:  # of another release; it must not stop what is owed
            logger.warning("The silence %s is ignored: %s", row.pk, error.discreet)
    return found
