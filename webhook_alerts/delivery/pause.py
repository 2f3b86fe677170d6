"""Webhooks that the service has declared gone: nothing more is sent there until an operator says so."""

from __future__ import annotations

import logging

from webhook_alerts.delivery import notice
from webhook_alerts.models import Pause

logger = logging.getLogger("webhook_alerts.delivery")


def begin(webhook: str, endpoint: str, reason: str) -> None:
    """Pause *webhook* at the address whose digest is *endpoint*, and tell it elsewhere, once."""
    values = {"endpoint": endpoint, "reason": reason[:255]}
    if Pause.objects.filter(webhook=webhook, **values).exists():
        return
    Pause.objects.update_or_create(webhook=webhook, defaults=values)
    logger.error("The webhook %s is paused, its deliveries stay pending: %s", webhook, reason)
    notice.tell(
        f"The webhook {webhook} is paused: the service says that it is gone. Its alerts wait.",
        but_not=webhook,
        reason=reason,
        resume=f"manage.py alerts resume {webhook}, or a new URL in the settings",
    )


def end(webhook: str) -> bool:
    """Send to *webhook* again; was it paused?"""
    return Pause.objects.filter(webhook=webhook).delete()[0] > 0


def reason(webhook: str, endpoint: str) -> str | None:
    """Why *webhook* is paused; ``None`` when it is not, or was at another address."""
    return Pause.objects.filter(webhook=webhook, endpoint=endpoint).values_list("reason", flat=True).first()
