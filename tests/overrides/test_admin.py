"""The pages of webhooks and routes: who may do what, what they refuse and in which words, and what they show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from tests.overrides.conftest import KEY, SECRET, URL, committed
from webhook_alerts.conf import get_config
from webhook_alerts.models import Act, RouteOverride, WebhookOverride
from webhook_alerts.overrides.change import set_webhook

pytestmark = pytest.mark.django_db
ALL = [f"{verb}_{model}override" for verb in ("add", "change", "delete", "view") for model in ("webhook", "route")]


def address(page: str, *keys: str) -> str:
    return reverse(f"admin:webhook_alerts_{page}", args=keys)


def filled(client: Client, url: str, **changed: Any) -> dict[str, Any]:
    """The form as it stands there, with what is typed into it."""
    form = client.get(url).context["adminform"].form
    shown = {bound.html_name: bound.value() for bound in form}
    return {key: value for key, value in {**shown, **changed}.items() if value not in (None, False)}


def post(client: Client, url: str, **changed: Any) -> Any:
    with committed():
        return client.post(url, filled(client, url, **changed))


@pytest.fixture
def operator(settled: Callable[..., Any], ana: Callable[..., Client]) -> Client:
    """Ana, who may do all."""
    return ana(*ALL)


def test_all_webhooks_are_listed_with_where_they_come_from(operator: Client) -> None:
    with committed():
        set_webhook("ops", {"rate": ["5/m"]}, url=URL, actor="bea")
    page = operator.get(address("webhookoverride_changelist")).content.decode()
    assert "from the settings" in page
    assert "added here, last changed by bea" in page
    assert f"discord.com…{SECRET[-4:]}" in page
    assert SECRET not in page


def test_a_rate_is_changed_and_reset(operator: Client) -> None:
    url = address("webhookoverride_change", "errors")
    assert post(operator, url, rate="10/m").status_code == 302
    assert WebhookOverride.objects.get().options == {"rate": ["10/m"]}
    assert get_config().webhooks["errors"].rate[0].limit == 10
    page = operator.get(url).content.decode()
    assert "rate: as in the settings → 10/m" in page
    assert "In the settings: 30/m." in page
    reset = address("webhookoverride_delete", "errors")
    asked = operator.get(reset)
    assert "the settings of the project hold again" in asked.content.decode()
    with committed():
        operator.post(reset, {"post": "yes", "seen": asked.context["seen"]})
    assert not WebhookOverride.objects.exists()
    assert "back to the settings" in operator.get(url).content.decode()
    assert [(act.actor, act.verb) for act in Act.objects.all()] == [("ana", "configured")] * 2


def test_what_is_as_in_the_settings_is_not_kept(operator: Client) -> None:
    url = address("webhookoverride_change", "errors")
    post(operator, url, rate="10/m", mention="@here")
    post(operator, url, rate="30/m")
    assert WebhookOverride.objects.get().options == {"mention": "@here"}


def test_a_webhook_is_added_and_its_address_never_shown(operator: Client) -> None:
    answer = post(operator, address("webhookoverride_add"), name="ops", address=URL, rate="5/m")
    assert answer.status_code == 302
    assert get_config().webhooks["ops"].url == URL
    page = operator.get(address("webhookoverride_change", "ops")).content.decode()
    assert f"discord.com…{SECRET[-4:]}" in page
    assert SECRET not in page


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"rate": "often"}, "rate", "“rate”: 'often' is no rate. Write \"30/m\""),
        ({"batch_size": "many"}, "batch_size", "“batch_size” must be a whole number from 1 to 100"),
        ({"batch_size": "101"}, "batch_size", "“batch_size” is 101, which is out of bounds"),
        ({"timeout": "60"}, "timeout", "“timeout” is 60.0, which is out of bounds"),
        ({"address": "discord.com/x"}, "address", "“url” is malformed: it does not begin with https://"),
        ({"address": "http://example.com/x"}, "address", "does not use https"),
        ({"address": "http://127.0.0.1:6379/x"}, "address", "names this machine, which only the settings may"),
        ({"address": f"https://discord.com/api/webhooks/1/{SECRET}"}, "address", "malformed"),
        ({"avatar_url": "http://example.com/a.png"}, "avatar_url", "begins with https://"),
    ],
)
def test_bad_input_is_refused_in_the_readers_words(operator: Client, typed: Any, field: str, words: str) -> None:
    answer = post(operator, address("webhookoverride_change", "errors"), **typed)
    assert answer.status_code == 200
    assert words in " ".join(answer.context["adminform"].form.errors[field])
    assert SECRET not in answer.content.decode()
    assert not WebhookOverride.objects.exists()
    assert not Act.objects.exists()


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"name": "Bad Name", "address": URL}, "name", "Use up to 64 of a-z, 0-9, _ and -."),
        ({"name": "errors", "address": URL}, "name", "There is a webhook “errors” already"),
        ({"name": "ops"}, "address", "Enter the address"),
        ({"name": ""}, "name", "required"),
    ],
)
def test_a_bad_webhook_is_not_added(operator: Client, typed: Any, field: str, words: str) -> None:
    answer = post(operator, address("webhookoverride_add"), **typed)
    assert words in " ".join(answer.context["adminform"].form.errors[field])
    assert SECRET not in answer.content.decode()
    assert not WebhookOverride.objects.exists()


def test_without_a_key_the_page_says_how_to_make_one(operator: Client, settled: Callable[..., Any]) -> None:
    settled(ENCRYPTION_KEYS=[])
    answer = post(operator, address("webhookoverride_add"), name="ops", address=URL)
    assert escape("Fernet.generate_key()") in answer.content.decode()
    assert not WebhookOverride.objects.exists()


def test_who_was_quicker_is_named_and_nothing_saved(operator: Client) -> None:
    url = address("webhookoverride_change", "errors")
    mine = filled(operator, url, rate="10/m")
    set_webhook("errors", {"rate": ["7/m"]}, actor="bea")
    answer = operator.post(url, mine)
    assert "Changed by bea meanwhile" in answer.content.decode()
    assert WebhookOverride.objects.get().options == {"rate": ["7/m"]}


def test_a_webhook_that_a_route_needs_is_not_deleted(operator: Client) -> None:
    post(operator, address("webhookoverride_add"), name="ops", address=URL)
    post(operator, address("routeoverride_change", "error"), webhooks=["ops"])
    delete = address("webhookoverride_delete", "ops")
    answer = operator.post(delete, {"post": "yes", "seen": operator.get(delete).context["seen"]}, follow=True)
    assert "he route error would no longer hold" in answer.content.decode()
    assert WebhookOverride.objects.exists()


def test_a_route_is_changed(operator: Client) -> None:
    assert post(operator, address("routeoverride_change", "error"), webhooks=[]).status_code == 302
    assert RouteOverride.objects.get().webhooks == []
    page = operator.get(address("routeoverride_changelist")).content.decode()
    assert "nowhere" in page
    assert "changed by ana" in page


@pytest.mark.parametrize("page", ["webhookoverride_change", "routeoverride_change"])
def test_what_there_is_not_leads_to_the_index(operator: Client, page: str) -> None:
    assert operator.get(address(page, "nothing")).status_code == 302


def test_who_may_look_sees_what_holds_and_cannot_change_it(
    settled: Callable[..., Any], ana: Callable[..., Client]
) -> None:
    viewer = ana("view_webhookoverride", "view_routeoverride")
    url = address("webhookoverride_change", "errors")
    page = viewer.get(url).content.decode()
    assert "What holds now" in page
    assert 'name="rate"' not in page
    assert "30/m" in page
    assert viewer.post(url, {"rate": "10/m"}).status_code == 403
    assert viewer.get(address("webhookoverride_add")).status_code == 403
    assert viewer.post(address("webhookoverride_delete", "errors"), {"post": "yes"}).status_code == 403
    assert viewer.post(address("routeoverride_change", "error"), {"webhooks": []}).status_code == 403
    assert not Act.objects.exists()


@pytest.mark.parametrize("page", ["webhookoverride_changelist", "routeoverride_changelist"])
def test_strangers_see_nothing(settled: Callable[..., Any], ana: Callable[..., Client], page: str) -> None:
    assert ana("view_alert").get(address(page)).status_code == 403


def test_a_row_that_is_ignored_says_so_on_its_page(operator: Client) -> None:
    WebhookOverride.objects.create(name="errors", options={"fallback": "gone"}, changed_by="bea")
    for url in (address("webhookoverride_changelist"), address("webhookoverride_change", "errors")):
        assert "is ignored" in operator.get(url).content.decode()


def test_no_key_is_shown(operator: Client) -> None:
    for url in (address("webhookoverride_changelist"), address("webhookoverride_add")):
        assert KEY not in operator.get(url).content.decode()
