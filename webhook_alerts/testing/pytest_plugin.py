"""The ``alerts_outbox`` fixture; registered as a pytest plugin, so that tests need no import."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from webhook_alerts.testing.outbox import Captured


@pytest.fixture
def alerts_outbox() -> Iterator[Captured]:
    """The alerts of this test, oldest first, as ``webhook_alerts.alert.Alert``; nothing is sent."""
    from webhook_alerts.testing.outbox import override_alerts

    with override_alerts() as alerts:
        yield alerts
