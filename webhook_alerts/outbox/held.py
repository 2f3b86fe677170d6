"""What the broker has taken and no worker has stored yet: kept, for a broker may forget."""

from __future__ import annotations

import time
from collections import OrderedDict

from webhook_alerts.outbox import receipts
from webhook_alerts.outbox.batch import Batch

PATIENCE_S = 30.0
"""How long a receipt is waited for before a batch is published again; doubled each time, since workers may be down."""
LONGEST_S = 600.0
BYTES = 32_000_000
"""About how much is kept in memory; what is more goes to disk."""


class Held:
    """The batches of one process, the oldest first. Used by its publisher's thread alone."""

    def __init__(self) -> None:
        self._batches: OrderedDict[str, Batch] = OrderedDict()
        self._bytes = 0
        self._looked = 0.0
        self.epoch = ""

    def __len__(self) -> int:
        return len(self._batches)

    def keep(self, batch: Batch) -> None:
        """The broker has just taken *batch*."""
        batch.published = time.monotonic()
        batch.times += 1
        batch.epoch = self.epoch
        if batch.identity not in self._batches:
            self._bytes += batch.weight
            self._batches[batch.identity] = batch

    def learn(self) -> None:
        """Ask for the epoch alone. Raises ``redis.RedisError``."""
        self.epoch = receipts.ask().epoch

    def look(self) -> list[Batch]:
        """Forget what is stored; what has to be published again. Raises ``redis.RedisError``."""
        self._looked = now = time.monotonic()
        answer = receipts.ask(list(self._batches))
        self.epoch = answer.epoch
        for identity in answer.stored:
            self._forget(identity)
        return [batch for batch in self._batches.values() if self._is_missing(batch, now)]

    def next_look(self) -> float | None:
        """In how many seconds to look; ``None``: nothing is kept."""
        if not self._batches:
            return None
        newest = next(reversed(self._batches.values())).published
        pause = min(5.0, max(0.2, (time.monotonic() - newest) / 2))
        return max(0.0, self._looked + pause - time.monotonic())

    def overflow(self) -> list[Batch]:
        """The oldest batches, so that at most ``BYTES`` stay in memory."""
        gone = []
        while self._batches and self._bytes > BYTES:
            gone.append(self._forget(next(iter(self._batches))))
        return gone

    def give_up(self, at_least: int = 0) -> list[Batch]:
        """Everything, or what holds an alert of the level *at_least* or above, to be kept elsewhere."""
        given = [identity for identity, batch in self._batches.items() if batch.gravest >= at_least]
        return [self._forget(identity) for identity in given]

    def is_forgotten(self, batch: Batch) -> bool:
        """Has Redis lost its memory since *batch* was published?"""
        return bool(batch.epoch) and batch.epoch != self.epoch

    def _is_missing(self, batch: Batch, now: float) -> bool:
        if self.is_forgotten(batch):
            return True
        return now - batch.published > min(PATIENCE_S * 2.0 ** (batch.times - 1), LONGEST_S)

    def _forget(self, identity: str) -> Batch:
        batch = self._batches.pop(identity)
        self._bytes -= batch.weight
        return batch
