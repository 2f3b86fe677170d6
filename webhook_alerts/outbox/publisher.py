"""The thread that takes alerts out of the buffer, builds them and sends them on; when it does what."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import redis

from webhook_alerts import conf
from webhook_alerts.alert import Alert
from webhook_alerts.conf import Config
from webhook_alerts.outbox import telling
from webhook_alerts.outbox.batch import Item
from webhook_alerts.outbox.buffer import Buffer
from webhook_alerts.outbox.build import build, failed, samples_of
from webhook_alerts.outbox.guard import quiet
from webhook_alerts.outbox.outgoing import BATCH, Outgoing
from webhook_alerts.outbox.redaction import redactor_for
from webhook_alerts.outbox.snapshot import Snapshot

GATHER_S = 0.1
"""How long the first alert waits for company, in seconds, unless one is CRITICAL."""
TELL_S = 10.0
"""How often, in seconds, the count of a window that is still open is told."""
SLICE_S = 0.002
"""Work done at a stretch, in seconds, before a busy caller gets the interpreter again."""
PART = 50
"""Alerts that are built between two moments at which a fork gets its turn."""
RESCUE_S = 5.0
"""How long the broker must be away, in seconds, until the emergency path is taken, and between two rounds of it."""
FORK_S = 2.0
"""How long a fork waits, in seconds, for the thread to come to rest, and the thread for a fork to be over."""

rescue: Callable[[list[Item]], object] | None = None
"""The emergency path, for what waits on disk and what ``Outgoing.lend`` gives; set by the room above, which knows the
database and the webhooks."""


@dataclass(slots=True)
class _Flush:
    done: threading.Event = field(default_factory=threading.Event)
    published: bool = False


class Publisher:
    """One daemon thread of one process."""

    def __init__(self, buffer: Buffer) -> None:
        self.buffer = buffer
        self.stats = buffer.stats
        self.outgoing = Outgoing(buffer.stats)
        self.wake = threading.Event()
        self.hurry = threading.Event()
        self.woken = False
        self._at_work = threading.Lock()
        self._may_work = threading.Event()
        self._may_work.set()
        self._flushes: deque[_Flush] = deque()
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

    def close(self, timeout: float) -> None:
        """At exit: publish what is there within *timeout* seconds, and leave the rest in the spool."""
        with self._at_rest(timeout):
            if not (self.buffer.waiting or self.outgoing or self.outgoing.unsure):
                return
        self._exiting = True
        ends = time.monotonic() + timeout
        if self._thread.is_alive():
            self.flush(timeout)
        if self._rescuer is not None:
            self._rescuer.join(max(0.0, ends - time.monotonic()))
        with quiet(), self._at_rest(timeout):
            config = conf.get_config()
            self.outgoing.take_back(config)
            self._build(self.buffer.take(10**9) + self.buffer.take_overflow(10**9), config, polite=False)
            self._count_repeats(config, everything=True)
            self.outgoing.put_down(config)
            self.outgoing.await_receipts()
            self.outgoing.put_down_unsure(config)
            self.outgoing.lose()

    def rest(self) -> bool:
        """Before a fork: have the thread stop after what it has in its hands; ``False`` if that takes too long.

        A child must not inherit what the thread holds at work: an import's lock, one of the broker's client, a file's.
        """
        self._may_work.clear()
        resting = self._at_work.acquire(timeout=FORK_S)
        if not resting:
            self._may_work.set()
        return resting

    def go_on(self) -> None:
        """After a fork for which the thread came to rest."""
        self._at_work.release()
        self._may_work.set()

    @contextmanager
    def _at_rest(self, timeout: float) -> Iterator[None]:
        """With the thread at rest, which may have the last alert in its hands; after *timeout* seconds anyhow."""
        resting = self._at_work.acquire(timeout=timeout)
        try:
            yield
        finally:
            if resting:
                self._at_work.release()

    @contextmanager
    def _working(self) -> Iterator[None]:
        """At work, once no fork waits: whoever asks for a lock again and again keeps others from ever getting it."""
        self._may_work.wait(FORK_S)
        with self._at_work:
            yield

    def _run(self) -> None:
        with quiet():
            while True:
                try:
                    self._wait()
                    self._cycle()
                except BaseException as error:  # noqa: BLE001  # the thread outlives every failure
                    self.stats.failed(error)
                    time.sleep(0.5)

    def _wait(self) -> None:
        self.wake.wait(self._idle_for())
        if not self._flushes and self.buffer.size and not self._exiting:
            self.hurry.wait(GATHER_S)
        self.wake.clear()
        self.hurry.clear()
        self.woken = False

    def _idle_for(self) -> float:
        """Until when nothing is due, in seconds from now."""
        if self.buffer.size or self.buffer.overflow or self._flushes:
            return 0.0
        config = conf.get_config()
        waits = [60.0, *self.outgoing.waits(config)]
        closes = self.buffer.next_close(config.dedup_window)
        if closes is not None:
            waits.append(max(0.05, min(closes - time.time(), self._told + TELL_S - time.monotonic())))
        if self.outgoing.broker.away_s:
            waits.append(RESCUE_S)
        return min(waits)

    def _cycle(self) -> None:
        config = conf.get_config()
        flushes = list(self._flushes)
        spooled = self.stats.spooled
        # What comes in meanwhile is the next cycle's: a storm must not keep a flush or a window's end waiting.
        left = self.buffer.size
        while left > 0 or self.buffer.overflow:
            with self._working():
                self._overflow_to_spool(config)
            for _ in range(0, min(left, BATCH), PART):
                with self._working():
                    self._build(self.buffer.take(PART), config, polite=not flushes and self._is_relaxed(config))
            with self._working():
                self.outgoing.send(config)
            left -= BATCH
        with self._working():
            self._count_repeats(config, everything=bool(flushes) or self._tells_now())
            self.outgoing.send(config)
            self.outgoing.look_for_receipts()
            self.outgoing.take_up(config, now=bool(flushes))
            self._report(config)
        self._rescue(config)
        for request in flushes:
            self._flushes.popleft()
            kept = self.stats.spooled > spooled and self.outgoing.is_spooled(config)
            request.published = not kept and not self.outgoing
            request.done.set()

    def _is_relaxed(self, config: Config) -> bool:
        return not self._exiting and self.buffer.size < config.queue_size // 2

    def _overflow_to_spool(self, config: Config) -> None:
        if evicted := self.buffer.take_overflow(BATCH):
            built = [("alert", self._built(snapshot, config).to_dict()) for snapshot in evicted]
            self.outgoing.put_down_first(built, config)

    def _build(self, snapshots: Iterable[Snapshot], config: Config, *, polite: bool) -> None:
        rest_at = time.perf_counter() + SLICE_S
        for snapshot in snapshots:
            self.outgoing.add("alert", self._built(snapshot, config).to_dict())
            if polite and time.perf_counter() > rest_at:
                # Giving the interpreter up costs us one switch interval, and a busy caller nothing.
                time.sleep(0)
                rest_at = time.perf_counter() + SLICE_S

    def _built(self, snapshot: Snapshot, config: Config) -> Alert:
        try:
            return build(snapshot, config)
        except BaseException as error:  # noqa: BLE001  # an alert that cannot be built becomes one that says so
            self.stats.failed(error)
            return failed(snapshot, error, config)

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
            self.outgoing.add("repeat", repeat)

    def _report(self, config: Config) -> None:
        """Say how it goes, when it does not go well and that is news."""
        self.stats.redaction_failures = redactor_for(config).failures
        if not self.outgoing.broker.is_open or time.monotonic() - self._reported < TELL_S:
            return
        self._reported = time.monotonic()
        telling.count(self.stats, self._counted)
        try:
            telling.tell(self.stats)
        except redis.RedisError:
            return  # it is told the next time

    def _rescue(self, config: Config) -> None:
        """With the broker away for long, take the emergency path, in a thread of its own: it may take its time.

        At the process's exit it is taken at once for what the disk refuses: nobody else will ever tell of that.
        """
        broker, now = self.outgoing.broker, time.monotonic()
        if broker.away_s and broker.is_open:
            with self._working():
                broker.ask()
        if rescue is None or (self._rescuer is not None and self._rescuer.is_alive()):
            return
        if self._exiting:
            if self.outgoing:
                self._help(rescue, config)
        elif broker.away_s >= RESCUE_S and now - self._rescued >= RESCUE_S:
            self._rescued = now
            name = "webhook-alerts-rescue"
            self._rescuer = threading.Thread(target=self._help, args=(rescue, config), name=name, daemon=True)
            self._rescuer.start()

    def _help(self, rescue: Callable[[list[Item]], object], config: Config) -> None:
        with quiet():
            with self._working():
                refused = self.outgoing.lend(config)
            try:
                rescue(refused)
            finally:
                with self._working():
                    self.outgoing.take_back(config)
                self.wake.set()
