"""The thread that takes alerts out of the buffer and brings them to the broker, or to the spool."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import redis

from webhook_alerts import conf
from webhook_alerts.conf import Config
from webhook_alerts.outbox import telling
from webhook_alerts.outbox.batch import Batch, Item, alerts_in, apart, is_critical, message, weight
from webhook_alerts.outbox.broker import CRITICAL_QUEUE, QUEUE, Broker
from webhook_alerts.outbox.buffer import Buffer
from webhook_alerts.outbox.build import build, failed, samples_of
from webhook_alerts.outbox.guard import quiet
from webhook_alerts.outbox.held import Held
from webhook_alerts.outbox.redaction import redactor_for
from webhook_alerts.outbox.snapshot import Snapshot
from webhook_alerts.outbox.spool import Spool

BATCH = 500
"""Alerts in one message at most."""
BATCH_BYTES = 2_000_000
"""About how large a message may grow, in characters of its long texts."""
GATHER_S = 0.1
"""How long the first alert waits for company, in seconds, unless one is CRITICAL."""
SPOOL_S = 3.0
"""How often, in seconds, what is spooled is offered to the broker again."""
TELL_S = 10.0
"""How often, in seconds, the count of a window that is still open is told."""
SLICE_S = 0.002
"""Work done at a stretch, in seconds, before a busy caller gets the interpreter again."""
RECEIPT_S = 0.5
"""How long a process's exit waits for the receipts of what it has just published, in seconds."""
RESCUE_S = 5.0
"""How long the broker must be away, in seconds, until the emergency path is taken, and between two rounds of it."""

rescue: Callable[[], object] | None = None
"""The emergency path; set by the room above, which knows the database and the webhooks."""


@dataclass(slots=True)
class _Flush:
    done: threading.Event = field(default_factory=threading.Event)
    published: bool = False


