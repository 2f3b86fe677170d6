"""Nudges: at most one for each slot, and none that keeps what is due now waiting."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

import pytest
import redis

from webhook_alerts.alert import Level
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.nudge import nudge
from webhook_alerts.models import Message
from webhook_alerts.testing.fake_discord import Answer

pytestmark = pytest.mark.django_db
HOOK = "http://127.0.0.1:9/hook"


def queued(memory: redis.Redis, webhook: str = "errors") -> list[dict[str, Any]]:
    """The keyword arguments and countdown of every nudge in the queue, the oldest first."""
    found = []
    for raw in reversed(memory.lrange(f"alerts.{webhook}", 0, -1)):
        message = json.loads(raw)
        kwargs = json.loads(b64decode(message["body"]))[1]
        found.append({**kwargs, "eta": message["headers"]["eta"]})
    return found


def test_there_is_one_nudge_for_each_slot(configure, memory):
    configure(WEBHOOKS={"errors": {"url": HOOK, "concurrency": 2}})
    assert [nudge("errors") for _ in range(4)] == [True, True, False, False]
    assert sorted(item["slot"] for item in queued(memory)) == [0, 1]


def test_a_nudge_that_was_replaced_does_nothing(errors, owe, memory, discord):
    owe("x")
    assert deliver("errors", 0, "") == 1
    owe("y")
    memory.set("webhook_alerts:nudge:errors:0", "another")
    assert deliver("errors", 0, "mine") == 0
    assert deliver("errors", 0, "another") == 1
    assert memory.get("webhook_alerts:nudge:errors:0") is None


def test_a_retry_comes_back_by_itself_and_something_grave_does_not_wait_for_it(errors, owe, memory, discord):
    discord.script("errors", [Answer(500)])
    owe("first", level=Level.CRITICAL)
    (first,) = queued(memory)
    memory.delete("alerts.errors")
    deliver("errors", first["slot"], first["token"])
    (waiting,) = queued(memory)
    assert waiting["eta"] is not None
    assert waiting["token"] == first["token"]
    owe("second", level=Level.CRITICAL)
    _, urgent = queued(memory)
    assert urgent["eta"] is None
    assert deliver("errors", urgent["slot"], urgent["token"]) == 1
    assert len(discord.messages("errors")) == 1
    assert deliver("errors", waiting["slot"], waiting["token"]) == 0


def test_a_closed_gate_is_waited_for_by_one_countdown(configure, owe, memory, discord):
    configure(
        WEBHOOKS={"errors": {"url": discord.url("errors"), "channel": "discord", "rate": "1/30s", "batch_size": 1}}
    )
    owe("a", "b", "c")
    (first,) = queued(memory)
    memory.delete("alerts.errors")
    assert deliver("errors", first["slot"], first["token"]) == 1
    owe("d", level=Level.CRITICAL)
    (waiting,) = queued(memory)  # what is grave cannot pass the gate either
    assert waiting["eta"] is not None


def test_a_long_wait_is_left_to_the_flush(configure, owe, memory, discord):
    configure(WEBHOOKS={"errors": {"url": discord.url("errors"), "channel": "discord", "rate": "1/m", "batch_size": 1}})
    owe("a", "b")
    memory.delete("alerts.errors")
    memory.delete("webhook_alerts:nudge:errors:0")
    nudge("errors")
    (first,) = queued(memory)
    memory.delete("alerts.errors")
    assert deliver("errors", first["slot"], first["token"]) == 1
    assert queued(memory) == []
    assert memory.get("webhook_alerts:nudge:errors:0") is None


def test_a_task_ends_after_some_messages_and_nudges_itself(configure, owe, memory, discord):
    configure(WEBHOOKS={"errors": {"url": discord.url("errors"), "channel": "discord", "rate": [], "batch_size": 1}})
    owe(*[f"number {i}" for i in range(25)])
    (first,) = queued(memory)
    memory.delete("alerts.errors")
    assert deliver("errors", first["slot"], first["token"]) == 20
    (again,) = queued(memory)
    assert deliver("errors", again["slot"], again["token"]) == 5
    assert not Message.objects.exclude(state="delivered").exists()
