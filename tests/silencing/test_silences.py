"""What is silenced is not told and is counted; who made the silence, and what became of it, stays on record."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.incidents.conftest import an_alert
from webhook_alerts.alert import Level, uuid7
from webhook_alerts.delivery import record
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.gate import gate_for
from webhook_alerts.delivery.nudge import clear
from webhook_alerts.delivery.owed import page
from webhook_alerts.delivery.totals import totals
from webhook_alerts.intake.accept import accept
from webhook_alerts.matching import MatcherError, parse
from webhook_alerts.models import Act, Delivery, Incident, Message, Silence
from webhook_alerts.silencing import announce, current, silence
from webhook_alerts.silencing.explain import explain
from webhook_alerts.silencing.keeping_back import keep_back, why

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def errors(configure, discord):
    return configure(WEBHOOKS={"errors": {"url": discord.url("errors"), "channel": "discord", "rate": []}})


def come(*messages: str, **values) -> None:
    accept({"alerts": [an_alert(text, fingerprint=text, **values).to_dict() for text in messages]})


def silent(text: str = "logger = shop", **values) -> Silence:
    return silence.create(parse(text), timezone.now() + HOUR, "deploying", "ana", **values)


def states() -> dict[str, str]:
    return dict(Delivery.objects.values_list("alert__message", "state"))


def titles(discord) -> list[str]:
    return [embed["title"].split(" ", 1)[1] for message in discord.messages("errors") for embed in message["embeds"]]


def test_what_is_silenced_is_counted_and_not_sent(errors, discord):
    made = silent()
    come("a", "b", logger="shop.pay")
    come("c", logger="blog")
    deliver("errors")
    assert titles(discord) == ["c"]
    assert states() == {"a": "suppressed", "b": "suppressed", "c": "delivered"}
    row = Delivery.objects.filter(state="suppressed")[0]
    assert row.reason.startswith("silenced: deploying (until ")
    assert row.settled_at is not None
    made.refresh_from_db()
    assert made.suppressed == 2
    sums = totals()["errors"]
    assert (sums["received"], sums["delivered"], sums["suppressed"]) == (3, 1, 2)


def test_a_silence_ends_by_itself_and_by_hand(errors, discord):
    over = silent()
    Silence.objects.filter(pk=over.pk).update(ends_at=timezone.now())
    come("a", logger="shop")
    deliver("errors")
    ended = silent("level = error")
    assert [silence.end(ended, "bob"), silence.end(ended, "bob"), silence.end(over, "bob")] == [True, False, False]
    come("b", logger="shop")
    deliver("errors")
    assert titles(discord) == ["a", "b"]
    ended.refresh_from_db()
    assert (ended.ended_by, ended.ended_at is not None) == ("bob", True)


def test_one_that_has_not_begun_holds_nothing_back(errors, discord):
    silent(starts_at=timezone.now() + HOUR / 2)
    come("a", logger="shop")
    deliver("errors")
    assert titles(discord) == ["a"]


def test_what_is_critical_is_silenced_too_if_it_is_meant(errors, discord):
    silent("level >= error")
    come("a", level=Level.CRITICAL)
    deliver("errors")
    assert titles(discord) == []


def test_only_the_webhook_that_is_meant_is_silent(configure, discord):
    hooks = {name: {"url": discord.url(name), "channel": "discord", "rate": []} for name in ("errors", "info")}
    configure(WEBHOOKS=hooks)
    silent("webhook = info")
    come("a", level=Level.CRITICAL)
    for name in hooks:
        deliver(name)
    assert (len(discord.messages("errors")), len(discord.messages("info"))) == (1, 0)


def test_a_backlog_of_more_than_a_page_that_is_silent_ends(errors, discord):
    silent()
    come(*(f"n{number}" for number in range(230)), logger="shop")
    come("last", logger="blog")
    deliver("errors")
    assert titles(discord) == ["last"]
    assert Delivery.objects.filter(state="suppressed").count() == 230


def test_what_is_silent_is_not_summed_up_either(errors, discord):
    come(*(f"n{number}" for number in range(120)), logger="shop")
    come(*(f"o{number}" for number in range(120)), logger="blog")
    Delivery.objects.update(owed_since=timezone.now() - HOUR)
    silent()
    deliver("errors")
    (title,) = titles(discord)
    assert title.startswith("120 alerts while this webhook could not be reached")
    assert Delivery.objects.filter(state="suppressed").count() == 120


def test_who_and_why_stay_on_record(errors):
    made = silent()
    silence.end(made, "bob")
    acts = list(Act.objects.order_by("at").values_list("actor", "verb", "target", "details__reason"))
    assert acts == [("ana", "silenced", "silence", "deploying"), ("bob", "unsilenced", "silence", None)]


@pytest.mark.parametrize(
    ("text", "starts", "ends", "reason", "says"),
    [
        ("logger = shop", 2, 1, "x", "ends before it starts"),
        ("logger = shop", -3, -1, "x", "ends in the past"),
        ("logger = shop", 0, 1, "  ", "Say why"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_changed(errors, text, starts, ends, reason, says):
    now = timezone.now()
    with pytest.raises(silence.SilenceError, match=says):
        silence.create(parse(text), now + ends * HOUR, reason, "ana", starts_at=now + starts * HOUR)
    assert not Silence.objects.exists()
    assert not Act.objects.exists()


def test_one_that_would_fit_everything_is_refused(errors):
    with pytest.raises(MatcherError):
        silence.create((), timezone.now() + HOUR, "x", "ana")
    assert not Silence.objects.exists()


def test_a_double_click_makes_one(errors):
    key = uuid7()
    made = {silent(key=key).pk for _ in range(2)}
    assert made == {key}
    assert silent().pk != key
    assert Act.objects.count() == 2


def test_an_incident_is_silenced_alone_and_not_twice(errors, discord):
    assert silence.for_incident("a", 3600, "from the message", "ana") is not None
    assert silence.for_incident("a", 3600, "from the message", "bob") is None
    assert silence.for_incident("a", 86_400, "for longer", "bob") is not None
    assert (silence.until("a") - timezone.now()) > HOUR * 23
    assert silence.until("b") is None
    come("a", "b")
    deliver("errors")
    assert titles(discord) == ["b"]


def test_it_is_announced_and_its_end_too_once_and_both_are_told_though_the_webhook_is_silent(errors, discord):
    made = silent("webhook = errors", announced=True, remind_s=600)
    deliver("errors")
    assert titles(discord)[0].startswith("ana has silenced alerts until ")
    assert silence.remind(timezone.now()) == 0
    soon = made.ends_at - timedelta(seconds=599)
    assert [silence.remind(soon), silence.remind(soon)] == [1, 0]
    deliver("errors")
    assert titles(discord)[1].startswith("The silence of ana ends at ")
    assert Message.objects.count() == 2


def test_a_silence_that_replaces_another_ends_it_and_names_it(errors, discord):
    first = silent()
    second = silence.create(parse("logger = blog"), timezone.now() + HOUR, "another", "bob", replaces=first)
    first.refresh_from_db()
    assert (second.replaces, first.ended_by, first.matchers[0]["value"]) == (first, "bob", "shop")
    come("a", logger="shop")
    come("b", logger="blog")
    deliver("errors")
    assert titles(discord) == ["a"]
    verbs = list(Act.objects.order_by("id").values_list("verb", "target_id"))
    assert sorted(verbs[1:]) == [("silenced", str(second.pk)), ("unsilenced", str(first.pk))]


def test_one_can_ask_why(errors):
    assert why(an_alert(logger="shop"), "errors", errors) is None
    made = silent()
    found = why(an_alert(logger="shop"), "errors", errors)
    assert (found.silence, found.reason.startswith("silenced: deploying (until ")) == (made, True)
    assert why(an_alert(logger="blog"), "errors", errors) is None


def test_what_comes_after_a_silence_is_news_though_its_incident_went_on(errors, discord):
    """Without it the decay of repeats would keep back what nobody has seen."""
    made = silent("fingerprint = f")
    for _ in range(5):
        accept({"alerts": [an_alert().to_dict()]})
        deliver("errors")
    assert set(states().values()) == {"suppressed"}
    incident = Incident.objects.get()
    assert (incident.told, incident.count) == (0, 5)
    silence.end(made, "ana")
    assert come_again(discord) == ["it broke"]


def come_again(discord) -> list[str]:
    accept({"alerts": [an_alert().to_dict()]})
    deliver("errors")
    return titles(discord)


def test_what_another_webhook_was_told_of_is_told(configure, discord):
    hooks = {name: {"url": discord.url(name), "channel": "discord", "rate": []} for name in ("errors", "info")}
    configure(WEBHOOKS=hooks, ROUTES={"error": ["errors", "info"]})
    silent("webhook = errors")
    accept({"alerts": [an_alert().to_dict()]})
    for name in hooks:
        deliver(name)
    assert (len(discord.messages("errors")), len(discord.messages("info"))) == (0, 1)
    assert Incident.objects.get().told == 1


def test_the_database_is_asked_at_most_every_two_seconds(errors, monkeypatch):
    seconds = [1000.0]
    monkeypatch.setattr(current.time, "monotonic", lambda: seconds[0])
    with CaptureQueriesContext(connection) as queries:
        for _ in range(10):
            current.get(errors)
            seconds[0] += 0.19
    assert len(queries) == 1
    row = Silence.objects.create(matchers=[parse("level = error")[0].to_dict()], ends_at=timezone.now() + HOUR)
    assert current.get(errors).is_empty
    seconds[0] += 0.2
    assert [silence for silence, _ in current.get(errors).silences] == [row]
    Silence.objects.update(ends_at=timezone.now())
    assert why(an_alert(), "errors", errors) is not None  # its time as it was read
    seconds[0] += 2
    assert why(an_alert(), "errors", errors) is None


def test_a_silence_that_begins_or_ends_between_two_looks_does_so_on_time(errors):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        now = timezone.now()
        silence.create(
            parse("level = error"), now + timedelta(seconds=1.5), "x", "ana", starts_at=now + timedelta(seconds=1)
        )
        told = []
        for _ in range(4):
            told.append(why(an_alert(), "errors", errors) is None)
            clock.shift(0.5)
    assert told == [True, True, False, True]


def test_a_silence_of_another_release_stops_nothing(errors, discord, caplog):
    Silence.objects.create(
        matchers=[{"field": "moon", "op": "=", "value": "s3cret/url"}], ends_at=timezone.now() + HOUR
    )
    silent()
    come("a", "b", logger="shop")
    come("c")
    deliver("errors")
    assert titles(discord) == ["c"]
    assert "is ignored" in caplog.text
    assert "s3cret" not in caplog.text


def test_one_look_reads_so_much_and_comes_back_for_the_rest(errors, discord, monkeypatch):
    monkeypatch.setattr("webhook_alerts.delivery.claim.MOST_PAGES", 1)
    nudged = []
    monkeypatch.setattr("webhook_alerts.delivery.deliver.nudge", nudged.append)
    silent()
    come(*(f"n{number}" for number in range(330)), logger="shop")
    looks = 0
    while Delivery.objects.filter(state="pending").exists():
        clear("errors")
        nudged.clear()
        deliver("errors", token="x")
        looks += 1
        assert looks < 5
        assert nudged == (["errors"] if Delivery.objects.filter(state="pending").exists() else [])
    assert looks > 1
    assert totals()["errors"]["suppressed"] == 330


def test_what_is_silenced_while_the_webhook_is_paused_is_owed_to_no_fallback(configure, discord):
    hooks = {
        "errors": {"url": discord.url("errors"), "channel": "discord", "rate": [], "fallback": "info"},
        "info": {"url": discord.url("info"), "channel": "discord", "rate": []},
    }
    configure(WEBHOOKS=hooks)
    gate_for("errors").hold("moving", "ana")
    silent("webhook = errors\nlogger = shop")
    come("a", logger="shop")
    come("b", logger="blog")
    deliver("errors")
    assert states()["a"] == "suppressed"
    assert list(Delivery.objects.filter(webhook="info").values_list("alert__message", flat=True)) == ["b"]


def test_two_workers_suppress_and_count_each_delivery_once(errors):
    made = silent()
    come("a", "b", "c", logger="shop")
    rows = page(Delivery.objects.all())
    assert keep_back(rows, "errors", errors) == keep_back(rows, "errors", errors) == []
    made.refresh_from_db()
    assert made.suppressed == 3


def test_what_another_worker_has_claimed_stays_claimed(errors):
    made = silent()
    come("a", "b", logger="shop")
    rows = page(Delivery.objects.order_by("pk"))
    Delivery.objects.filter(alert__message="b").update(
        state="sending", message=Message.objects.create(webhook="errors")
    )
    keep_back(rows, "errors", errors)
    made.refresh_from_db()
    assert (made.suppressed, states()) == (1, {"a": "suppressed", "b": "sending"})


def test_what_is_silent_is_counted_in_the_metrics(errors, django_capture_on_commit_callbacks, monkeypatch):
    counted = []
    monkeypatch.setattr(record.counters, "add", lambda metric, *labels, by: counted.append((metric.name, *labels, by)))
    silent()
    come("a", "b", logger="shop")
    with django_capture_on_commit_callbacks(execute=True):
        deliver("errors")
    assert ("suppressed", "errors", "silenced", 2) in counted


@pytest.mark.parametrize(
    ("values", "field", "says"),
    [
        ({"ends_at": 24 * 400 * HOUR}, "ends_at", "a year at the most"),
        ({"remind_s": 3600}, "remind_s", "before the silence begins"),
        ({"text": "webhook = erors"}, "matchers", "There is no webhook “erors”; there are errors."),
    ],
)
def test_more_that_makes_no_sense_names_its_field(errors, values, field, says):
    given = {"text": "logger = shop", "ends_at": HOUR, "remind_s": 0, **values}
    with pytest.raises(silence.SilenceError, match=says) as raised:
        silence.create(parse(given["text"]), timezone.now() + given["ends_at"], "x", "ana", remind_s=given["remind_s"])
    assert raised.value.field == field
    assert not Silence.objects.exists()


def test_who_is_told_of_a_silence_are_those_it_keeps_something_from(configure, discord):
    hooks = {name: {"url": discord.url(name), "channel": "discord", "rate": []} for name in ("errors", "info", "team")}
    configure(WEBHOOKS=hooks, ROUTES={"error": ["errors"], "warning": ["info"]})
    come("a", logger="shop")
    come("b", logger="blog", level=Level.WARNING)
    assert announce.concerned(silent("logger = shop")) == ["errors"]
    assert announce.concerned(silent("level >= warning")) == ["errors", "info"]
    assert announce.concerned(silent("logger = never.seen")) == ["errors", "info", "team"]
    assert announce.concerned(silent("webhook = team\nlogger = shop")) == ["team"]


def test_that_it_was_ended_early_is_told_where_it_was_announced(errors, discord):
    for announced in (True, False):
        silence.end(silent(announced=announced), "bob")
    deliver("errors")
    assert titles(discord)[1:] == ["bob has ended the silence of ana: deploying"]


def test_no_reminder_of_what_was_ended(errors):
    made = silent(remind_s=600)
    silence.end(made, "bob")
    assert silence.remind(made.ends_at - timedelta(seconds=1)) == 0


def test_what_was_silenced_names_the_silence_that_held_then(errors):
    made = silent(text="logger = shop")
    come("a", logger="shop")
    deliver("errors")
    silence.end(made, "bob")
    silence.create(parse("logger = shop"), timezone.now() + HOUR, "another", "bob")
    (row,) = Delivery.objects.all()
    (sentence,) = explain(row.alert, "errors")
    assert "silenced by ana until " in sentence
    assert "“deploying” (logger = shop)" in sentence


def test_what_was_told_says_that_the_next_would_not_be(errors):
    come("a", logger="shop")
    deliver("errors")
    row = Delivery.objects.get()
    assert explain(row.alert, "errors") == []
    silent()
    assert explain(row.alert, "errors")[0].startswith(
        "The next of its kind would be kept back now: silenced: deploying"
    )