class Publisher:
    """One daemon thread of one process."""

    def __init__(self, buffer: Buffer) -> None:
        self.buffer = buffer
        self.stats = buffer.stats
        self.wake = threading.Event()
        self.hurry = threading.Event()
        self.woken = False
        self.at_work = threading.Lock()
        self.broker = Broker()
        self.unsure = Held()
        self._items: deque[Item] = deque()
        self._flushes: deque[_Flush] = deque()
        self._spool_tried = 0.0
        self._spool: Spool | None = None
        self._exiting = False
        self._rescuer: threading.Thread | None = None
        self._rescued = 0.0
        self._told = 0.0
        self._reported = 0.0
        self._counted: dict[str, int] = {}
        self._thread = threading.Thread(target=self._run, name="webhook-alerts", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def flush(self, timeout: float) -> bool:
        """Wait until all that was handed in is with the broker; ``False`` when it is not after *timeout* seconds."""
        if threading.current_thread() is self._thread:
            return False
        request = _Flush()
        self._flushes.append(request)
        self.woken = True
        self.wake.set()
        self.hurry.set()
        return request.done.wait(timeout) and request.published

    @property
    def held(self) -> int:
        """What is built but neither published nor spooled."""
        return len(self._items)

    def close(self, timeout: float) -> None:
        """At exit: publish what is there within *timeout* seconds, and leave the rest in the spool."""
        self._exiting = True
        if self._thread.is_alive():
            self.flush(timeout)
        with quiet():
            config = conf.get_config()
            self._build(self._all_left(), config, polite=False)
            self._count_repeats(config, everything=True)
            self._to_spool(list(self._items), config)
            self._await_receipts()
            self._hold_on_disk(self.unsure.give_up(), config)

    def _await_receipts(self) -> None:
        deadline = time.monotonic() + RECEIPT_S
        try:
            while self.unsure and self.broker.is_open:
                self.unsure.look()
                if time.monotonic() > deadline:
                    return
                time.sleep(0.02)
        except redis.RedisError:
            return  # then nobody knows, and the disk keeps it

    def _all_left(self) -> list[Snapshot]:
        left = list(self.buffer.overflow) + self.buffer.take(10**9)
        self.buffer.overflow.clear()
        return left

    def _run(self) -> None:
        with quiet():
            while True:
                try:
                    self._wait()
                    self._cycle()
                except Exception as error:  # noqa: BLE001  # the thread outlives every failure of ours
                    self._failed(error)
                    time.sleep(0.5)

    def _wait(self) -> None:
        self.wake.wait(self._idle_for())
        if not self._flushes and self.buffer.size and not self._exiting:
            self.hurry.wait(GATHER_S)
        self.wake.clear()
        self.hurry.clear()
        self.woken = False

    def _idle_for(self) -> float | None:
        """Until when nothing is due, in seconds from now; ``None`` is until someone calls."""
        if self.buffer.size or self.buffer.overflow or self._flushes:
            return 0.0
        closes = self.buffer.next_close(conf.get_config().dedup_window)
        waits = []
        if closes is not None:
            waits.append(max(0.05, min(closes - time.time(), self._told + TELL_S - time.monotonic())))
        if (look := self.unsure.next_look()) is not None:
            waits.append(look)
        if self.broker.away_s:
            waits.append(RESCUE_S)
        if self._items or self._spool_at(conf.get_config()).files(self.unsure.epoch):
            waits.append(max(0.1, self._spool_tried + SPOOL_S - time.monotonic()))
        return min(waits, default=60.0)

    def _cycle(self) -> None:
        config = conf.get_config()
        flushes = [self._flushes.popleft() for _ in range(len(self._flushes))]
        spooled = self.stats.spooled
        # What comes in meanwhile is the next cycle's: a storm must not keep a flush or a window's end waiting.
        left = self.buffer.size
        while left > 0 or self.buffer.overflow:
            with self.at_work:
                self._overflow_to_spool(config)
                self._build(self.buffer.take(BATCH), config, polite=not flushes and self._is_relaxed(config))
                self._send_or_spool(config)
            left -= BATCH
        with self.at_work:
            self._count_repeats(config, everything=bool(flushes) or self._tells_now())
            self._send_or_spool(config)
            self._look_for_receipts()
            self._try_spool(config, now=bool(flushes))
        self._rescue()
        self._report(config)
        for request in flushes:
            kept = self.stats.spooled > spooled and self._spool_at(config).files()
            request.published = not kept and not self._items
            request.done.set()

    def _is_relaxed(self, config: Config) -> bool:
        return not self._exiting and self.buffer.size < config.queue_size // 2

    def _overflow_to_spool(self, config: Config) -> None:
        overflow = self.buffer.overflow
        evicted = [overflow.popleft() for _ in range(min(len(overflow), BATCH))]
        if evicted:
            kept = self._items
            self._items = deque()
            self._build(evicted, config, polite=False)
            self._to_spool(list(self._items), config)
            self._items.extendleft(reversed(kept))

    def _build(self, snapshots: list[Snapshot], config: Config, *, polite: bool) -> None:
        rest_at = time.perf_counter() + SLICE_S
        for snapshot in snapshots:
            try:
                alert = build(snapshot, config)
            except Exception as error:  # noqa: BLE001  # an alert that cannot be built becomes one that says so
                self._failed(error)
                alert = failed(snapshot, error, config)
            self._items.append(("alert", alert.to_dict()))
            if polite and time.perf_counter() > rest_at:
                # Giving the interpreter up costs us one switch interval, and a busy caller nothing.
                time.sleep(0)
                rest_at = time.perf_counter() + SLICE_S

    def _tells_now(self) -> bool:
        """Is it time to say how far open windows have counted?"""
        if time.monotonic() - self._told < TELL_S:
            return False
        self._told = time.monotonic()
        return True

    def _count_repeats(self, config: Config, *, everything: bool) -> None:
        redactor = redactor_for(config)
        for first, count in self.buffer.take_repeats(time.time(), config.dedup_window, everything=everything):
            repeat = {
                "id": str(first.id),
                "fingerprint": first.fingerprint,
                "count": count,
                "total": first.total,
                "last_seen": first.last_seen,
                "samples": samples_of(first, redactor),
            }
            self._items.append(("repeat", repeat))

    def _send_or_spool(self, config: Config) -> None:
        while self._items:
            batch = self._next_batch()
            if not (self.broker.is_open and self._publish(batch)):
                self._to_spool(list(self._items), config)
                return
            for _ in batch.items:
                self._items.popleft()
            self.stats.published += alerts_in(batch.items)
        self._hold_on_disk(self.unsure.overflow(), config)

    def _next_batch(self) -> Batch:
        """What comes next, as far as one message carries it; critical alerts, which were taken first, by themselves."""
        items: list[Item] = []
        size = 0
        critical = is_critical(self._items[0])
        for item in self._items:
            size += weight(item)
            if items and (size > BATCH_BYTES or len(items) >= BATCH or is_critical(item) is not critical):
                break
            items.append(item)
        return Batch(items)

    def _publish(self, batch: Batch) -> bool:
        if not self.unsure.epoch:
            self._learn_epoch()
        try:
            queue = CRITICAL_QUEUE if batch.is_critical else QUEUE
            self.broker.publish(message(batch.items, batch.identity), queue)
        except Exception as error:  # noqa: BLE001  # whatever a transport raises, the spool is the answer
            self.stats.publish_failures += 1
            self.stats.last_error = type(error).__name__
            return False
        self.stats.batches += 1
        self.unsure.keep(batch)
        return True

    def _publish_apart(self, items: list[Item]) -> bool:
        return all(self._publish(Batch(part)) for part in apart(items))

    def _look_for_receipts(self) -> None:
        """Forget what workers have stored; publish again what the broker has forgotten."""
        wait = self.unsure.next_look()
        if wait is None or wait > 0:
            return
        try:
            missing = self.unsure.look()
        except redis.RedisError:
            return  # nothing is known, so that everything is kept
        for batch in missing:
            if not (self.broker.is_open and self._publish(batch)):
                return
            self.stats.republished += alerts_in(batch.items)

    def _hold_on_disk(self, batches: list[Batch], config: Config) -> None:
        for batch in batches:
            try:
                self._spool_at(config).write_held(batch)
            except OSError as error:
                self._failed(error)

    def _report(self, config: Config) -> None:
        """Say how it goes, when it does not go well and that is news."""
        self.stats.redaction_failures = redactor_for(config).failures
        if not self.broker.is_open or time.monotonic() - self._reported < TELL_S:
            return
        self._reported = time.monotonic()
        telling.count(self.stats, self._counted)
        try:
            telling.tell(self.stats)
        except redis.RedisError:
            return  # it is told the next time

    def _rescue(self) -> None:
        """With the broker away for long, take the emergency path, in a thread of its own: it may take its time."""
        if self.broker.away_s and self.broker.is_open:
            self.broker.ask()
        away, now = self.broker.away_s, time.monotonic()
        if rescue is None or away < RESCUE_S or self._exiting or now - self._rescued < RESCUE_S:
            return
        if self._rescuer is None or not self._rescuer.is_alive():
            self._rescued = now
            self._rescuer = threading.Thread(target=_quietly, args=(rescue,), name="webhook-alerts-rescue", daemon=True)
            self._rescuer.start()

    def _to_spool(self, items: list[Item], config: Config) -> None:
        if not items:
            return
        try:
            self.stats.dropped += self._spool_at(config).write(items)
        except OSError as error:
            self._failed(error)
            self._bound(config)
            return
        self.stats.spooled += alerts_in(items)
        for _ in items:
            self._items.popleft()
        self._spool_tried = time.monotonic()

    def _bound(self, config: Config) -> None:
        """Neither broker nor disk takes anything: keep what fits in memory, and count the least grave as lost."""
        over = len(self._items) - config.queue_size
        if over <= 0:
            return
        by_level = sorted(range(len(self._items)), key=lambda at: self._items[at][1].get("level", 100))
        lost = set(by_level[:over])
        for at in lost:
            kind, value = self._items[at]
            self.stats.dropped += 1 if kind == "alert" else int(value["count"])
        self._items = deque(item for at, item in enumerate(self._items) if at not in lost)

    def _try_spool(self, config: Config, *, now: bool) -> None:
        if not now and time.monotonic() - self._spool_tried < SPOOL_S:
            return
        self._spool_tried = time.monotonic()
        spool = self._spool_at(config)
        if self.broker.is_open and spool.files(self.unsure.epoch):
            self._learn_epoch()
        if not self.broker.is_open or not spool.files(self.unsure.epoch):
            return
        done = spool.replay(self._publish_apart, BATCH, self.unsure.epoch)
        self.stats.replayed += done.items
        self.stats.torn += done.torn

    def _learn_epoch(self) -> None:
        try:
            self.unsure.learn()
        except redis.RedisError:
            return  # without it, what is missing is told by its age alone

    def _spool_at(self, config: Config) -> Spool:
        if self._spool is None or str(self._spool.directory) != config.spool_dir:
            self._spool = Spool(config.spool_dir, config.spool_max_bytes)
        return self._spool

    def _failed(self, error: BaseException) -> None:
        self.stats.errors += 1
        self.stats.last_error = type(error).__name__


def _quietly(work: Callable[[], object]) -> None:
    with quiet():
        work()
