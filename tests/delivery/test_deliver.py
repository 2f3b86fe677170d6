"""From rows to requests and back, against the stand-in for Discord."""

from __future__ import annotations

import json
import threading
from collections import Counter
from datetime import UTC, timedelta
from urllib.parse import urlsplit

import pytest
import redis
from django.db import connection
from django.utils import timezone

from tests.delivery.conftest import an_alert
from webhook_alerts.alert import Level
from webhook_alerts.channels import registry
from webhook_alerts.channels.base import Outcome, Verdict
from webhook_alerts.delivery import claim as claims
from webhook_alerts.delivery import gate as gates
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.finish import backoff, finish
from webhook_alerts.delivery.flush import flush
from webhook_alerts.delivery.gate import gate_for
from webhook_alerts.delivery.resend import replay, resend
from webhook_alerts.delivery.totals import totals
from webhook_alerts.intake.accept import accept
from webhook_alerts.models import Attempt, Delivery, Message
from webhook_alerts.testing.fake_alertmanager import FakeAlertmanager
from webhook_alerts.testing.fake_discord import Answer, FakeDiscord
from webhook_alerts.testing.fake_opsgenie import FakeOpsgenie
from webhook_alerts.testing.fake_pagerduty import FakePagerDuty
from webhook_alerts.testing.fake_webhook import FakeWebhook

pytestmark = pytest.mark.django_db


def states(model=Delivery) -> dict[str, int]:
    return dict(Counter(model.objects.values_list("state", flat=True)))


def let_time_pass() -> None:
    """What is due later is due now, and every lease is over."""
    past = timezone.now() - timedelta(minutes=5)
    Message.objects.filter(state="pending").update(due_at=past)
    Message.objects.filter(state="sending").update(lease_until=past)


def test_alerts_go_out_together_the_gravest_first_and_every_step_is_on_record(errors, owe, discord):
    owe(*[f"number {i}" for i in range(11)])
    owe("the gravest", level=Level.CRITICAL)
    assert deliver("errors") == 2
    first, second = discord.messages("errors")
    assert len(first["embeds"]) == 10
    assert "the gravest" in json.dumps(first["embeds"][0])
    assert len(second["embeds"]) == 2
    assert states() == {"delivered": 12}
    assert states(Message) == {"delivered": 2}
    known = {f"{FakeDiscord.CHANNEL}/{message['id']}" for message in (first, second)}
    assert set(Message.objects.values_list("provider_message_id", flat=True)) == known
    assert set(Attempt.objects.values_list("outcome", "status_code")) == {("delivered", 200)}
    assert all(duration is not None for duration in Attempt.objects.values_list("duration_ms", flat=True))
    assert not Delivery.objects.filter(delivered_at=None).exists()
    assert deliver("errors") == 0


def test_a_message_of_ten_alerts_costs_few_statements(errors, owe, django_assert_max_num_queries):
    owe(*[f"number {i}" for i in range(10)])
    deliver("errors")
    owe(*[f"again {i}" for i in range(10)])
    with django_assert_max_num_queries(19):  # savepoints of the test's own transaction included
        assert deliver("errors") == 1


def test_a_failure_costs_an_attempt_and_the_same_body_goes_out_again(errors, owe, discord):
    owe("once more")
    discord.script("errors", [Answer(500), Answer(reset=True)])
    assert deliver("errors") == 1
    message = Message.objects.get()
    assert (message.state, message.attempts, message.reason) == ("pending", 1, "HTTP 500")
    assert message.due_at > timezone.now()
    assert states() == {"pending": 1}
    for _ in range(2):
        let_time_pass()
        assert deliver("errors") == 1
    bodies = [json.dumps(entry.body) for entry in discord.requests("errors")]
    assert len(bodies) == 3
    assert len(set(bodies)) == 1
    assert states() == {"delivered": 1}
    assert list(Attempt.objects.values_list("outcome", "error")) == [
        ("retry", "HTTP 500"),
        ("retry", "connection_reset (it may have arrived)"),
        ("delivered", ""),
    ]


def test_after_its_last_attempt_a_message_fails_and_its_alerts_go_to_the_fallback(configure, owe, discord, db):
    configure(
        MAX_ATTEMPTS=2,
        WEBHOOKS={
            "errors": {"url": discord.url("errors"), "channel": "discord", "rate": [], "fallback": "info"},
            "info": {"url": discord.url("info"), "channel": "discord", "rate": []},
        },
    )
    owe("nobody answers", "nor here")
    discord.script("errors", [Answer(503), Answer(503)])
    deliver("errors")
    let_time_pass()
    deliver("errors")
    assert states(Message) == {"failed": 1}
    assert set(Delivery.objects.values_list("webhook", "state", "reason")) == {
        ("errors", "failed", "HTTP 503"),
        ("info", "pending", ""),
    }
    deliver("info")
    assert len(discord.messages("info")[0]["embeds"]) == 2


