"""``/health/live/``, ``/health/ready/`` and ``/health/``: for probes, load balancers and monitors.

They answer 200 or 503 within two seconds, whatever is away, and raise no alert about themselves.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from webhook_alerts.conf import get_config
from webhook_alerts.health import report
from webhook_alerts.health.audience import has_token, is_staff
from webhook_alerts.health.findings import ESSENTIAL, Status, overall
from webhook_alerts.outbox.guard import quiet

View = Callable[[HttpRequest], HttpResponseBase]


def _probe(view: View) -> View:
    """What all three have in common: GET and HEAD, nothing kept by anybody, no login, no transaction, no log record."""

    @functools.wraps(view)
    def answer(request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase
        if request.method not in ("GET", "HEAD"):
            response = HttpResponseNotAllowed(["GET", "HEAD"])
        else:
            with quiet():
                try:
                    response = view(request)
                except Exception:  # noqa: BLE001 - an answer that cannot be given is one, too
                    response = _json(report.summary(Status.UNHEALTHY, report.now()), 503)
        response["Cache-Control"] = "no-store"
        # Else Django logs each 503 as an error, which our own handler would make an alert of.
        response._has_been_logged = True  # type: ignore[attr-defined]
        return response

    for alias in settings.DATABASES:  # ATOMIC_REQUESTS would ask a database that may hang
        answer = transaction.non_atomic_requests(alias)(answer)
    return login_not_required(csrf_exempt(answer))


@_probe
def live(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """The process answers. Touches nothing."""
    return _json(report.summary(Status.HEALTHY, report.now()))


@_probe
def ready(request: HttpRequest) -> JsonResponse:
    """Can the site serve? ``?need=database,redis`` names what it cannot do without; by default all essentials."""
    names = tuple(request.GET["need"].split(",")) if "need" in request.GET else ESSENTIAL
    if unknown := [name for name in names if name not in ESSENTIAL]:
        wrong = ", ".join(repr(name[:40]) for name in unknown)
        return _json({"error": f'"need" names {wrong}; it may name: {", ".join(ESSENTIAL)}.'}, 400)
    found = report.current()
    needed = found.needed(names)
    status = overall(needed)
    told = report.summary(status, found.at)
    if _may_see_details(request):
        told["services"] = {name: finding.to_dict() for name, finding in needed.items()}
    return _json(told, 503 if status is Status.UNHEALTHY else 200)


@_probe
def health(request: HttpRequest) -> JsonResponse:
    """How everything stands; 503 when unhealthy, which degraded is not."""
    found = report.current()
    told = found.to_dict() if _may_see_details(request) else report.summary(found.status, found.at)
    return _json(told, 503 if found.status is Status.UNHEALTHY else 200)


def _may_see_details(request: HttpRequest) -> bool:
    return has_token(request, get_config().health_token) or is_staff(request)


def _json(told: dict[str, object], status: int = 200) -> JsonResponse:
    return JsonResponse(told, status=status, json_dumps_params={"ensure_ascii": False})
