"""What is counted where: each way that an alert can go shows in the metrics, once."""

from __future__ import annotations

import os
import time
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from tests.metrics.conftest import an_alert
from webhook_alerts.alert import Kind, Level
from webhook_alerts.delivery import record
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.flush import flush
from webhook_alerts.delivery.resend import replay, resend
from webhook_alerts.delivery.totals import totals
from webhook_alerts.emergency import send_unrecorded
from webhook_alerts.intake.accept import accept
from webhook_alerts.intake.spooled import take_up
from webhook_alerts.metrics import counters, reasons
from webhook_alerts.metrics.catalogue import DELIVERED, FAILED, SUPPRESSED
from webhook_alerts.models import Delivery, Message, Silence
from webhook_alerts.outbox import telling
from webhook_alerts.outbox.spool import Spool
from webhook_alerts.outbox.stats import Stats
from webhook_alerts.testing.fake_discord import Answer


def let_time_pass() -> None:
    past = timezone.now() - timedelta(minutes=5)
    Message.objects.filter(state="pending").update(due_at=past)
    Message.objects.filter(state="sending").update(lease_until=past)


def test_what_is_received_and_delivered(owe, value):
    owe("a", "b")
    owe("c", level=Level.CRITICAL, kind=Kind.ERROR)
    assert value("pending", webhook="errors") == 3
    deliver("errors")
    assert value("received_total", level="error", kind="log") == 2
    assert value("received_total", level="critical", kind="error") == 1
    assert value("received_total", level="debug", kind="log") == 0
    assert value("delivered_total", webhook="errors") == 3
    assert value("attempts_total", webhook="errors", outcome="delivered") == 1
    assert value("pending", webhook="errors") == 0


def test_a_batch_that_comes_again_is_counted_once(errors, value):
    batch = {"alerts": [an_alert(fingerprint="f").to_dict()]}
    told = {"id": batch["alerts"][0]["id"], "count": 4, "total": 5, "last_seen": time.time()}
    for _ in range(3):
        accept(batch)
        accept({"repeats": [told]})
    assert value("received_total", level="error", kind="log") == 5
    assert value("suppressed_total", webhook="errors", reason="repeat") == 4


def test_repeats_and_what_is_kept_back_are_suppressed_and_agree_with_the_sums(errors, configure, value, discord):
    configure(WEBHOOKS={"errors": {"url": discord.url("errors"), "channel": "discord"}}, DEDUP_WINDOW=1, REPEATS=[3600])
    now = time.time()
    for age_s in (9.0, 6.0, 0.0):  # three windows; the second message of the incident is an hour away
        accept({"alerts": [an_alert(fingerprint="f", first_seen=now - age_s, last_seen=now - age_s).to_dict()]})
    accept({"alerts": [an_alert(fingerprint="f").to_dict()]})  # falls into the last window
    accept({"alerts": [an_alert("counted before it came", occurrences=3).to_dict()]})
    deliver("errors")
    sums = totals()["errors"]
    assert sums == {"received": 7, "delivered": 2, "suppressed": 5, "pending": 0, "failed": 0}
    assert value("suppressed_total", webhook="errors", reason="repeat") == sums["suppressed"]
    assert value("delivered_total", webhook="errors") == sums["delivered"]
    assert value("received_total", level="error", kind="log") == sums["received"]


def test_what_is_silenced_or_muted_is_suppressed_by_that_reason(configure, owe, value, discord):
    webhooks = {"errors": {"url": discord.url("errors"), "channel": "discord", "rate": []}}
    configure(WEBHOOKS=webhooks, INHIBIT=[{"source": ["logger = db"], "target": ["logger = shop"]}])
    now = timezone.now()
    Silence.objects.create(
        matchers=[{"field": "logger", "op": "=", "value": "noisy"}], ends_at=now + timedelta(hours=1), reason="known"
    )
    owe("silenced", "silenced, too", logger="noisy")
    owe("the database is down", logger="db", fingerprint="db")
    owe("a view failed", logger="shop", fingerprint="shop")
    deliver("errors")
    found = {reason: value("suppressed_total", webhook="errors", reason=reason) for reason in ("silenced", "inhibited")}
    assert found == {"silenced": 2, "inhibited": 1}
    assert value("delivered_total", webhook="errors") == 1
    assert value("pending", webhook="errors") == 0