def test_a_service_that_says_wait_for_days_blocks_nothing(errors, owe, discord):
    owe("patience")
    discord.script("errors", [Answer(503)])
    deliver("errors")
    Message.objects.update(claims=Message.MOST_CLAIMS, deferrals=Message.MOST_CLAIMS)
    let_time_pass()
    assert deliver("errors") == 1
    assert states() == {"delivered": 1}
    assert resend([Message.objects.get().pk]) == 1
    assert deliver("errors") == 1
    Message.objects.get().full_clean()


def test_being_asked_to_wait_costs_no_attempt_and_nothing_is_sent_meanwhile(errors, owe, discord):
    owe("patience")
    discord.script("errors", [Answer(429, {"Retry-After": "30"}, {"retry_after": 30.0, "global": False})])
    assert deliver("errors") == 1
    message = Message.objects.get()
    assert (message.state, message.attempts, message.deferrals) == ("pending", 0, 1)
    let_time_pass()
    assert deliver("errors") == 0
    assert gate_for("errors").state()["state"] == "cooling_down"


def test_a_refused_message_is_taken_apart_until_only_the_poison_fails(errors, owe, discord):
    owe("good one", "poison", "good two")
    discord.script("errors", [Answer(400, body={"code": 50035, "message": "Invalid Form Body"})])
    discord.script("errors", [Answer(400, body={"code": 50035, "message": "Invalid Form Body"})])
    assert deliver("errors") == 4
    assert states() == {"failed": 1, "delivered": 2}
    failed = Delivery.objects.get(state="failed")
    assert failed.alert.message == "good one"  # the second refusal was scripted for the first single one
    assert "50035" in failed.reason
    assert gate_for("errors").acquire().allowed
    assert sum(row["failed"] for row in totals().values()) == 1


def test_a_gone_webhook_is_asked_once_and_everything_stays_pending_until_it_is_resumed(errors, owe, discord):
    owe(*[f"kept {i}" for i in range(25)])
    discord.script("errors", [Answer(404, body={"code": 10015, "message": "Unknown Webhook"})])
    assert deliver("errors") == 1
    assert deliver("errors") == 0
    assert states() == {"pending": 25}
    assert Message.objects.get().attempts == 0
    gate_for("errors").resume()
    assert deliver("errors") == 1
    assert states() == {"delivered": 25}


def test_a_worker_that_dies_loses_its_lease_and_the_message_is_sent_by_another(errors, owe, discord):
    owe("survivor")
    webhook = errors.webhooks["errors"]
    channel = registry.get("discord")
    dead = claims.take(claims.Backlog(webhook, channel).next(), webhook, channel, errors)
    assert dead is not None
    assert deliver("errors") == 0  # its lease still runs
    let_time_pass()
    assert deliver("errors") == 1
    assert states() == {"delivered": 1}
    # The dead one wakes up: its token is not the message's any more.
    assert finish(dead, Outcome(Verdict.RETRY, "late"), None, 1.0, errors) is None
    assert states() == {"delivered": 1}
    assert states(Message) == {"delivered": 1}


def test_a_message_that_kills_its_worker_again_and_again_fails_as_poison(errors, owe):
    owe("deadly")
    webhook, channel = errors.webhooks["errors"], registry.get("discord")
    for _ in range(3):
        owed = claims.Backlog(webhook, channel).next()
        assert claims.take(owed, webhook, channel, errors) is not None
        let_time_pass()
    assert claims.Backlog(webhook, channel).next() is None
    assert states(Message) == {"failed": 1}
    assert "poison" in Delivery.objects.get(state="failed").reason
    assert Attempt.objects.filter(outcome="started").count() == 3


def test_a_channel_that_cannot_draw_an_alert_fails_only_that_one(errors, owe, discord, monkeypatch):
    channel = registry.get("discord")
    draw = type(channel).render

    def picky(self, alerts, style):
        if any(alert.message == "undrawable" for alert in alerts):
            raise RuntimeError("no ink")
        return draw(self, alerts, style)

    monkeypatch.setattr(type(channel), "render", picky)
    owe("fine", "undrawable", "fine too")
    deliver("errors")
    assert set(Delivery.objects.values_list("alert__message", "state")) == {
        ("fine", "delivered"),
        ("undrawable", "failed"),
        ("fine too", "delivered"),
    }


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_send_every_alert_exactly_once(configure, owe, discord):
    configure(WEBHOOKS={"errors": {"url": discord.url("errors"), "channel": "discord", "rate": [], "batch_size": 3}})
    owe(*[f"alert {i}" for i in range(60)])

    def work() -> None:
        try:
            deliver("errors")
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    deliver("errors")
    texts = [embed for message in discord.messages("errors") for embed in message["embeds"]]
    assert len(texts) == 60
    assert states() == {"delivered": 60}
    assert set(Message.objects.values_list("claims", flat=True)) == {1}


