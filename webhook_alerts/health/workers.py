"""Which workers live, and which queues they consume: they say so themselves, nobody is asked.

Celery's signal ``heartbeat_sent`` comes every two seconds from a worker's main loop, the one that takes messages from
the broker; a worker that hangs or is killed falls silent. Where a worker was started with ``--without-heartbeat``,
a timer of the same loop stands in for the signal. A worker of the solo pool is silent while it runs a task.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import redis
from celery import bootsteps, signals

from webhook_alerts.conf import get_config
from webhook_alerts.delivery.nudge import queue_name
from webhook_alerts.health.scribe import Scribe
from webhook_alerts.outbox.broker import CRITICAL_QUEUE, QUEUE
from webhook_alerts.shared_memory import PREFIX, client

EVERY_S = 5.0
"""How often a worker is written down, in seconds, at most."""
MISSED = 3
"""So many times in a row, and a worker counts as silent: after 15 s, for one that sends heartbeats as by default."""
FORGET_S = 3600
"""After so long, in seconds, a silent worker is not spoken of any more."""
KEY = f"{PREFIX}workers"
_WRITE = """
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], ARGV[1], string.format('%d.%06d ', time[1], time[2]) .. ARGV[2])
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
    if time[1] - string.match(all[i + 1], '^%d+') > tonumber(ARGV[3]) then redis.call('HDEL', KEYS[1], all[i]) end
end
"""
"""By the clock of Redis: those of the workers' machines may differ."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker as it last wrote of itself: ``age_s`` and ``every_s`` in seconds, ``pool`` in tasks at a time."""

    name: str
    age_s: float
    queues: tuple[str, ...]
    pool: int
    every_s: float = EVERY_S

    @property
    def is_alive(self) -> bool:
        """Has it written as often as it should?"""
        return self.age_s <= MISSED * self.every_s


def workers() -> list[Worker]:
    """Every worker that wrote within the last hour, by name, the silent ones too. Raises ``redis.RedisError``."""
    with client().pipeline(transaction=False) as pipe:
        pipe.time()
        pipe.hgetall(KEY)
        (seconds, micros), found = pipe.execute()
    now = seconds + micros / 1e6
    told = [_read(name.decode(), value.decode(), now) for name, value in sorted(found.items())]
    return [worker for worker in told if worker.age_s <= FORGET_S]


def wanted_queues() -> tuple[str, ...]:
    """The queues that somebody must consume for alerts to arrive."""
    return tuple(dict.fromkeys((QUEUE, CRITICAL_QUEUE, *(queue_name(name) for name in get_config().webhooks))))


def unserved(found: Iterable[Worker], wanted: Iterable[str]) -> list[str]:
    """Which of the *wanted* queues no living worker consumes."""
    served = {queue for worker in found if worker.is_alive for queue in worker.queues}
    return [name for name in wanted if name not in served]


def _read(name: str, value: str, now: float) -> Worker:
    at, told = value.split(" ", 1)
    known = json.loads(told)
    age_s = max(0.0, now - float(at))
    return Worker(name, round(age_s, 1), tuple(known["queues"]), int(known["pool"]), float(known["every_s"]))


class Heart:
    """What this process, a worker's main one, writes of itself."""

    def __init__(self) -> None:
        self._worker: Any = None
        self._beaten = 0.0
        self._next: tuple[str, str] | None = None
        self._scribe = Scribe(self._write, forget=self._forget)

    def set_up(self, sender: Any, **_: Any) -> None:
        """Remember the worker that is about to be made, and give it what beats without heartbeats."""
        self._worker = sender
        sender.app.steps["consumer"].add(Pacemaker)

    def beat(self, sender: Any = None, **_: Any) -> None:
        """Write down that the main loop turns, not more often than ``EVERY_S``; never waits and never raises."""
        now = time.monotonic()
        consumer = getattr(self._worker, "consumer", None)
        consuming = getattr(consumer, "task_consumer", None)
        if consuming is None or now - self._beaten < EVERY_S:
            return
        self._beaten = now
        every_s = max(EVERY_S, float(getattr(sender, "interval", EVERY_S)))
        queues = [queue.name for queue in consuming.queues]
        told = {"queues": queues, "pool": _pool_size(self._worker), "every_s": every_s}
        self._next = (self._worker.hostname, json.dumps(told))
        self._scribe.ask()

    def stop(self, **_: Any) -> None:
        """A worker that ends of its own accord is not missed."""
        if self._worker is not None:
            try:
                client().hdel(KEY, self._worker.hostname)
            except redis.RedisError:
                return  # then it is silent, for an hour

    def _write(self) -> None:
        if self._next is not None:
            client().eval(_WRITE, 1, KEY, *self._next, FORGET_S)

    def _forget(self) -> None:
        self._worker = self._next = None


heart = Heart()


class Pacemaker(bootsteps.StartStopStep):
    """A timer of the worker's main loop, for one that was told to send no heartbeats; set anew with each connection."""

    requires = ("celery.worker.consumer.heart:Heart",)

    def start(self, consumer: Any) -> None:
        """Begin, unless heartbeats do."""
        if consumer.heart is None:
            consumer.timer.call_repeatedly(EVERY_S, heart.beat)

    def stop(self, consumer: Any) -> None:
        """The timer ends with the connection."""


def listen() -> None:
    """Join Celery's signals, before a worker makes its heart: it sends none that nobody listens to."""
    uid = "webhook_alerts.health"
    signals.worker_init.connect(heart.set_up, weak=False, dispatch_uid=uid)
    signals.heartbeat_sent.connect(heart.beat, weak=False, dispatch_uid=uid)
    signals.worker_shutdown.connect(heart.stop, weak=False, dispatch_uid=uid)


def _pool_size(worker: Any) -> int:
    sizes: Sequence[Any] = (getattr(getattr(worker, "pool", None), "num_processes", None), worker.concurrency)
    return next((size for size in sizes if isinstance(size, int)), 1)
