"""The rate while Redis is away: the same windows, counted from the attempts on record."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from webhook_alerts.channels import registry
from webhook_alerts.channels.base import Window
from webhook_alerts.conf import Webhook, get_config
from webhook_alerts.models import Attempt


def wait_s(webhook: Webhook, provider: str, provider_rate: Iterable[Window]) -> float:
    """Seconds until every window of *webhook* and of its provider has a place; 0 when all have one now."""
    mates = [other.name for other in get_config().webhooks.values() if registry.get(other.channel).provider == provider]
    waits = [_until_free([webhook.name], window) for window in webhook.rate]
    waits += [_until_free(mates, window) for window in provider_rate]
    return max(waits, default=0.0)


def _until_free(names: list[str], window: Window) -> float:
    now = timezone.now()
    since = now - timedelta(seconds=window.seconds)
    inside = Attempt.objects.filter(webhook__in=names, started_at__gt=since).order_by("-started_at")
    edge = inside.values_list("started_at", flat=True)[window.limit - 1 : window.limit]
    return max(((started - since).total_seconds() for started in edge), default=0.0)
