"""What a process has built and no worker has stored yet: on its way to the broker, with it, or on disk."""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

import redis

from webhook_alerts.alert import JSON, Level
from webhook_alerts.conf import Config
from webhook_alerts.outbox.batch import Batch, Item, alerts_in, apart, is_critical, message, notes_of, weight
from webhook_alerts.outbox.broker import CRITICAL_QUEUE, QUEUE, Broker
from webhook_alerts.outbox.held import Held
from webhook_alerts.outbox.spool import HELD_S, Spool
from webhook_alerts.outbox.stats import Stats

logger = logging.getLogger("webhook_alerts.outbox")
BATCH = 500
"""Alerts in one message at most."""
BATCH_BYTES = 2_000_000
"""About how large a message may grow, in characters of its long texts."""
SPOOL_S = 3.0
"""How often, in seconds, what is spooled is offered to the broker again."""
RECEIPT_S = 0.5
"""How long a process's exit waits for the receipts of what it has just published, in seconds."""


class Outgoing:
    """The items of one process. Used by its publisher's thread, and by others only while that is at rest."""

    def __init__(self, stats: Stats) -> None:
        self.stats = stats
        self.broker = Broker()
        self.unsure = Held()
        self._items: deque[Item] = deque()
        self._notes: list[Item] = []
        self._lent: list[Item] = []
        self._lent_alerts = 0
        self._spool: Spool | None = None
        self._spool_tried = 0.0

    def __len__(self) -> int:
        """What is built but neither published nor spooled."""
        return len(self._items) + sum(kind != "sent" for kind, _ in self._lent)

    def add(self, kind: str, value: dict[str, JSON]) -> None:
        """Take one item in: see ``Item``."""
        self._items.append((kind, value))

    def send(self, config: Config) -> None:
        """Bring everything to the broker, or what it does not take to the spool."""
        while self._items:
            owed = self._next()
            if not (self.broker.is_open and self._publish(Batch([*owed, *notes_of(owed, self._notes)]))):
                self.put_down(config)
                return
            for _ in owed:
                self._items.popleft()
            self.stats.published += alerts_in(owed)
            self._forget_notes()
        self._hold_on_disk(self.unsure.overflow(), config)

    def put_down(self, config: Config) -> None:
        """Everything goes to the spool; what that does not take stays here, as far as there is room."""
        if self._items and self._write(list(self._items), config):
            self._items.clear()
            self._forget_notes()
        self._bound(config)

    def put_down_first(self, items: Sequence[Item], config: Config) -> None:
        """*items* go to the spool, past what waits here."""
        if not self._write(items, config):
            self._items.extend(items)
            self._bound(config)

    def put_down_unsure(self, config: Config) -> None:
        """What the broker has taken and may have lost goes to the spool, too."""
        self._hold_on_disk(self.unsure.give_up(), config)

    def lend(self, config: Config) -> list[Item]:
        """For the emergency path, what it does not find on disk, with the notes of what it has sent behind the rest.

        What of the grave the broker had taken, and may have lost with itself, goes to the disk first. The list is the
        borrower's to change; what is in it stays unpublished until it is taken back.
        """
        for batch in self._hold_on_disk(self.unsure.give_up(Level.ERROR), config):
            self.stats.published -= alerts_in(batch.items)
            self._receive(batch.items)
        self._lent, self._items, self._notes = [*self._items, *self._notes], deque(), []
        self._lent_alerts = alerts_in(self._lent)
        return self._lent

    def take_back(self, config: Config) -> None:
        """What the emergency path could not store waits here again, with the notes of what it has sent."""
        lent, self._lent = self._lent, []
        self.stats.published += self._lent_alerts - alerts_in(lent)
        self._lent_alerts = 0
        self._receive(lent)
        self._bound(config)

    def lose(self) -> None:
        """The process ends: what neither broker nor disk took is lost. It is counted and logged."""
        dropped, unrecorded = self._count_lost(self._items)
        self._items.clear()
        self._forget_notes()
        if dropped or unrecorded:
            logger.error(
                "Neither the broker nor the disk took what waited when the process ended: %d alerts and repeats are "
                "lost, and %d alerts that were sent stand on no record",
                dropped,
                unrecorded,
            )

    def await_receipts(self) -> None:
        """Wait a moment for the workers that store what was just published."""
        deadline = time.monotonic() + RECEIPT_S
        try:
            while self.unsure and self.broker.is_open:
                self.unsure.look()
                if time.monotonic() > deadline:
                    return
                time.sleep(0.02)
        except redis.RedisError:
            return  # then nobody knows, and the disk keeps it

    def look_for_receipts(self) -> None:
        """Forget what workers have stored; publish again what the broker has forgotten."""
        wait = self.unsure.next_look()
        if wait is None or wait > 0:
            return
        try:
            missing = self.unsure.look()
        except redis.RedisError:
            if self.broker.is_open:
                self.broker.ask()  # it may be gone as well, with what it had taken
            return  # nothing is known, so that everything is kept
        if missing and self.broker.has_unread():
            missing = [batch for batch in missing if self.unsure.is_forgotten(batch)]
        for batch in missing:
            if not (self.broker.is_open and self._publish(batch)):
                return
            self.stats.republished += alerts_in(batch.items)

    def take_up(self, config: Config, *, now: bool) -> None:
        """Bring what is spooled, of whichever process, to the broker: if it is time for that, or *now*."""
        if not now and time.monotonic() - self._spool_tried < SPOOL_S:
            return
        self._spool_tried = time.monotonic()
        spool = self._spool_at(config)
        if self.broker.is_open and spool.files(self.unsure.epoch):
            self._learn_epoch()
        if not self.broker.is_open or not spool.files(self.unsure.epoch):
            return
        patience_s = math.inf if self.broker.has_unread() else HELD_S
        try:
            done = spool.replay(self._publish_apart, BATCH, self.unsure.epoch, patience_s)
        except OSError as error:
            self.stats.failed(error)
            return
        self.stats.replayed += done.items
        self.stats.torn += done.torn

    def waits(self, config: Config) -> Iterator[float]:
        """In how many seconds there is something to do again."""
        if (look := self.unsure.next_look()) is not None:
            yield look
        if self._items or self._spool_at(config).files(self.unsure.epoch):
            yield max(0.1, self._spool_tried + SPOOL_S - time.monotonic())

    def is_spooled(self, config: Config) -> bool:
        """Does anything wait on disk?"""
        return bool(self._spool_at(config).files())

    def _next(self) -> list[Item]:
        """What comes next, as far as one message carries it; critical alerts, which were taken first, by themselves."""
        items: list[Item] = []
        size = 0
        critical = is_critical(self._items[0])
        for item in self._items:
            size += weight(item)
            if items and (size > BATCH_BYTES or len(items) >= BATCH or is_critical(item) is not critical):
                break
            items.append(item)
        return items

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

    def _write(self, items: Sequence[Item], config: Config) -> bool:
        try:
            self.stats.dropped += self._spool_at(config).write([*items, *notes_of(items, self._notes)])
        except OSError as error:
            self.stats.failed(error)
            return False
        self.stats.spooled += alerts_in(items)
        self._spool_tried = time.monotonic()
        return True

    def _hold_on_disk(self, batches: list[Batch], config: Config) -> list[Batch]:
        """Spool what the broker has; what the disk refuses of it."""
        refused = []
        for batch in batches:
            try:
                self.stats.dropped += self._spool_at(config).write_held(batch)
            except OSError as error:
                self.stats.failed(error)
                refused.append(batch)
        return refused

    def _receive(self, items: Sequence[Item]) -> None:
        """Put *items* before what waits, and their notes beside it."""
        self._items.extendleft(item for item in reversed(items) if item[0] != "sent")
        self._notes.extend(item for item in items if item[0] == "sent")

    def _bound(self, config: Config) -> None:
        """Neither broker nor disk takes anything: keep what fits in memory, and count the least grave as lost."""
        over = len(self._items) - config.queue_size
        if over <= 0:
            return
        by_level = sorted(range(len(self._items)), key=lambda at: self._items[at][1].get("level", 100))
        lost = set(by_level[:over])
        self._count_lost(self._items[at] for at in lost)
        self._items = deque(item for at, item in enumerate(self._items) if at not in lost)
        self._forget_notes()

    def _count_lost(self, items: Iterable[Item]) -> tuple[int, int]:
        """Count *items* as lost: alerts and repeats that nobody was told of, and alerts that were sent."""
        sent = {key for _, note in self._notes for key in note["alerts"]}
        dropped = unrecorded = 0
        for kind, value in items:
            if kind == "alert" and value["id"] in sent:
                unrecorded += 1
            else:
                dropped += 1 if kind == "alert" else int(value["count"])
        self.stats.dropped += dropped
        self.stats.unrecorded += unrecorded
        return dropped, unrecorded

    def _forget_notes(self) -> None:
        """A note is kept as long as an alert that it speaks of waits here."""
        self._notes = notes_of(self._items, self._notes)

    def _learn_epoch(self) -> None:
        try:
            self.unsure.learn()
        except redis.RedisError:
            return  # without it, what is missing is told by its age alone

    def _spool_at(self, config: Config) -> Spool:
        if self._spool is None or str(self._spool.directory) != config.spool_dir:
            self._spool = Spool(config.spool_dir, config.spool_max_bytes)
        return self._spool
