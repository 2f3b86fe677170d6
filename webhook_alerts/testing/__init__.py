"""What tests of a project that sends alerts need."""

from webhook_alerts.testing.outbox import Captured, override_alerts

__all__ = ["Captured", "override_alerts"]
