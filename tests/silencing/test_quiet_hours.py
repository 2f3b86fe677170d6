"""In quiet hours only what is critical is told; the rest comes as one message when they end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db.models.functions import Now

from tests.incidents.conftest import an_alert
from webhook_alerts import emergency
from webhook_alerts.alert import Level
from webhook_alerts.conf import Webhook
from webhook_alerts.configuration.problems import Problems
from webhook_alerts.configuration.quiet_hours import read_quiet_hours
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.flush import expire
from webhook_alerts.delivery.gate import gate_for
from webhook_alerts.delivery.nudge import clear
from webhook_alerts.delivery.owed import owes
from webhook_alerts.intake.accept import accept
from webhook_alerts.matching import parse
from webhook_alerts.models import Delivery, Message
from webhook_alerts.silencing import current, quiet, silence

HOUR = timedelta(hours=1)
NIGHT = {"from": "22:00", "to": "07:00"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def webhook(*hours) -> Webhook:
    problems = Problems()
    read = read_quiet_hours(list(hours), "here", problems)
    assert not list(problems)
    return Webhook("errors", "https://example.com", "webhook", quiet_hours=read)


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        ([NIGHT], "2026-11-21 21:59", None),
        ([NIGHT], "2026-11-21 22:00", "2026-11-22 07:00"),
        ([NIGHT], "2026-11-22 06:59", "2026-11-22 07:00"),
        ([NIGHT], "2026-11-22 07:00", None),
        ([{**NIGHT, "timezone": "America/Sao_Paulo"}], "2026-11-22 01:30", "2026-11-22 10:00"),
        ([{"from": "12:00", "to": "13:00"}], "2026-11-21 12:30", "2026-11-21 13:00"),
        # Days are those on which they begin: 20 November 2026 is a Friday.
        ([{**NIGHT, "days": ["fri"]}], "2026-11-21 03:00", "2026-11-21 07:00"),
        ([{**NIGHT, "days": ["fri"]}], "2026-11-22 03:00", None),
        # One follows the other: a weekend as a whole.
        (
            [{"from": "00:00", "to": "23:59", "days": ["sat"]}, {"from": "23:59", "to": "07:00", "days": ["sat"]}],
            "2026-11-21 12:00",
            "2026-11-22 07:00",
        ),
        # The night in which clocks go forward is an hour shorter, the one in which they go back an hour longer.
        ([{**NIGHT, "timezone": "Europe/Lisbon"}], "2026-03-28 23:00", "2026-03-29 06:00"),
        ([{**NIGHT, "timezone": "Europe/Lisbon"}], "2026-10-24 23:00", "2026-10-25 07:00"),
        # New York: an hour shorter on 8 March, an hour longer on 1 November.
        ([{**NIGHT, "timezone": "America/New_York"}], "2026-03-08 03:00", "2026-03-08 11:00"),
        ([{**NIGHT, "timezone": "America/New_York"}], "2026-11-01 02:00", "2026-11-01 12:00"),
        # What begins at a time that does not come (02:30), begins an hour later; of one that comes twice, the first.
        ([{"from": "02:30", "to": "05:00", "timezone": "America/New_York"}], "2026-03-08 07:29", None),
        ([{"from": "02:30", "to": "05:00", "timezone": "America/New_York"}], "2026-03-08 07:30", "2026-03-08 09:00"),
        ([{"from": "01:30", "to": "05:00", "timezone": "America/New_York"}], "2026-11-01 05:30", "2026-11-01 10:00"),
        ([{"from": "22:00", "to": "24:00"}], "2026-11-21 23:59", "2026-11-22 00:00"),
        ([{"from": "00:00", "to": "24:00", "days": ["sat", "sun"]}], "2026-11-21 00:00", "2026-11-23 00:00"),
        ([], "2026-11-21 23:00", None),
    ],
)
def test_when_they_end(settings, hours, now, until):
    settings.TIME_ZONE = "UTC"
    found = quiet.until(webhook(*hours), at(now))
    assert (found.astimezone(UTC) if found else None) == (at(until) if until else None)


@pytest.fixture
def night(configure, discord, settings, db):
    settings.TIME_ZONE = "UTC"
    hook = {"url": discord.url("errors"), "channel": "discord", "rate": [], "quiet_hours": NIGHT}
    return configure(WEBHOOKS={"errors": hook})


def come(*messages: str, **values) -> None:
    accept({"alerts": [an_alert(text, fingerprint=text, **values).to_dict() for text in messages]})


def titles(discord) -> list[str]:
    return [embed["title"].split(" ", 1)[1] for message in discord.messages("errors") for embed in message["embeds"]]


def test_only_what_is_critical_is_told_and_the_rest_in_one_message_afterwards(night, discord):
    with time_machine.travel(at("2026-11-21 23:00")):
        come("a", "b", "c", "d")
        come("fire", level=Level.CRITICAL)
        assert deliver("errors") == 1
        assert titles(discord) == ["fire"]
        assert Delivery.objects.filter(state="pending").count() == 4
        assert deliver("errors") == 0
    with time_machine.travel(at("2026-11-22 07:01")):
        come("of the morning")
        deliver("errors")
    assert titles(discord)[1:] == ["4 alerts in the quiet hours, 22:00 to 07:00", "of the morning"]
    assert not Delivery.objects.exclude(state="delivered").exists()


@pytest.mark.parametrize("waiting", [["a"], ["a", "b"]])
def test_one_or_two_leave_as_themselves(night, discord, waiting):
    with time_machine.travel(at("2026-11-21 23:00")):
        come(*waiting)
        deliver("errors")
    with time_machine.travel(at("2026-11-22 07:01")):
        deliver("errors")
    assert titles(discord) == waiting


def test_the_gate_says_until_when(night):
    with time_machine.travel(at("2026-11-21 23:00"), tick=False):
        state = gate_for("errors").state()
    assert (state["state"], state["wait_s"]) == ("quiet", 8 * 3600)
    assert "quiet until 07:00" in state["reason"]


def test_a_worker_that_finds_it_quiet_does_not_look_again_and_again(night, monkeypatch):
    nudged = []
    monkeypatch.setattr("webhook_alerts.delivery.deliver.nudge", nudged.append)
    with time_machine.travel(at("2026-11-21 23:00")):
        come("a")
        deliver("errors", token="x")
    assert nudged == []


@pytest.mark.parametrize(
    ("now", "wanted", "found"),
    [
        ("2026-11-22 12:00", 1, 1),
        ("2026-11-22 07:30", 1, 10),  # half an hour of the morning, half of the evening before
        ("2026-11-22 03:00", 1, 6),
        ("2026-11-21 22:00", 15, 15),
        ("2026-11-22 12:00", 72, 72 + 5 * 9),  # three days of being awake are five nights and the days between
    ],
)
def test_how_long_ago_it_was_that_a_webhook_has_been_awake_for_so_long(settings, now, wanted, found):
    settings.TIME_ZONE = "UTC"
    assert quiet.awake(webhook(NIGHT), at(now), wanted * HOUR) == found * HOUR


def test_without_quiet_hours_all_time_counts_and_with_few_others_not_for_ever(settings):
    settings.TIME_ZONE = "UTC"
    assert quiet.awake(webhook(), at("2026-11-22 12:00"), HOUR) == HOUR
    seldom = webhook({"from": "00:01", "to": "24:00"}, {"from": "00:00", "to": "24:00", "days": ["mon", "tue", "sat"]})
    assert quiet.awake(seldom, at("2026-11-22 12:00"), timedelta(days=3)) > timedelta(days=3_000)


def test_waiting_for_the_end_of_a_night_is_no_waiting_in_vain(night):
    with time_machine.travel(at("2026-11-22 07:30"), tick=False):
        come("a")
        message = Message.objects.create(webhook="errors")
        for hours, expired in ((9.4, 0), (10.6, 1)):
            since = Now() - timedelta(hours=hours)
            Delivery.objects.update(owed_since=since)
            Message.objects.update(created_at=since)
            assert expire(3600) == expired
            message.refresh_from_db()
            assert message.state == ("failed" if expired else "pending")


def test_a_weekend_and_its_nights_are_one_and_summed_up_in_one(configure, discord, settings, db):
    settings.TIME_ZONE = "UTC"
    hours = [NIGHT, {"from": "00:00", "to": "24:00", "days": ["sat", "sun"]}]
    configure(WEBHOOKS={"errors": {"url": discord.url("errors"), "channel": "discord", "quiet_hours": hours}})
    for text in ("2026-11-20 23:00", "2026-11-21 12:00", "2026-11-22 12:00", "2026-11-23 06:00"):
        with time_machine.travel(at(text), tick=False):
            come(text)
            deliver("errors")
            assert gate_for("errors").state()["wait_s"] == (at("2026-11-23 07:00") - at(text)).total_seconds()
    with time_machine.travel(at("2026-11-20 23:00"), tick=False):
        assert "quiet until 2026-11-23 07:00" in gate_for("errors").state()["reason"]
    with time_machine.travel(at("2026-11-23 07:01"), tick=False):
        deliver("errors")
    assert titles(discord) == ["4 alerts in the quiet hours, 2026-11-20 22:00 to 2026-11-23 07:00"]


def test_a_message_that_waits_for_another_try_waits_for_the_morning_unless_it_is_critical(night, discord):
    with time_machine.travel(at("2026-11-21 21:59"), tick=False):
        come("a")
        come("fire", level=Level.CRITICAL)
    for text in ("a", "fire"):
        message = Message.objects.create(webhook="errors", body={"content": text})
        Delivery.objects.filter(alert__message=text).update(message=message)
    again = Message.objects.create(webhook="errors", body={"content": "again"}, resend=True, before_resend="failed")
    with time_machine.travel(at("2026-11-21 23:00"), tick=False):
        assert owes("errors")
        deliver("errors")
        assert {message["content"] for message in discord.messages("errors")} == {"fire", "again"}
        assert not owes("errors")
    assert Message.objects.exclude(state="delivered").get().pk != again.pk
    with time_machine.travel(at("2026-11-22 07:00"), tick=False):
        assert owes("errors")
        deliver("errors")
    assert discord.messages("errors")[-1]["content"] == "a"


def test_something_critical_that_comes_while_a_worker_is_at_it_is_looked_at_next(night, monkeypatch):
    nudged = []
    monkeypatch.setattr("webhook_alerts.delivery.deliver.nudge", nudged.append)
    monkeypatch.setattr("webhook_alerts.delivery.claim.Backlog.next", lambda self, **_: None)
    with time_machine.travel(at("2026-11-21 23:00"), tick=False):
        come("fire", level=Level.CRITICAL)
        clear("errors")
        deliver("errors", token="x")
    assert nudged == ["errors"]


def test_what_is_silenced_while_it_waits_is_not_told_in_the_morning(night, discord):
    with time_machine.travel(at("2026-11-21 23:00"), tick=False):
        come("a", "b", "c", logger="shop")
        come("d", logger="blog")
        deliver("errors")
        made = silence.create(parse("logger = shop"), at("2026-11-22 01:00"), "deploying", "ana")
        deliver("errors")
    made.refresh_from_db()
    assert made.suppressed == 3
    with time_machine.travel(at("2026-11-22 07:01"), tick=False):
        current.forget()
        deliver("errors")
    assert titles(discord) == ["d"]


def test_with_the_database_away_only_what_is_critical_leaves_too(night):
    alerts = [an_alert(level.name, level=level, fingerprint=level.name) for level in (Level.ERROR, Level.CRITICAL)]
    items = [("alert", alert.to_dict()) for alert in alerts]
    for text, owed in (("2026-11-21 23:00", ["CRITICAL"]), ("2026-11-21 12:00", ["CRITICAL", "ERROR"])):
        with time_machine.travel(at(text), tick=False):
            assert [alert.message for alert in emergency._grave(items, night)["errors"]] == owed