def test_the_backoff_doubles_to_its_ceiling_and_jitter_only_adds(errors):
    assert [backoff(n, errors, lambda: 0.0) for n in range(1, 8)] == [1, 2, 4, 8, 16, 16, 16]
    assert backoff(3, errors, lambda: 1.0) == 5
    assert backoff(100_000, errors) >= 16


def test_flush_nudges_what_is_owed_once_and_leaves_what_is_not_configured(errors, owe, memory: redis.Redis):
    assert flush() == []
    owe("one")
    Delivery.objects.create(alert_id=owe("two")[0].id, webhook="removed", level=40)
    assert flush() == ["errors"]
    assert flush() == []  # one is under way
    assert memory.llen("alerts.errors") == 1
    assert states() == {"pending": 3}


def test_with_redis_away_alerts_are_delivered_all_the_same(configure, owe, discord, db):
    configure(
        REDIS_URL="redis://127.0.0.1:9/0",
        WEBHOOKS={"errors": {"url": discord.url("errors"), "channel": "discord"}},
    )
    accept({"alerts": [an_alert().to_dict()]})
    assert deliver("errors") == 1
    assert states() == {"delivered": 1}


GONE = Answer(404, body={"code": 10015, "message": "Unknown Webhook"})


@pytest.fixture
def two(configure, discord, db):
    """Two webhooks, the first with the second as its fallback."""
    hooks = {name: {"url": discord.url(name), "channel": "discord", "rate": []} for name in ("errors", "info")}
    hooks["errors"]["fallback"] = "info"
    return configure(WEBHOOKS=hooks)


def test_a_pause_is_told_elsewhere_once_and_what_waits_goes_to_the_fallback_once(two, owe, discord):
    owe(*[f"kept {i}" for i in range(3)])
    discord.script("errors", [GONE, GONE])
    deliver("errors")
    owe("later")
    for _ in range(3):
        deliver("errors")
        deliver("info")
    texts = json.dumps(discord.messages("info"))
    assert texts.count("is paused") == 1
    assert "manage.py alerts resume errors" in texts.replace("\\", "")
    assert [texts.count(f"kept {i}") for i in range(3)] == [1, 1, 1]
    assert texts.count("later") == 1
    assert len(discord.requests("errors")) == 1
    sums = totals()["errors"]
    assert (sums["received"], sums["pending"]) == (4, 4)


def test_what_waits_to_be_tried_again_goes_to_the_fallback_too_when_its_webhook_is_paused(two, owe, discord):
    owe("to be tried again")
    discord.script("errors", [Answer(503), GONE])
    deliver("errors")
    owe("refused for good")
    for _ in range(2):
        deliver("errors")
        deliver("info")
    texts = json.dumps(discord.messages("info"))
    assert (texts.count("to be tried again"), texts.count("refused for good")) == (1, 1)
    assert totals()["errors"]["pending"] == 2


def test_what_its_worker_died_with_goes_to_the_fallback_too_when_its_webhook_is_paused(two, owe, discord):
    owe("its worker died")
    deliver("errors")
    Message.objects.update(state="sending", lease_until=timezone.now() - timedelta(seconds=1))
    Delivery.objects.update(state="sending")
    gate_for("errors").hold("maintenance", "ana")
    for _ in range(2):
        deliver("errors")
        deliver("info")
    assert json.dumps(discord.messages("info")).count("its worker died") == 1


def test_too_many_refusals_close_every_webhook_of_the_provider(two, memory, monkeypatch):
    monkeypatch.setattr(gates, "MOST_INVALID", 3)
    refused = Outcome(Verdict.REFUSED, "HTTP 403")
    for _ in range(3):
        gate = gate_for("errors")
        gate.report(gate.acquire(), refused, status=403)
    given = gate_for("info").acquire()
    assert (given.allowed, given.reason) == (False, "cooling_down")
    assert 500 < given.wait_s <= 600


@pytest.mark.parametrize("quoted", ["{url}", "Cannot POST {path}", "no hook with {token}"])
def test_an_answer_that_quotes_the_address_is_stored_without_it(errors, owe, discord, quoted):
    url = discord.url("errors")
    path = urlsplit(url).path
    said = quoted.format(url=url, path=path, token=path.rsplit("/", 1)[-1])
    owe("x")
    discord.script("errors", [Answer(400, body={"code": 50035, "message": said})])
    deliver("errors")
    stored = json.dumps(
        [*Attempt.objects.values_list("error", "response_excerpt"), *Delivery.objects.values_list("reason")]
    )
    assert "redacted:webhook" in stored
    assert path.rsplit("/", 1)[-1] not in stored


