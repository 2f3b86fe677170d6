"""What is looked at: each service by one function that runs in a thread of its own and may raise or hang."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, router
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from webhook_alerts import overrides
from webhook_alerts.alert import JSON
from webhook_alerts.conf import get_config
from webhook_alerts.delivery.gate import state_of
from webhook_alerts.health import calls
from webhook_alerts.health.findings import Finding, Status, worst
from webhook_alerts.health.workers import Worker, unserved, wanted_queues, workers
from webhook_alerts.models import Alert, Delivery
from webhook_alerts.outbox.broker import Broker
from webhook_alerts.outbox.spool import Spool
from webhook_alerts.retelling import keep, keep_many
from webhook_alerts.shared_memory import FLUSHED, client

FLUSHES_MISSED = 3
"""So many rounds of beat may be missed, and five seconds, before it counts as silent."""

_migrated: set[str] = set()


def database() -> Finding:
    """Do the site's database and that of the alerts take connections and answer, and are they migrated?

    All apps' migrations count in the site's own, ours in another. A process whose code was found migrated once
    does not look again.
    """
    for alias in sorted({DEFAULT_DB_ALIAS, router.db_for_write(Alert)}):
        began = time.perf_counter()
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
        answer_ms = round((time.perf_counter() - began) * 1000, 1)
        if missing := _missing_migrations(alias):
            reason = keep_many(
                "%(count)d migration is missing: run manage.py migrate.",
                "%(count)d migrations are missing: run manage.py migrate.",
                missing,
            ) % {"count": missing}
            return Finding(Status.UNHEALTHY, reason, {"answer_ms": answer_ms, "missing_migrations": missing})
    return Finding(details={"answer_ms": answer_ms, "missing_migrations": 0})


def _missing_migrations(alias: str) -> int:
    if alias in _migrated:
        return 0
    executor = MigrationExecutor(connections[alias])
    leaves = executor.loader.graph.leaf_nodes()
    targets = [node for node in leaves if alias == DEFAULT_DB_ALIAS or node[0] == Alert._meta.app_label]
    missing = len(executor.migration_plan(targets))
    if not missing:
        _migrated.add(alias)
    return missing


def memory() -> Finding:
    """Does Redis answer?"""
    began = time.perf_counter()
    client().ping()
    return Finding(details={"answer_ms": round((time.perf_counter() - began) * 1000, 1)})


def broker() -> Finding:
    """Does the broker answer, and how many messages wait in each of our queues?"""
    asked = Broker()
    try:
        return Finding(details={"queues": {name: asked.depth(name) for name in wanted_queues()}})
    finally:
        asked.close()


def consumers() -> Finding:
    """Does a living worker consume each of our queues?"""
    found = workers()
    missing = unserved(found, wanted_queues())
    details: dict[str, JSON] = {"workers": {worker.name: _worker(worker) for worker in found}, "unserved": missing}
    if not missing:
        return Finding(details=details)
    silent = [worker for worker in found if not worker.is_alive]
    if silent and not any(worker.is_alive for worker in found):
        last = min(silent, key=lambda worker: worker.age_s)
        reason = keep("No worker is alive; %(name)s was the last, %(age).0f s ago.") % {
            "name": last.name,
            "age": last.age_s,
        }
    elif not found:
        reason = keep("No worker was heard of within the last hour.")
    else:
        reason = keep("No living worker consumes %(queues)s.") % {"queues": ", ".join(missing)}
    return Finding(Status.DEGRADED, reason, details)


def _worker(worker: Worker) -> dict[str, JSON]:
    return {"alive": worker.is_alive, "age_s": worker.age_s, "pool": worker.pool, "queues": list(worker.queues)}


def beat() -> Finding:
    """Has beat asked for a flush lately, and a worker made it? Its mark is what shows that beat lives."""
    flushed: Any = client().get(FLUSHED)
    age_s = None if flushed is None else round(max(0.0, time.time() - float(flushed)), 1)
    details: dict[str, JSON] = {"last_flush_s": age_s}
    if age_s is not None and age_s <= FLUSHES_MISSED * get_config().flush_interval + 5:
        return Finding(details=details)
    if not any(worker.is_alive for worker in workers()):
        return Finding(Status.UNKNOWN, keep("It cannot be told while no worker is alive to flush."), details)
    if age_s is None:
        return Finding(
            Status.DEGRADED, keep("Nothing was ever flushed: beat is not running, or has just begun."), details
        )
    reason = keep("The last flush was %(age).0f s ago: beat is not running, or flushes fail.") % {"age": age_s}
    return Finding(Status.DEGRADED, reason, details)


_GATES: Mapping[str, Status] = {
    "paused": Status.DEGRADED,
    "breaker_open": Status.DEGRADED,
    "locked": Status.DEGRADED,
    "unknown": Status.UNKNOWN,
}


def webhooks() -> Finding:
    """Where the gate of each webhook stands. A limit or a cooldown is work as usual.

    Those that operators have added are among them; what keeps one of these from holding is told, too.
    """
    overrides.refresh()
    found: dict[str, JSON] = {}
    statuses = []
    for name in get_config().configured:
        state = state_of(name)
        statuses.append(_GATES.get(state["state"], Status.HEALTHY))
        found[name] = {"status": statuses[-1].value, "gate": state["state"], "wait_s": state["wait_s"]}
        if state["reason"]:
            found[name]["reason"] = state["reason"]
    held = [f"{name} ({told['gate']})" for name, told in found.items() if told["status"] != Status.HEALTHY]
    reason = keep("Nothing is sent to %(webhooks)s.") % {"webhooks": ", ".join(held)} if held else ""
    details: dict[str, JSON] = {"webhooks": found}
    if problems := [problem.message for problem in get_config().override_problems]:
        details["overrides"] = problems
    return Finding(worst(statuses), reason, details)


def spool() -> Finding:
    """Does something wait on this machine's disk for the broker?"""
    told = Spool(get_config().spool_dir).summary()
    if "error" in told:
        return Finding(Status.DEGRADED, keep("It cannot be read: %(error)s.") % {"error": told["error"]}, told)
    if told["alerts"]:
        reason = keep_many("%(count)d alert waits on disk.", "%(count)d alerts wait on disk.", told["alerts"]) % {
            "count": told["alerts"]
        }
        return Finding(Status.DEGRADED, reason, told)
    return Finding(details=told)


