"""What the delivery tests share: one webhook, and deliveries owed to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from webhook_alerts.alert import Alert, Kind, Level, uuid7
from webhook_alerts.conf import Config
from webhook_alerts.intake.accept import accept
from webhook_alerts.testing.fake_discord import FakeDiscord


def an_alert(message: str = "it broke", **values: object) -> Alert:
    """An alert; no two are repeats of each other."""
    given = {"level": Level.ERROR, "kind": Kind.LOG, "first_seen": 1.8e9, "last_seen": 1.8e9, **values}
    return Alert(id=uuid7(), message=message, **given)


@pytest.fixture
def errors(configure: Callable[..., Config], discord: FakeDiscord, db: None) -> Config:
    """One webhook called errors, without a limit."""
    return configure(WEBHOOKS={"errors": {"url": discord.url("errors"), "channel": "discord", "rate": []}})


@pytest.fixture
def owe(db: None) -> Callable[..., list[Alert]]:
    """Store alerts, by their messages, and so what is owed."""

    def store(*messages: str, **values: object) -> list[Alert]:
        alerts = [an_alert(message, **values) for message in messages]
        assert accept({"alerts": [alert.to_dict() for alert in alerts]}) == len(alerts)
        return alerts

    return store
