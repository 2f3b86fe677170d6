"""The admin: everything can be looked at, nothing be written, and only some may send again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from tests.admin.conftest import VIEW, history
from tests.delivery.test_deliver import states
from webhook_alerts.admin import badges, paginator, resend
from webhook_alerts.alert import uuid7
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.incidents import state
from webhook_alerts.models import Act, Alert, Attempt, Delivery, Incident, Message, Pause
from webhook_alerts.reasons import FOLLOW_UP
from webhook_alerts.testing.fake_discord import Answer

pytestmark = pytest.mark.django_db
MODELS = (Alert, Delivery, Message)
OTHERS = (Incident, Pause, Act)
NAMES = [model._meta.model_name for model in MODELS]


def listed(name: str) -> str:
    """The address of a list."""
    return reverse(f"admin:webhook_alerts_{name}_changelist")


def pages() -> Iterator[str]:
    """The address of every list, and of every row."""
    for model in MODELS:
        yield listed(model._meta.model_name)
        for row in model.objects.all():
            yield reverse(f"admin:webhook_alerts_{model._meta.model_name}_change", args=[row.pk])


def rows(page: Any) -> int:
    """How many rows a list shows."""
    return len(page.context["cl"].result_list)


def test_these_models_are_registered():
    config = apps.get_app_config("webhook_alerts")
    assert {model for model in admin.site._registry if model._meta.app_config is config} >= {*MODELS, *OTHERS}


# Looking


@pytest.mark.parametrize("name", NAMES)
def test_a_list_says_what_to_do_while_it_is_empty(errors, viewer, name):
    assert b"alerts doctor" in viewer.get(listed(name)).content


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, 50),
        ({"p": 2}, 10),
        ({"q": "needle"}, 1),
        ({"q": "NEEDLE in"}, 1),
        ({"q": "nothing like it"}, 0),
        ({"q": "f2"}, 1),
        ({"q": "\x00 "}, 50),
        ({"q": "0199f0c4-3a00-7000-8000-000000000000"}, 0),
        ({"webhook": "errors"}, 50),
        ({"webhook": "gone"}, 0),
        ({"since": "900"}, 50),
        ({"since": "nonsense"}, 50),
        ({"before": "nonsense"}, 50),
        ({"q": "needle", "webhook": "errors", "since": "3600"}, 1),
    ],
    ids=str,
)
def test_a_list_is_paged_searched_and_filtered(errors, viewer, name, query, found):
    history(59)
    history(1, "a needle in it", fingerprint="f2")
    page = viewer.get(listed(name), query)
    assert (page.status_code, rows(page)) == (200, found)


@pytest.mark.parametrize(
    ("name", "query", "found"),
    [
        ("alert", {"level__exact": 40}, 3),
        ("alert", {"level__exact": 10}, 0),
        ("alert", {"kind__exact": "event"}, 0),
        ("delivery", {"state__exact": "failed"}, 3),
        ("delivery", {"state__exact": "pending"}, 0),
        ("delivery", {"level__exact": 40}, 3),
        ("message", {"state__exact": "delivered"}, 0),
        ("message", {"state__exact": "failed"}, 3),
    ],
)
def test_what_a_list_can_be_filtered_by_itself(errors, viewer, name, query, found):
    history(3)
    assert rows(viewer.get(listed(name), query)) == found


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_and_what_became_of_it_are_found_by_its_id(errors, viewer, name):
    history(3)
    delivery = Delivery.objects.first()
    assert rows(viewer.get(listed(name), {"q": str(delivery.alert_id)})) == 1
    if name != "alert":
        assert rows(viewer.get(listed(name), {"q": str(delivery.message_id)})) == 1


@pytest.mark.parametrize("name", NAMES)
def test_what_lies_beyond_the_count_is_reached_without_counting(errors, viewer, name, monkeypatch):
    monkeypatch.setattr(paginator, "CAP", 55)
    history(60)
    first = viewer.get(listed(name))
    assert "Only the first 55 rows are counted" in first.text
    older = next(link for link in re.findall(r'href="(\?[^"]*before=[^"]*)"', first.text))
    second = viewer.get(listed(name) + unescape(older))
    assert rows(second) == 10
    assert not {row.pk for row in first.context["cl"].result_list} & {
        row.pk for row in second.context["cl"].result_list
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_list_asks_as_many_queries_for_many_rows_as_for_few(errors, viewer, name):
    asked = []
    viewer.get(listed(name))  # what is laid over the settings is read now and then
    for more in (5, 45):
        history(more)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert viewer.get(listed(name)).status_code == 200
        asked.append(len(queries))
    assert asked[0] == asked[1] <= 8


@pytest.mark.parametrize("name", NAMES)
def test_a_row_that_is_not_there_sends_back(errors, viewer, name):
    for key in (uuid7(), "nonsense"):
        assert viewer.get(reverse(f"admin:webhook_alerts_{name}_change", args=[key])).status_code == 302


def test_nobody_looks_without_permission(errors, browse):
    history(1)
    addresses = list(pages())
    assert len(addresses) == 6
    for address in addresses:
        assert Client().get(address).status_code == 302
        assert browse().get(address).status_code == 403


# Texts


HOSTILE = '<script>alert("1")</script>'


def test_hostile_texts_are_shown_and_do_nothing(errors, operator):
    history(1, HOSTILE)
    for address in pages():
        html = operator.get(address).text
        assert "<script>alert(" not in html
        assert "&lt;script&gt;alert(" in html, address
    asked = operator.post(
        listed("message"), {"action": "resend_selected", "_selected_action": Message.objects.get().pk}
    )
    assert "&lt;script&gt;" in asked.text
    assert "<script>alert(" not in asked.text


@pytest.mark.parametrize("text", ["\ud800", "x" * 100_000, "\u202e\u0000", '"><img src=x onerror=alert(1)>'])
def test_no_text_breaks_a_page(errors, viewer, text):
    history(1)
    Alert.objects.update(context={"text": text}, samples=[text])
    for address in pages():
        page = viewer.get(address)
        assert page.status_code == 200
        assert len(page.content) < 150_000
        assert "<img src=x" not in page.text


@pytest.mark.parametrize(
    "body",
    [
        {"code": 0, "message": "no"},
        "{url}",
    ],
    ids=["an answer of its own", "an answer that quotes the address"],
)
def test_no_page_shows_the_address_of_a_webhook(errors, owe, discord, operator, body):
    url = discord.url("errors")
    body = {"message": f"Cannot POST {url}"} if body == "{url}" else body
    for answer in (Answer(400, body=body), Answer(reset=True), Answer(500, body=body), Answer(404, body=body)):
        owe(f"answered by {answer.status}, reset {answer.reset}")
        discord.script("errors", [answer])
        deliver("errors")
    assert Attempt.objects.count() == 4
    chosen = list(Message.objects.all())
    for page in (*map(operator.get, pages()), ask(operator, *chosen)):
        assert page.status_code == 200
        assert url.rsplit("/", 1)[1] not in page.text


# Writing


@pytest.mark.parametrize("name", NAMES)
def test_history_can_neither_be_added_nor_changed_nor_deleted(errors, browse, name):
    history(2)
    root = browse(is_superuser=True)
    before = {model: list(model.objects.values()) for model in MODELS}
    key = apps.get_model("webhook_alerts", name).objects.first().pk
    for page in ("add", "change", "delete"):
        address = reverse(f"admin:webhook_alerts_{name}_{page}", args=[] if page == "add" else [key])
        assert root.post(address, {"post": "yes", "webhook": "other", "state": "delivered"}).status_code == 403
        assert root.get(address).status_code == (200 if page == "change" else 403)
    assert "delete_selected" not in root.get(listed(name)).text
    root.post(listed(name), {"action": "delete_selected", "_selected_action": key, "post": "yes"})
    assert {model: list(model.objects.values()) for model in MODELS} == before


# Sending again


@pytest.fixture
def failed(errors, owe, discord) -> Message:
    """A message that the service refused once."""
    owe("refused once")
    discord.script("errors", [Answer(400, body={"code": 50035, "message": "Invalid Form Body"})])
    deliver("errors")
    return Message.objects.get()


def ask(client: Client, *chosen: Message | Delivery, **more: str) -> Any:
    """Choose rows of a list, and the action "Resend"."""
    name = chosen[0]._meta.model_name
    keys = [str(row.pk) for row in chosen]
    return client.post(listed(name), {"action": "resend_selected", "_selected_action": keys, **more})


def confirm(client: Client, page: Any) -> Any:
    """Press the button of the page that asks: send its form as it stands."""
    form = page.text.split('<form method="post" action="/admin/webhook_alerts')[1].split("</form>")[0]
    address = "/admin/webhook_alerts" + form.split('"')[0]
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form):
        fields.setdefault(name, []).append(unescape(value))
    return client.post(address, fields, follow=True)


def test_who_may_only_look_sees_no_resend_and_can_do_none(failed, viewer):
    for address in pages():
        assert "resend_selected" not in viewer.get(address).text
    for row in (failed, Delivery.objects.get()):
        for more in ({}, {"confirmed": "yes", "asked_at": "2020-01-01T00:00:00+00:00"}):
            assert "Send again?" not in ask(viewer, row, **more).text
    failed.refresh_from_db()
    assert (failed.state, failed.resend) == ("failed", False)


def test_the_permission_alone_opens_no_list(failed, browse):
    assert ask(browse("resend_message"), failed).status_code == 403


def test_who_may_is_asked_first_and_then_it_is_sent_once(failed, operator, discord):
    assert 'value="resend_selected"' in operator.get(listed("message")).text
    page = ask(operator, failed)
    assert "1 message will be sent once more" in page.text
    failed.refresh_from_db()
    assert failed.state == "failed"

    assert "1 message is sent again" in confirm(operator, page).text
    failed.refresh_from_db()
    assert (failed.state, failed.resend, failed.claims) == ("pending", True, 1)
    assert "left alone" in confirm(operator, page).text  # the button was pressed twice
    deliver("errors")
    assert states() == {"delivered": 1}
    assert "left alone" in confirm(operator, page).text  # and once more, after it had arrived
    deliver("errors")
    assert len(discord.requests("errors")) == 2
    (act,) = Act.objects.filter(target="message", target_id=failed.pk, verb=Act.Verb.RESENT)
    assert act.actor == "user0"


def test_asked_anew_a_delivered_message_is_sent_again(failed, operator, discord):
    for _ in range(2):
        confirm(operator, ask(operator, failed))
        deliver("errors")
    assert len(discord.requests("errors")) == 3


def test_the_page_of_a_message_has_a_button_that_asks(failed, operator):
    address = reverse("admin:webhook_alerts_message_change", args=[failed.pk])
    asked = confirm(operator, operator.get(address))
    assert "1 message will be sent once more" in asked.text


def test_of_deliveries_their_message_is_sent_once(errors, owe, operator, discord):
    owe("one", "two")
    deliver("errors")
    confirm(operator, ask(operator, *Delivery.objects.all()))
    deliver("errors")
    first, second = discord.requests("errors")
    assert first.body == second.body


def test_what_was_not_sent_yet_cannot_be_sent_again(errors, owe, operator):
    owe("waits")
    page = confirm(operator, ask(operator, Delivery.objects.get()))
    assert "nothing to resend" in page.text
    assert states() == {"pending": 1}


@pytest.mark.parametrize(
    "more", [{"confirmed": "yes"}, {"confirmed": "yes", "asked_at": "soon"}, {"asked_at": "2020-01-01T00:00:00+00:00"}]
)
def test_a_form_that_is_not_whole_only_asks(failed, operator, more):
    assert "Send again?" in ask(operator, failed, **more).text
    failed.refresh_from_db()
    assert failed.state == "failed"


def test_a_get_sends_nothing(failed, operator):
    chosen = {"action": "resend_selected", "_selected_action": str(failed.pk), "confirmed": "yes"}
    operator.get(listed("message"), {**chosen, "asked_at": "2020-01-01T00:00:00+00:00"})
    failed.refresh_from_db()
    assert failed.state == "failed"


def test_a_form_from_elsewhere_sends_nothing(failed, operator):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = operator.cookies
    assert ask(strict, failed).status_code == 403


def test_not_too_many_at_once(errors, operator, monkeypatch):
    monkeypatch.setattr(resend, "MOST", 2)
    page = operator.get(ask(operator, *history(3)).url)
    assert "At most 2 messages" in page.text
    assert set(Message.objects.values_list("state", flat=True)) == {"failed"}


# All that match


def across(client: Client, name: str, query: str = "", **more: str) -> Any:
    """Choose "all that match" beyond the page, and the action "Resend"."""
    first = apps.get_model("webhook_alerts", name).objects.first()
    given = {"action": "resend_selected", "_selected_action": str(first.pk), "select_across": "1", **more}
    return client.post(f"{listed(name)}?{query}", given)


@pytest.mark.parametrize("name", NAMES)
def test_all_that_match_are_sent_again_in_batches(errors, operator, name, monkeypatch):
    monkeypatch.setattr(resend, "BATCH", 25)
    history(60)
    history(7, "another thing", fingerprint="f2")
    page = across(operator, name, "q=f1")
    assert "60 messages will be sent once more" in page.text
    assert page.text.count("_selected_action") == 1
    assert "and 10 more" in page.text
    assert Message.objects.filter(state="pending").count() == 0
    assert "60 messages are sent again" in confirm(operator, page).text
    assert Message.objects.filter(state="pending", resend=True).count() == 60
    assert Act.objects.filter(verb=Act.Verb.RESENT).count() == 60
    assert "left alone" in confirm(operator, page).text
    assert Act.objects.count() == 60


def test_what_matches_only_since_the_question_is_not_sent(errors, operator):
    history(2)
    page = across(operator, "message", "state__exact=failed")
    history(1)
    Attempt.objects.all().delete()
    confirm(operator, page)
    assert Message.objects.filter(state="pending").count() == 2


def test_more_than_the_most_is_refused_whole(errors, operator, monkeypatch):
    monkeypatch.setattr(resend, "MOST", 5)
    history(6)
    page = operator.post(
        listed("message"),
        {"action": "resend_selected", "_selected_action": str(Message.objects.first().pk), "select_across": "1"},
        follow=True,
    )
    assert "At most 5 messages can be sent again at once" in page.text
    assert not Message.objects.filter(state="pending").exists()


def test_the_question_says_how_long_it_takes(configure, discord, operator):
    configure(WEBHOOKS={"errors": {"url": discord.url("errors"), "channel": "discord", "rate": "1/m"}})
    history(3)
    assert "at its rate, at least 3 minutes" in across(operator, "message").text


# Words


def test_level_and_kind_are_told_apart(errors, viewer):
    history(1)
    Alert.objects.update(kind="error")
    page = viewer.get(reverse("admin:webhook_alerts_alert_change", args=[Alert.objects.get().pk])).text
    assert "</span>error</span>" in page
    assert '<span class="wa-kind">kind: error</span>' in page


def test_an_event_is_said_in_words_and_a_count_has_separators(errors, viewer):
    history(1, "member_join", occurrences=1000)
    Alert.objects.update(kind="event", exception_type="")
    text = viewer.get(listed("alert")).text
    assert "member join" in text
    assert "×1,000" in text
    with translation.override("pt-br"):
        assert badges.times(1000) == '<span class="wa-count">×1.000</span>'


def test_a_list_says_who_has_the_incident_in_hand(errors, owe, viewer):
    owe("it broke", fingerprint="f1")
    state.acknowledge("f1", "ana")
    text = viewer.get(listed("alert")).text
    assert '<span class="wa-second">ana</span>' in text
    assert "/admin/webhook_alerts/incident/f1/change/" in text


def test_a_page_says_why_it_went_where_it_went(errors, owe, viewer):
    owe("it broke")
    page = viewer.get(reverse("admin:webhook_alerts_alert_change", args=[Alert.objects.get().pk])).text
    assert "The route “error” names it." in page
    assert "Its gate is open now." in page


@pytest.mark.parametrize(
    ("data", "drawn"),
    [
        ({"a": "one\ntwo"}, '{\n  "a": "one\n    two"\n}'),
        ({"a": "C:\\new"}, '{\n  "a": "C:\\\\new"\n}'),
        ({"a": "\\\n!"}, '{\n  "a": "\\\\\n    !"\n}'),
    ],
)
def test_lines_of_a_text_in_json_stand_as_lines(data, drawn):
    assert unescape(badges.pretty(data)) == f'<pre class="wa-pre">{drawn}</pre>'


def test_a_message_is_drawn_as_its_channel_draws_it(errors, owe, viewer):
    owe("it broke")
    deliver("errors")
    page = viewer.get(reverse("admin:webhook_alerts_message_change", args=[Message.objects.get().pk])).text
    assert '<div class="wa-discord">' in page
    assert "As the channel draws it" in page


def test_a_message_of_a_webhook_that_is_gone_shows_its_json(errors, viewer):
    history(1)
    Message.objects.update(webhook="gone")
    page = viewer.get(reverse("admin:webhook_alerts_message_change", args=[Message.objects.get().pk])).text
    assert "As the channel draws it" not in page
    assert '<details class="wa-more" open>' in page


def test_a_message_without_alerts_says_in_the_list_what_it_is_for_and_is_sent_again(operator, errors):
    message = Message.objects.create(webhook="errors", state="failed", body={"content": "x"}, reason=FOLLOW_UP)
    page = operator.get("/admin/webhook_alerts/message/").content.decode()
    assert f'/message/{message.pk}/change/">follow-up: the counts when the window closed</a>' in page
    its = f"/admin/webhook_alerts/message/{message.pk}/change/"
    assert 'value="resend_selected"' in operator.get(its).content.decode()
    Message.objects.update(reason="taken apart: HTTP 400")
    assert 'value="resend_selected"' not in operator.get(its).content.decode()


def test_the_list_counts_webhooks_that_are_many_and_names_those_that_are_few(viewer, errors):
    now = timezone.now()
    row = Alert.objects.create(level=40, kind="log", message="it broke", first_seen=now, last_seen=now)
    for number in range(5):
        Delivery.objects.create(alert=row, webhook=f"hook{number}", level=40, state="delivered")
    Delivery.objects.create(alert=row, webhook="pager", level=40, state="failed", reason="HTTP 503")
    page = unescape(viewer.get("/admin/webhook_alerts/alert/").content.decode())
    shown = re.sub(r"<[^>]+>", "", re.search(r'field-webhooks">(.*?)</td>', page, re.S)[1])
    assert shown.split() == ["pager:", "failed", "5", "webhooks:", "delivered"]
    assert 'title="hook0, hook1, hook2, hook3, hook4"' in page


def test_an_empty_list_says_what_it_is_empty_of(browse):
    client = browse(*VIEW, "view_silence", "add_silence", "view_act")
    said = {name: client.get(f"/admin/webhook_alerts/{name}/").content.decode() for name in ("silence", "act", "alert")}
    assert "Nothing is silenced, and nothing was." in said["silence"]
    assert "Nobody has done anything yet" in said["act"]
    assert "manage.py alerts test" in said["alert"]
    assert "manage.py alerts" not in said["silence"] + said["act"]
