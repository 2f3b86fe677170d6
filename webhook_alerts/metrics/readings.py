"""What stands where at the moment: each part of it asked by itself, since each may be away."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db.models import Count, Min

from webhook_alerts.conf import get_config
from webhook_alerts.delivery.gate import endpoint_digest, gate_for
from webhook_alerts.health.findings import Finding
from webhook_alerts.health.probes import Probe, look
from webhook_alerts.health.rounds import Rounds
from webhook_alerts.health.workers import wanted_queues, workers
from webhook_alerts.intake.accept import MALFORMED
from webhook_alerts.metrics import counters
from webhook_alerts.models import Delivery, Incident, Pause
from webhook_alerts.outbox.broker import Broker
from webhook_alerts.outbox.spool import Spool
from webhook_alerts.shared_memory import FLUSHED, client

SCRAPE_S = 1.5
"""How long all parts together are waited for, in seconds; Prometheus itself gives up after ten."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What Redis holds: counters by field, living workers, when beat's round last ran (Unix seconds), the gates."""

    counts: Mapping[str, int]
    malformed: int
    workers: int
    flushed: float | None
    gates: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Record:
    """What the database holds: how many alerts each webhook is owed and since when (Unix seconds), what is paused."""

    pending: Mapping[str, tuple[int, float]]
    paused: frozenset[str]
    incidents: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Files in this machine's spool, and their size in bytes."""

    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Readings:
    """Everything that answered in time; ``None`` is what did not."""

    redis: Memory | None = None
    database: Record | None = None
    broker: Mapping[str, int] | None = None
    spool: Waiting | None = None


def take() -> Readings:
    """What every part answers within a second and a half, not older than five seconds. Never raises."""
    try:
        return _rounds.get(get_config())
    except TimeoutError:  # somebody else asks, and does not come back
        return Readings()


def memory() -> Memory:
    """Ask Redis. Raises ``redis.RedisError``."""
    counters.send()
    found: Any = client().mget(FLUSHED, MALFORMED)
    gates = {name: gate_for(webhook).look() for name, webhook in get_config().webhooks.items()}
    return Memory(
        counts=counters.read(),
        malformed=int(found[1] or 0),
        workers=sum(worker.is_alive for worker in workers()),
        flushed=None if found[0] is None else float(found[0]),
        gates={name: "open" if seen.allowed else seen.reason for name, seen in gates.items()},
    )


def record() -> Record:
    """Ask the database, of what is not over yet: that does not grow with history."""
    owed = Delivery.objects.filter(state__in=[Delivery.State.PENDING, Delivery.State.SENDING]).order_by()
    rows = owed.values_list("webhook").annotate(count=Count("pk"), since=Min("owed_since"))
    webhooks = get_config().webhooks
    pauses = set(Pause.objects.values_list("webhook", "endpoint"))
    unresolved = Incident.objects.filter(state__in=[Incident.State.OPEN, Incident.State.ACKNOWLEDGED]).order_by()
    return Record(
        pending={webhook: (count, since.timestamp()) for webhook, count, since in rows},
        paused=frozenset(name for name, one in webhooks.items() if (name, endpoint_digest(one)) in pauses),
        incidents=dict(unresolved.values_list("state").annotate(count=Count("pk"))),
    )


def queues() -> dict[str, int]:
    """Messages that wait in each of our queues. Raises what the transport raises."""
    broker = Broker()
    try:
        return {name: broker.depth(name) for name in wanted_queues()}
    finally:
        broker.close()


def waiting() -> Waiting:
    """Look into the spool of this machine."""
    sizes = [size for path in Spool(get_config().spool_dir).files() if (size := _size(path)) is not None]
    return Waiting(len(sizes), sum(sizes))


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # taken up meanwhile
        return None


def age_s(since: float) -> float:
    """Seconds since *since*, in Unix time."""
    return max(0.0, time.time() - since)


_READING = "reading"


def _probe(name: str, read: Callable[[], object]) -> Probe:
    return Probe(f"metrics-{name}", lambda: Finding(details={_READING: read()}))


_probes = {
    "redis": _probe("redis", memory),
    "database": _probe("database", record),
    "broker": _probe("broker", queues),
    "spool": _probe("spool", waiting),
}


def _round() -> Readings:
    found = look(_probes.values(), SCRAPE_S)
    return Readings(**{name: found[probe.name].details.get(_READING) for name, probe in _probes.items()})


_rounds = Rounds(_round)
os.register_at_fork(after_in_child=_rounds.forget)
