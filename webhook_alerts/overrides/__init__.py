"""What operators set otherwise than the project's settings, while everything runs; the database is the truth."""

from __future__ import annotations

from webhook_alerts.overrides.current import refresh, reload

__all__ = ["refresh", "reload"]
