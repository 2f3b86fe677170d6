"""Log records and alerts from a Django project, delivered to webhooks, with every attempt on record."""

from webhook_alerts.notifier import notify

__all__ = ["__version__", "notify"]

__version__ = "0.1.0"
