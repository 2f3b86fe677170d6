"""Taking up what waits on this machine's disk: a worker stores it itself and needs no broker for it."""

from __future__ import annotations

import logging

import redis

from webhook_alerts.conf import get_config
from webhook_alerts.intake.accept import accept
from webhook_alerts.outbox import receipts
from webhook_alerts.outbox.batch import Item, message, notes_of
from webhook_alerts.outbox.spool import Replayed, Spool

logger = logging.getLogger("webhook_alerts.intake")
BATCH = 500


def take_up() -> Replayed:
    """Accept everything in the spool, of whichever process; a file goes once its alerts are committed.

    Raises what the database raises; what was not accepted by then stays in its file. So does what the disk keeps from
    being taken up: everything else goes on.
    """
    spool = Spool(get_config().spool_dir)
    try:
        forget_what_is_stored(spool)
        return spool.replay(_accept, BATCH)
    except OSError as error:
        logger.warning("What waits on disk cannot be taken up: %s", error.strerror or type(error).__name__)
        return Replayed(complete=False)


def store(refused: list[Item]) -> None:
    """Accept what the disk did not take; it goes from *refused*, where notes stand last, once it is committed.

    Raises what the database raises.
    """
    while owed := [item for item in refused[:BATCH] if item[0] != "sent"]:
        _accept([*owed, *notes_of(owed, refused)])
        del refused[: len(owed)]
    refused.clear()


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
