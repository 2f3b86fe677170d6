"""The scrape: what is exported, by whom it may be asked, and that it answers whatever is away."""

from __future__ import annotations

import json
import re
import socket
import sys
import time
from collections.abc import Callable

import pytest
from celery import Celery
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from django.urls import reverse
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from tests.metrics.conftest import an_alert
from webhook_alerts import __version__
from webhook_alerts.channels.base import Outcome, Verdict
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.gate import gate_for
from webhook_alerts.intake.accept import accept
from webhook_alerts.metrics import readings
from webhook_alerts.metrics.catalogue import METRICS, PARTS
from webhook_alerts.metrics.collector import AlertsCollector
from webhook_alerts.outbox import broker
from webhook_alerts.outbox.spool import Spool

TOKEN = "a-token-of-the-metrics"
PATIENCE_S = 30.0
"""What a scrape may take with everything away, and a loaded machine beside."""


@pytest.fixture
def page(errors, configure, discord) -> Callable[..., object]:
    configure(WEBHOOKS={"errors": {"url": discord.url("errors"), "channel": "discord"}}, METRICS_TOKEN=TOKEN)

    def get(client: Client | None = None, **headers: str) -> object:
        readings._rounds.forget()
        return (client or Client()).get("/metrics/", headers=headers)

    return get


def parts(value: Callable[..., float | None]) -> dict[str, float | None]:
    return {part: value("up", part=part) for part in PARTS}


def test_every_metric_of_the_catalogue_is_exported_with_its_labels(owe, value):
    owe("a")
    deliver("errors")
    registry = CollectorRegistry()
    registry.register(AlertsCollector())
    exported = {}
    for family in parse_text(generate_latest(registry).decode()):
        for sample in family.samples:
            exported.setdefault(sample.name, set()).add(frozenset(sample.labels) - {"le"})
            assert family.documentation
    expected = {name: {frozenset(metric.labels)} for metric in METRICS for name in metric.series}
    expected.pop("webhook_alerts_last_flush_timestamp_seconds")  # nothing was ever flushed
    assert exported == expected


def test_it_can_be_registered_without_asking_anybody(errors, configure):
    configure(REDIS_URL="redis://127.0.0.1:9/0")
    registry = CollectorRegistry()
    collector = AlertsCollector()
    registry.register(collector)
    with pytest.raises(ValueError, match="Duplicated"):
        registry.register(AlertsCollector())
    REGISTRY.register(collector)
    REGISTRY.unregister(collector)


def test_what_stands_where(owe, value, memory, errors, configure, discord):
    owe("a", "b")
    Spool(errors.spool_dir).write([("alert", an_alert().to_dict())])
    memory.set("webhook_alerts:flushed", "1700000000.5")
    memory.lpush("alerts", "one", "two", "three")
    memory.set("webhook_alerts:malformed", 7)
    assert parts(value) == dict.fromkeys(PARTS, 1)
    assert value("pending", webhook="errors") == 2
    assert 0 <= value("oldest_pending_seconds", webhook="errors") < 60
    assert value("spool_files") == 1
    assert value("spool_bytes") == sum(path.stat().st_size for path in Spool(errors.spool_dir).files()) > 100
    assert value("last_flush_timestamp_seconds") == 1700000000.5
    assert value("queue_messages", queue="alerts") == 3
    assert value("queue_messages", queue="alerts.errors") == 0
    assert value("malformed_total") == 7
    assert value("incidents", state="open") == 0  # two alerts without a fingerprint
    assert value("workers") == 0
    assert value("flush_interval_seconds") == errors.flush_interval
    assert value("build_info", version=__version__) == 1


def test_an_open_incident_a_pause_and_an_open_breaker_show(errors, value):
    accept({"alerts": [an_alert(fingerprint="f").to_dict()]})
    assert value("incidents", state="open") == 1
    gate = gate_for("errors")
    assert value("gate_state", webhook="errors", state="open") == 1
    for _ in range(errors.breaker_failures):
        gate.report(gate.acquire(), Outcome(Verdict.RETRY, "HTTP 500"))
    assert value("gate_state", webhook="errors", state="breaker_open") == 1
    gate.pause("gone")
    assert value("gate_state", webhook="errors", state="paused") == 1
    assert value("gate_state", webhook="errors", state="breaker_open") == 0


def test_with_redis_frozen_it_answers_with_the_rest(configure, own_redis, owe, value, discord):
    owe("a")
    configure(WEBHOOKS={"errors": {"url": discord.url("errors"), "channel": "discord"}}, REDIS_URL=own_redis.url)
    own_redis.freeze()
    began = time.monotonic()
    assert value("up", part="redis") == 0
    assert time.monotonic() - began < PATIENCE_S
    assert value("pending", webhook="errors") == 1
    assert value("received_total", level="error", kind="log") is None
    assert value("gate_state", webhook="errors", state="unknown") == 1
    assert {part: up for part, up in parts(value).items() if part != "redis"} == dict.fromkeys(
        ("broker", "database", "spool"), 1
    )


