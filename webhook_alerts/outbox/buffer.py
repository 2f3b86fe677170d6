"""The bounded memory between the callers and the publisher's thread, and the counters of repeats."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque

from webhook_alerts.outbox.snapshot import Key, Snapshot
from webhook_alerts.outbox.stats import Stats

MAX_WINDOWS = 4_096
"""Keys whose repeats are counted at one time; the oldest window closes early when there are more."""


class _ByLevel:
    """Five queues, one per level. No method is safe to call without the buffer's lock."""

    __slots__ = ("queues", "size")

    def __init__(self) -> None:
        self.queues: tuple[deque[Snapshot], ...] = tuple(deque() for _ in range(5))
        self.size = 0

    def add(self, snapshot: Snapshot) -> None:
        self.queues[min(max(snapshot.level // 10, 1), 5) - 1].append(snapshot)
        self.size += 1

    def take(self, most: int) -> list[Snapshot]:
        """The gravest first, and the oldest first within a level."""
        taken: list[Snapshot] = []
        for queue in reversed(self.queues):
            while queue and len(taken) < most:
                taken.append(queue.popleft())
        self.size -= len(taken)
        return taken

    def least(self) -> Snapshot:
        """Take the oldest of the lowest level."""
        self.size -= 1
        return next(queue for queue in self.queues if queue).popleft()

    def least_alone(self) -> Snapshot | None:
        """The same of those that stand for themselves alone; one that counts a storm tells more than any other."""
        for queue in self.queues:
            for _ in range(len(queue)):
                snapshot = queue.popleft()
                if not snapshot.count:
                    self.size -= 1
                    return snapshot
                queue.append(snapshot)  # to the end, so that the next look does not begin with it
        return None


class Buffer:
    """What waits, what there is no room for, and the open windows by key. Every method is safe to call from any thread.

    The lock is re-entrant: a signal handler or a finaliser may log while its own thread is inside.
    """

    def __init__(self) -> None:
        self.stats = Stats()
        self.lock = threading.RLock()
        self._waiting = _ByLevel()
        self._overflow = _ByLevel()
        self._windows: OrderedDict[Key, Snapshot] = OrderedDict()
        self._closed: list[Snapshot] = []
        self._counting = 0

    def repeat(self, key: Key, now: float, window: float) -> Snapshot | None:
        """Count a call of an open window and return that window's alert; ``None`` when there is none open."""
        with self.lock:
            first = self._windows.get(key)
            if first is None or not 0 <= now - first.created < window:
                return None
            if first.count == 0:
                self._counting += 1
            first.count += 1
            first.total += 1
            first.last_seen = now
            self.stats.taken += 1
            self.stats.repeats += 1
            return first

    def put(self, snapshot: Snapshot, limit: int) -> None:
        """Take an alert in; when *limit* are waiting, the oldest of the lowest level goes to the overflow."""
        with self.lock:
            if snapshot.key is not None:
                self._open(snapshot, snapshot.key)
            self.stats.taken += 1
            self._waiting.add(snapshot)
            if self._waiting.size > limit:
                self._overflow.add(self._waiting.least())
                if self._overflow.size > limit:
                    self._drop_one()

    def take(self, most: int) -> list[Snapshot]:
        """Up to *most* alerts, the gravest first, and the oldest first within a level."""
        with self.lock:
            return self._waiting.take(most)

    def take_overflow(self, most: int) -> list[Snapshot]:
        """Up to *most* of those for which there was no room, in the same order."""
        with self.lock:
            return self._overflow.take(most)

    def take_repeats(self, now: float, window: float, *, everything: bool = False) -> list[tuple[Snapshot, int]]:
        """The windows that are over (or all) and have repeats not yet published, each with its number of them."""
        with self.lock:
            while self._windows:
                key, first = next(iter(self._windows.items()))
                if 0 <= now - first.created < window:
                    break
                self._close(key)
            due = [*self._closed, *(self._windows.values() if everything else ())]
            ready = [(first, first.count) for first in due if first.count and not first.state]
            self._closed = [first for first in self._closed if first.state]
            for first, _ in ready:
                first.count = 0
                self._counting -= 1
        return ready

    def next_close(self, window: float) -> float | None:
        """When the oldest open window ends, in Unix seconds, if any repeat is waiting for one to end."""
        with self.lock:
            if not self._counting:
                return None
            if self._closed or not self._windows:
                return 0.0
            return next(iter(self._windows.values())).created + window

    @property
    def size(self) -> int:
        """Alerts that wait."""
        return self._waiting.size

    @property
    def overflow(self) -> int:
        """Alerts for which there was no room."""
        return self._overflow.size

    @property
    def waiting(self) -> int:
        """Alerts not yet taken, and windows with repeats not yet published."""
        return self.size + self.overflow + self._counting

    def ignore(self, reason: str) -> None:
        """Count a record that is no alert."""
        with self.lock:
            self.stats.ignored[reason] = self.stats.ignored.get(reason, 0) + 1

    def _open(self, snapshot: Snapshot, key: Key) -> None:
        if key in self._windows:
            self._close(key)
        elif len(self._windows) >= MAX_WINDOWS:
            self._close(next(iter(self._windows)))
        self._windows[key] = snapshot

    def _close(self, key: Key) -> None:
        first = self._windows.pop(key)
        if first.count:
            self._closed.append(first)

    def _drop_one(self) -> None:
        lost = self._overflow.least_alone()
        if lost is None:
            return
        self.stats.dropped += 1
        if lost.key is not None and self._windows.get(lost.key) is lost:
            del self._windows[lost.key]
