"""The bounded memory between the callers and the publisher's thread, and the counters of repeats."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque

from webhook_alerts.outbox.snapshot import Key, Snapshot
from webhook_alerts.outbox.stats import Stats

MAX_WINDOWS = 4_096
"""Keys whose repeats are counted at one time; the oldest window closes early when there are more."""


class Buffer:
    """Five queues, one per level, and the open windows by key. Every method is safe to call from any thread.

    The lock is re-entrant: a signal handler or a finaliser may log while its own thread is inside.
    """

    def __init__(self) -> None:
        self.stats = Stats()
        self.size = 0
        self.overflow: deque[Snapshot] = deque()
        self.lock = threading.RLock()
        self._levels: tuple[deque[Snapshot], ...] = tuple(deque() for _ in range(5))
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
            if self.size >= limit:
                self._evict(limit)
            self._levels[_index(snapshot.level)].append(snapshot)
            self.size += 1

    def take(self, most: int) -> list[Snapshot]:
        """Up to *most* alerts, the gravest first, and the oldest first within a level."""
        taken: list[Snapshot] = []
        with self.lock:
            for queue in reversed(self._levels):
                while queue and len(taken) < most:
                    taken.append(queue.popleft())
            self.size -= len(taken)
        return taken

    def take_repeats(self, now: float, window: float, *, everything: bool = False) -> list[tuple[Snapshot, int]]:
        """The windows that are over (or all) and have repeats not yet published, each with its number of them."""
        with self.lock:
            while self._windows:
                key, first = next(iter(self._windows.items()))
                if 0 <= now - first.created < window:
                    break
                self._close(key)
            due, self._closed = self._closed, []
            if everything:
                due += self._windows.values()
            due = [first for first in due if first.count]
            ready = [(first, first.count) for first in due if not first.state]
            self._closed = [first for first in due if first.state]
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
    def waiting(self) -> int:
        """Alerts not yet taken, and windows with repeats not yet published."""
        return self.size + len(self.overflow) + self._counting

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

    def _evict(self, limit: int) -> None:
        queue = next(queue for queue in self._levels if queue)
        self.overflow.append(queue.popleft())
        self.size -= 1
        if len(self.overflow) > limit:
            self._drop_one()

    def _drop_one(self) -> None:
        """Lose the oldest alert that stands for itself alone; one that counts a storm tells more than any other."""
        for _ in range(len(self.overflow)):
            lost = self.overflow.popleft()
            if not lost.count:
                self.stats.dropped += 1
                if lost.key is not None and self._windows.get(lost.key) is lost:
                    del self._windows[lost.key]
                return
            self.overflow.append(lost)


def _index(level: int) -> int:
    return min(max(level // 10, 1), 5) - 1
