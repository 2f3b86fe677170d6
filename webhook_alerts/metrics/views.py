"""The page that Prometheus scrapes."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from webhook_alerts.conf import get_config
from webhook_alerts.health.audience import has_token, is_staff

View = Callable[[HttpRequest], HttpResponse]


def _untouched(view: View) -> View:
    """Outside of any transaction: ``ATOMIC_REQUESTS`` would ask a database that may hang."""
    for alias in settings.DATABASES:
        view = transaction.non_atomic_requests(alias)(view)
    return view


@_untouched
@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """All metrics, as text or OpenMetrics by ``Accept``; to staff, and to whoever has ``METRICS_TOKEN``.

    Answers within three seconds, with what it has.
    """
    if not (has_token(request, get_config().metrics_token) or is_staff(request)):
        refusal = _plain(_("Log in as staff, or send METRICS_TOKEN: Authorization: Bearer <token>"), 401)
        refusal.headers["WWW-Authenticate"] = 'Bearer realm="webhook_alerts"'
        return refusal
    try:
        from prometheus_client import CollectorRegistry
        from prometheus_client.exposition import choose_encoder

        from webhook_alerts.metrics.collector import AlertsCollector
    except ImportError:
        return _plain(_("prometheus_client is not installed: pip install django-webhook-alerts[prometheus]"), 501)
    registry = CollectorRegistry()
    registry.register(AlertsCollector())
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(registry), content_type=content_type)


def _plain(text: str, status: int) -> HttpResponse:
    answer = HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
    # Else Django logs it, and our own handler makes an alert of that.
    answer._has_been_logged = True  # type: ignore[attr-defined]
    return answer
