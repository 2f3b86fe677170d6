"""The three pages: what they say, to whom, by which methods, and that they keep quiet."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import AsyncClient, Client, RequestFactory
from django.urls import resolve

from tests.delivery.conftest import an_alert
from tests.health.conftest import TOKEN, beats
from webhook_alerts import outbox
from webhook_alerts.conf import Config
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.gate import gate_for
from webhook_alerts.handlers import WebhookAlertHandler
from webhook_alerts.health import workers
from webhook_alerts.intake.accept import accept
from webhook_alerts.outbox.guard import HEALTH
from webhook_alerts.outbox.spool import Spool
from webhook_alerts.testing.fake_discord import Answer, FakeDiscord

Configure = Callable[..., Config]
AUTHORIZED = {"HTTP_AUTHORIZATION": f"Bearer {TOKEN}"}
NOWHERE = "redis://:hunter2@127.0.0.1:1/0"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger with our handler on it, at every level, as some project may have it."""
    handler = WebhookAlertHandler()
    logging.root.addHandler(handler)
    yield logging.root
    logging.root.removeHandler(handler)


def details(client: Client) -> Any:
    return client.get("/health/", **AUTHORIZED).json()


def test_everything_is_told_to_who_has_the_token(site: Config, client: Client) -> None:
    answer = client.get("/health/", **AUTHORIZED)
    told = answer.json()
    assert answer.status_code == 200
    assert (told["status"], told["version"], told["environment"]) == ("healthy", "2026.11", "test")
    assert {name: found["status"] for name, found in told["services"].items()} == dict.fromkeys(
        ("database", "redis", "broker", "workers", "beat", "webhooks", "spool", "endpoints"), "healthy"
    )
    assert told["services"]["broker"]["queues"] == dict.fromkeys(workers.wanted_queues(), 0)
    assert {"alerts", "alerts.errors"} <= set(told["services"]["workers"]["workers"]["celery@one"]["queues"])
    assert told["services"]["webhooks"]["webhooks"]["errors"]["gate"] == "open"
    assert told["metrics"] == {"pending": 0, "failed_24h": 0, "oldest_pending_s": None}


@pytest.mark.parametrize("path", ["/health/", "/health/live/", "/health/ready/"])
@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer wrong", "Basic " + TOKEN, TOKEN, "Bearer \xff", "Bearer " + TOKEN[:-1]]
)
def test_strangers_learn_status_and_time_and_nothing_else(site: Config, client: Client, path: str, given: str) -> None:
    answer = client.get(path, **({"HTTP_AUTHORIZATION": given} if given else {}))
    assert answer.status_code == 200
    assert set(answer.json()) == {"status", "timestamp"}


def test_without_a_token_in_the_settings_no_token_opens(configure: Configure, client: Client) -> None:
    configure()
    for given in ("Bearer ", "Bearer", "bearer  "):
        assert set(client.get("/health/", HTTP_AUTHORIZATION=given).json()) == {"status", "timestamp"}


def test_staff_sees_details_and_other_users_do_not(site: Config, client: Client) -> None:
    for user, sees in (
        (User.objects.create_user("boss", is_staff=True), True),
        (User.objects.create_user("guest"), False),
        (User.objects.create_user("gone", is_staff=True, is_active=False), False),
    ):
        client.force_login(user)
        assert ("services" in client.get("/health/").json()) is sees, user
        assert ("services" in client.get("/health/ready/").json()) is sees, user


def test_no_webhook_url_and_no_password_is_told(configure: Configure, discord: FakeDiscord, client: Client) -> None:
    configure(WEBHOOKS={"errors": {"url": discord.url(), "channel": "discord"}}, HEALTH_TOKEN=TOKEN, REDIS_URL=NOWHERE)
    text = client.get("/health/", **AUTHORIZED).content.decode()
    assert '"errors"' in text
    for secret in (discord.url(), discord.url().rpartition("/")[2], "hunter2", TOKEN):
        assert secret not in text


@pytest.mark.parametrize("path", ["/health/", "/health/live/", "/health/ready/"])
def test_what_every_page_has_in_common(site: Config, path: str) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.get(path)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "application/json"
    assert client.head(path).status_code == 200
    for method in (client.post, client.put, client.delete, client.patch, client.options):
        refused = method(path)
        assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")
    assert not client.cookies
    assert not Session.objects.exists()


def test_no_login_is_asked_for(site: Config, settings: Any, client: Client) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    assert client.get("/admin/").status_code == 302
    assert [client.get(path).status_code for path in ("/health/", "/health/live/", "/health/ready/")] == [200] * 3


def test_live_answers_with_everything_away(configure: Configure, settings: Any, client: Client) -> None:
    configure(REDIS_URL=NOWHERE)
    settings.CELERY_BROKER_URL = NOWHERE
    settings.ROOT_URLCONF = "tests.urls"
    assert client.get("/health/live/").json()["status"] == "healthy"


