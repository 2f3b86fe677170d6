"""Receipts: by them a process knows that what it published is stored, and may be forgotten.

They stand in Redis, beside an epoch: a random name that is gone when Redis has lost its memory. Whatever was
published under another epoch and has no receipt may be lost with it, and is published again.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import redis

from webhook_alerts.shared_memory import PREFIX, client

EPOCH = f"{PREFIX}epoch"
REMEMBER_S = 7_200
"""How long a receipt is kept, in seconds: twice Redis' default visibility timeout, after which a batch comes again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What Redis says: its epoch, and which of the batches that it was asked for are stored."""

    epoch: str
    stored: frozenset[str]


def ask(identities: Sequence[str] = ()) -> Answer:
    """Ask in one round-trip. Raises ``redis.RedisError``."""
    with client().pipeline(transaction=False) as pipe:
        pipe.set(EPOCH, uuid.uuid4().hex[:12], nx=True)
        pipe.get(EPOCH)
        for identity in identities:
            pipe.exists(_key(identity))
        _, epoch, *found = pipe.execute()
    stored = (identity for identity, there in zip(identities, found, strict=True) if there)
    return Answer((epoch or b"").decode(), frozenset(stored))


def give(batch: dict[str, Any]) -> None:
    """Say that *batch* is stored. Without Redis nobody is told, and it comes again, which changes nothing."""
    identity = batch.get("id")
    if isinstance(identity, str) and identity:
        try:
            client().set(_key(identity), 1, ex=REMEMBER_S)
        except redis.RedisError:
            return


def has_been_given(batch: dict[str, Any]) -> bool:
    """Is *batch* known to be stored? Without Redis nobody knows."""
    identity = batch.get("id")
    try:
        return isinstance(identity, str) and identity in ask([identity]).stored
    except redis.RedisError:
        return False


def _key(identity: str) -> str:
    return f"{PREFIX}receipt:{identity[:64]}"
