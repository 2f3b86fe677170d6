"""Alerts in tests: collected, complete, and not sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.test.utils import override_settings

from webhook_alerts.outbox.capture import Captured, capturing

__all__ = ["Captured", "override_alerts"]


@contextmanager
def override_alerts(*, send: bool = False, **options: Any) -> Iterator[Captured]:
    """Collect the alerts of the block (or of the decorated function) in a list of their own.

    *options* replace keys of ``settings.WEBHOOK_ALERTS`` meanwhile, as in ``override_alerts(DEDUP_WINDOW=0)``.
    With *send* alerts really go out, as in production, and the list stays empty::

        with override_alerts() as alerts:
            place_order(...)
        assert [alert.message for alert in alerts] == ["payment failed"]
    """
    changed = {**getattr(settings, "WEBHOOK_ALERTS", {}), **options}
    with override_settings(WEBHOOK_ALERTS=changed), capturing(send=send) as alerts:
        yield alerts