@pytest.mark.django_db(transaction=False)
def test_live_touches_no_database(
    client: Client, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    with django_assert_num_queries(0):
        assert client.get("/health/live/").status_code == 200


def test_without_redis_it_is_unhealthy_and_cannot_serve(configure: Configure, client: Client) -> None:
    configure(REDIS_URL=NOWHERE, HEALTH_TOKEN=TOKEN)
    assert client.get("/health/").status_code == 503
    told = client.get("/health/", **AUTHORIZED).json()
    assert (told["status"], told["services"]["redis"]["status"]) == ("unhealthy", "unhealthy")
    assert told["services"]["redis"]["reason"] == "It does not answer: ConnectionError."
    assert told["services"]["workers"]["status"] == "unknown"
    assert client.get("/health/ready/").status_code == 503
    assert client.get("/health/ready/", {"need": "database"}).status_code == 200


def test_ready_names_what_it_cannot_need(site: Config, client: Client) -> None:
    refused = client.get("/health/ready/", {"need": "database,datbase"})
    assert refused.status_code == 400
    assert refused.json() == {"error": "\"need\" names 'datbase'; it may name: database, redis, broker."}


def test_missing_migrations_keep_a_site_from_being_ready(
    site: Config, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db.migrations.recorder import MigrationRecorder

    from webhook_alerts.health import services

    monkeypatch.setattr(services, "_migrated", set())
    applied = MigrationRecorder.Migration.objects.filter(app="webhook_alerts").latest("id")
    name = applied.name
    applied.delete()
    try:
        answer = client.get("/health/ready/", **AUTHORIZED)
        assert answer.status_code == 503
        assert answer.json()["services"]["database"]["reason"] == "1 migration is missing: run manage.py migrate."
    finally:
        MigrationRecorder.Migration.objects.create(app="webhook_alerts", name=name)


def test_what_is_owed_and_what_failed_is_counted(site: Config, client: Client, discord: FakeDiscord) -> None:
    discord.script("errors", [Answer(500)])
    accept({"alerts": [an_alert("unlucky").to_dict()]})
    deliver("errors")
    accept({"alerts": [an_alert("waiting").to_dict(), an_alert("waiting too").to_dict()]})
    metrics = details(client)["metrics"]
    assert (metrics["pending"], metrics["failed_24h"]) == (2, 1)
    assert metrics["oldest_pending_s"] >= 0


def test_a_paused_webhook_and_a_full_spool_degrade(site: Config, client: Client) -> None:
    gate_for("errors").pause("HTTP 404: Unknown Webhook")
    Spool(site.spool_dir).write([("alert", an_alert("kept").to_dict())])
    answer = client.get("/health/", **AUTHORIZED)
    told = answer.json()
    assert (answer.status_code, told["status"]) == (200, "degraded")
    assert told["services"]["webhooks"]["reason"] == "Nothing is sent to errors (paused)."
    assert told["services"]["spool"]["reason"] == "1 alert waits on disk."


def test_a_queue_that_no_living_worker_consumes_degrades(site: Config, client: Client, memory: redis.Redis) -> None:
    beats(memory, *(name for name in workers.wanted_queues() if name != "alerts.errors"))
    found = details(client)["services"]["workers"]
    assert (found["status"], found["unserved"]) == ("degraded", ["alerts.errors"])
    assert found["reason"] == "No living worker consumes alerts.errors."


def test_a_check_of_ours_that_is_broken_is_named_and_takes_nothing_down(
    site: Config, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webhook_alerts.health.services.Spool", None)
    told = details(client)
    assert told["status"] == "degraded"
    assert told["services"]["spool"] == {"status": "unknown", "reason": "It does not answer: TypeError."}


def test_the_pages_raise_no_alert_about_themselves(
    configure: Configure,
    root: logging.Logger,
    alerts_outbox: list[Any],
    client: Client,
    caplog: pytest.LogCaptureFixture,
) -> None:
    configure(REDIS_URL=NOWHERE)
    assert client.get("/health/").status_code == client.get("/health/ready/").status_code == 503
    assert client.post("/health/").status_code == 405
    assert client.get("/health/ready/", {"need": "luck"}).status_code == 400
    assert alerts_outbox == []
    assert "django.request" not in {record.name for record in caplog.records}
    assert client.get("/health/nowhere/").status_code == 404
    assert [alert.logger for alert in alerts_outbox] == ["django.request"]  # so the handler is at work


def test_records_about_the_pages_are_counted_and_no_alerts(
    configure: Configure, root: logging.Logger, alerts_outbox: list[Any]
) -> None:
    configure()
    before = outbox.stats().ignored.get(HEALTH, 0)
    requests, server = logging.getLogger("django.request"), logging.getLogger("django.server")
    for path in ("/health/", "/health/live/", "/health/ready/", "/admin/login/"):
        request = RequestFactory().get(path)
        request.resolver_match = resolve(path)
        requests.error("Service Unavailable: %s", path, extra={"status_code": 503, "request": request})
    assert [alert.message for alert in alerts_outbox] == ["Service Unavailable: /admin/login/"]
    handler = WebhookAlertHandler()
    server.addHandler(handler)
    try:
        for path in ("/health/", "/health/ready/?need=redis", "/admin/login/"):
            server.error('"%s" %s %s', f"GET {path} HTTP/1.1", "503", "42")
    finally:
        server.removeHandler(handler)
    assert [alert.message for alert in alerts_outbox[1:]] == ['"GET /admin/login/ HTTP/1.1" 503 42']
    assert outbox.stats().ignored[HEALTH] - before == 5


def test_an_asynchronous_site_answers_the_same(site: Config) -> None:
    from asgiref.sync import async_to_sync

    async def ask() -> tuple[Any, Any, Any]:
        client = AsyncClient()
        return (
            await client.get("/health/", headers={"Authorization": f"Bearer {TOKEN}"}),
            await client.get("/health/live/"),
            await client.post("/health/ready/"),
        )

    whole, live, refused = async_to_sync(ask)()
    assert whole.json()["services"]["database"]["status"] == "healthy"
    assert (live.status_code, refused.status_code) == (200, 405)
    assert whole.headers["Cache-Control"] == "no-store"
