"""The admin in real Chromium, under a strict Content-Security-Policy: each page, each act, no word on the console."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tests.admin.conftest import history
from tests.browser import Browser, browser
from webhook_alerts import audit
from webhook_alerts.models import Act, Alert, Delivery, Incident, Message, Pause

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
WIDTHS = (1200, 390)
IN_REACH = """
const wanted = [...document.querySelectorAll(arguments[0])].filter((each) => each.checkVisibility());
return wanted.length > 0 && wanted.every((each) => each.tabIndex >= 0 && !each.disabled && each.textContent.trim());
"""
FOCUS = "return document.activeElement.textContent.trim()"
OUTLINED = "return getComputedStyle(document.activeElement).outlineStyle !== 'none'"
STYLED = """
const made = document.createElement("div");
made.setAttribute("style", "color: red");
document.body.append(made);
"""


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def site(settings: Any, request: pytest.FixtureRequest) -> str:
    """The project on a port of its own; the policy is set before its server loads the middleware."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.admin.policy.strict"]
    return str(request.getfixturevalue("live_server").url)


@pytest.fixture
def visit(errors: Any, chrome: Browser, site: str, settings: Any) -> Callable[[str], Browser]:
    """Open a page of the admin as somebody who may do everything."""
    client = Client()
    client.force_login(User.objects.create_superuser("ana"))
    chrome.open(f"{site}/static/admin/css/base.css")
    chrome.console()
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value}
    chrome.do("POST", "cookie", cookie=cookie)

    def go(path: str) -> Browser:
        chrome.open(f"{site}/admin/webhook_alerts/{path}")
        return chrome

    return go


