"""The rate as the record tells it: the same windows, counted from the attempts, for when Redis is away or forgot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from webhook_alerts.channels import registry
from webhook_alerts.channels.base import Window
from webhook_alerts.conf import Webhook, get_config
from webhook_alerts.models import Attempt


def wait_s(webhook: Webhook, provider: str, provider_rate: Sequence[Window]) -> float:
    """Seconds until every window of *webhook* and of its provider has a place; 0 when all have one now."""
    others = get_config().webhooks.values() if provider_rate else ()
    mates = [other.name for other in others if registry.get(other.channel).limits(other.url).provider == provider]
    waits = [_until_free([webhook.name], window) for window in webhook.rate]
    waits += [_until_free(mates, window) for window in provider_rate]
    return max(waits, default=0.0)


def ages_s(webhook: Webhook, window_s: float) -> list[float]:
    """How many seconds ago the requests to *webhook* began that are no older than *window_s*."""
    now = timezone.now()
    inside = Attempt.objects.filter(webhook=webhook.name, started_at__gt=now - timedelta(seconds=window_s))
    return [
        max(0.0, (now - started).total_seconds()) for started in inside.values_list("started_at", flat=True)[:1_000]
    ]


def _until_free(names: list[str], window: Window) -> float:
    now = timezone.now()
    since = now - timedelta(seconds=window.seconds)
    inside = Attempt.objects.filter(webhook__in=names, started_at__gt=since).order_by("-started_at")
    edge = inside.values_list("started_at", flat=True)[window.limit - 1 : window.limit]
    return max(((started - since).total_seconds() for started in edge), default=0.0)
