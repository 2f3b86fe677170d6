"""From rows to requests at Google Chat's stand-in, and back: the webhooks of a space share its rate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
import redis
from django.utils import timezone

from webhook_alerts.conf import Config
from webhook_alerts.delivery import gate_fallback
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.gate import gate_for
from webhook_alerts.models import Attempt, Delivery, Message
from webhook_alerts.testing.fake_google_chat import FakeGoogleChat
from webhook_alerts.testing.standin import Answer

pytestmark = pytest.mark.django_db


@pytest.fixture
def chat() -> Iterator[FakeGoogleChat]:
    with FakeGoogleChat(limits=()) as server:
        yield server


@pytest.fixture
def errors(configure, chat, db) -> Config:
    return configure(WEBHOOKS={"errors": {"url": chat.url("errors"), "channel": "google_chat", "rate": []}})


@pytest.fixture
def three(configure, chat, db) -> Config:
    """Two webhooks of one space, and one of another."""
    room = f"http://127.0.0.1:{chat.port}"
    return configure(
        WEBHOOKS={
            "errors": {"url": f"{room}{chat.path('room', 'one')}", "channel": "google_chat"},
            "info": {"url": f"{room}{chat.path('room', 'two')}", "channel": "google_chat"},
            "other": {"url": chat.url("other"), "channel": "google_chat"},
        }
    )


def states() -> dict[str, int]:
    return dict(Counter(Delivery.objects.values_list("state", flat=True)))


def test_alerts_share_messages_and_a_backlog_leaves_as_lines(errors, owe, chat):
    owe(*[f"number {i}" for i in range(105)])
    assert deliver("errors") == 2
    texts = [message["text"] for message in chat.messages("errors")]
    assert texts[0].startswith("🔴 *100 × ERROR*\n```\n")
    assert texts[1].count("*ERROR*") == 5
    assert states() == {"delivered": 105}
    assert set(Attempt.objects.values_list("outcome", "status_code")) == {("delivered", 200)}


def test_an_alert_that_is_told_of_alone_has_a_thread(errors, owe, chat):
    owe("boom", fingerprint="f")
    deliver("errors")
    owe("boom again", fingerprint="f", dedup=False)
    deliver("errors")
    assert [message["reply"] for message in chat.messages("errors")] == [False, True]


def test_webhooks_of_one_space_take_each_others_places_and_no_other_spaces(three, owe, chat):
    errors, info, other = (gate_for(name) for name in ("errors", "info", "other"))
    assert errors.acquire().allowed
    assert info.acquire().reason == "limited"
    assert other.acquire().allowed


def test_a_space_that_is_spent_rests_for_all_of_its_webhooks_and_costs_no_attempt(three, owe, chat):
    owe("patience", webhooks=("errors",))
    body = {"error": {"code": 429, "message": "x", "status": "RESOURCE_EXHAUSTED"}}
    chat.script("room", [Answer(429, body=body)])
    assert deliver("errors") == 1
    message = Message.objects.get(webhook="errors")
    assert (message.state, message.attempts, message.deferrals) == ("pending", 0, 1)
    assert gate_for("info").state()["state"] == "cooling_down"
    assert gate_for("other").state()["state"] == "open"


def test_with_redis_away_the_space_is_counted_in_the_record(three, owe, chat, memory: redis.Redis):
    owe("boom", webhooks=("errors",))
    assert deliver("errors") == 1
    info, other = three.webhooks["info"], three.webhooks["other"]
    rate = gate_for("info").provider_rate
    assert gate_fallback.wait_s(info, gate_for("info").provider, rate) > 0
    assert gate_fallback.wait_s(other, gate_for("other").provider, rate) == 0
    Attempt.objects.update(started_at=timezone.now() - timedelta(seconds=5))
    assert gate_fallback.wait_s(info, gate_for("info").provider, rate) == 0
