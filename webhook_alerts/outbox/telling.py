"""What the outboxes of all processes say of themselves, for whoever asks how things stand."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import asdict

from webhook_alerts.alert import JSON
from webhook_alerts.metrics import catalogue, counters
from webhook_alerts.outbox.stats import Stats
from webhook_alerts.shared_memory import PREFIX, client

REMEMBER_S = 86_400
"""How long a process's trouble is remembered after its last word, in seconds."""
TROUBLE = catalogue.OUTBOX.values["event"]
"""Counters that tell of trouble; a process without any says nothing."""


def tell(stats: Stats) -> None:
    """Put this process's counters where the others' are, if there is trouble among them. Raises ``RedisError``."""
    if any(getattr(stats, name) for name in TROUBLE):
        told = {name: value for name, value in asdict(stats).items() if isinstance(value, (int, str))}
        client().set(f"{PREFIX}outbox:{socket.gethostname()}:{os.getpid()}", json.dumps(told), ex=REMEMBER_S)


def count(stats: Stats, counted: dict[str, int]) -> None:
    """Add to the metrics what troubles have come since they were *counted*, which is brought up to date."""
    for name in TROUBLE:
        counters.add(catalogue.OUTBOX, name, by=getattr(stats, name) - counted.get(name, 0))
        counted[name] = getattr(stats, name)
    counters.send()


def told() -> dict[str, JSON]:
    """The sums over all processes that had trouble in the last day, and how many they are. Raises ``RedisError``."""
    memory = client()
    found = [json.loads(value) for key in memory.scan_iter(f"{PREFIX}outbox:*") if (value := memory.get(key))]
    sums: dict[str, JSON] = {name: sum(int(one.get(name, 0)) for one in found) for name in TROUBLE}
    errors = sorted({one["last_error"] for one in found if one.get("last_error")})
    return {"processes_with_trouble": len(found), **sums, "last_errors": errors}
