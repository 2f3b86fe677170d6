"""Digests: right in their numbers, made once, and silent when there is nothing to say."""

from __future__ import annotations

import base64
import io
import sys
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connections
from PIL import Image

from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.models import Alert, Delivery, Incident, Message, Report, Tally
from webhook_alerts.reports import chart, contents
from webhook_alerts.reports.send import send_due
from webhook_alerts.tasks import send_reports
from webhook_alerts.wiring import EVERY_S

DAY = datetime(2026, 11, 20, 9, tzinfo=UTC)
NEXT = DAY + timedelta(days=1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def webhooks(configure, discord, settings):
    settings.TIME_ZONE = "UTC"

    def set_to(*digests: str, **options: Any):
        hook = {"url": discord.url("errors"), "channel": "discord", "rate": [], "digests": list(digests), **options}
        return configure(WEBHOOKS={"errors": hook})

    return set_to


def tally(hours: float, measure: str, count: int, level: int = 40, label: str = "", webhook: str = "errors") -> None:
    start = DAY + timedelta(hours=hours)
    Tally.objects.create(
        start=start, seconds=300, webhook=webhook, measure=measure, level=level, label=label, count=count
    )


def incident(key: str, count: int, *, seen: float = 1, first: float = -100, webhook: str = "errors") -> None:
    at = DAY + timedelta(hours=seen)
    hour = str(int(at.timestamp() // 3600))
    begin = DAY + timedelta(hours=first)
    Incident.objects.create(
        fingerprint=key, title=f"{key} broke", level=40, first_seen=begin, last_seen=at, hours={hour: count, "1": 999}
    )
    alert = Alert.objects.create(
        level=40, kind="log", fingerprint=key, message=f"{key} broke", first_seen=at, last_seen=at
    )
    sent = at + timedelta(seconds=count)
    Delivery.objects.create(
        alert=alert, webhook=webhook, level=40, state="delivered", delivered_at=sent, settled_at=sent
    )


def a_day() -> None:
    tally(0, "delivered", 100)
    tally(23.9, "delivered", 20, level=50)
    tally(-1, "delivered", 80)
    tally(24, "delivered", 7_000)
    tally(5, "delivered", 500, webhook="info")
    tally(5, "failed", 3, label="refused")
    tally(6, "suppressed", 40, label="repeat")
    tally(6, "suppressed", 2, label="silenced")
    tally(6, "latency", 120, label="5")
    incident("rare", 2)
    incident("often", 300, first=2)
    incident("elsewhere", 9_000, webhook="info")
    incident("later", 9_000, seen=30, first=26)


def test_a_day_against_the_one_before():
    a_day()
    found = contents.read("errors", DAY, NEXT)
    assert (found.delivered, found.delivered_before) == ({40: 100, 50: 20}, {40: 80})
    assert (found.failed, found.suppressed) == ({"refused": 3}, {"repeat": 40, "silenced": 2})
    assert [(group.title, group.count, group.is_new) for group in found.groups] == [
        ("often broke", 300, True),
        ("rare broke", 2, False),
    ]
    assert found.new_groups == 1
    assert found.slowest == ((300.0, "often broke"), (2.0, "rare broke"))


def test_what_a_reader_sees(webhooks, discord):
    webhooks("daily 09:00")
    a_day()
    assert send_due(NEXT + timedelta(minutes=15)) == 1
    deliver("errors")
    (message,) = discord.messages("errors")
    (embed,) = message["embeds"]
    assert embed["title"] == "📊 Daily digest of errors: 120 alerts, 50 % more than before"
    fields = {field["name"]: field["value"].strip("`\n").replace("\\", "") for field in embed["fields"]}
    assert "critical: 20 (before: 0)" in fields["By level"]
    assert "error: 100 (before: 80)" in fields["By level"]
    assert "300 × often broke (new)" in fields["Most often"]
    assert "3 × refused" in fields["Not delivered"]
    assert "40 × told before" in fields["Kept back"]
    assert "5 min often broke" in fields["Slowest"]
    assert "2026-11-20 09:00" in fields["Period"]


def test_it_is_made_when_its_period_is_over_and_counted_and_then_once(webhooks):
    webhooks("daily 09:00")
    a_day()
    assert send_due(NEXT + timedelta(minutes=14)) == 1  # of the day before, late
    assert [send_due(NEXT + timedelta(minutes=15 + n)) for n in range(3)] == [1, 0, 0]
    assert send_due(NEXT + timedelta(days=1, minutes=15)) == 1
    assert list(Report.objects.order_by("id").values_list("ends_at", flat=True)) == [
        DAY,
        NEXT,
        NEXT + timedelta(days=1),
    ]


def test_every_schedule_of_a_webhook_has_its_own(webhooks):
    webhooks("hourly", "daily 09:00", "weekly fri 09:00")
    tally(22.5, "delivered", 5)
    send_due(NEXT + timedelta(minutes=15))
    made = {row.period: row.message_id is not None for row in Report.objects.all()}
    assert made == {"hourly": False, "daily": True, "weekly": False}


@pytest.mark.parametrize(("options", "messages"), [({}, 0), ({"empty_digests": True}, 1)])
def test_with_nothing_to_say_nothing_is_said_unless_it_is_asked_for(webhooks, options, messages):
    webhooks("daily 09:00", **options)
    assert send_due(NEXT + timedelta(hours=1)) == messages
    assert Message.objects.count() == messages
    assert Report.objects.count() == 1


def test_a_period_in_a_zone_of_its_own(webhooks):
    webhooks("daily 09:00 America/Sao_Paulo")
    send_due(NEXT + timedelta(hours=3, minutes=15))
    assert Report.objects.get().ends_at == NEXT + timedelta(hours=3)


def test_a_picture_shows_what_became_of_what(webhooks, discord):
    webhooks("daily 09:00")
    a_day()
    counts = chart.bars("errors", (DAY, NEXT))
    assert (counts["delivered"][0], counts["delivered"][27], sum(counts["suppressed"])) == (100, 20, 42)
    send_due(NEXT + timedelta(hours=1))
    deliver("errors")
    (message,) = discord.messages("errors")
    assert message["embeds"][-1]["image"]["url"] == "attachment://digest.png"
    kind, _, data = message["files"]["digest.png"].partition(",")
    assert kind == "data:image/png;base64"
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (800, 260)


def test_without_matplotlib_there_is_no_picture(webhooks, discord, monkeypatch):
    webhooks("daily 09:00")
    a_day()
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert send_due(NEXT + timedelta(hours=1)) == 1
    assert Message.objects.get().files == []


@pytest.mark.django_db(transaction=True)
def test_two_beats_make_one(webhooks):
    webhooks("daily 09:00", empty_digests=True)
    barrier = threading.Barrier(4)
    made: list[int] = []

    def work() -> None:
        try:
            barrier.wait(10)
            made.append(send_due(NEXT + timedelta(hours=1)))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(made) == [0, 0, 0, 1]
    assert Message.objects.count() == 1


def test_beat_makes_them(webhooks):
    webhooks("daily 09:00", empty_digests=True)
    assert "webhook_alerts.report" in EVERY_S
    with time_machine.travel(NEXT + timedelta(hours=1)):
        assert send_reports() == 1
