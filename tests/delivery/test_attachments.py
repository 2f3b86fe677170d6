"""From rows to requests at the stand-ins of Mattermost and Rocket.Chat, and back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from webhook_alerts.alert import Level
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.gate import gate_for
from webhook_alerts.models import Alert, Attempt, Delivery, Message, Pause
from webhook_alerts.testing.fake_mattermost import FakeMattermost
from webhook_alerts.testing.fake_rocketchat import FakeRocketChat
from webhook_alerts.testing.standin import Answer, Service

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[FakeMattermost, FakeRocketChat])
def service(request: pytest.FixtureRequest) -> Iterator[Service]:
    with request.param(limits=()) as server:
        yield server


@pytest.fixture
def errors(configure, service, db):
    # The channel is recognised from the URL, whatever the host.
    return configure(
        WEBHOOKS={"errors": {"url": service.url("errors"), "rate": [], "mention": "@here", "username": "Alerts"}}
    )


def states() -> dict[str, int]:
    return dict(Counter(Delivery.objects.values_list("state", flat=True)))


def test_alerts_go_out_together_the_gravest_first_and_call_where_asked(errors, owe, service):
    assert errors.webhooks["errors"].channel == service.name
    owe(*[f"number {i}" for i in range(11)])
    owe("the gravest @all", level=Level.CRITICAL)
    assert deliver("errors") == 2
    first, second = service.messages("errors")
    assert (first["text"], first["username"]) == ("@here", "Alerts")
    assert first["attachments"][0]["title"] == "🚨 the gravest @\u200ball"
    assert "@here" not in json.dumps(second)
    assert states() == {"delivered": 12}
    assert set(Attempt.objects.values_list("outcome", "status_code")) == {("delivered", 200)}


def test_a_backlog_leaves_as_lines(errors, owe, service):
    owe(*[f"number {i}" for i in range(60)])
    assert deliver("errors") == 2
    assert service.messages("errors")[0]["attachments"][0]["title"] == "🔴 50 × ERROR (UTC)"
    assert states() == {"delivered": 60}


def test_the_count_of_what_cannot_be_changed_follows(errors, owe, service):
    (stored,) = owe("again and again")
    deliver("errors")
    Alert.objects.filter(pk=stored.id).update(occurrences=57)
    Message.objects.update(update_due_at=timezone.now() - timedelta(seconds=1))
    deliver("errors")
    first, following = service.messages("errors")
    assert "×57" not in first["attachments"][0]["title"]
    assert following["attachments"][0]["title"] == "🔴 again and again ×57"


def test_a_webhook_that_was_removed_is_asked_once_and_paused_until_it_is_resumed(errors, owe, service):
    owe(*[f"kept {i}" for i in range(15)])
    service.script("errors", [service.unknown()])
    assert deliver("errors") == 1
    assert deliver("errors") == 0
    assert states() == {"pending": 15}
    assert Pause.objects.get().reason.startswith("HTTP 400: ")
    gate_for("errors").resume()
    assert deliver("errors") == 2
    assert states() == {"delivered": 15}


def test_being_asked_to_wait_costs_no_attempt_and_nothing_is_sent_meanwhile(errors, owe, service):
    owe("patience")
    service.script("errors", [Answer(429, {"Retry-After": "30"}, "limit exceeded")])
    assert deliver("errors") == 1
    message = Message.objects.get()
    assert (message.state, message.attempts, message.deferrals) == ("pending", 0, 1)
    assert gate_for("errors").state()["state"] == "cooling_down"


def test_a_name_that_may_not_be_used_is_left_out_at_once(configure, owe, db):
    with FakeRocketChat(limits=(), may_impersonate=False) as rocketchat:
        configure(WEBHOOKS={"errors": {"url": rocketchat.url("errors"), "rate": [], "username": "Alerts"}})
        owe("boom")
        assert deliver("errors") == 1
        (sent,) = rocketchat.messages("errors")
        assert "username" not in sent
        assert [entry.status for entry in rocketchat.requests("errors")] == [400, 200]
        assert states() == {"delivered": 1}


def test_its_own_rate_is_kept_so_that_the_strict_stand_in_refuses_nothing(configure, owe, db):
    with FakeRocketChat() as strict:
        configure(WEBHOOKS={"errors": {"url": strict.url("errors"), "batch_size": 1}})
        owe(*[f"number {i}" for i in range(12)])
        assert deliver("errors") == 10
        assert gate_for("errors").acquire().reason in {"limited", "cooling_down"}
        assert {entry.status for entry in strict.requests("errors")} == {200}
