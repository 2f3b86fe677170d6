"""The pages in real Chromium, under a strict Content-Security-Policy."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests.browser import Browser, browser
from tests.overrides.conftest import KEY, SECRET, URL
from webhook_alerts.models import Act, WebhookOverride

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
HOOKS = {
    "errors": {"url": "https://example.com/hooks/of-the-settings", "rate": "30/m", "mention": "@everyone"},
    "info": "https://example.com/hooks/for-information",
}


@pytest.fixture
def page(
    configure: Callable[..., Any], settings: Any, live_server: Any, transactional_db: None, tmp_path: Path
) -> Iterator[Browser]:
    """A browser in which Ana, who may do all, is logged in."""
    configure(WEBHOOKS=HOOKS, ENCRYPTION_KEYS=[KEY])
    settings.MIDDLEWARE = ["tests.admin.policy.strict", *settings.MIDDLEWARE]
    client = Client()
    client.force_login(User.objects.create_superuser("ana"))
    with browser(tmp_path / "profile") as found:
        found.open(live_server.url + "/static/webhook_alerts/admin.css")
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
        found.do("POST", "cookie", cookie=cookie)
        found.root = live_server.url  # type: ignore[attr-defined]
        yield found
        # "[DOM]" is what Chrome advises on any form with a password: nothing went wrong.
        assert [line for line in found.console() if "[DOM]" not in line] == []


def go(page: Browser, name: str, *keys: str) -> None:
    page.open(page.root + reverse(f"admin:webhook_alerts_{name}", args=keys))  # type: ignore[attr-defined]


def retype(page: Browser, field: str, text: str) -> None:
    page.do("POST", f"element/{page.find(f'#id_{field}')}/clear")
    page.type(f"#id_{field}", text)


def look(page: Browser, name: str) -> None:
    """In light, dark and on a phone: nothing sticks out; kept as pictures where ``SCREENSHOTS`` names a directory."""
    for scheme, width in (("light", 1280), ("dark", 1280), ("dark", 390)):
        page.prefer(scheme)
        page.resize(width)
        assert page.overflow() <= 0, f"{name} at {width}"
        if folder := os.environ.get("SCREENSHOTS"):
            page.shoot(Path(folder) / f"{name}-{scheme}-{width}.png")
    page.prefer("light")
    page.resize(1280)


def test_a_webhook_is_added_changed_refused_and_reset(page: Browser) -> None:
    go(page, "webhookoverride_changelist")
    page.choose("Add a webhook")
    page.find("#id_name")
    page.type("#id_name", "ops")
    page.type("#id_address", URL)
    retype(page, "rate", "5/m")
    look(page, "add")
    page.click("input[name=_continue]")
    page.find(".messagelist .success")
    assert f"discord.com…{SECRET[-4:]}" in page.text
    assert SECRET not in page.run("return document.documentElement.outerHTML")

    retype(page, "rate", "often")
    page.click("input[name=_continue]")
    page.find(".errornote")
    assert "“rate”: 'often' is no rate. Write \"30/m\"" in page.text
    look(page, "refused")
    retype(page, "rate", "7/m")
    retype(page, "mention", "@here")
    page.click("input[name=_continue]")
    page.find(".messagelist .success")
    assert "rate: 5/m → 7/m; mention: as in the settings → @here" in page.text
    look(page, "change")

    go(page, "webhookoverride_change", "errors")
    page.click("#id_enabled")
    retype(page, "rate", "10/m")
    page.click("input[name=_save]")
    page.find(".wa-table")
    assert "changed by ana: enabled, rate" in page.text
    look(page, "list")
    page.choose("errors")
    page.find("#id_rate")
    page.click('.object-tools a[href$="/delete/"]')
    page.find(".wa-acts button")
    look(page, "reset")
    page.click(".wa-acts button")
    page.find(".wa-table")
    assert not WebhookOverride.objects.filter(name="errors").exists()
    assert list(Act.objects.values_list("actor", flat=True)) == ["ana"] * 4


def test_a_route_is_changed_by_the_keyboard(page: Browser) -> None:
    go(page, "routeoverride_changelist")
    page.choose("error")
    page.find("input[name=webhooks]")
    page.run("document.querySelector('input[name=webhooks][value=info]').focus()")
    page.press("space")
    look(page, "route")
    page.press("enter")
    page.find(".wa-table")
    assert "errors, info" in page.text
    look(page, "routes")
