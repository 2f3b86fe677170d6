"""What the metrics' tests share: webhooks at the stand-in, alerts owed to them, and a scrape."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from prometheus_client import CollectorRegistry

from webhook_alerts.alert import Alert, Kind, Level, uuid7
from webhook_alerts.conf import Config
from webhook_alerts.intake.accept import accept
from webhook_alerts.metrics import counters, readings
from webhook_alerts.metrics.collector import AlertsCollector
from webhook_alerts.testing.fake_discord import FakeDiscord

Value = Callable[..., float | None]


@pytest.fixture
def errors(configure: Callable[..., Config], discord: FakeDiscord, transactional_db: None) -> Iterator[Config]:
    """One webhook called errors, without a limit; what other tests have counted and read is forgotten."""
    counters._gathered.reset()
    readings._rounds.forget()
    yield configure(WEBHOOKS={"errors": {"url": discord.url("errors"), "channel": "discord", "rate": []}})
    counters._gathered.reset()
    readings._rounds.forget()


def an_alert(message: str = "it broke", **values: object) -> Alert:
    """An alert of this moment."""
    now = time.time()
    given = {"level": Level.ERROR, "kind": Kind.LOG, "first_seen": now, "last_seen": now, **values}
    return Alert(id=uuid7(), message=message, **given)


@pytest.fixture
def owe(errors: Config) -> Callable[..., list[Alert]]:
    """Store alerts, by their messages, and so what is owed."""

    def store(*messages: str, **values: object) -> list[Alert]:
        alerts = [an_alert(message, **values) for message in messages]
        accept({"alerts": [alert.to_dict() for alert in alerts]})
        return alerts

    return store


@pytest.fixture
def value(errors: Config) -> Value:
    """The value of a time series at a fresh scrape: ``value("delivered_total", webhook="errors")``."""

    def scrape(name: str, /, **labels: str) -> float | None:
        readings._rounds.forget()
        registry = CollectorRegistry()
        registry.register(AlertsCollector())
        return registry.get_sample_value(f"webhook_alerts_{name}", labels)

    return scrape
