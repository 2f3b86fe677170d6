"""What breaks hand-written senders goes the whole way, to a server that checks Discord's limits strictly."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.conftest import Project
from webhook_alerts.testing.fake_discord import FakeDiscord

STATES = "list(models.Alert.objects.filter(logger__startswith='hostile.').values_list('logger', 'deliveries__state'))"


@pytest.mark.slow
@pytest.mark.parametrize("batch_size", [1, 10, 100])
def test_forty_hostile_alerts_arrive_and_none_is_refused(make_project: Callable[..., Project], batch_size: int) -> None:
    with FakeDiscord(limits=()) as discord:
        hook = {"url": discord.url("errors"), "channel": "discord", "rate": [], "min_level": "WARNING"}
        project = make_project(TEST_WEBHOOKS=json.dumps({"errors": {**hook, "batch_size": batch_size}}))
        project.worker()
        project.beat()
        raised = int(project.run("from tests.end_to_end.hostile_calls import run\nprint(run())").split()[-1])
        assert raised > 40
        project.wait_until(
            lambda: [state for _, state in project.ask(STATES)] == ["delivered"] * raised, what=f"{raised} delivered"
        )
        assert {entry.status for entry in discord.requests()} == {200}
        assert not any("content" in message for message in discord.messages())  # nothing that could ping
