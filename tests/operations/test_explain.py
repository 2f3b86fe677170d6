"""Why an alert went where it went, as an operator asks it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.delivery.conftest import an_alert, errors, owe
from webhook_alerts.alert import Kind, Level, uuid7
from webhook_alerts.configuration.values import Config, Webhook
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.gate import gate_for
from webhook_alerts.models import Alert, Delivery
from webhook_alerts.operations.explain import chosen, explain
from webhook_alerts.silencing import silence
from webhook_alerts.testing.fake_discord import Answer

__all__ = ["errors", "owe"]


def config(*webhooks: Webhook, **routes: tuple[str, ...]) -> Config:
    given = {each.name: each for each in webhooks}
    return Config(webhooks=given, **({"routes": routes} if routes else {}))


def webhook(name: str, **values: Any) -> Webhook:
    return Webhook(name=name, url="", channel="discord", **values)


@pytest.mark.parametrize(
    ("alert", "owed", "settings", "name", "expected"),
    [
        ({}, ["errors"], config(webhook("errors")), "errors", "The route “error” names it."),
        (
            {"kind": Kind.EVENT}, ["info"], config(webhook("info")), "info",
            "The route “event” names “members”, which is not configured; this is the nearest that is.",
        ),
        ({}, ["ops"], config(webhook("errors"), webhook("ops")), "ops", "The caller asked for it by name, or the ro"),
        (
            {}, ["ops"], config(webhook("errors", fallback="ops"), webhook("ops")), "ops",
            "It is the fallback of another webhook, or the caller asked for it by name.",
        ),
        ({}, ["gone"], config(webhook("errors")), "gone", "It was chosen when the alert came, and is not configured"),
        ({}, [], config(webhook("errors"), webhook("info")), "info", "The route “error” does not lead there, and"),
        (
            {"level": Level.WARNING}, [], config(webhook("errors", min_level=Level.ERROR)), "errors",
            "Its min_level, error, keeps back what is less grave.",
        ),
        ({}, [], config(webhook("errors")), "errors", "The route “error” leads there now; the caller asked for others"),
        (
            {"kind": Kind.STATUS, "level": Level.DEBUG}, [], config(webhook("info", min_level=Level.ERROR)), "info",
            "The route “status” leads there now",
        ),
    ],
)  # fmt: skip
def test_why_a_webhook_was_chosen_or_was_not(alert, owed, settings, name, expected):
    assert chosen(an_alert(**alert), owed, settings)[name].startswith(expected)


def test_what_is_owed_comes_first():
    names = chosen(an_alert(), ["info"], config(webhook("errors"), webhook("info")))
    assert list(names) == ["info", "errors"]


def story(row: Alert) -> str:
    told = explain(row)
    return " ".join((*told.alert, *(text for each in told.webhooks for text in each.sentences)))


def test_what_waits_says_for_what(errors, owe):
    owe("it broke", kind=Kind.ERROR)
    told = story(Alert.objects.get())
    assert "It goes by the route “error”, that of its level." in told
    assert "No message carries it yet: the next flush makes one, within 3 s." in told
    assert "Its gate is open now." in told


def test_what_is_held_says_why(errors, owe):
    owe("it broke")
    assert gate_for("errors").hold("a deployment", "ana")
    assert "It is paused: a deployment." in story(Alert.objects.get())


def test_what_failed_says_how(errors, owe, discord):
    owe("it broke")
    discord.script("errors", [Answer(400, body={"code": 50035, "message": "Invalid Form Body"})])
    deliver("errors")
    told = story(Alert.objects.get())
    assert "1 request was made" in told
    assert "It failed: " in told
    assert "gate" not in told


def test_what_is_tried_again_says_when(errors, owe, discord):
    owe("it broke", "and so did this")
    discord.script("errors", [Answer(500)])
    deliver("errors")
    told = story(Alert.objects.first())
    assert "Its message carries 1 other alert." in told
    assert "It is tried again at 2" in told


def test_repeats_suppression_and_the_incident_are_told(errors, owe):
    owe("it broke", fingerprint="f1", occurrences=1234)
    Delivery.objects.update(state="suppressed", reason="repeat: told again in 5 minutes")
    told = story(Alert.objects.get())
    assert "1,234 occurrences are counted on it" in told
    assert "Its incident: open; 1 message of this episode was let through." in told
    assert "It was not sent: repeat: told again in 5 minutes." in told


def test_what_a_silence_keeps_back_says_which(errors, owe):
    owe("it broke", fingerprint="f1")
    silence.for_incident("f1", 3600, "a deployment", "ana")
    told = story(Alert.objects.get())
    assert "It is kept back at the next look: silenced: a deployment (until " in told
    deliver("errors")
    told = story(Alert.objects.get())
    assert "It was silenced by ana until " in told
    assert "“a deployment” (fingerprint = f1)." in told


@pytest.mark.parametrize(("level", "words"), [(Level.ERROR, "end of the quiet hours"), (Level.CRITICAL, "next flush")])
def test_what_waits_for_the_end_of_quiet_hours_says_when(configure, discord, owe, time_machine, level, words):
    time_machine.move_to(datetime(2026, 11, 21, 3, 0, tzinfo=UTC), tick=False)
    hours = {"from": "22:00", "to": "07:00", "timezone": "UTC"}
    webhooks = {"errors": {"url": discord.url("errors"), "channel": "discord", "quiet_hours": hours}}
    configure(WEBHOOKS=webhooks, ROUTES={"critical": ["errors"]})
    owe("it broke", level=level)
    assert words in story(Alert.objects.get())


def test_the_command_tells_it_in_words_and_as_data(errors, owe):
    (alert,) = owe("it broke")
    words, data = StringIO(), StringIO()
    call_command("alerts", "explain", str(alert.id), stdout=words)
    call_command("alerts", "explain", str(alert.id), "--json", stdout=data)
    assert "errors: pending\n  The route “error” names it.\n" in words.getvalue()
    told = json.loads(data.getvalue())
    assert told["id"] == str(alert.id)
    assert told["webhooks"][0]["sentences"][0] == "The route “error” names it."


@pytest.mark.django_db
def test_an_alert_that_is_not_there_is_said(errors):
    with pytest.raises(CommandError, match="never accepted, or it is pruned"):
        call_command("alerts", "explain", str(uuid7()))
