"""Counting in the shared memory, so that any process can be asked what all of them did.

Counts gather in the process and leave in one round-trip at the end of a task; with Redis away they wait. What a
killed worker had not sent is lost, and what a Redis took whose answer was lost is counted twice: metrics show how
things go, the sums that must agree stand in the database. A Redis that comes back empty begins at zero, which
Prometheus understands as a restart.
"""

from __future__ import annotations

import bisect
import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import redis

from webhook_alerts.metrics.catalogue import BUCKETS_S, LATENCY, Metric
from webhook_alerts.shared_memory import PREFIX, client

logger = logging.getLogger("webhook_alerts.metrics")
KEY = f"{PREFIX}metrics"
"""The hash of all counters: the metric's name and its labels, joined by ``|``, which is in no label."""
PAUSE_S = 5.0
"""How long a Redis that did not answer is left alone, in seconds."""
SUM_MS = "delivery_latency_ms"
"""The field, and the webhook, that holds the sum of the latencies, in milliseconds."""


class _Gathered:
    """What this process has counted and not sent yet. There are as many fields as labels, so that it cannot grow."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew: what a parent has gathered is its own."""
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._not_before = 0.0

    def add(self, counts: Mapping[str, int]) -> None:
        """Count."""
        with self._lock:
            self._counts.update(counts)

    def send(self) -> None:
        """Bring it to Redis, or keep it for the next time."""
        with self._lock:
            if not self._counts or time.monotonic() < self._not_before:
                return
            counts, self._counts = self._counts, Counter()
        try:
            with client().pipeline() as pipe:
                for field, by in counts.items():
                    pipe.hincrby(KEY, field, by)
                pipe.execute()
        except redis.RedisError as error:
            logger.warning("Redis is away (%s): what is counted waits", type(error).__name__)
            self._not_before = time.monotonic() + PAUSE_S
            self.add(counts)


_gathered = _Gathered()
os.register_at_fork(after_in_child=_gathered.reset)


def add(metric: Metric, *labels: str, by: int = 1) -> None:
    """Count *by* more of *metric*, whose labels are given in its order."""
    if by > 0:
        _gathered.add({field(metric.name, *labels): by})


def observe(webhook: str, latencies_s: Iterable[float]) -> None:
    """Count how long alerts took to reach *webhook*, in seconds; clocks that disagree may make it less than nothing."""
    counts: Counter[str] = Counter()
    for seconds in latencies_s:
        bounded = max(0.0, seconds)
        counts[field(LATENCY.name, webhook, bucket(bounded))] += 1
        counts[field(SUM_MS, webhook)] += round(bounded * 1000)
    _gathered.add(counts)


def bucket(seconds: float) -> str:
    """The upper bound of the bucket that *seconds* fall into, as Prometheus writes it."""
    at = bisect.bisect_left(BUCKETS_S, seconds)
    return str(BUCKETS_S[at]) if at < len(BUCKETS_S) else "+Inf"


def send() -> None:
    """Bring what this process has counted to the shared memory; never raises over Redis."""
    _gathered.send()


def read() -> dict[str, int]:
    """All counters, by field. Raises ``redis.RedisError``."""
    found: Any = client().hgetall(KEY)
    return {name.decode(): int(value) for name, value in found.items()}


def field(name: str, *labels: str) -> str:
    """Where the counter of the metric *name* with these *labels* stands in the hash."""
    return "|".join((name, *labels))
