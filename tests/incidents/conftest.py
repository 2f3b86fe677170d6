"""What the incidents' tests share: one webhook, a clock, and alerts of one fingerprint as they come in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine

from webhook_alerts.alert import Alert, Kind, Level, uuid7
from webhook_alerts.conf import Config
from webhook_alerts.intake.accept import accept
from webhook_alerts.models import Delivery
from webhook_alerts.testing.fake_discord import FakeDiscord

HOUR = 3600.0
DAY = 24 * HOUR


@pytest.fixture
def errors(configure: Callable[..., Config], discord: FakeDiscord, db: None) -> Config:
    """One webhook called errors, without a limit."""
    return configure(
        WEBHOOKS={"errors": {"url": discord.url("errors"), "channel": "discord", "rate": []}}, RESOLVE_AFTER=HOUR
    )


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    """The time of this process, which stands until it is shifted; the database's own goes on."""
    with time_machine.travel(time.time(), tick=False) as traveller:
        yield traveller


def an_alert(message: str = "it broke", **values: Any) -> Alert:
    """An alert of the fingerprint "f" whose window is over: it opens no other, and falls into none."""
    now = time.time()
    given = {"level": Level.ERROR, "kind": Kind.LOG, "fingerprint": "f", "first_seen": now - 120, "last_seen": now}
    return Alert(id=uuid7(), message=message, **{**given, **values})


def come(message: str = "it broke", **values: Any) -> str:
    """Accept one alert; the state of its delivery, with the reason where there is one."""
    alert = an_alert(message, **values)
    accept({"alerts": [alert.to_dict()]})
    delivery = Delivery.objects.get(alert=alert.id)
    return f"{delivery.state} {delivery.reason}".strip()
