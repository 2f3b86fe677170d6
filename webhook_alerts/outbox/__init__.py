"""The caller's process: a bounded buffer, a thread that publishes, a spool for when the broker is away."""

from __future__ import annotations

import atexit
from dataclasses import replace

from webhook_alerts import conf
from webhook_alerts.outbox.desk import desk
from webhook_alerts.outbox.guard import is_quiet
from webhook_alerts.outbox.snapshot import Snapshot
from webhook_alerts.outbox.stats import Stats

__all__ = ["flush", "offer", "report", "stats"]

EXIT_S = 4.0
"""How long the process's exit may wait for the broker, in seconds; what is left then goes to the spool."""


def offer(snapshot: Snapshot) -> None:
    """Take an alert in and return at once; it is published within 100 ms, or at once when it is CRITICAL."""
    desk.offer(snapshot, conf.get_config())


def flush(timeout: float = 5.0) -> bool:
    """Wait up to *timeout* seconds until everything, repeats included, is with the broker.

    ``False`` when time ran out or the alerts went to the spool instead. Blocks: from async code, call it in a thread.
    """
    publisher = desk.publisher
    if is_quiet():
        return False
    return True if publisher is None else publisher.flush(timeout)


def stats() -> Stats:
    """The counters of this process, as they are now."""
    buffer, publisher = desk.buffer, desk.publisher
    pending = buffer.size + buffer.overflow + (len(publisher.outgoing) if publisher is not None else 0)
    return replace(buffer.stats, pending=pending, ignored=dict(buffer.stats.ignored))


def report(error: BaseException) -> None:
    """Count a failure of ours that was kept from the caller."""
    desk.buffer.stats.failed(error)


def close() -> None:
    """Publish what is there, spool the rest. Harmless when called twice."""
    if (publisher := desk.last_publisher()) is not None:
        publisher.close(EXIT_S)


atexit.register(close)
