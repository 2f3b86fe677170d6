"""From rows to Opsgenie's stand-in: what an operator does in the admin reaches whoever is on call."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.delivery.test_deliver import states
from webhook_alerts.conf import Config
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.gate import gate_for
from webhook_alerts.incidents import state
from webhook_alerts.models import Attempt, Message, Pause
from webhook_alerts.testing.fake_opsgenie import FakeOpsgenie

pytestmark = pytest.mark.django_db


@pytest.fixture
def opsgenie() -> Iterator[FakeOpsgenie]:
    with FakeOpsgenie(limits=()) as server:
        yield server


@pytest.fixture
def errors(configure: Callable[..., Config], opsgenie: FakeOpsgenie, db: None) -> Config:
    return configure(WEBHOOKS={"errors": {"url": opsgenie.url("errors"), "channel": "opsgenie", "rate": []}})


def test_acknowledging_and_resolving_reach_the_service_with_who_did_it(errors, owe, opsgenie):
    now = time.time()
    owe("broken", fingerprint="f", first_seen=now - 120, last_seen=now)
    deliver("errors")
    state.acknowledge("f", "ana")
    deliver("errors")
    state.resolve("f", "bob")
    deliver("errors")
    deliver("errors")
    (alert,) = opsgenie.messages("errors")
    assert (alert["status"], alert["log"][:2]) == ("closed", ["create", "acknowledge: acknowledged by ana"])
    assert alert["log"][2].startswith("close: resolved by bob after")
    assert set(Attempt.objects.values_list("outcome", "status_code")) == {("delivered", 202)}


def test_what_has_been_quiet_is_closed_there_too(errors, owe, opsgenie):
    now = time.time()
    owe("broken", fingerprint="f", first_seen=now - 120, last_seen=now)
    deliver("errors")
    state.resolve_quiet(timezone.now() + timedelta(hours=2))
    deliver("errors")
    assert [alert["status"] for alert in opsgenie.messages()] == ["closed"]


def test_a_key_that_is_no_more_pauses_the_webhook_and_stands_nowhere(errors, owe, opsgenie):
    owe("one", "two")
    opsgenie.delete("errors")
    assert deliver("errors") == 1
    assert Pause.objects.get().reason == "HTTP 401: Could not authenticate"
    assert states() == {"pending": 2}
    opsgenie._gone.clear()
    gate_for("errors").resume()
    assert deliver("errors") == 2
    assert len(opsgenie.messages("errors")) == 2
    key = opsgenie.url("errors").rpartition("=")[2]
    rows = [*Message.objects.values(), *Attempt.objects.values(), *Pause.objects.values()]
    assert key not in str(rows)
    assert "GenieKey" not in str(rows)