def test_latency_is_that_from_the_call_to_the_answer(owe, value):
    now = time.time()
    owe("of a minute ago", first_seen=now - 61, last_seen=now)
    owe("from a clock that is ahead", first_seen=now + 60, last_seen=now)
    deliver("errors")
    series = {
        bound: value("delivery_latency_seconds_bucket", webhook="errors", le=bound) for bound in ("0.5", "60.0", "+Inf")
    }
    assert series == {"0.5": 1, "60.0": 1, "+Inf": 2}
    assert value("delivery_latency_seconds_bucket", webhook="errors", le="300.0") == 2
    assert value("delivery_latency_seconds_count", webhook="errors") == 2
    assert 61 <= value("delivery_latency_seconds_sum", webhook="errors") < 300


@pytest.mark.parametrize(
    ("seconds", "bound"), [(0.0, "0.5"), (0.5, "0.5"), (0.51, "1.0"), (3600.0, "3600.0"), (1e6, "+Inf")]
)
def test_a_bucket_holds_what_is_not_above_its_bound(seconds, bound):
    assert counters.bucket(seconds) == bound


def test_a_resend_of_what_has_arrived_delivers_nothing_anew(owe, value):
    owe("a")
    deliver("errors")
    resend(Message.objects.values_list("pk", flat=True))
    assert deliver("errors") == 1
    assert value("attempts_total", webhook="errors", outcome="delivered") == 2
    assert value("delivered_total", webhook="errors") == 1
    assert value("delivery_latency_seconds_count", webhook="errors") == 1


def test_what_failed_and_is_replayed_is_failed_and_then_delivered(owe, value, discord):
    owe("a")
    discord.script("errors", [Answer(400)])
    deliver("errors")
    assert value("failed_total", webhook="errors", reason="refused") == 1
    replay()
    deliver("errors")
    assert value("delivered_total", webhook="errors") == 1
    assert value("delivery_latency_seconds_count", webhook="errors") == 1
    assert value("failed_total", webhook="errors", reason="refused") == 1


def test_each_attempt_is_counted_by_what_became_of_it(owe, value, discord):
    owe("a")
    discord.script("errors", [Answer(500), Answer(429, headers={"Retry-After": "0.01"})])
    for _ in range(3):
        time.sleep(0.02)  # what the second answer asked for
        let_time_pass()
        deliver("errors")
    outcomes = {o: value("attempts_total", webhook="errors", outcome=o) for o in ("retry", "wait", "delivered", "gone")}
    assert outcomes == {"retry": 1, "wait": 1, "delivered": 1, "gone": 0}


def test_attempts_that_are_used_up_fail_by_their_last_reason(configure, owe, value, discord):
    configure(WEBHOOKS={"errors": {"url": discord.url("errors"), "channel": "discord"}}, MAX_ATTEMPTS=1)
    owe("a")
    discord.script("errors", [Answer(503)])
    deliver("errors")
    assert value("failed_total", webhook="errors", reason="server_error") == 1


def test_what_expires_fails(configure, owe, value, discord):
    configure(WEBHOOKS={"errors": {"url": discord.url("errors"), "channel": "discord"}}, MAX_AGE=60)
    owe("never tried")
    Delivery.objects.update(owed_since=timezone.now() - timedelta(minutes=2))
    flush()
    owe("tried once")
    discord.script("errors", [Answer(500)])
    deliver("errors")
    Message.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    flush()
    assert value("failed_total", webhook="errors", reason="expired") == 2
    assert value("pending", webhook="errors") == 0


