"""Changing what holds: by whom, judged, recorded, followed, and never in clear."""

from __future__ import annotations

import sys

import pytest
from django.core import checks
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.utils import timezone

from tests.channels.hostile import alert
from tests.overrides.conftest import HOOK, KEY, OTHER, OTHER_KEY, SECRET, URL, committed
from webhook_alerts import overrides
from webhook_alerts.channels.base import Window
from webhook_alerts.conf import get_config
from webhook_alerts.delivery.gate import gate_for
from webhook_alerts.intake.accept import accept
from webhook_alerts.models import Act, Alert, Pause, RouteOverride, WebhookOverride
from webhook_alerts.operations.explain import explain
from webhook_alerts.overrides import change, current, sealing
from webhook_alerts.overrides.change import (
    MeanwhileError,
    RefusedError,
    reset_route,
    reset_webhook,
    rotate_keys,
    set_route,
    set_webhook,
)


def rate() -> tuple[Window, ...]:
    return get_config().webhooks["errors"].rate


def test_a_change_holds_at_once_in_its_process_and_a_reset_ends_it(settled):
    with committed():
        row = set_webhook("errors", {"rate": ["10/m"]}, actor="ana")
    assert rate() == (Window(10, 60.0),)
    with committed():
        reset_webhook("errors", actor="bea", seen=row.changed_at)
    assert rate() == (Window(30, 60.0),)
    assert not WebhookOverride.objects.exists()


def test_an_address_is_kept_encrypted_and_shown_by_its_hint(settled):
    with committed():
        row = set_webhook("ops", {"rate": ["5/m"]}, url=URL, actor="ana")
    assert get_config().webhooks["ops"].url == URL
    assert get_config().webhooks["ops"].channel == "discord"
    assert (row.url_hint, SECRET in row.sealed_url) == (f"discord.com…{SECRET[-4:]}", False)
    assert sealing.unseal(row.sealed_url, [KEY]) == URL
    act = Act.objects.get()
    assert (act.actor, act.verb, act.target, act.target_id) == ("ana", "configured", "webhook", "ops")
    assert act.details["before"] is None
    assert act.details["after"] == {"rate": ["5/m"], "address": row.url_hint}


def test_an_address_stays_when_none_is_entered(settled):
    row = set_webhook("ops", {}, url=URL)
    row = set_webhook("ops", {"concurrency": 2}, seen=row.changed_at)
    assert sealing.unseal(row.sealed_url, [KEY]) == URL
    assert Act.objects.first().details["before"] == {"address": row.url_hint}


@pytest.mark.parametrize(
    ("options", "url", "words"),
    [
        ({"rate": ["x"]}, "", "is no rate"),
        ({"batch_size": "many"}, "", "a whole number from 1 to 100"),
        ({"min_level": "LOUD"}, "", "which is no level"),
        ({}, "https://discord.com/api/webhooks/1/short", "malformed"),
        ({"url": URL}, "", "in clear"),
    ],
)
def test_what_the_settings_could_not_say_is_refused_and_changes_nothing(settled, options, url, words):
    with pytest.raises(RefusedError) as refused:
        set_webhook("errors", options, url=url)
    assert words in refused.value.problems[0].message
    assert not WebhookOverride.objects.exists()
    assert not Act.objects.exists()
    assert SECRET not in str(refused.value)


def test_a_webhook_that_a_route_needs_cannot_go_first(settled):
    row = set_webhook("ops", {}, url=URL)
    set_route("error", ["ops"])
    with pytest.raises(RefusedError, match="the route error would no longer hold"):
        reset_webhook("ops", seen=row.changed_at)
    reset_route("error", seen=RouteOverride.objects.get().changed_at)
    reset_webhook("ops", seen=row.changed_at)
    assert not WebhookOverride.objects.exists()


def test_a_change_that_somebody_was_quicker_with_is_not_made(settled):
    row = set_webhook("errors", {"rate": ["10/m"]}, actor="ana")
    for seen in (None, timezone.now()):
        with pytest.raises(MeanwhileError) as meanwhile:
            set_webhook("errors", {"rate": ["20/m"]}, actor="bea", seen=seen)
        assert meanwhile.value.by == "ana"
        with pytest.raises(MeanwhileError):
            reset_webhook("errors", seen=seen)
    assert WebhookOverride.objects.get().options == {"rate": ["10/m"]}
    reset_webhook("errors", seen=row.changed_at)
    with pytest.raises(MeanwhileError):
        set_webhook("errors", {"rate": ["20/m"]}, seen=row.changed_at)


