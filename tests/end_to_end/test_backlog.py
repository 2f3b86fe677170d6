"""Batches wait in the broker, since no worker was up: what is critical passes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.conftest import Project
from webhook_alerts.testing.fake_discord import FakeDiscord

pytestmark = pytest.mark.slow
BATCH = 100
ALERTS = 40 * BATCH
FILL = f"""
from webhook_alerts import notify
from webhook_alerts.outbox.broker import Broker
tell = notify.using(dedup=False)
for number in range({ALERTS}):
    tell.info(f"backlog {{number}}")
    if number % {BATCH} == {BATCH - 1}:
        assert notify.flush(30)
notify.critical("the till is on fire")
assert notify.flush(30)
print(Broker().depth("alerts"), Broker().depth("alerts:critical"))
"""
STORED_BEFORE = "models.Delivery.objects.filter(alert__level=20, created_at__lt='{}').count()"


@pytest.mark.parametrize("broker", ["own_redis", "own_rabbitmq"])
def test_what_is_critical_passes_the_batches_that_wait_in_the_broker(
    make_project: Callable[..., Project], broker: str, discord: FakeDiscord, request: pytest.FixtureRequest
) -> None:
    """The worker is started when all of it is there: 40 batches or a few more, and after them the critical one."""
    hooks = {name: {"url": discord.url(name), "channel": "discord", "rate": []} for name in ("errors", "info")}
    project = make_project(TEST_WEBHOOKS=json.dumps(hooks), TEST_BROKER_URL=request.getfixturevalue(broker).url)
    batches, critical = map(int, project.run(FILL).split())
    assert (ALERTS // BATCH <= batches <= 2 * ALERTS // BATCH, critical) == (True, 1)
    project.worker()
    project.wait_until(lambda: bool(discord.messages("errors")), what="the critical alert", timeout=120)
    arrived = datetime.fromtimestamp(discord.requests("errors")[0].at, UTC)
    assert "the till is on fire" in json.dumps(discord.messages("errors"))
    # Those that were running and that the worker had taken beforehand: two and eight batches of forty, or a few more.
    assert project.ask(STORED_BEFORE.format(arrived)) <= ALERTS / 2
