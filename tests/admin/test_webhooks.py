"""The page of the webhooks' states: how each stands, and its buttons."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.admin.conftest import history
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.gate import gate_for
from webhook_alerts.models import Act, Delivery, Pause
from webhook_alerts.testing.fake_discord import Answer

pytestmark = pytest.mark.django_db
PAGE = "/admin/webhook_alerts/pause/"


@pytest.fixture
def operator(browse) -> Client:
    return browse("pause_webhook", "test_webhook")


def act(client: Client, what: str, name: str = "errors", **given: str) -> str:
    return client.post(f"{PAGE}{name}/{what}/", given, follow=True).text


def test_the_page_tells_gate_pending_and_the_latest_requests(errors, owe, operator, discord):
    owe("one", "two")
    deliver("errors")
    owe("three")
    text = " ".join(operator.get(PAGE).text.split())
    assert "</span>healthy</span>" in text
    assert "<dt>Pending</dt><dd>1 " in text
    assert "</span>delivered</span> HTTP 200" in text


def test_a_webhook_is_paused_with_a_reason_and_resumed(errors, owe, operator, discord):
    owe("waits")
    assert "“errors” is paused: its alerts wait" in act(operator, "pause", reason="  a  deployment ")
    pause = Pause.objects.get()
    assert (pause.reason, pause.paused_by) == ("a deployment", "user0")
    deliver("errors")
    assert discord.requests("errors") == []
    text = operator.get(PAGE).text
    assert "by user0" in text
    assert "a deployment" in text
    assert "Nothing was changed: “errors” is paused already." in act(operator, "pause", reason="again")
    assert Pause.objects.get().reason == "a deployment"

    assert "“errors” is sent to again." in act(operator, "resume")
    deliver("errors")
    assert len(discord.requests("errors")) == 1
    assert "Nothing was changed: “errors” is open already." in act(operator, "resume")
    assert list(Act.objects.order_by("id").values_list("verb", "actor", "target_id")) == [
        ("paused", "user0", "errors"), ("resumed", "user0", "errors")
    ]  # fmt: skip


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_pause_without_a_reason_is_refused(errors, operator, reason):
    assert "Say why “errors” is to be paused." in act(operator, "pause", reason=reason)
    assert not Pause.objects.exists()
    assert not Act.objects.exists()


def test_what_the_service_declared_gone_is_on_record_too(errors, owe, discord):
    owe("it broke")
    discord.script("errors", [Answer(404, body={"code": 10015, "message": "Unknown Webhook"})])
    deliver("errors")
    assert Act.objects.get().verb == Act.Verb.PAUSED
    assert Act.objects.get().actor == ""


def test_an_open_breaker_is_closed_by_resume(errors, owe, operator, discord):
    owe("it broke")
    discord.script("errors", [Answer(429, headers={"Retry-After": "60"}, body={"retry_after": 60})])
    deliver("errors")
    assert gate_for("errors").state()["state"] == "cooling_down"
    assert "cooling down" in operator.get(PAGE).text
    act(operator, "resume")
    assert gate_for("errors").state()["state"] == "open"


def test_a_test_says_what_became_of_it_and_a_double_click_sends_one(errors, operator, alerts_outbox, monkeypatch):
    from webhook_alerts.admin import webhooks

    monkeypatch.setattr(webhooks, "TRIAL_S", 0.0)
    text = act(operator, "test")
    assert "A test is on its way to “errors”" in text
    assert f"?q={alerts_outbox[0].id}" in text
    assert "A test was sent to “errors” just now; this one was not." in act(operator, "test")
    assert len(alerts_outbox) == 1
    assert alerts_outbox[0].webhooks == ("errors",)
    assert [(each.verb, each.actor) for each in Act.objects.all()] == [("tested", "user0")]


def test_a_webhook_that_is_not_there_is_said(errors, operator):
    for what in ("pause", "resume", "test"):
        assert "There is no webhook “gone”" in act(operator, what, "gone", reason="x")
    assert not Act.objects.exists()


@pytest.mark.parametrize(
    ("permission", "may"), [("pause_webhook", {"pause", "resume"}), ("test_webhook", {"test"}), ("view_pause", set())]
)
def test_each_act_has_its_permission(errors, browse, permission, may):
    gate_for("errors").hold("a deployment", "ana")
    client = browse(permission)
    text = client.get(PAGE).text
    for what in ("pause", "resume", "test"):
        if what not in may:
            assert f"/errors/{what}/" not in text
            assert client.post(f"{PAGE}errors/{what}/", {"reason": "x"}).status_code == 403
    assert Pause.objects.get().reason == "a deployment"
    assert ("/errors/resume/" in text) == ("resume" in may)


def test_a_stranger_and_a_get_do_nothing(errors, browse, operator):
    assert browse("view_alert").get(PAGE).status_code == 403
    assert Client().get(PAGE).status_code == 302
    assert Client().post(f"{PAGE}errors/pause/", {"reason": "x"}).status_code == 302
    for what in ("pause", "resume", "test", "destroy"):
        assert operator.get(f"{PAGE}errors/{what}/").status_code == 405
    assert not Pause.objects.exists()


def test_no_address_of_a_webhook_is_shown(errors, operator, discord):
    gate_for("errors").hold("a deployment", "ana")
    assert discord.url("errors").rsplit("/", 1)[1] not in operator.get(PAGE).text


def test_a_webhook_costs_as_many_queries_with_history_as_without(errors, operator):
    asked = []
    operator.get(PAGE)  # the gate looks into the record once
    for more in (5, 60):
        history(more)
        with CaptureQueriesContext(connection) as queries:
            operator.get(PAGE)
        asked.append(len(queries))
    assert asked[0] == asked[1] <= 10


def test_without_webhooks_it_says_what_to_do(configure, operator):
    configure(WEBHOOKS={})
    text = operator.get(PAGE).text
    assert "No webhook is configured." in text
    assert "alerts doctor" in text
    assert not Delivery.objects.exists()
