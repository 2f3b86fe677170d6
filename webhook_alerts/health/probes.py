"""Checks that may hang, side by side: each in a thread of its own, none waited for longer than its time.

Sockets have time-outs of their own wherever there is a way; the thread is for what has none (a query that was sent
to a PostgreSQL which stopped, a name that is not resolved). A check that hangs keeps its thread, and the next round
waits for that one instead of starting another, so that threads do not pile up.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections

from webhook_alerts.health.findings import Finding, Status
from webhook_alerts.outbox.guard import quiet
from webhook_alerts.retelling import keep

CHECK_S = 1.25
"""How long the checks of a round are waited for, all at once, in seconds."""
CONNECT_S = 1
"""How long a database may take to accept a connection, in seconds, where its driver can be told."""
GIVEN_UP_S = 30.0
"""After this long, in seconds, a check that hangs is begun anew beside: the server may have moved meanwhile."""
MOST_HANGING = 3
"""Threads of one check that may hang in a process."""


class Probe:
    """One check, by a function that may hang or raise; then the status is *failed*."""

    def __init__(self, name: str, look: Callable[[], Finding], failed: Status = Status.UNKNOWN) -> None:
        self.name = name
        self._look = look
        self._failed = failed
        self._runs: list[_Run] = []

    def begin(self) -> _Run:
        """A run to wait for: a new one, or the one that hangs. For one caller at a time."""
        self._runs = [run for run in self._runs if not run.done.is_set()]
        if self._runs and (self._runs[-1].age_s < GIVEN_UP_S or len(self._runs) >= MOST_HANGING):
            return self._runs[-1]
        run = _Run(self._look, self._failed)
        if run.start(f"webhook-alerts-health-{self.name}"):
            self._runs.append(run)
        return run

    def forget(self) -> None:
        """Know of no run: a forked child has none of its parent's threads."""
        self._runs = []


def look(probes: Iterable[Probe], within_s: float = CHECK_S) -> dict[str, Finding]:
    """What the checks find within *within_s* seconds in all; a check that needs longer has no answer."""
    until = time.monotonic() + within_s
    runs = {probe.name: probe.begin() for probe in probes}
    return {name: run.finding(until) for name, run in runs.items()}


class _Run:
    """One run of one check."""

    def __init__(self, look: Callable[[], Finding], failed: Status) -> None:
        self.done = threading.Event()
        self._look = look
        self._failed = failed
        self._began = time.monotonic()
        self._found: Finding | None = None

    @property
    def age_s(self) -> float:
        return time.monotonic() - self._began

    def start(self, name: str) -> bool:
        try:
            threading.Thread(target=self._run, name=name, daemon=True).start()
        except RuntimeError:  # no more threads, or the interpreter is ending
            self._found = Finding(Status.UNKNOWN, keep("It could not be looked at: no thread can be started."))
            self.done.set()
            return False
        return True

    def finding(self, until: float) -> Finding:
        self.done.wait(max(0.0, until - time.monotonic()))
        if self._found is not None:
            return self._found
        return Finding(self._failed, keep("No answer for %(seconds).1f s.") % {"seconds": self.age_s})

    def _run(self) -> None:
        try:
            with quiet(), own_connections():
                self._found = self._look()
        except Exception as error:  # noqa: BLE001 - its name alone: a text may hold a password
            self._found = Finding(
                self._failed, keep("It does not answer: %(error)s.") % {"error": type(error).__name__}
            )
        finally:
            self.done.set()


@contextmanager
def own_connections() -> Iterator[None]:
    """Database connections for this thread alone, which give up early, outside of any pool, and are closed after."""
    for alias in connections:
        connections[alias] = _hasty(alias)
    try:
        yield
    finally:
        for alias in connections:
            connections[alias].close()
            del connections[alias]


def _hasty(alias: str) -> Any:
    made: Any = connections.create_connection(alias)
    given = {key: value for key, value in made.settings_dict.get("OPTIONS", {}).items() if key != "pool"}
    given |= _TIMEOUTS.get(made.vendor, {})
    made.settings_dict = {**made.settings_dict, "CONN_MAX_AGE": 0, "OPTIONS": given}
    return made


_TIMEOUTS: dict[str, dict[str, int]] = {
    "postgresql": {"connect_timeout": CONNECT_S},
    "mysql": {"connect_timeout": CONNECT_S, "read_timeout": CONNECT_S},
    "sqlite": {"timeout": CONNECT_S},
}
