"""Counters of one process's outbox."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Stats:
    """What happened to the alerts of this process since it started (or was forked).

    ``taken`` calls became ``published`` + ``spooled`` + ``dropped`` + ``unrecorded`` + ``pending`` alerts, or
    ``repeats``. ``published`` includes what the emergency path stored itself; ``unrecorded`` were sent by it, and their
    record is lost.
    ``republished`` alerts were sent to the broker again because no worker had said that they are stored.
    ``replayed`` alerts came back from the spool, of whichever process. ``torn`` spool lines could not be read.
    ``redaction_failures`` are texts that the user's own function could not redact, and that were taken out whole.
    ``errors`` are failures of our own that were kept from the caller; ``last_error`` names the last one's type.
    """

    taken: int = 0
    repeats: int = 0
    published: int = 0
    batches: int = 0
    spooled: int = 0
    replayed: int = 0
    republished: int = 0
    dropped: int = 0
    unrecorded: int = 0
    pending: int = 0
    torn: int = 0
    publish_failures: int = 0
    errors: int = 0
    redaction_failures: int = 0
    last_error: str = ""
    ignored: dict[str, int] = field(default_factory=dict)

    def failed(self, error: BaseException) -> None:
        """Count a failure of ours that was kept from the caller."""
        self.errors += 1
        self.last_error = type(error).__name__