def test_another_address_ends_a_pause_at_the_old_one(settled):
    with committed():
        row = set_webhook("ops", {}, url=URL)
    gate_for("ops").pause("it is gone")
    assert gate_for("ops").is_paused()
    with committed():
        set_webhook("ops", {}, url=OTHER, seen=row.changed_at)
    assert not gate_for("ops").is_paused()


def test_routes_are_changed_and_reset(settled):
    with committed():
        row = set_route("error", [], actor="ana")
    assert get_config().routes["error"] == ()
    with committed():
        reset_route("error", actor="ana", seen=row.changed_at)
    assert get_config().routes["error"] == ("errors",)
    assert [act.details for act in Act.objects.all()] == [
        {"before": [], "after": None},
        {"before": None, "after": []},
    ]


# Keys


def test_no_address_is_taken_without_a_key(settled):
    settled(ENCRYPTION_KEYS=[])
    with pytest.raises(sealing.NoKeyError) as error:
        set_webhook("ops", {}, url=URL)
    assert "Fernet.generate_key()" in error.value.hint
    assert not WebhookOverride.objects.exists()


def test_without_cryptography_nothing_can_be_sealed_or_read(settled, monkeypatch):
    set_webhook("ops", {}, url=URL)
    monkeypatch.setitem(sys.modules, "cryptography.fernet", None)
    overrides.reload()
    assert list(get_config().locked) == ["ops"]
    with pytest.raises(sealing.NoKeyError, match="not installed"):
        change.judge_webhook("more", {}, OTHER)


@pytest.mark.parametrize(("keys", "check"), [([], "E027"), ([OTHER_KEY], "E028")])
def test_a_wrong_or_missing_key_fails_closed(settled, keys, check):
    set_webhook("ops", {}, url=URL)
    settled(ENCRYPTION_KEYS=keys)
    overrides.reload()
    assert ("ops" in get_config().webhooks, list(get_config().locked)) == (False, ["ops"])
    (problem,) = get_config().override_problems
    assert problem.id == check
    assert "ops (discord.com…" in problem.message
    assert not any(secret in f"{problem}" for secret in (SECRET, KEY, OTHER_KEY))
    found = [one for one in checks.run_checks(databases=["default"]) if one.id == f"webhook_alerts.{check}"]
    assert [(one.is_serious(), bool(one.hint)) for one in found] == [(True, True)]


def test_a_row_that_is_garbage_fails_closed_too(settled):
    WebhookOverride.objects.create(name="ops", sealed_url="no token é")
    overrides.reload()
    assert [problem.id for problem in get_config().override_problems] == ["E028"]


def test_an_override_that_no_longer_fits_is_a_warning(settled):
    WebhookOverride.objects.create(name="errors", options={"fallback": "gone"})
    overrides.reload()
    found = [one for one in checks.run_checks(databases=["default"]) if one.id == "webhook_alerts.W004"]
    assert [one.is_serious() for one in found] == [False]
    assert "ignored" in found[0].msg
    assert rate() == (Window(30, 60.0),)


def test_keys_are_rotated(settled, capsys):
    set_webhook("ops", {}, url=URL)
    settled(ENCRYPTION_KEYS=[OTHER_KEY, KEY])
    call_command("alerts", "rotate-keys")
    assert "1 addresses" in capsys.readouterr().out
    assert sealing.unseal(WebhookOverride.objects.get().sealed_url, [OTHER_KEY]) == URL
    settled(ENCRYPTION_KEYS=[OTHER_KEY])
    overrides.reload()
    assert get_config().webhooks["ops"].url == URL


def test_what_no_key_opens_is_named_and_left(settled):
    set_webhook("ops", {}, url=URL)
    settled(ENCRYPTION_KEYS=[OTHER_KEY])
    before = WebhookOverride.objects.get().sealed_url
    assert rotate_keys() == (0, ["ops"])
    assert WebhookOverride.objects.get().sealed_url == before
    with pytest.raises(CommandError, match="ops"):
        call_command("alerts", "rotate-keys")
    settled(ENCRYPTION_KEYS=[])
    with pytest.raises(CommandError, match="holds no key"):
        call_command("alerts", "rotate-keys")


# Following


def test_a_process_follows_when_the_token_changes_and_asks_the_database_no_more_often(
    settled, memory, django_assert_num_queries, monkeypatch
):
    now = 1000.0
    monkeypatch.setattr(current.time, "monotonic", lambda: now)
    overrides.refresh()
    WebhookOverride.objects.create(name="errors", options={"rate": ["10/m"]})
    with django_assert_num_queries(0):
        now += 0.5
        overrides.refresh()
        now += 1
        overrides.refresh()
    assert rate() == (Window(30, 60.0),)
    memory.set(current.VERSION, "another")
    overrides.refresh()
    assert rate() == (Window(30, 60.0),)
    now += 1
    with django_assert_num_queries(2):
        overrides.refresh()
    assert rate() == (Window(10, 60.0),)