def test_what_kills_its_workers_and_what_cannot_be_drawn_fail(configure, owe, value, discord, monkeypatch):
    owe("poison")
    discord.script("errors", [Answer(500)])
    deliver("errors")
    Message.objects.update(claims=9, due_at=timezone.now())
    deliver("errors")
    assert value("failed_total", webhook="errors", reason="poison") == 1

    def refuse(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr("webhook_alerts.channels.discord.Discord.render", refuse)
    owe("cannot be drawn")
    deliver("errors")
    assert value("failed_total", webhook="errors", reason="not_drawn") == 1


def test_nothing_is_counted_of_a_transaction_that_is_rolled_back(owe, value):
    owe("a")
    message = Message.objects.create(webhook="errors")
    Delivery.objects.update(message=message)
    with transaction.atomic():
        record.deliveries_failed(message, "HTTP 400")
        transaction.set_rollback(True)
    assert value("failed_total", webhook="errors", reason="refused") == 0
    record.deliveries_failed(message, "HTTP 400")
    assert value("failed_total", webhook="errors", reason="refused") == 1


def test_a_closed_gate_is_counted_by_what_keeps_it_closed(configure, owe, value, discord):
    configure(WEBHOOKS={"errors": {"url": discord.url("errors"), "channel": "discord", "rate": "1/m", "batch_size": 1}})
    owe("a", "b")
    deliver("errors")
    assert value("gate_waits_total", webhook="errors", reason="limited") == 1
    assert value("gate_state", webhook="errors", state="limited") == 1
    assert value("gate_state", webhook="errors", state="open") == 0


def test_what_the_emergency_path_sends_is_counted_when_it_is_recorded(errors, value, memory, monkeypatch):
    monkeypatch.setattr("webhook_alerts.emergency._not_before", {})  # no test waits for the pause of another
    spool = Spool(errors.spool_dir)
    spool.write([("alert", an_alert().to_dict())])
    send_unrecorded()
    assert value("attempts_total", webhook="errors", outcome="delivered") == 1
    assert value("delivered_total", webhook="errors") == 0
    take_up()
    assert value("delivered_total", webhook="errors") == 1
    assert value("attempts_total", webhook="errors", outcome="delivered") == 1


def test_an_outbox_adds_what_is_new_of_its_troubles(errors, value):
    stats, counted = Stats(), {}
    telling.count(stats, counted)
    stats.dropped, stats.spooled = 3, 5
    telling.count(stats, counted)
    telling.count(stats, counted)
    stats.dropped = 4
    telling.count(stats, counted)
    events = {name: value("outbox_events_total", event=name) for name in ("dropped", "spooled", "torn")}
    assert events == {"dropped": 4, "spooled": 5, "torn": 0}


def test_the_names_of_an_outboxs_troubles_are_those_of_its_counters():
    assert all(isinstance(getattr(Stats(), name), int) for name in telling.TROUBLE)


REASONS = {
    "HTTP 400 Cannot send an empty message": "refused",
    "HTTP 503": "server_error",
    "HTTP 302": "server_error",
    "timeout_read (it may have arrived)": "timeout",
    "timeout_connect": "timeout",
    "dns_error": "unreachable",
    "connection_refused": "unreachable",
    "tls_error": "unreachable",
    "address_refused": "unreachable",
    "expired: it could not be sent in time": "expired",
    "poison: its workers ended again and again before an answer": "poison",
    "cannot be drawn: ValueError": "not_drawn",
    "unexpected OSError": "other",
    "": "other",
}


@pytest.mark.parametrize(("reason", "name"), REASONS.items())
def test_a_reason_has_one_of_few_classes(reason, name):
    assert reasons.class_of(reason) == name
    assert set(REASONS.values()) == set(FAILED.values["reason"])


def test_with_redis_away_work_goes_on_and_counts_wait_for_it(configure, own_redis, owe, value, discord):
    settings = {
        "WEBHOOKS": {"errors": {"url": discord.url("errors"), "channel": "discord"}},
        "REDIS_URL": own_redis.url,
    }
    configure(**settings)
    own_redis.kill()
    owe("a")
    deliver("errors")
    counters.send()
    assert len(discord.messages("errors")) == 1
    assert value("delivered_total", webhook="errors") is None  # no zero, which would look like a restart
    assert value("up", part="redis") == 0
    own_redis.start()
    counters._gathered._not_before = 0.0
    assert _until(lambda: value("delivered_total", webhook="errors") == 1)
    assert value("delivered_total", webhook="errors") == 1  # once


def _until(happened) -> bool:
    deadline = time.monotonic() + 20
    while not happened():
        if time.monotonic() > deadline:
            return False
        counters._gathered._not_before = 0.0
        time.sleep(0.05)
    return True


def test_a_redis_that_comes_back_empty_begins_at_zero(owe, value, memory):
    owe("a")
    deliver("errors")
    assert value("delivered_total", webhook="errors") == 1
    memory.flushall()
    assert value("delivered_total", webhook="errors") == 0


def test_counts_leave_in_one_round_trip(errors, memory):
    counters.add(DELIVERED, "errors", by=2)
    counters.add(DELIVERED, "errors")
    counters.add(SUPPRESSED, "errors", "repeat")
    counters.add(SUPPRESSED, "errors", "repeat", by=0)
    before = memory.info("stats")["total_commands_processed"]
    counters.send()
    counters.send()
    # MULTI, two HINCRBY, EXEC; and INFO itself, by which it is asked
    assert memory.info("stats")["total_commands_processed"] - before == 5
    assert counters.read() == {"delivered|errors": 3, "suppressed|errors|repeat": 1}


def test_a_forked_child_leaves_to_its_parent_what_that_has_counted(errors):
    counters.add(DELIVERED, "errors")
    child = os.fork()
    if child == 0:
        counters.send()
        os._exit(0)
    os.waitpid(child, 0)
    assert counters.read() == {}
    counters.send()
    assert counters.read() == {"delivered|errors": 1}
