"""An operator sends again: one inert try, or failed work back to pending."""

from __future__ import annotations

import json
import threading
import time

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from tests.delivery.test_deliver import let_time_pass, states
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.gate import gate_for
from webhook_alerts.delivery.resend import replay, resend
from webhook_alerts.models import Attempt, Delivery, Message
from webhook_alerts.reasons import RESOLVED
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


def test_what_carries_no_alert_is_sent_again_too_and_says_all_the_while_what_it_is_for(errors, discord):
    body = {"content": "resolved"}
    message = Message.objects.create(webhook="errors", body=body, reason=RESOLVED, due_at=timezone.now())
    discord.script("errors", [Answer(500)])
    for _ in range(2):
        let_time_pass()
        deliver("errors")
        message.refresh_from_db()
        assert message.reason == RESOLVED
    assert message.state == "delivered"
    Message.objects.update(state="failed", reason="HTTP 500")
    assert resend([message.pk]) == 1
    deliver("errors")
    message.refresh_from_db()
    assert (message.state, message.reason) == ("delivered", "")
    assert [request.body["content"] for request in discord.requests("errors")] == ["resolved"] * 3


@pytest.mark.django_db(transaction=True)
def test_a_replay_leaves_to_a_resend_what_is_resent_at_the_same_moment(failed, discord):
    if connection.vendor != "postgresql":
        pytest.skip("elsewhere a writer waits for every other")

    def work() -> None:
        replay()
        connections.close_all()

    with transaction.atomic():
        assert resend([failed.pk]) == 1
        thread = threading.Thread(target=work)
        thread.start()
        wait_until_it_waits_for_a_lock()
    thread.join(20)
    discord.script("errors", [REFUSED])
    deliver("errors")
    # Nothing is owed that no message will ever carry.
    assert (states(), states(Message)) == ({"failed": 1}, {"failed": 1})


def wait_until_it_waits_for_a_lock() -> None:
    deadline = time.monotonic() + 20
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            assert time.monotonic() < deadline
            time.sleep(0.02)
