"""An operator sends again: one inert try, or failed work back to pending."""

from __future__ import annotations

import json

import pytest

from tests.delivery.test_deliver import let_time_pass, states
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.gate import gate_for
from webhook_alerts.delivery.resend import replay, resend
from webhook_alerts.models import Attempt, Delivery, Message
from webhook_alerts.testing.fake_discord import Answer

pytestmark = pytest.mark.django_db
REFUSED = Answer(400, body={"code": 50035, "message": "Invalid Form Body"})


@pytest.fixture
def failed(errors, owe, discord) -> Message:
    owe("refused once")
    discord.script("errors", [REFUSED])
    deliver("errors")
    assert states() == {"failed": 1}
    return Message.objects.get()


def test_a_resend_sends_the_same_message_once_however_often_one_clicks(failed, discord):
    assert resend([failed.pk]) == 1
    assert resend([failed.pk]) == 0
    assert states() == {"failed": 1}  # until it arrived
    deliver("errors")
    assert states() == {"delivered": 1}
    first, second = discord.requests("errors")
    assert json.dumps(first.body) == json.dumps(second.body)
    again = Attempt.objects.get(resend=True)
    assert (again.message_id, again.outcome) == (failed.pk, "delivered")


@pytest.mark.parametrize(
    "answer", [REFUSED, Answer(500), Answer(404, body={"code": 10015}), Answer(reset=True)], ids=lambda a: str(a.status)
)
def test_a_resend_that_fails_changes_nothing_but_its_attempt(failed, discord, answer):
    resend([failed.pk])
    discord.script("errors", [answer])
    deliver("errors")
    let_time_pass()
    assert deliver("errors") == 0
    failed.refresh_from_db()
    assert (failed.state, failed.resend, failed.attempts) == ("failed", False, 1)
    assert "50035" in failed.reason
    assert states() == {"failed": 1}
    assert gate_for("errors").state()["state"] == "open"


def test_a_delivered_message_may_be_sent_again_and_stays_delivered_when_that_fails(errors, owe, discord):
    owe("twice")
    deliver("errors")
    message = Message.objects.get()
    at = Delivery.objects.get().delivered_at
    discord.script("errors", [Answer(500)])
    assert resend([message.pk]) == 1
    deliver("errors")
    message.refresh_from_db()
    assert (message.state, Delivery.objects.get().state, Delivery.objects.get().delivered_at) == (
        "delivered",
        "delivered",
        at,
    )


def test_a_resend_waits_when_the_service_asks_for_it(failed, discord):
    resend([failed.pk])
    discord.script("errors", [Answer(429, {"Retry-After": "1"}, {"retry_after": 1.0, "global": False})])
    deliver("errors")
    failed.refresh_from_db()
    assert (failed.state, failed.resend) == ("pending", True)


def test_a_message_that_was_taken_apart_is_not_resent(errors, owe, discord):
    owe("one", "two")
    discord.script("errors", [REFUSED])
    deliver("errors")
    assert resend(Message.objects.filter(state="failed").values_list("pk", flat=True)) == 0


def test_replay_brings_failed_work_back_with_all_its_tries(failed, discord):
    assert replay(webhook="other") == 0
    assert replay(ids=[Delivery.objects.get().alert_id]) == 1
    assert replay() == 0
    failed.refresh_from_db()
    assert (failed.state, failed.attempts) == ("pending", 0)
    deliver("errors")
    assert states() == {"delivered": 1}
    assert len(discord.messages("errors")) == 1


def test_replay_makes_a_new_message_where_the_old_one_is_gone(failed, discord):
    failed.delete()
    assert replay(webhook="errors") == 1
    deliver("errors")
    assert states() == {"delivered": 1}
