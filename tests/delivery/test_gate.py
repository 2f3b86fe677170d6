"""The gate, on a real Redis."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import pytest
import redis

from webhook_alerts.channels.base import Outcome, Verdict, Window
from webhook_alerts.conf import Config
from webhook_alerts.delivery.gate import Gate, gate_for
from webhook_alerts.models import Attempt, Message, Pause
from webhook_alerts.testing.fake_discord import FakeDiscord

pytestmark = pytest.mark.django_db

OK = Outcome(Verdict.DELIVERED, "HTTP 200")
BROKEN = Outcome(Verdict.RETRY, "HTTP 500")


@pytest.fixture
def make_gate(configure: Callable[..., Config], discord: FakeDiscord) -> Callable[..., Gate]:
    def make(*windows: Window, **options: object) -> Gate:
        config = configure(
            WEBHOOKS={
                "errors": {"url": "http://127.0.0.1:9/hook", "rate": [f"{w.limit}/{w.seconds:g}s" for w in windows]}
            },
            **options,
        )
        return gate_for(config.webhooks["errors"])

    return make


def send(gate: Gate, outcome: Outcome = OK) -> bool:
    given = gate.acquire()
    if given.allowed:
        gate.report(given, outcome)
    return given.allowed


def test_several_windows_hold_at_once_and_the_wait_ends_exactly_when_a_place_is_free(make_gate):
    windows = (Window(3, 1.0), Window(5, 3.0))
    gate = make_gate(*windows)
    sent: list[float] = []
    while len(sent) < 11:
        given = gate.acquire()
        if given.allowed:
            sent.append(time.monotonic())
            gate.report(given, OK)
        else:
            assert given.reason == "limited"
            time.sleep(given.wait_s)
    for window in windows:
        for start in sent:
            assert sum(start <= at < start + window.seconds for at in sent) <= window.limit
    # Each window is used up whenever the other one lets it be: 3 at once, 2 more after a second, 5 more after three.
    gaps = [round(at - sent[0]) for at in sent]
    assert gaps[:10] == [0, 0, 0, 1, 1, 3, 3, 3, 4, 4]


def test_a_request_under_way_keeps_its_place_until_its_answer_is_in(make_gate):
    gate = make_gate(Window(1, 1.0))
    slow = gate.acquire()
    time.sleep(1.2)
    assert gate.acquire().reason == "limited"
    gate.report(slow, OK)
    assert gate.acquire().wait_s > 0.5


def test_a_place_that_was_not_used_is_given_back(make_gate):
    gate = make_gate(Window(1, 60.0))
    given = gate.acquire()
    assert not gate.acquire().allowed
    gate.release(given)
    assert gate.acquire().allowed


def test_without_a_limit_nothing_is_counted(make_gate, memory: redis.Redis):
    gate = make_gate()
    assert all(send(gate) for _ in range(50))
    assert memory.keys("webhook_alerts:gate:*log") == []


@pytest.mark.parametrize("verdict", [Verdict.WAIT, Verdict.DELIVERED, Verdict.RETRY])
def test_a_service_that_asks_for_patience_gets_it(make_gate, verdict):
    gate = make_gate()
    gate.report(gate.acquire(), Outcome(verdict, "", wait_s=30))
    gate.report(gate.acquire(), Outcome(verdict, "", wait_s=1))  # a shorter wish does not shorten it
    seen = gate.acquire()
    assert (seen.allowed, seen.reason) == (False, "cooling_down")
    assert 25 < seen.wait_s <= 30
    assert gate.state()["state"] == "cooling_down"


def test_a_provider_wide_wait_closes_every_webhook_of_the_provider_and_no_other(configure, discord: FakeDiscord):
    config = configure(
        WEBHOOKS={
            "one": {"url": discord.url("one"), "channel": "discord"},
            "two": {"url": discord.url("two"), "channel": "discord"},
            "other": "http://127.0.0.1:9/hook",
        }
    )
    one, two, other = (gate_for(config.webhooks[name]) for name in ("one", "two", "other"))
    one.report(one.acquire(), Outcome(Verdict.WAIT, "HTTP 429", wait_s=30, provider_wide=True))
    assert two.acquire().reason == "cooling_down"
    assert other.acquire().allowed


def test_the_breaker_opens_after_failures_in_a_row_and_half_open_lets_one_probe_through(make_gate):
    gate = make_gate(BREAKER_FAILURES=3, BREAKER_COOLDOWN=1)
    assert send(gate, BROKEN)
    assert send(gate, BROKEN)
    assert send(gate, OK)  # not in a row
    assert all(send(gate, BROKEN) for _ in range(3))
    assert gate.acquire().reason == "breaker_open"
    assert gate.state()["state"] == "breaker_open"
    time.sleep(1.05)
    probe = gate.acquire()
    assert probe.allowed
    assert gate.acquire().reason == "breaker_open"  # one probe at a time
    gate.report(probe, BROKEN)
    assert 1 < gate.acquire().wait_s <= 2  # twice as long
    time.sleep(2.05)
    gate.report(gate.acquire(), OK)
    assert send(gate)
    assert send(gate)


@pytest.mark.parametrize("verdict", [Verdict.REFUSED, Verdict.WAIT])
def test_what_says_nothing_about_the_service_never_touches_the_breaker(make_gate, verdict):
    gate = make_gate(BREAKER_FAILURES=2, BREAKER_COOLDOWN=60)
    for _ in range(5):
        gate.report(gate.acquire(), Outcome(verdict, ""))
    assert gate.acquire().allowed


def test_a_resend_passes_breaker_and_pause_but_not_the_rate_and_teaches_the_gate_nothing(make_gate):
    gate = make_gate(Window(3, 60.0), BREAKER_FAILURES=1, BREAKER_COOLDOWN=60)
    send(gate, BROKEN)
    gate.pause("HTTP 404")
    assert not gate.acquire().allowed
    again = gate.acquire(resend=True)
    assert again.allowed
    gate.report(again, OK, resend=True)
    assert gate.acquire().reason == "breaker_open"
    assert gate.acquire(resend=True).allowed
    assert gate.acquire(resend=True).reason == "limited"


def test_a_gone_webhook_is_paused_even_when_redis_forgets_and_resumes_with_a_new_address(make_gate, configure, memory):
    gate = make_gate()
    gate.report(gate.acquire(), Outcome(Verdict.GONE, "HTTP 404"))
    memory.flushdb()
    assert gate.is_paused()
    assert gate.state() == {"state": "paused", "wait_s": 0.0, "reason": "HTTP 404"}
    moved = configure(WEBHOOKS={"errors": {"url": "http://127.0.0.1:9/new"}})
    assert not gate_for(moved.webhooks["errors"]).is_paused()
    assert gate.resume()
    assert not gate.is_paused()
    assert not Pause.objects.exists()


def test_with_redis_away_the_same_windows_are_counted_from_the_attempts(make_gate, configure):
    gate = make_gate(Window(2, 60.0))
    config = configure(
        REDIS_URL="redis://127.0.0.1:9/0",
        WEBHOOKS={"errors": {"url": "http://127.0.0.1:9/hook", "rate": "2/60s"}},
    )
    gate = gate_for(config.webhooks["errors"])
    message = Message.objects.create(webhook="errors")
    for number in range(2):
        assert gate.acquire().allowed, number
        Attempt.objects.create(message=message, webhook="errors")
    closed = gate.acquire()
    assert (closed.allowed, closed.reason) == (False, "limited")
    assert 55 < closed.wait_s <= 60
    assert gate.state()["state"] == "unknown"


CLIENT = """
import sys, time, django
django.setup()
from webhook_alerts.channels import registry
from webhook_alerts.channels.base import Request
from webhook_alerts.conf import get_config
from webhook_alerts.delivery import transport
from webhook_alerts.delivery.gate import gate_for
webhook = get_config().webhooks["errors"]
gate, channel = gate_for(webhook), registry.get("discord")
ends = time.monotonic() + float(sys.argv[1])
while time.monotonic() < ends:
    given = gate.acquire()
    if not given.allowed:
        time.sleep(min(given.wait_s, 0.5))
        continue
    answer = transport.send(Request(channel.endpoint(webhook.url), {"content": "x"}), timeout=5, allow_private=True)
    gate.report(given, channel.classify(answer))
"""


@pytest.mark.slow
def test_two_processes_use_the_whole_limit_and_are_never_told_to_stop(make_project):
    with FakeDiscord(limits=((5, 2.0), (30, 60.0))) as discord:
        hook = f'{{"errors": {{"url": "{discord.url("errors")}", "channel": "discord"}}}}'
        project = make_project(TEST_WEBHOOKS=hook)
        clients = [subprocess.Popen([sys.executable, "-c", CLIENT, "55"], env=project.env) for _ in range(2)]
        assert [client.wait(90) for client in clients] == [0, 0]
        statuses = [entry.status for entry in discord.requests("errors")]
    assert set(statuses) == {200}
    assert 28 <= len(statuses) <= 30
