"""The last calls of every registered endpoint, as Redis keeps them, and what they say of it."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from webhook_alerts.conf import get_config
from webhook_alerts.health.findings import Status
from webhook_alerts.outbox.redaction import redactor_for
from webhook_alerts.retelling import keep
from webhook_alerts.shared_memory import PREFIX, client

Call = tuple[str, float, bool, float, float]
"""The endpoint's name, seconds that it took, whether it went well, above what it is slow, Unix seconds at its end."""
_Outcome = tuple[float, float, bool, float]
KEPT = 50
"""Calls that are remembered of an endpoint."""
RECENT_S = 900.0
"""Older calls, in seconds, do not say how an endpoint stands now."""
DOWN_SHARE = 0.5
"""From this share of failures on an endpoint is down; with ``LEAST_FAILURES`` at least, for one proves little."""
DEGRADED_SHARE = 0.2
LEAST_FAILURES = 2
LONGEST_S = 86_400.0
"""A call that took longer, in seconds, took this long."""
MOST = 100
"""Endpoints that are kept; further names are left out."""
FORGET_S = 604_800
"""An endpoint that was not called for a week is forgotten."""
KEY = f"{PREFIX}endpoints"
SUCCEEDED = f"{PREFIX}endpoints:succeeded"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How an endpoint stands: ages and times in seconds; ``calls`` and ``failures`` among its last, recent ones."""

    name: str
    status: Status
    reason: str
    calls: int
    failures: int
    last_call_s: float
    last_success_s: float | None
    response_s: float | None
    average_s: float | None
    slow_s: float


def write(taken: Sequence[Call]) -> None:
    """Add calls to what is remembered, in one round-trip. Raises ``redis.RedisError``."""
    by_name: defaultdict[object, list[_Outcome]] = defaultdict(list)
    for name, took, ok, slow_s, at in taken:
        try:
            outcome = (at, min(max(0.0, float(took)), LONGEST_S), bool(ok), float(slow_s))
        except Exception:  # noqa: BLE001, S112 - what a caller gave as a number is none: that call says nothing
            continue
        by_name[name].append(outcome)
    redactor = redactor_for(get_config())
    with client().pipeline(transaction=False) as pipe:
        for given, made in list(by_name.items())[:MOST]:
            name = redactor.text(str(given))[:64].encode(errors="replace").decode()
            pipe.lpush(_key(name), *(f"{at:.3f} {took:.4f} {int(ok)}" for at, took, ok, _slow in made[-KEPT:]))
            pipe.ltrim(_key(name), 0, KEPT - 1)
            pipe.expire(_key(name), FORGET_S)
            last_at, _took, _ok, slow_s = made[-1]
            pipe.hset(KEY, name, json.dumps([last_at, slow_s]))
            if went_well := [at for at, _took, ok, _slow in made if ok]:
                pipe.hset(SUCCEEDED, name, went_well[-1])
        pipe.execute()


def endpoints(now: float | None = None) -> list[Endpoint]:
    """Every endpoint that was called within a week, by name. Raises ``redis.RedisError``."""
    now = time.time() if now is None else now
    memory = client()
    with memory.pipeline(transaction=False) as pipe:
        pipe.hgetall(KEY)
        pipe.hgetall(SUCCEEDED)
        told, succeeded = pipe.execute()
        known = {name.decode(): json.loads(value) for name, value in told.items()}
        names = sorted(name for name, (at, _slow) in known.items() if now - at <= FORGET_S)
        for name in names[:MOST]:
            pipe.lrange(_key(name), 0, -1)
        lists = pipe.execute()
        if forgotten := set(known) - set(names):
            pipe.hdel(KEY, *forgotten)
            pipe.hdel(SUCCEEDED, *forgotten)
            pipe.execute()
    found = []
    for name, lines in zip(names, lists, strict=False):
        at, slow_s = known[name]
        success = succeeded.get(name.encode())
        last_success_s = None if success is None else _ago(now, float(success))
        found.append(judge(name, [_read(line) for line in lines], slow_s, _ago(now, at), last_success_s, now))
    return found


def judge(
    name: str,
    lines: Iterable[tuple[float, float, bool]],
    slow_s: float,
    last_call_s: float,
    last_success_s: float | None,
    now: float,
) -> Endpoint:
    """What the last calls say of an endpoint, the newest first: each its end, its seconds, whether it went well."""
    recent = [(took, ok) for at, took, ok in lines if now - at <= RECENT_S]
    failures = sum(not ok for _took, ok in recent)
    average_s = round(sum(took for took, _ok in recent) / len(recent), 4) if recent else None
    status, reason = Status.HEALTHY, ""
    if failures >= LEAST_FAILURES and failures >= DOWN_SHARE * len(recent):
        status = Status.UNHEALTHY
    elif failures >= LEAST_FAILURES and failures >= DEGRADED_SHARE * len(recent):
        status = Status.DEGRADED
    if status is not Status.HEALTHY:
        reason = keep("%(failures)d of the last %(calls)d calls failed.") % {"failures": failures, "calls": len(recent)}
    elif average_s is not None and average_s > slow_s:
        status = Status.DEGRADED
        reason = keep("It answers in %(average).2f s on average; more than %(slow)g s is slow.") % {
            "average": average_s,
            "slow": slow_s,
        }
    response_s = round(recent[0][0], 4) if recent else None
    return Endpoint(
        name, status, reason, len(recent), failures, last_call_s, last_success_s, response_s, average_s, slow_s
    )


def _ago(now: float, at: float) -> float:
    return round(max(0.0, now - at), 1)


def _read(line: bytes) -> tuple[float, float, bool]:
    at, took, ok = line.decode().split(" ")
    return float(at), float(took), ok == "1"


def _key(name: str) -> str:
    return f"{PREFIX}endpoint:{name}"
