"""The Django app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebhookAlertsConfig(AppConfig):
    """Joins Django's checks and the user's Celery app."""

    name = "webhook_alerts"
    label = "webhook_alerts"
    verbose_name = _("Webhook alerts")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks and wire Celery."""
        from webhook_alerts import checks, wiring

        checks.register_checks()
        wiring.wire()