def test_a_token_that_was_lost_costs_ten_seconds(settled, monkeypatch):
    now = 1000.0
    monkeypatch.setattr(current.time, "monotonic", lambda: now)
    overrides.refresh()
    WebhookOverride.objects.create(name="errors", options={"rate": ["10/m"]})
    now += 10.1
    overrides.refresh()
    assert rate() == (Window(10, 60.0),)


def test_with_redis_away_the_database_is_read_every_ten_seconds(
    settled, own_redis, django_assert_num_queries, monkeypatch
):
    settled(REDIS_URL=own_redis.url)
    own_redis.kill()
    now = 1000.0
    monkeypatch.setattr(current.time, "monotonic", lambda: now)
    WebhookOverride.objects.create(name="errors", options={"rate": ["10/m"]})
    overrides.refresh()
    assert rate() == (Window(10, 60.0),)
    with django_assert_num_queries(0):
        now += 9
        overrides.refresh()
    with django_assert_num_queries(2):
        now += 1.1
        overrides.refresh()


def test_with_the_database_away_what_was_known_holds(settled, monkeypatch):
    with committed():
        set_webhook("errors", {"rate": ["10/m"]})

    def away(keys: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(current, "stored", away)
    assert not overrides.reload()
    assert rate() == (Window(10, 60.0),)


def test_a_log_call_never_asks_the_database(settled, django_assert_num_queries, alerts_outbox):
    from webhook_alerts import notify

    set_webhook("errors", {"rate": ["10/m"]})
    with django_assert_num_queries(0):
        notify.error("it broke")
    assert len(alerts_outbox) == 1


def test_status_and_doctor_name_what_is_set_and_by_whom(settled, capsys):
    with committed():
        set_webhook("ops", {"rate": ["5/m"]}, url=URL, actor="ana")
        set_route("error", ["ops"], actor="bea")
    call_command("alerts", "status")
    said = capsys.readouterr().out
    assert "override: webhook ops (rate, address) by ana" in said
    assert "override: route error by bea" in said
    settled(ENCRYPTION_KEYS=[OTHER_KEY])
    overrides.reload()
    call_command("alerts", "status", "--json")
    told = capsys.readouterr().out
    assert '"gate": "locked"' in told
    assert not any(secret in said + told for secret in (SECRET, KEY, OTHER_KEY, HOOK["url"]))


def test_the_page_of_states_shows_a_webhook_that_is_locked_and_offers_nothing(settled, ana):
    set_webhook("ops", {}, url=URL)
    settled(ENCRYPTION_KEYS=[OTHER_KEY])
    overrides.reload()
    said = ana("pause_webhook", "test_webhook").get("/admin/webhook_alerts/pause/").text
    _, _, ops = said.partition('id="webhook-ops"')
    assert "</span>locked</span>" in ops
    assert "its address cannot be decrypted: its alerts wait" in ops
    assert "<form" not in ops.partition("</section>")[0]
    assert SECRET not in said
    answer = ana("pause_webhook").post("/admin/webhook_alerts/pause/ops/pause/", {"reason": "x"}, follow=True).text
    assert "“ops” is locked: its address cannot be decrypted: its alerts wait. Nothing was changed." in answer
    assert not Pause.objects.exists()


def test_an_alert_tells_that_a_webhook_it_is_owed_to_is_locked(settled):
    set_webhook("ops", {}, url=URL)
    set_route("error", ["ops"])
    settled(ENCRYPTION_KEYS=[OTHER_KEY])
    overrides.reload()
    assert accept({"alerts": [alert(message="it broke").to_dict()]}) == 1
    (told, *_) = explain(Alert.objects.get()).webhooks
    assert (told.webhook, told.state) == ("ops", "pending")
    assert told.sentences[0] == "The route “error” names it."
    assert told.sentences[-1] == "It is locked: its address cannot be decrypted: its alerts wait."


def test_health_names_a_webhook_that_is_locked(settled):
    from webhook_alerts.health import services

    set_webhook("ops", {}, url=URL)
    settled(ENCRYPTION_KEYS=[OTHER_KEY])
    overrides.reload()
    found = services.webhooks()
    assert found.details["webhooks"]["ops"]["gate"] == "locked"
    assert "ops (locked)" in found.reason
    assert "cannot be decrypted" in found.details["overrides"][0]
    assert SECRET not in repr(found)
