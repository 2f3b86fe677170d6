"""From rows to events at PagerDuty's stand-in: what an operator does in the admin reaches whoever is on call."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.delivery.test_deliver import states
from webhook_alerts.alert import Level
from webhook_alerts.conf import Config
from webhook_alerts.delivery import update
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.gate import gate_for
from webhook_alerts.incidents import state
from webhook_alerts.models import Alert, Attempt, Incident, Message, Pause
from webhook_alerts.testing.fake_pagerduty import FakePagerDuty
from webhook_alerts.testing.standin import Answer

pytestmark = pytest.mark.django_db


@pytest.fixture
def pagerduty() -> Iterator[FakePagerDuty]:
    with FakePagerDuty(limits=()) as server:
        yield server


@pytest.fixture
def errors(configure: Callable[..., Config], pagerduty: FakePagerDuty, db: None) -> Config:
    return configure(WEBHOOKS={"errors": {"url": pagerduty.url("errors"), "channel": "pagerduty", "rate": []}})


def seen(pagerduty: FakePagerDuty) -> list[tuple[str, str]]:
    return [(message["payload"]["summary"], message["status"]) for message in pagerduty.messages("errors")]


@pytest.fixture
def broken(errors, owe, pagerduty) -> str:
    """The fingerprint of an incident that PagerDuty knows of."""
    now = time.time()
    owe("broken", fingerprint="f", first_seen=now - 120, last_seen=now)
    deliver("errors")
    assert seen(pagerduty) == [("broken", "triggered")]
    return "f"


def test_acknowledging_resolving_and_reopening_reach_the_service(broken, pagerduty):
    for act, status in (("acknowledge", "acknowledged"), ("reopen", "acknowledged"), ("resolve", "resolved")):
        assert getattr(state, act)(broken, "ana")
        deliver("errors")
        assert seen(pagerduty) == [("broken", status)]  # PagerDuty takes no acknowledgement back
    assert pagerduty.messages()[0]["log"] == ["trigger", "acknowledge", "trigger", "resolve"]
    assert state.reopen(broken, "bob")
    deliver("errors")
    assert seen(pagerduty) == [("broken", "resolved"), ("broken", "triggered")]
    assert set(Attempt.objects.values_list("outcome", "status_code")) == {("delivered", 202)}


def test_what_has_been_quiet_is_resolved_there_too(broken, pagerduty):
    assert state.resolve_quiet(timezone.now() + timedelta(hours=2)) == 1
    deliver("errors")
    deliver("errors")
    assert seen(pagerduty) == [("broken", "resolved")]
    assert len(pagerduty.requests()) == 2


def test_an_old_message_does_not_resolve_what_has_come_back(broken, owe, pagerduty):
    first = Message.objects.get()
    state.resolve(broken, "ana")
    later = time.time() + 60  # it comes back before the worker could say that it was over
    owe("broken again", fingerprint=broken, first_seen=later, last_seen=later, level=Level.ERROR)
    Incident.objects.update(opened_at=timezone.now() + timedelta(seconds=30))
    deliver("errors")
    assert [status for _, status in seen(pagerduty)] == ["triggered"]
    update.mark_now(first.pk)
    deliver("errors")
    assert [status for _, status in seen(pagerduty)] == ["triggered"]


def test_a_resolution_is_told_once_the_service_is_back_however_old_the_message_is(broken, pagerduty):
    Message.objects.update(created_at=timezone.now() - timedelta(days=2))
    state.resolve(broken, "ana")
    pagerduty.script("errors", [Answer(500), Answer(503)])
    for _ in range(2):
        deliver("errors")
        Attempt.objects.filter(update=True).update(started_at=timezone.now() - timedelta(hours=5))
        Message.objects.update(update_due_at=timezone.now() - timedelta(seconds=1))
    assert seen(pagerduty) == [("broken", "triggered")]
    deliver("errors")
    assert seen(pagerduty) == [("broken", "resolved")]


def test_a_resolution_that_is_never_taken_is_given_up_in_the_end(broken, pagerduty):
    state.resolve(broken, "ana")
    pagerduty.script("errors", [Answer(500), Answer(500)])
    deliver("errors")
    Attempt.objects.filter(update=True).update(started_at=timezone.now() - timedelta(days=4))
    Message.objects.update(update_due_at=timezone.now() - timedelta(seconds=1))
    deliver("errors")
    assert Message.objects.get().update_due_at is None


def test_counts_are_told_once_when_the_window_is_over(broken, pagerduty):
    Alert.objects.update(occurrences=57)
    update.mark(Alert.objects.values_list("pk", flat=True))
    assert deliver("errors") == 0
    Message.objects.update(update_due_at=timezone.now() - timedelta(seconds=1))
    deliver("errors")
    deliver("errors")
    assert [entry.body["payload"]["summary"] for entry in pagerduty.requests()] == ["broken", "broken ×57"]
    assert pagerduty.messages()[0]["log"] == ["trigger", "trigger"]


def test_a_key_that_is_no_more_pauses_the_webhook_and_stands_nowhere(errors, owe, pagerduty):
    owe("one", "two")
    pagerduty.script("errors", [Answer(400, body={"errors": ["Invalid routing key"], "message": "no"})])
    assert deliver("errors") == 1
    assert Pause.objects.get().reason == "HTTP 400: no: Invalid routing key"
    gate_for("errors").resume()
    deliver("errors")
    assert states() == {"delivered": 2}
    key = pagerduty.url("errors").rpartition("=")[2]
    rows = [*Message.objects.values(), *Attempt.objects.values(), *Pause.objects.values()]
    assert key not in str(rows)
    assert "routing_key" not in str(rows)


def test_its_own_rate_is_kept_so_that_the_strict_stand_in_refuses_nothing(configure, owe, db):
    with FakePagerDuty() as pagerduty:
        configure(WEBHOOKS={"errors": {"url": pagerduty.url("errors"), "channel": "pagerduty", "rate": "1000/m"}})
        assert [(window.limit, window.seconds) for window in gate_for("errors").webhook.rate] == [(120, 60.0)]
        owe(*[f"number {i}" for i in range(3)])
        assert deliver("errors") == 3
        assert [entry.status for entry in pagerduty.requests()] == [202] * 3
