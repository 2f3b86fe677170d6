"""How things stand: the sums of every webhook, its gate, the queues, the spool and the outboxes."""

from __future__ import annotations

import time
from typing import Any

import redis
from django.db.models import Min, Q

from webhook_alerts.alert import JSON
from webhook_alerts.conf import get_config
from webhook_alerts.delivery.gate import state_of
from webhook_alerts.delivery.totals import totals
from webhook_alerts.health import workers
from webhook_alerts.intake.accept import MALFORMED
from webhook_alerts.models import Delivery
from webhook_alerts.outbox import telling
from webhook_alerts.outbox.broker import Broker
from webhook_alerts.outbox.spool import Spool
from webhook_alerts.overrides import standing
from webhook_alerts.shared_memory import FLUSHED, client


def status() -> dict[str, JSON]:
    """Everything as JSON-ready data. What cannot be asked is said under its own key, not raised.

    Raises only what the database raises: without it there are no sums to tell.
    """
    sums = totals()
    oldest = _oldest_pending()
    return {
        "webhooks": {
            name: {**row, "oldest_pending_s": oldest.get(name), **_gate(name)} for name, row in sorted(sums.items())
        },
        "conserved": all(_is_conserved(row) for row in sums.values()),
        "queues": _queues(),
        "workers": _workers(),
        "redis": _redis(),
        "spool": _spool(),
        "outboxes": _outboxes(),
        "overrides": _overrides(),
    }


def _overrides() -> dict[str, JSON]:
    """What operators have set over the settings: which keys, by whom and when; and what is wrong with it."""
    found: dict[str, JSON] = {
        f"{one.kind} {one.name}": {"keys": list(one.keys), "by": one.by, "at": one.at.isoformat()}
        for one in standing.standing()
    }
    problems = [f"{problem.message}. {problem.hint}" for problem in get_config().override_problems]
    return {**found, **({"problems": problems} if problems else {})}


def _is_conserved(row: dict[str, int]) -> bool:
    return row["received"] == row["delivered"] + row["suppressed"] + row["pending"] + row["failed"]


def _oldest_pending() -> dict[str, float]:
    """How many seconds ago the oldest delivery was stored that is still owed, by webhook."""
    owed = Q(state__in=[Delivery.State.PENDING, Delivery.State.SENDING])
    rows = Delivery.objects.filter(owed).order_by().values_list("webhook").annotate(at=Min("created_at"))
    return {name: round(max(0.0, time.time() - at.timestamp()), 1) for name, at in rows}


def _gate(name: str) -> dict[str, JSON]:
    if name not in get_config().configured:
        return {"gate": "not configured", "wait_s": 0.0, "reason": "its alerts wait until it is again"}
    state = state_of(name)
    return {"gate": state["state"], "wait_s": state["wait_s"], "reason": state["reason"]}


def _queues() -> dict[str, JSON]:
    """Messages that wait in each of our queues; ``None`` where the broker does not say."""
    names = workers.wanted_queues()
    broker = Broker()
    try:
        return {name: broker.depth(name) for name in names}
    except Exception as error:  # noqa: BLE001 - whatever a transport raises, the broker does not answer
        return {**dict.fromkeys(names), "error": f"the broker is away: {type(error).__name__}"}
    finally:
        broker.close()


def _workers() -> dict[str, JSON]:
    """How many seconds ago each worker was heard of, of those within the last hour."""
    try:
        return {worker.name: worker.age_s for worker in workers.workers()}
    except redis.RedisError as error:
        return {"error": f"Redis is away: {type(error).__name__}"}


def _redis() -> dict[str, JSON]:
    try:
        memory: Any = client()
        flushed, malformed = memory.mget(FLUSHED, MALFORMED)
    except redis.RedisError as error:
        return {"answers": False, "error": type(error).__name__}
    return {
        "answers": True,
        "last_flush_s": None if flushed is None else round(time.time() - float(flushed), 1),
        "malformed": int(malformed or 0),
    }


def _outboxes() -> dict[str, JSON]:
    try:
        return telling.told()
    except redis.RedisError as error:
        return {"error": f"Redis is away: {type(error).__name__}"}


def _spool() -> dict[str, JSON]:
    spool = Spool(get_config().spool_dir)
    return {"directory": str(spool.directory), **spool.summary()}
