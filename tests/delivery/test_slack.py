"""From rows to requests at Slack's stand-in, and back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from webhook_alerts.alert import Level
from webhook_alerts.conf import Config
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.gate import gate_for
from webhook_alerts.models import Attempt, Delivery, Message, Pause
from webhook_alerts.testing.fake_slack import FakeSlack
from webhook_alerts.testing.standin import Answer

pytestmark = pytest.mark.django_db


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(limits=()) as server:
        yield server


@pytest.fixture
def errors(configure, slack, db) -> Config:
    return configure(
        WEBHOOKS={"errors": {"url": slack.url("errors"), "channel": "slack", "rate": [], "mention": "@here"}}
    )


def states() -> dict[str, int]:
    return dict(Counter(Delivery.objects.values_list("state", flat=True)))


def test_alerts_go_out_together_the_gravest_first_and_call_where_asked(errors, owe, slack):
    owe(*[f"number {i}" for i in range(11)])
    owe("the gravest <!channel>", level=Level.CRITICAL)
    assert deliver("errors") == 2
    first, second = slack.messages("errors")
    assert first["blocks"][0]["text"]["text"] == "<!here>"
    assert first["blocks"][1]["text"]["text"] == "🚨 the gravest <!channel>"  # plain text, which calls nobody
    assert first["text"].startswith("<!here> 🚨 CRITICAL the gravest &lt;!channel&gt;")
    assert len([block for block in first["blocks"] if block["type"] == "header"]) == 10
    assert "<!here>" not in json.dumps(second)
    assert states() == {"delivered": 12}
    assert set(Attempt.objects.values_list("outcome", "status_code")) == {("delivered", 200)}


def test_a_backlog_leaves_as_lines(errors, owe, slack):
    owe(*[f"number {i}" for i in range(60)])
    assert deliver("errors") == 2
    first, second = slack.messages("errors")
    assert first["blocks"][0]["text"]["text"] == "🔴 50 × ERROR"
    assert len([block for block in second["blocks"] if block["type"] == "header"]) == 10
    assert states() == {"delivered": 60}


def test_being_asked_to_wait_costs_no_attempt_and_nothing_is_sent_meanwhile(errors, owe, slack):
    owe("patience")
    limited = {"retry_after": 30, "ok": False, "error": "rate_limited"}
    slack.script("errors", [Answer(429, {"Retry-After": "30"}, limited)])
    assert deliver("errors") == 1
    message = Message.objects.get()
    assert (message.state, message.attempts, message.deferrals) == ("pending", 0, 1)
    Message.objects.update(due_at=timezone.now() - timedelta(minutes=5))
    assert deliver("errors") == 0
    assert gate_for("errors").state()["state"] == "cooling_down"
    assert len(slack.requests("errors")) == 1


def test_its_own_rate_is_kept_so_that_the_strict_stand_in_refuses_nothing(configure, owe, db):
    with FakeSlack() as slack:
        configure(WEBHOOKS={"errors": {"url": slack.url("errors"), "channel": "slack"}})
        owe(*[f"number {i}" for i in range(12)])
        assert deliver("errors") == 1
        assert gate_for("errors").acquire().reason == "limited"
        assert [entry.status for entry in slack.requests("errors")] == [200]


def test_a_webhook_that_was_removed_is_asked_once_and_paused_until_it_is_resumed(errors, owe, slack):
    owe(*[f"kept {i}" for i in range(15)])
    slack.script("errors", [Answer(404, {"Content-Type": "text/html"}, "no_service")])
    assert deliver("errors") == 1
    assert deliver("errors") == 0
    assert states() == {"pending": 15}
    assert Pause.objects.get().reason == "HTTP 404: no_service"
    gate_for("errors").resume()
    assert deliver("errors") == 2
    assert states() == {"delivered": 15}


def test_what_slack_refuses_is_taken_apart_until_only_the_poison_fails(errors, owe, slack):
    owe("poison", "good one", "good two")
    slack.script("errors", [Answer(400, {"Content-Type": "text/html"}, "invalid_blocks")] * 2)
    assert deliver("errors") == 4
    assert states() == {"failed": 1, "delivered": 2}
    assert Delivery.objects.get(state="failed").reason == "HTTP 400: invalid_blocks"
