"""What retention lets go of, and what it must keep."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from webhook_alerts.models import Alert, Attempt, Delivery, Message
from webhook_alerts.operations.prune import prune

NOW = datetime(2026, 11, 20, tzinfo=UTC)
RETENTION = {"delivered": 30, "suppressed": 30, "failed": 90}


def alert(days: int, *states: str) -> Alert:
    """An alert of some *days* ago, owed to a webhook for each of *states*."""
    at = NOW - timedelta(days=days)
    made = Alert.objects.create(level=40, kind="log", message="x", first_seen=at, last_seen=at, received_at=at)
    for number, state in enumerate(states):
        message = Message.objects.create(webhook=f"w{number}", state=state, created_at=at, due_at=at)
        Attempt.objects.create(message=message, webhook=message.webhook, started_at=at)
        Delivery.objects.create(
            alert=made, webhook=message.webhook, level=40, state=state, message=message, created_at=at
        )
    return made


@pytest.mark.django_db
def test_each_state_has_its_own_age() -> None:
    kept = [alert(29, "delivered"), alert(89, "failed")]
    alert(31, "delivered")
    alert(91, "failed")
    gone = prune(RETENTION, NOW)
    assert set(Alert.objects.all()) == set(kept)
    assert Message.objects.count() == Attempt.objects.count() == Delivery.objects.count() == 2
    assert gone == {"alerts": 2, "deliveries": 2, "messages": 2}


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["pending", "sending"])
def test_what_is_owed_stays_however_old(state: str) -> None:
    owed = alert(1000, "delivered", state)
    prune(RETENTION, NOW)
    assert list(Alert.objects.all()) == [owed]
    assert [row.state for row in Delivery.objects.all()] == [state]


@pytest.mark.django_db
def test_an_alert_that_was_owed_to_nobody_goes_too() -> None:
    alert(31)
    kept = alert(29)
    prune(RETENTION, NOW)
    assert list(Alert.objects.all()) == [kept]


@pytest.mark.django_db
def test_it_takes_as_many_batches_as_it_needs() -> None:
    for _ in range(7):
        alert(40, "delivered")
    assert prune(RETENTION, NOW, batch=2) == {"alerts": 7, "deliveries": 7, "messages": 7}