def let_it_get_stale(minutes: int = 60) -> None:
    Delivery.objects.update(owed_since=timezone.now() - timedelta(minutes=minutes))


def test_after_an_outage_criticals_come_first_and_the_rest_as_one_digest(errors, owe, discord):
    owe(*[f"error {i}" for i in range(150)], level=Level.ERROR)
    owe(*[f"warning {i}" for i in range(63)], level=Level.WARNING)
    let_it_get_stale()
    owe("down", "still down", level=Level.CRITICAL)
    assert deliver("errors") == 3
    first, second, digest = (json.dumps(message["embeds"], ensure_ascii=False) for message in discord.messages())
    assert "down" in first
    assert "still down" in second
    assert "213 alerts while this webhook could not be reached" in digest
    assert "150 × error, 63 × warning" in digest
    assert states() == {"delivered": 215}
    told = Message.objects.get(digest=True)
    assert told.deliveries.count() == 213


def test_what_is_fresh_or_little_is_told_one_by_one(errors, owe, discord):
    owe(*[f"fresh {i}" for i in range(120)])
    deliver("errors")
    owe(*[f"old {i}" for i in range(20)])
    let_it_get_stale()
    deliver("errors")
    texts = json.dumps(discord.messages())
    assert not Message.objects.filter(digest=True).exists()
    assert all(f"fresh {i}" in texts for i in range(120))
    assert all(f"old {i}" in texts for i in range(20))


def test_a_digest_that_fails_is_tried_again_as_it_was(errors, owe, discord):
    owe(*[f"error {i}" for i in range(150)])
    let_it_get_stale()
    discord.script("errors", [Answer(503)])
    assert deliver("errors") == 1
    assert states() == {"pending": 150}
    let_time_pass()
    assert deliver("errors") == 1
    assert states() == {"delivered": 150}
    assert Message.objects.count() == 1


def test_what_is_too_old_has_failed_and_can_be_replayed(errors, owe, discord):
    owe("too old")
    discord.script("errors", [Answer(503)])
    deliver("errors")
    owe("too old, too")
    let_it_get_stale(minutes=3 * 24 * 60 + 1)
    Message.objects.update(created_at=timezone.now() - timedelta(days=4))
    flush()
    assert states() == {"failed": 2}
    assert all("expired" in delivery.reason for delivery in Delivery.objects.all())
    assert replay() == 2
    flush()
    deliver("errors")
    assert states() == {"delivered": 2}


@pytest.mark.parametrize("night", [False, True])
@pytest.mark.parametrize("service", [FakeWebhook, FakeAlertmanager, FakePagerDuty, FakeOpsgenie])
def test_who_keeps_each_alert_is_told_of_each_after_an_outage_too(configure, owe, service, night):
    with service(limits=()) as server:
        about = {"url": server.url("errors"), "channel": server.name, "rate": []}
        now = timezone.now().astimezone(UTC)
        begin, end = (f"{now - timedelta(hours=hours):%H:%M}" for hours in (2, 1))
        quiet = {"quiet_hours": [{"from": begin, "to": end, "timezone": "UTC"}]} if night else {}
        configure(WEBHOOKS={"errors": about | quiet})
        owe(*[f"error {i}" for i in range(120)])
        let_it_get_stale(minutes=90)
        while deliver("errors"):
            pass
        told = json.dumps([entry.body for entry in server.requests("errors")])
    assert all(f'error {i}"' in told for i in range(120))
    assert not Message.objects.filter(digest=True).exists()
    assert states() == {"delivered": 120}


def test_what_a_service_says_is_one_line_that_steers_no_terminal(errors, owe, discord):
    owe("it broke")
    said = "no\x1b[2J\x9b31m\u202e\r\nCRITICAL another line"
    discord.script("errors", [Answer(400, body={"code": 50035, "message": said})] * 3)
    deliver("errors")
    error = Attempt.objects.first().error
    assert "CRITICAL another line" in error
    assert error.isprintable()


def test_what_is_too_old_goes_to_the_fallback_once(two, owe, discord):
    owe("tried and too old")
    discord.script("errors", [Answer(503)])
    deliver("errors")
    owe("too old")
    let_it_get_stale(minutes=3 * 24 * 60 + 1)
    Message.objects.update(created_at=timezone.now() - timedelta(days=4))
    for _ in range(2):
        flush()
        deliver("info")
    texts = json.dumps(discord.messages("info"))
    assert (texts.count("tried and too old"), texts.count("too old")) == (1, 2)
    assert totals()["errors"]["failed"] == 2