def test_a_broker_that_accepts_and_never_answers_holds_nothing_up(errors, value, settings):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        app = Celery("silent", broker=f"amqp://127.0.0.1:{silent.getsockname()[1]}//", set_as_current=False)
        before, broker._remembered = broker._remembered, app
        try:
            began = time.monotonic()
            assert value("up", part="broker") == 0
            assert time.monotonic() - began < PATIENCE_S
            assert value("queue_messages", queue="alerts") is None
            assert value("up", part="redis") == 1
        finally:
            broker._remembered = before


def test_without_a_database_it_answers_with_the_rest(errors, value, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setitem(connections.settings["default"], "NAME", "/proc/no/such/folder/db.sqlite3")
        assert parts(value) == {"broker": 1, "database": 0, "redis": 1, "spool": 1}
        assert value("pending", webhook="errors") is None
        assert value("delivered_total", webhook="errors") == 0
        assert value("gate_state", webhook="errors", state="open") == 1


def test_a_stranger_is_refused_and_told_how(page):
    for headers in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
    ):
        answer = page(**headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert b"METRICS_TOKEN" in answer.content
        assert b"webhook_alerts_" not in answer.content.replace(b'realm="webhook_alerts"', b"")


def test_the_token_opens_it_as_text_or_openmetrics_by_what_is_accepted(page):
    answer = page(Authorization=f"Bearer {TOKEN}")
    assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (200, "text/plain")
    assert "no-store" in answer.headers["Cache-Control"]
    names = {family.name for family in parse_text(answer.content.decode())}
    assert {"webhook_alerts_received", "webhook_alerts_up"} <= names
    open_metrics = "application/openmetrics-text; version=1.0.0,text/plain;q=0.5"
    answer = page(Authorization=f"bearer {TOKEN}", Accept=open_metrics)
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert answer.content.endswith(b"# EOF\n")
    families = list(parse_openmetrics(answer.content.decode()))
    assert len(families) == len(METRICS)


def test_without_a_token_set_no_token_opens_it(page, configure):
    configure()
    assert page(Authorization="Bearer ").status_code == 401
    assert page(Authorization="Bearer").status_code == 401


@pytest.mark.parametrize(
    ("user", "status"),
    [
        ({"is_staff": True}, 200),
        ({"is_staff": False}, 401),
        ({"is_staff": True, "is_active": False}, 401),
    ],
)
def test_staff_may_see_it_and_no_other_login(page, user, status):
    client = Client()
    client.force_login(User.objects.create(username="ana", **user))
    assert page(client).status_code == status


def test_only_reading_is_allowed(page):
    assert Client().post(reverse("webhook_alerts:metrics")).status_code == 405
    assert Client().head("/metrics/", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_without_the_extra_it_says_what_to_install(page, monkeypatch):
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    monkeypatch.setitem(sys.modules, "prometheus_client.core", None)
    monkeypatch.delitem(sys.modules, "webhook_alerts.metrics.collector")
    answer = page(Authorization=f"Bearer {TOKEN}")
    assert answer.status_code == 501
    assert b"pip install django-webhook-alerts[prometheus]" in answer.content
    with pytest.raises(ImportError, match=re.escape("pip install django-webhook-alerts[prometheus]")):
        import webhook_alerts.metrics.collector  # noqa: F401


def test_neither_an_address_nor_a_text_of_an_alert_is_told(page, owe, discord):
    owe("a message of somebody's", logger="a.logger", context={"order": 7})
    deliver("errors")
    told = page(Authorization=f"Bearer {TOKEN}").content.decode()
    secret = discord.url("errors").rpartition("/")[2]
    assert 'webhook_alerts_delivered_total{webhook="errors"} 1.0' in told
    for text in (secret, TOKEN, "somebody", "a.logger", "127.0.0.1"):
        assert text not in told


@pytest.mark.slow
def test_a_scrape_tells_what_workers_and_beat_of_other_processes_have_done(make_project, discord):
    # Celery says at INFO that it starts, and the handler stands on the root logger at DEBUG.
    hook = {"errors": {"url": discord.url("errors"), "channel": "discord", "min_level": "WARNING"}}
    project = make_project(TEST_WEBHOOKS=json.dumps(hook))
    project.worker()
    project.beat()
    project.run("from webhook_alerts import notify\nnotify.critical('from afar')\nassert notify.flush(20)")
    scrape = (
        "from prometheus_client import CollectorRegistry, generate_latest\n"
        "from webhook_alerts.metrics.collector import AlertsCollector\n"
        "registry = CollectorRegistry()\nregistry.register(AlertsCollector())\n"
        "print(generate_latest(registry).decode())"
    )
    wanted = (
        'webhook_alerts_delivered_total{webhook="errors"} 1.0',
        'webhook_alerts_delivery_latency_seconds_count{webhook="errors"} 1.0',
        "webhook_alerts_workers 1.0",
        "webhook_alerts_last_flush_timestamp_seconds 1.",
        'webhook_alerts_up{part="broker"} 1.0',
    )
    project.wait_until(lambda: all(line in project.run(scrape) for line in wanted), what="what the worker did")
