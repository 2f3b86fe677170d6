"""Webhooks that the service has declared gone, or an operator holds: nothing is sent there until somebody resumes."""

from __future__ import annotations

import logging

from django.utils import timezone

from webhook_alerts import audit
from webhook_alerts.delivery import notice, record
from webhook_alerts.models import Act, Pause
from webhook_alerts.retelling import keep

logger = logging.getLogger("webhook_alerts.delivery")
_IS_GONE = keep("The webhook %(webhook)s is paused: the service says that it is gone. Its alerts wait.")
_WHY = keep("reason")
_RESUME = keep("resume")
_HOW_TO_RESUME = keep("manage.py alerts resume %(webhook)s, or a new URL in the settings")


def begin(webhook: str, endpoint: str, reason: str) -> None:
    """Pause *webhook* at the address whose digest is *endpoint*, and tell it elsewhere, once."""
    if not _write(webhook, endpoint, reason):
        return
    logger.error("The webhook %s is paused, its deliveries stay pending: %s", webhook, reason)
    notice.tell(
        _IS_GONE % {"webhook": webhook},
        but_not=webhook,
        **{_WHY: reason, _RESUME: _HOW_TO_RESUME % {"webhook": webhook}},
    )


def order(webhook: str, endpoint: str, reason: str, actor: str) -> bool:
    """Pause *webhook* because *actor* says so; did that change anything? What is paused already stays as it is."""
    if Pause.objects.filter(webhook=webhook, endpoint=endpoint).exists():
        return False
    return _write(webhook, endpoint, reason, actor)


def _write(webhook: str, endpoint: str, reason: str, actor: str = "") -> bool:
    values = {"endpoint": endpoint, "reason": reason[:255], "paused_by": actor[:150]}
    if Pause.objects.filter(webhook=webhook, **values).exists():
        return False
    with record.short():
        Pause.objects.update_or_create(webhook=webhook, defaults={**values, "created_at": timezone.now()})
        audit.note(Act.Verb.PAUSED, "webhook", webhook, actor=actor, reason=reason[:255])
    return True


def end(webhook: str, actor: str = "") -> bool:
    """Send to *webhook* again, because *actor* says so; was it paused?"""
    with record.short():
        was_paused = Pause.objects.filter(webhook=webhook).delete()[0] > 0
        audit.note(Act.Verb.RESUMED, "webhook", webhook, actor=actor, was_paused=was_paused)
    return was_paused


def reason(webhook: str, endpoint: str) -> str | None:
    """Why *webhook* is paused; ``None`` when it is not, or was at another address."""
    return Pause.objects.filter(webhook=webhook, endpoint=endpoint).values_list("reason", flat=True).first()