@pytest.fixture
def incident(visit: Any) -> Incident:
    """One incident with what its pages show, and one alert of each state beside it."""
    history(3, "it broke in a place with a rather long name, and for a rather long reason, too")
    Message.objects.update(
        body={"embeds": [{"title": "it broke", "color": 15158332, "description": "```\ntrace\n```"}]}
    )
    hour = int(timezone.now().timestamp() // 3600)
    row = Incident.objects.create(
        fingerprint="f1", level=50, kind="log", title="it broke in a place with a rather long name", count=1234,
        first_seen=timezone.now() - timedelta(days=2), last_seen=timezone.now(), hours={str(hour): 9, str(hour - 9): 3},
        logger="shop.payments", exception_type="shop.payments.ProviderUnreachableError", reopened=3, flapping=True,
    )  # fmt: skip
    audit.note(Act.Verb.CAME_BACK, "incident", "f1", quiet_s=8040)
    return row


def quiet(page: Browser) -> bool:
    """Is there nothing on the console?"""
    return page.console() == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_opens_fits_and_says_nothing_on_the_console(visit, incident, width, scheme):
    message, delivery, act = Message.objects.first(), Delivery.objects.first(), Act.objects.first()
    rows = [
        f"incident/{incident.pk}/change/", f"alert/{delivery.alert_id}/change/", f"delivery/{delivery.pk}/change/",
        f"message/{message.pk}/change/", f"act/{act.pk}/change/",
    ]  # fmt: skip
    for path in ("incident/", "alert/", "delivery/", "message/", "act/", "pause/", *rows):
        page = visit(path)
        page.resize(width)
        page.prefer(scheme)
        assert page.overflow() <= 0, path
        assert quiet(page), path
        if path in rows or path == "pause/":
            assert page.run("return document.querySelector('.wa-page') !== null"), path
        else:
            assert page.run("return document.querySelectorAll('#result_list tbody tr').length") >= 1, path
            assert page.run(
                "const table = document.querySelector('.results'); return table.scrollWidth - table.clientWidth"
            ) <= 0, path  # fmt: skip
    page.prefer("light")
    page.resize(1200)


def test_the_policy_is_in_force(visit, incident):
    page = visit("incident/")
    page.run(STYLED)
    assert "Content Security Policy" in " ".join(page.console())


def test_a_list_is_filtered_by_a_menu_and_searched(visit, incident):
    Incident.objects.create(
        fingerprint="f2", level=30, kind="error", title="another", first_seen=timezone.now(), last_seen=timezone.now()
    )
    page = visit("incident/")
    assert page.says("another")
    page.click(".wa-filter summary")
    page.click(".wa-filter:nth-of-type(1) li:nth-child(2) a")
    assert "state=unresolved" in page.url
    page.click(".wa-filter:nth-of-type(2) summary")
    page.choose("critical")
    assert "another" not in page.text
    page.choose("Clear all filters")
    assert page.says("another")
    page.type("#searchbar", "f2")
    page.press("enter")
    assert "it broke" not in page.text
    assert quiet(page)


def test_an_incident_is_acknowledged_silenced_and_resolved(visit, incident):
    page = visit("incident/f1/change/")
    page.click("button[value=acknowledge]")
    assert page.says("Acknowledged: nothing more is sent of it")
    assert Incident.objects.get().state_by == "ana"
    page.click("button[value=resolve]")
    assert page.says("Resolved.")
    assert Incident.objects.get().state == "resolved"
    page.click("button[value=reopen]")
    assert page.says("Open again.")
    assert Incident.objects.get().state == "open"
    page.choose("Silence…")
    assert page.run(
        "return [...document.querySelectorAll('textarea')].some((each) => each.value === 'fingerprint = f1')"
    )
    assert quiet(page)


def test_incidents_are_acknowledged_in_the_list(visit, incident):
    page = visit("incident/")
    page.click("#action-toggle")
    page.run("document.querySelector('select[name=action]').value = 'acknowledge_selected'")
    page.click("button[name=index]")
    assert page.says("1 incident was changed.")
    assert Incident.objects.get().state == "acknowledged"


def test_all_that_match_are_sent_again(visit, incident):
    history(57, "more of it")
    page = visit("message/?state__exact=failed")
    page.click("#action-toggle")
    page.click(".question a")
    page.run("document.querySelector('select[name=action]').value = 'resend_selected'")
    page.click("button[name=index]")
    assert page.says("60 messages will be sent once more")
    assert quiet(page)
    page.click("form .wa-button")
    assert page.says("60 messages are sent again.")
    assert Message.objects.filter(state="pending").count() == 60
    assert quiet(page)


def test_an_alert_is_sent_again_from_its_page(visit, incident):
    page = visit(f"alert/{Alert.objects.first().pk}/change/")
    page.click(".wa-acts button")
    assert page.says("1 message will be sent once more")
    page.click("form .wa-button")
    assert page.says("1 message is sent again.")


def test_a_webhook_is_paused_and_resumed_by_the_keyboard(visit):
    page = visit("pause/")
    page.run("document.querySelector('summary').focus()")
    page.press("enter", "tab")
    page.press(*"moved")
    page.press("enter")
    page.find(".messagelist")
    assert page.says("“errors” is paused")
    assert Pause.objects.get().reason == "moved"
    page.run("document.querySelector('form[action$=\"/resume/\"] button').focus()")
    page.press("enter")
    page.find("details.wa-ask")
    assert page.says("“errors” is sent to again.")
    assert quiet(page)


def test_what_can_be_done_is_in_reach_of_the_keyboard_and_seen(visit, incident):
    page = visit("incident/f1/change/")
    assert page.run(IN_REACH, ".wa-button")
    page.run("document.querySelector('.wa-acts button').focus()")
    page.press("tab")
    assert page.run(FOCUS) == "Resolve"
    assert page.run(OUTLINED)
    page = visit("incident/")
    assert page.run(IN_REACH, ".wa-filter summary, #result_list th a")
    page.run("document.querySelector('.wa-filter summary').focus()")
    page.press("enter", "tab")
    assert page.run(FOCUS) == "All"
    page.press("tab", "enter")
    assert "state=unresolved" in page.url


def test_a_message_is_drawn_as_in_discord(visit, incident):
    page = visit(f"message/{Message.objects.first().pk}/change/")
    assert (
        page.run("return getComputedStyle(document.querySelector('.wa-discord')).backgroundColor") == "rgb(49, 51, 56)"
    )
    assert page.run("return document.querySelector('.wa-embed pre').innerText") == "trace"
    assert page.run("return document.querySelector('.wa-embed-bar').getBoundingClientRect().height") > 20
