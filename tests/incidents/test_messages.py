"""What has become of an incident is seen in its messages: edited where a service can, said once more elsewhere."""

from __future__ import annotations

import time

import pytest
from django.utils import timezone

from tests.incidents.conftest import HOUR, an_alert, come
from webhook_alerts.alert import Kind, Level
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.incidents import state
from webhook_alerts.intake.accept import accept
from webhook_alerts.models import Act, Delivery, Incident, Message

pytestmark = pytest.mark.django_db


def embeds(discord):
    return [embed for message in discord.messages("errors") for embed in message["embeds"]]


def note(embed):
    return embed.get("author", {}).get("name", "")


def test_a_message_that_was_sent_turns_green_when_its_incident_is_resolved(errors, discord):
    come()
    deliver("errors")
    assert note(embeds(discord)[0]) == ""
    assert state.resolve("f", "ana")
    deliver("errors")
    (embed,) = embeds(discord)
    assert embed["title"].startswith("✅ it broke")
    assert embed["color"] == 0x2ECC71
    assert "resolved by ana after" in note(embed)


def test_who_deals_with_it_is_said_in_the_message(errors, discord):
    come()
    deliver("errors")
    assert state.acknowledge("f", "maria")
    deliver("errors")
    assert note(embeds(discord)[0]) == "acknowledged by maria"
    assert state.reopen("f", "ana")
    deliver("errors")
    assert note(embeds(discord)[0]) == ""


def test_every_change_is_made_once_and_says_who(errors):
    come()
    assert [state.acknowledge("f", "ana"), state.acknowledge("f", "bob")] == [True, False]
    assert [state.resolve("f", "bob"), state.resolve("f", "bob"), state.acknowledge("f", "bob")] == [True, False, False]
    assert [state.reopen("f", "ana"), state.reopen("f", "ana"), state.resolve("nobody")] == [True, False, False]
    assert list(Act.objects.order_by("id").values_list("actor", "verb", "target", "target_id")) == [
        ("ana", "acknowledged", "incident", "f"),
        ("bob", "resolved", "incident", "f"),
        ("ana", "reopened", "incident", "f"),
    ]


def test_what_was_never_told_is_not_said_to_be_resolved(errors, discord):
    come()
    state.resolve("f", "ana")
    assert not Message.objects.exists()
    deliver("errors")
    assert embeds(discord)[0]["title"].startswith("✅")  # drawn after it was resolved


def test_where_a_service_cannot_edit_one_message_says_that_it_is_resolved(configure, discord):
    url = f"http://127.0.0.1:9/services/T0STANDIN/B0STANDIN/{'x' * 24}"
    configure(WEBHOOKS={"errors": {"url": url, "channel": "slack", "rate": []}})
    come(kind=Kind.ERROR, exception_type="ValueError", stack_trace="Traceback:\nValueError: no")
    message = Message.objects.create(webhook="errors", state=Message.State.DELIVERED)
    Delivery.objects.update(state=Delivery.State.DELIVERED, message=message)
    state.acknowledge("f", "ana")
    assert Message.objects.count() == 1
    state.resolve("f", "ana")
    state.resolve("f", "ana")
    told = Message.objects.exclude(pk=message.pk).get()
    header, below, *_ = told.body["blocks"]
    assert header["text"]["text"] == "✅ ValueError: no"
    assert "resolved by ana" in below["elements"][0]["text"]
    assert "Traceback" not in str(told.body)  # which the message that told of it has shown


def test_only_the_latest_message_of_the_episode_is_changed(errors, discord, clock):
    come("of the first episode")
    deliver("errors")
    state.resolve("f", "ana")
    deliver("errors")
    clock.shift(10)
    come("of the second")
    deliver("errors")
    first, second = embeds(discord)
    assert first["title"].startswith("✅")
    assert note(second).startswith("came back; 2 times since ")
    clock.shift(10)
    state.resolve("f", "bob")
    deliver("errors")
    first, second = embeds(discord)
    assert "resolved by ana" in note(first)
    assert "resolved by bob" in note(second)


def test_what_repeats_after_somebody_has_resolved_it_is_open_again(errors, discord, clock):
    first = an_alert()
    accept({"alerts": [first.to_dict()]})
    deliver("errors")
    seen_before = {"id": str(first.id), "total": 4, "last_seen": time.time(), "samples": []}
    clock.shift(1)
    state.resolve("f", "ana")
    accept({"alerts": [], "repeats": [seen_before]})
    assert Incident.objects.get().state == "resolved"
    clock.shift(20)
    accept({"alerts": [], "repeats": [{**seen_before, "total": 9, "last_seen": time.time()}]})
    row = Incident.objects.get()
    assert (row.state, row.count, row.reopened) == ("open", 9, 1)
    Message.objects.update(update_due_at=row.first_seen)
    deliver("errors")
    (embed,) = embeds(discord)
    assert not embed["title"].startswith("✅")
    assert note(embed) == "came back"
    assert come() == "pending"  # the next window's first is news


