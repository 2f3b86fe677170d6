"""Under a test runner alerts are kept in a list instead of being sent."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from webhook_alerts.alert import Alert
from webhook_alerts.conf import Config
from webhook_alerts.outbox.build import build, failed, samples_of
from webhook_alerts.outbox.redaction import redactor_for
from webhook_alerts.outbox.snapshot import Key, Snapshot

MAX_KEPT = 1_000
"""Alerts kept when nobody asked for them."""


class Captured(list[Alert]):
    """The alerts of one test, oldest first, complete as a worker would get them."""

    def __init__(self) -> None:
        super().__init__()
        self._windows: dict[Key, tuple[Snapshot, int]] = {}

    def repeat(self, key: Key, now: float, config: Config) -> Snapshot | None:
        """Count a repeat on the alert in the list."""
        found = self._windows.get(key)
        if found is None or not 0 <= now - found[0].created < config.dedup_window or found[1] >= len(self):
            return None
        first, at = found
        first.total += 1
        self[at] = replace(
            self[at],
            occurrences=first.total,
            last_seen=now,
            samples=tuple(samples_of(first, redactor_for(config))),
        )
        return first

    def add(self, snapshot: Snapshot, config: Config) -> None:
        """Build the alert at once."""
        if len(self) >= MAX_KEPT:
            self.clear()
        if snapshot.key is not None:
            self._windows[snapshot.key] = (snapshot, len(self))
        try:
            self.append(build(snapshot, config))
        except Exception as error:  # noqa: BLE001  # as in production: an alert that says so
            self.append(failed(snapshot, error, config))

    def clear(self) -> None:
        """Forget the alerts and their windows."""
        super().clear()
        self._windows.clear()


_default = Captured()
_stack: list[Captured | None] = []


def current() -> Captured | None:
    """Where alerts go instead of out; ``None`` when they are really sent.

    Django's test environment (its runner and pytest-django) is known by ``mail.outbox``, which it sets up.
    """
    if _stack:
        return _stack[-1]
    mail = sys.modules.get("django.core.mail")
    return _default if mail is not None and hasattr(mail, "outbox") else None


@contextmanager
def capturing(*, send: bool = False) -> Iterator[Captured]:
    """Collect the alerts of the block in a new list; with *send* they go out as in production instead."""
    captured = Captured()
    _stack.append(None if send else captured)
    try:
        yield captured
    finally:
        _stack.pop()
