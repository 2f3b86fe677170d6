"""How everything stands, or one worker or beat alone: for containers that ask whether they are well."""

from __future__ import annotations

from dataclasses import replace

from webhook_alerts.alert import JSON
from webhook_alerts.health import report, services
from webhook_alerts.health.findings import Finding, Status
from webhook_alerts.health.probes import Probe, look
from webhook_alerts.health.workers import workers
from webhook_alerts.retelling import keep


def tell(worker: str | None = None, *, beat: bool = False) -> dict[str, JSON]:
    """What ``/health/`` tells those who may see details; or only how the *worker* of that name, or *beat*, stands.

    Of one alone, what cannot be told (Redis is away) is ``unknown``, no reason to end a container.
    """
    asked: list[Probe] = []
    if worker is not None:
        asked.append(Probe(f"worker {worker}", lambda: _worker(worker)))
    if beat:
        asked.append(Probe("beat", _beat))
    if not asked:
        return report.current().to_dict()
    at, found = report.now(), look(asked)
    statuses = {finding.status for finding in found.values()}
    worst = next((one for one in (Status.UNHEALTHY, Status.UNKNOWN) if one in statuses), Status.HEALTHY)
    return {**report.summary(worst, at), "services": {name: finding.to_dict() for name, finding in found.items()}}


def _worker(name: str) -> Finding:
    """Has this worker been heard of lately? Raises ``redis.RedisError``."""
    known = {worker.name: worker for worker in workers()}
    if name not in known:
        reason = keep("No worker of this name was heard of within the last hour; there are: %(names)s.")
        return Finding(Status.UNHEALTHY, reason % {"names": ", ".join(known) or keep("none")})
    details = {"age_s": known[name].age_s}
    if known[name].is_alive:
        return Finding(details=details)
    return Finding(
        Status.UNHEALTHY, keep("It was last heard of %(age).0f s ago.") % {"age": known[name].age_s}, details
    )


def _beat() -> Finding:
    found = services.beat()
    return replace(found, status=Status.UNHEALTHY) if found.status is Status.DEGRADED else found
