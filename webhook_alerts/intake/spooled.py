"""Taking up what waits on this machine's disk: a worker stores it itself and needs no broker for it."""

from __future__ import annotations

import redis

from webhook_alerts.conf import get_config
from webhook_alerts.intake.accept import accept
from webhook_alerts.outbox import receipts
from webhook_alerts.outbox.batch import Item, message
from webhook_alerts.outbox.spool import Replayed, Spool

BATCH = 500


def take_up() -> Replayed:
    """Accept everything in the spool, of whichever process; a file goes once its alerts are committed.

    Raises what the database raises; what was not accepted by then stays in its file.
    """
    spool = Spool(get_config().spool_dir)
    forget_what_is_stored(spool)
    return spool.replay(_accept, BATCH)


def forget_what_is_stored(spool: Spool) -> None:
    """Remove what came by the broker after all, or was put down a second time."""
    held = spool.held()
    try:
        stored = receipts.ask(list(held)).stored if held else ()
    except redis.RedisError:
        return  # storing it again changes nothing
    for identity in stored:
        held[identity].unlink(missing_ok=True)


def _accept(items: list[Item]) -> bool:
    accept(message(items))
    return True