def test_what_has_been_quiet_is_resolved_by_itself_once(errors, discord, clock):
    come()
    come("another", fingerprint="g", level=Level.WARNING)
    deliver("errors")
    clock.shift(HOUR - 60)
    come("again", fingerprint="g", level=Level.WARNING)
    clock.shift(120)
    assert [state.resolve_quiet(timezone.now()) for _ in range(2)] == [1, 0]
    assert dict(Incident.objects.values_list("pk", "state")) == {"f": "resolved", "g": "open"}
    assert Act.objects.get().actor == ""
    deliver("errors")
    titles = [embed["title"] for embed in embeds(discord)]
    assert any(title.startswith("✅ it broke") for title in titles)


def test_what_somebody_opens_again_stays_open_for_a_quiet_time_from_then_on(errors, clock):
    come()
    clock.shift(2 * HOUR)
    assert state.resolve_quiet(timezone.now()) == 1
    assert state.reopen("f", "ana")
    clock.shift(HOUR - 60)
    assert state.resolve_quiet(timezone.now()) == 0
    assert Incident.objects.get().state == "open"
    clock.shift(120)
    assert state.resolve_quiet(timezone.now()) == 1


def test_what_comes_and_goes_says_so_until_it_is_over_whoever_resolves_it_between(errors, discord, clock):
    for _ in range(4):
        come()
        deliver("errors")
        clock.shift(60)
        state.resolve("f", "ana")
        deliver("errors")
        clock.shift(60)
    *_, last = embeds(discord)
    assert note(last).startswith("resolved by ana")
    assert come() == "suppressed repeat: it comes and goes"
    deliver("errors")
    assert len(embeds(discord)) == 4
    assert embeds(discord)[-1]["title"].startswith("🔁")
    clock.shift(2 * HOUR)
    assert state.resolve_quiet(timezone.now()) == 1
    deliver("errors")
    assert embeds(discord)[-1]["title"].startswith("🔁")  # it may come again
    clock.shift(5 * HOUR)
    for _ in range(2):
        state.resolve_quiet(timezone.now())
    deliver("errors")
    assert not Incident.objects.get().flapping
    assert note(embeds(discord)[-1]).startswith("quiet, resolved after")
    assert embeds(discord)[-1]["title"].startswith("✅")


def test_never_by_itself_where_the_settings_say_so(configure, discord, clock):
    configure(WEBHOOKS={"errors": discord.url("errors")}, RESOLVE_AFTER=0)
    come()
    clock.shift(1000 * HOUR)
    assert state.resolve_quiet(timezone.now()) == 0


def test_a_message_links_to_its_incident_and_other_news_to_the_admin(configure, discord):
    configure(
        WEBHOOKS={"errors": {"url": discord.url("errors"), "channel": "discord", "rate": []}},
        BASE_URL="https://shop.example/",
    )
    news = an_alert("deployed", level=Level.INFO, fingerprint="n")
    accept({"alerts": [an_alert().to_dict(), news.to_dict()]})
    deliver("errors")
    about = {embed["title"].split(" ", 1)[1]: embed for embed in embeds(discord)}
    assert about["it broke"]["url"].startswith("https://shop.example/alerts/i/")
    assert f"]({about['it broke']['url']})" in about["it broke"]["description"]
    assert about["deployed"]["url"] == f"https://shop.example/admin/webhook_alerts/alert/{news.id}/change/"


def test_repeats_that_are_not_told_are_seen_in_the_message_that_was_now_and_then(errors, discord, clock):
    for _ in range(3):
        come()
        clock.shift(60)
    deliver("errors")
    first = Incident.objects.get().first_seen
    for _ in range(2):
        assert come().startswith("suppressed")
    assert Message.objects.exclude(update_due_at=None).count() == 1
    Message.objects.exclude(update_due_at=None).update(update_due_at=first)
    deliver("errors")
    notes = [note(embed) for embed in embeds(discord)]
    assert sum(note.startswith("5 times since") for note in notes) == 1
    assert not Message.objects.exclude(update_due_at=None).exists()
