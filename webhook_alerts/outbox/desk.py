"""Where callers hand alerts in: the buffer, and the waking of the publisher's thread. One per process."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING

from webhook_alerts.alert import Level
from webhook_alerts.conf import Config
from webhook_alerts.outbox import capture
from webhook_alerts.outbox.buffer import Buffer
from webhook_alerts.outbox.snapshot import Key, Snapshot

if TYPE_CHECKING:
    from webhook_alerts.outbox.publisher import Publisher

PATIENCE_S = 0.1
"""How long a call waits for room, in seconds, when twice the queue's size is waiting, before the oldest is dropped."""


class Desk:
    """The process's one place for alerts. A forked child starts with an empty one: what waits is its parent's."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything: queues, counters, locks and the thread."""
        self.buffer = Buffer()
        self.publisher: Publisher | None = None
        self._pid = os.getpid()
        self._crowded = False

    def repeat(self, key: Key, now: float, config: Config) -> Snapshot | None:
        """Count a repeat and return its alert's snapshot, or ``None`` when this is no repeat."""
        if (captured := capture.current()) is not None:
            return captured.repeat(key, now, config)
        first = self.buffer.repeat(key, now, config.dedup_window)
        if first is not None and (self.publisher is None or first.count == 1):
            self._wake(urgent=False)
        return first

    def offer(self, snapshot: Snapshot, config: Config) -> None:
        """Take an alert in and return at once."""
        if (captured := capture.current()) is not None:
            captured.add(snapshot, config)
            return
        if self._pid != os.getpid():
            self.reset()
        buffer = self.buffer
        if buffer.size + buffer.overflow >= 2 * config.queue_size:
            self._await_room(config)
        else:
            self._crowded = False
        buffer.put(snapshot, config.queue_size)
        self._wake(urgent=snapshot.level >= Level.CRITICAL or buffer.size > config.queue_size // 2)

    def _wake(self, *, urgent: bool) -> None:
        publisher = self.publisher
        if publisher is None:
            publisher = self._start()
        if not publisher.woken:
            publisher.woken = True
            publisher.wake.set()
        if urgent and not publisher.hurry.is_set():
            publisher.hurry.set()

    def _start(self) -> Publisher:
        from webhook_alerts.outbox.publisher import Publisher

        with self.buffer.lock:
            if self.publisher is None:
                close_with_pools()
                publisher = Publisher(self.buffer)
                publisher.start()  # raises where there can be no more threads: the next call tries again
                self.publisher = publisher
            return self.publisher

    def last_publisher(self) -> Publisher | None:
        """Who sees to the end of the process, whether or not a thread could be had; ``None``: there was no alert."""
        if self.publisher is None and self.buffer.waiting:
            from webhook_alerts.outbox.publisher import Publisher

            return Publisher(self.buffer)
        return self.publisher

    def _await_room(self, config: Config) -> None:
        """Lend the publisher's thread the interpreter for a moment; after once in vain, no call waits."""
        if self._crowded:
            return
        until = time.monotonic() + PATIENCE_S
        self._wake(urgent=True)
        while self.buffer.size + self.buffer.overflow >= 2 * config.queue_size:
            if time.monotonic() > until:
                self._crowded = True
                return
            time.sleep(0.001)


def close_with_pools() -> None:
    """Have a pool's child process, which leaves by ``os._exit`` and without ``atexit``, close the outbox too."""
    from webhook_alerts.outbox import close

    if (pools := sys.modules.get("multiprocessing.util")) is not None:
        pools.Finalize(None, close, exitpriority=100)
    if (signals := sys.modules.get("celery.signals")) is not None:
        signals.worker_process_shutdown.connect(_close, dispatch_uid="webhook_alerts.outbox")


def _close(**_: object) -> None:
    from webhook_alerts.outbox import close

    close()


desk = Desk()
_resting: dict[int, Publisher] = {}
"""Whose thread rests for a fork, by the thread that forks."""


def _before_fork() -> None:
    publisher = desk.publisher
    if publisher is not None and publisher.rest():
        _resting[threading.get_ident()] = publisher


def _after_fork() -> None:
    publisher = _resting.pop(threading.get_ident(), None)
    if publisher is not None:
        publisher.go_on()


def _after_fork_in_child() -> None:
    _resting.clear()
    desk.reset()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork_in_child)
