"""The page that a message links to: for who may, on a phone, and never changed by looking at it."""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.browser import browser
from tests.incidents.conftest import an_alert
from webhook_alerts.incidents import links
from webhook_alerts.intake.accept import accept
from webhook_alerts.models import Act, Incident, Silence

pytestmark = pytest.mark.django_db
ALL = ("view_incident", "acknowledge_incident", "resolve_incident", "add_silence")
HOSTILE = "<script>document.title='owned'</script> @everyone"


@pytest.fixture
def page(configure: Callable[..., Any]) -> str:
    """The path of an incident's page."""
    configure(WEBHOOKS={"errors": "http://127.0.0.1:9/hook"}, BASE_URL="http://testserver")
    alert = an_alert(HOSTILE, exception_type="ValueError", first_seen=timezone.now().timestamp() - 120)
    accept({"alerts": [alert.to_dict()]})
    return reverse("webhook_alerts:incident", args=[links.sign(alert)])


def somebody(*permissions: str) -> Client:
    """A browser of a user, who is no member of staff, with these permissions."""
    user = User.objects.create_user(f"user{User.objects.count()}")
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def said(response: Any) -> str:
    return html.unescape(response.content.decode())


def state() -> str:
    return Incident.objects.get().state


def test_it_shows_what_happened_and_what_can_be_done(page):
    answer = somebody(*ALL).get(page)
    assert answer.status_code == 200
    assert "&lt;script&gt;" in answer.content.decode()
    assert "<script>" not in answer.content.decode()
    for word in ("Acknowledge", "Resolve", "Silence it for", "ValueError", "Occurrences"):
        assert word in said(answer)
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_at_it_changes_nothing(page, method):
    client = somebody(*ALL)
    for query in ("", "?act=resolve", "?done=resolve", "?act=silence&seconds=3600"):
        assert getattr(client, method)(page + query).status_code == 200
    assert state() == "open"
    assert not Act.objects.exists()
    assert not Silence.objects.exists()


@pytest.mark.parametrize(
    ("act", "before", "after", "says"),
    [
        ("acknowledge", "open", "acknowledged", "Acknowledged: nothing more is sent"),
        ("resolve", "open", "resolved", "Resolved."),
        ("reopen", "resolved", "open", "Open again."),
    ],
)
def test_a_button_does_what_it_says_once_and_says_who(page, act, before, after, says):
    Incident.objects.update(state=before)
    client = somebody(*ALL)
    answers = [client.post(page, {"act": act}, follow=True) for _ in range(2)]
    assert says in said(answers[0])
    assert "somebody was quicker" in said(answers[1])
    assert state() == after
    (made,) = Act.objects.all()
    assert (made.actor, made.target_id) == ("user0", "f")
    assert "user0: " in said(answers[1])


def test_it_is_silenced_for_a_while(page):
    client = somebody(*ALL)
    for _ in range(2):
        answer = client.post(page, {"act": "silence", "seconds": "14400", "reason": "deploying"}, follow=True)
    assert "Silenced until" in said(answer)
    assert "it is silent for as long already" in said(answer)
    silence = Silence.objects.get()
    assert (silence.created_by, silence.reason) == ("user0", "deploying")
    assert timedelta(hours=3) < silence.ends_at - timezone.now() <= timedelta(hours=4)


@pytest.mark.parametrize(
    ("posted", "status", "says"),
    [
        ({"act": "delete"}, 400, "Choose one of the buttons."),
        ({}, 400, "Choose one of the buttons."),
        ({"act": "silence"}, 400, "Choose for how long"),
        ({"act": "silence", "seconds": "9999999999"}, 400, "Choose for how long"),
        ({"act": "silence", "seconds": "²"}, 400, "Choose for how long"),
    ],
)
def test_what_makes_no_sense_is_said_and_nothing_is_changed(page, posted, status, says):
    answer = somebody(*ALL).post(page, posted)
    assert (answer.status_code, says in said(answer)) == (status, True)
    assert state() == "open"
    assert not Act.objects.exists()


@pytest.mark.parametrize("act", ["acknowledge", "resolve", "silence"])
def test_a_stranger_may_look_if_he_may_and_do_nothing(page, act):
    client = somebody("view_incident")
    answer = client.post(page, {"act": act, "seconds": "3600"})
    assert (answer.status_code, "Nothing was changed" in said(answer)) == (403, True)
    assert state() == "open"
    assert not Silence.objects.exists()
    assert "<button" not in client.get(page).content.decode()


def test_whoever_may_not_see_incidents_sees_nothing_of_it(page):
    answer = somebody().get(page)
    assert (answer.status_code, "may not see incidents" in said(answer)) == (403, True)
    assert "ValueError" not in said(answer)


def test_who_is_not_logged_in_is_asked_to_and_comes_back(page, settings):
    answer = Client().get(page)
    assert answer.status_code == 302
    assert answer["Location"] == f"/admin/login/?next={page}"
    settings.LOGIN_URL = "/login/"
    assert Client().get(page)["Location"].startswith("/login/?next=")
    assert Client().post(page, {"act": "resolve"}).status_code == 302
    assert state() == "open"


def test_a_post_from_elsewhere_is_refused(page):
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("root"))
    assert client.post(page, {"act": "resolve"}).status_code == 403
    assert state() == "open"


def test_a_link_that_is_old_forged_or_about_nothing_says_so(page):
    client = somebody(*ALL)
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        old = client.get(page)
    assert (old.status_code, "has expired" in said(old)) == (410, True)
    forged = client.post(page[:-3] + "xx/", {"act": "resolve"})
    assert (forged.status_code, "not one of ours" in said(forged)) == (404, True)
    Incident.objects.all().delete()
    gone = client.get(page)
    assert (gone.status_code, "was pruned" in said(gone)) == (404, True)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_on_a_phone_it_fits_and_is_dealt_with_by_one_tap(configure, settings, tmp_path, request):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.admin.policy.strict"]
    site = request.getfixturevalue("live_server").url
    path = request.getfixturevalue("page")
    client = Client()
    client.force_login(User.objects.create_superuser("ana"))
    with browser(tmp_path) as chrome:
        chrome.resize(390)
        chrome.open(f"{site}/static/webhook_alerts/pages.css")
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value}
        chrome.do("POST", "cookie", cookie=cookie)
        chrome.console()
        for scheme in ("light", "dark"):
            chrome.prefer(scheme)
            chrome.open(site + path)
            assert chrome.overflow() == 0
        assert chrome.run("return document.title") == HOSTILE
        chrome.click("button[value=acknowledge]")
        assert chrome.says("Acknowledged: nothing more is sent")
        chrome.type("#reason", "deploying")
        chrome.click("button[value='3600']")
        assert chrome.says("Silenced until")
        chrome.click("button[value=resolve]")
        assert chrome.says("Resolved.")
        assert chrome.console() == []
    assert [act.verb for act in Act.objects.order_by("at")] == ["acknowledged", "silenced", "resolved"]
