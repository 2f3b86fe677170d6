"""From rows to a receiver of Alertmanager's webhooks."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.delivery.test_deliver import states
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.incidents import state
from webhook_alerts.models import Attempt
from webhook_alerts.testing.fake_alertmanager import FakeAlertmanager

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(configure, db) -> Iterator[FakeAlertmanager]:
    with FakeAlertmanager(limits=()) as server:
        configure(WEBHOOKS={"errors": {"url": server.url("errors"), "channel": "alertmanager", "rate": []}})
        yield server


def test_an_incident_fires_and_is_resolved_by_its_fingerprint(owe, receiver):
    now = time.time()
    owe("broken", fingerprint="f", first_seen=now - 120, last_seen=now)
    owe("another", fingerprint="g", first_seen=now - 120, last_seen=now)
    assert deliver("errors") == 2
    assert {alert["status"] for alert in receiver.messages()} == {"firing"}
    state.acknowledge("f", "ana")
    deliver("errors")
    state.resolve("f", "ana")
    deliver("errors")
    deliver("errors")
    found = {alert["labels"]["incident"]: alert for alert in receiver.messages()}
    assert {key: alert["status"] for key, alert in found.items()} == {"f": "resolved", "g": "firing"}
    assert found["f"]["annotations"]["state"].startswith("resolved by ana after")
    assert [entry.body["alerts"][0]["annotations"].get("state") for entry in receiver.requests()][2] == (
        "acknowledged by ana"
    )
    assert len(receiver.requests()) == 4
    assert states() == {"delivered": 2}
    assert set(Attempt.objects.values_list("outcome", "status_code")) == {("delivered", 200)}
