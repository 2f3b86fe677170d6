"""A storm of equal errors: a handful of messages, every one of them counted."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.conftest import Project
from webhook_alerts.testing.fake_discord import FakeDiscord

pytestmark = pytest.mark.slow
STORM = """
import logging
log = logging.getLogger("shop")
for number in range(50_000):
    log.error("stock of %s went below zero", number)
from webhook_alerts import notify
assert notify.flush(30)
"""
COUNTED = "list(models.Alert.objects.filter(logger='shop').values_list('occurrences', flat=True))"


def test_a_hundred_thousand_from_two_processes_are_one_message_that_counts_them_all(
    make_project: Callable[..., Project], discord: FakeDiscord
) -> None:
    hook = {"url": discord.url("errors"), "channel": "discord", "min_level": "WARNING"}
    # However slow the machine, the window does not end in between.
    project = make_project(TEST_WEBHOOKS=json.dumps({"errors": hook}), TEST_DEDUP_WINDOW="600")
    project.worker()
    project.beat()
    storms = [project.start(STORM) for _ in range(2)]
    project.wait_until(lambda: all(storm.poll() == 0 for storm in storms), what="the end of both storms")
    project.wait_until(lambda: sum(project.ask(COUNTED)) == 100_000, what="every error counted")
    alerts = project.ask(COUNTED)
    shown = [f"×{count:,}" for count in alerts]
    project.wait_until(
        lambda: all(any(times in json.dumps(m, ensure_ascii=False) for m in discord.messages()) for times in shown),
        what=f"messages that say {shown}",
    )
    assert len(alerts) <= 2  # a second one only if two workers stored the first of each process at once
    assert len(discord.messages()) <= 2
    project.run(STORM.replace("50_000", "7"))
    project.wait_until(
        lambda: any(
            f"×{count + 7:,}" in json.dumps(m, ensure_ascii=False) for m in discord.messages() for count in alerts
        ),
        what="the counter of a message that was sent",
    )
    assert sum(project.ask(COUNTED)) == 100_007
    assert len(discord.messages()) <= 2
    assert {entry.status for entry in discord.requests()} == {200}


AGAIN = """
import logging, sys
from webhook_alerts import notify

def say(times):
    for number in range(times):
        logging.getLogger("shop").error("again %s", number)
    assert notify.flush(30)

say(1)
sys.stdin.read()  # until the first has arrived; a second process would need a part of the window to start
say(56)
"""


def test_where_a_message_cannot_be_changed_one_follow_up_tells_the_count(
    make_project: Callable[..., Project], discord: FakeDiscord
) -> None:
    """The stand-in takes any body at an address of its own; the channel is plain JSON."""
    address = discord.url("errors") + "?wait=true"
    hook = {"url": address, "channel": "tests.channels.plain.Plain", "min_level": "WARNING"}
    project = make_project(TEST_WEBHOOKS=json.dumps({"errors": hook}), TEST_DEDUP_WINDOW="8")
    project.worker()
    project.beat()
    says = project.start(AGAIN)
    project.wait_until(lambda: len(discord.messages()) == 1, what="the first")
    assert says.stdin is not None
    says.stdin.close()
    project.wait_until(lambda: len(discord.messages()) == 2, what="the follow-up")
    assert [message["content"] for message in discord.messages()] == ["again 0 ×1", "again 0 ×57"]