def external() -> Finding:
    """The endpoints that the project registered, as its own last calls saw them."""
    found = calls.endpoints()
    wrong = [one.name for one in found if one.status is not Status.HEALTHY]
    reason = keep("Not well: %(endpoints)s.") % {"endpoints": ", ".join(wrong)} if wrong else ""
    told = {
        one.name: {key: value for key, value in asdict(one).items() if key != "name" and value != ""} for one in found
    }
    return Finding(worst(one.status for one in found), reason, {"endpoints": told})


def figures() -> Finding:
    """What is owed, since when, and what has failed within a day."""
    owed = Delivery.objects.filter(state__in=(Delivery.State.PENDING, Delivery.State.SENDING))
    day = timezone.now() - timedelta(days=1)
    failed = Delivery.objects.filter(state=Delivery.State.FAILED, settled_at__gte=day)
    # The oldest by its id, which an index gives, is the oldest by its time.
    firsts = [
        Delivery.objects.filter(state=state).order_by("id").values_list("created_at", flat=True).first()
        for state in (Delivery.State.PENDING, Delivery.State.SENDING)
    ]
    ages = [max(0.0, (timezone.now() - first).total_seconds()) for first in firsts if first is not None]
    oldest_s = round(max(ages), 1) if ages else None
    return Finding(details={"pending": owed.count(), "failed_24h": failed.count(), "oldest_pending_s": oldest_s})


SERVICES: Mapping[str, Callable[[], Finding]] = {
    "database": database,
    "redis": memory,
    "broker": broker,
    "workers": consumers,
    "beat": beat,
    "webhooks": webhooks,
    "spool": spool,
    "endpoints": external,
}
