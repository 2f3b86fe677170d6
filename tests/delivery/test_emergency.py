"""The emergency path: what is grave goes out though the database or the disk fails, and nothing twice."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis
from django.db import OperationalError, connection

from tests.delivery.conftest import an_alert
from webhook_alerts import emergency, tasks
from webhook_alerts.alert import Level
from webhook_alerts.channels.base import Style
from webhook_alerts.channels.discord import Discord
from webhook_alerts.conf import Config
from webhook_alerts.intake import spooled
from webhook_alerts.intake.accept import accept
from webhook_alerts.intake.spooled import store, take_up
from webhook_alerts.models import Attempt, Delivery
from webhook_alerts.outbox import noted, receipts
from webhook_alerts.outbox.outgoing import Outgoing
from webhook_alerts.outbox.spool import Spool
from webhook_alerts.outbox.stats import Stats

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_any_pace(monkeypatch: pytest.MonkeyPatch, memory: redis.Redis) -> None:
    """No test waits for the pause of another."""
    monkeypatch.setattr(emergency, "_not_before", {})
    monkeypatch.setattr(emergency, "PAUSE_S", 0.001)


@pytest.fixture
def two(configure, discord, tmp_path) -> Config:
    hooks = {
        name: {"url": discord.url(name), "channel": "discord", "rate": [], "username": name}
        for name in ("errors", "info")
    }
    return configure(WEBHOOKS=hooks, ROUTES={"ERROR": ["errors", "info"]}, SPOOL_DIR=str(tmp_path / "spool"))


@pytest.fixture
def refusing(two) -> Config:
    """Two webhooks, and a disk that takes nothing, not even from root."""
    Path(two.spool_dir).write_text("a file where the directory should be")
    return two


@pytest.fixture
def outgoing() -> Outgoing:
    return Outgoing(Stats())


def raise_alerts(outgoing: Outgoing, config: Config, *messages: str, **values: Any) -> None:
    for message in messages:
        outgoing.add("alert", an_alert(message, **values).to_dict())
    outgoing.put_down(config)


def rescue(outgoing: Outgoing, config: Config) -> int:
    """One round of the emergency path without a database; how many messages were sent."""
    with connection.execute_wrapper(away):
        sent = emergency.send_unrecorded(outgoing.lend(config))
    outgoing.take_back(config)
    return sent


def published(memory: redis.Redis) -> list[dict[str, Any]]:
    """The batches that wait for a worker, oldest first."""
    raw = [message for queue in ("alerts", "alerts:critical") for message in memory.lrange(queue, 0, -1)]
    return [json.loads(b64decode(json.loads(message)["body"]))[0][0] for message in reversed(raw)]


def away(*_: Any) -> None:
    raise OperationalError("the database is away")


def test_a_channel_that_cannot_draw_keeps_no_other_from_being_told_once(two, discord, monkeypatch):
    Spool(two.spool_dir).write([("alert", an_alert("the database is away").to_dict())])
    draw = Discord.render

    def draw_for_errors(self: Discord, alerts: Any, style: Style) -> Any:
        if style.username == "info":
            raise ValueError("not drawn")
        return draw(self, alerts, style)

    monkeypatch.setattr(Discord, "render", draw_for_errors)
    with connection.execute_wrapper(away):
        assert [emergency.send_unrecorded() for _ in range(3)] == [1, 0, 0]
    assert json.dumps(discord.messages("errors")).count("the database is away") == 1


def test_what_is_stored_already_is_not_sent_again_when_its_batch_comes_back(two, discord):
    batch = {"id": "abc", "alerts": [an_alert("stored").to_dict()]}
    receipts.give(batch)
    with connection.execute_wrapper(away):
        emergency.keep(batch)
    assert discord.messages("errors") == []
    assert Spool(two.spool_dir).files() == []


@pytest.mark.parametrize("refused", ["turn.lock", "losses.json"])
def test_a_disk_that_refuses_keeps_nobody_from_being_nudged(two, owe, refused):
    owe("owed")
    folder = Path(two.spool_dir)
    Spool(two.spool_dir).write([("alert", an_alert("on disk").to_dict())])
    (waiting,) = Spool(two.spool_dir).files()
    waiting.write_bytes(waiting.read_bytes() + b'{"alert": {"id": "torn')
    (folder / refused).mkdir()
    assert tasks.flush_webhooks() == ["errors", "info"]


def test_what_the_disk_refuses_is_sent_from_memory_and_recorded_once_when_the_broker_is_back(
    refusing, discord, outgoing, memory
):
    raise_alerts(outgoing, refusing, *(f"dead {number}" for number in range(3)))
    raise_alerts(outgoing, refusing, "who cares", level=Level.WARNING)
    assert [rescue(outgoing, refusing) for _ in range(3)] == [2, 0, 0]
    assert outgoing.stats.published == 0
    assert len(outgoing) == 4
    outgoing.send(refusing)
    assert (outgoing.stats.published, len(outgoing)) == (4, 0)
    for batch in published(memory):
        accept(batch)
    for name in ("errors", "info"):
        emergency.deliver(name)
        text = json.dumps(discord.messages(name))
        assert [text.count(f"dead {number}") for number in range(3)] == [1, 1, 1]
    told = Delivery.objects.filter(level=Level.ERROR)
    assert {delivery.state for delivery in told} == {"delivered"}
    assert {delivery.message_id for delivery in told} == {
        attempt.message_id for attempt in Attempt.objects.filter(message__deliveries__level=Level.ERROR)
    }
    assert Attempt.objects.filter(message__deliveries__level=Level.ERROR).distinct().count() == 2


def test_a_disk_that_takes_again_takes_the_notes_as_well(refusing, discord, outgoing):
    raise_alerts(outgoing, refusing, "dead")
    assert rescue(outgoing, refusing) == 2
    Path(refusing.spool_dir).unlink()
    outgoing.put_down(refusing)
    assert len(outgoing) == 0
    assert rescue(outgoing, refusing) == 0
    assert take_up().items == 1
    assert {delivery.state for delivery in Delivery.objects.all()} == {"delivered"}
    assert Spool(refusing.spool_dir).files() == []


def test_what_the_broker_had_taken_is_sent_from_memory_too(refusing, discord, outgoing, memory):
    outgoing.add("alert", an_alert("just before").to_dict())
    outgoing.send(refusing)
    memory.flushdb()  # the broker has died
    assert rescue(outgoing, refusing) == 2
    assert outgoing.stats.published == 0
    outgoing.send(refusing)
    (batch,) = published(memory)
    accept(batch)
    assert {delivery.state for delivery in Delivery.objects.all()} == {"delivered"}
    assert outgoing.stats.published == 1


def test_what_is_in_memory_goes_into_the_database_by_parts_and_only_once(refusing, outgoing, monkeypatch):
    monkeypatch.setattr(spooled, "BATCH", 2)
    raise_alerts(outgoing, refusing, *(f"number {number}" for number in range(5)))
    assert rescue(outgoing, refusing) == 2
    refused = outgoing.lend(refusing)
    store(refused)
    outgoing.take_back(refusing)
    assert (len(outgoing), outgoing.stats.published) == (0, 5)
    assert {delivery.state for delivery in Delivery.objects.all()} == {"delivered"}
    assert Attempt.objects.count() == 2


def test_memory_stays_bounded_and_what_was_sent_is_told_apart_from_what_is_lost(refusing, discord, outgoing):
    config = replace(refusing, queue_size=3)
    raise_alerts(outgoing, config, "first", "second")
    assert rescue(outgoing, config) == 2
    raise_alerts(outgoing, config, "warning", level=Level.WARNING)
    raise_alerts(outgoing, config, "third", "fourth")
    assert len(outgoing) == 3
    assert (outgoing.stats.dropped, outgoing.stats.unrecorded) == (1, 1)
    outgoing.lose()
    assert (outgoing.stats.dropped, outgoing.stats.unrecorded, len(outgoing)) == (3, 2, 0)


def test_a_batch_keeps_its_own_notes_beside_those_of_this_machine(two, discord):
    there, here = an_alert("sent by another machine"), an_alert("sent by this one")
    note = {"message": str(there.id), "webhook": "errors", "alerts": [str(there.id)]}
    Spool(two.spool_dir).write([("alert", here.to_dict())])
    with connection.execute_wrapper(away):
        assert emergency.send_unrecorded() == 2
    batch = emergency.with_notes({"alerts": [there.to_dict(), here.to_dict()], "sent": [note]})
    assert [value["alerts"] for value in batch["sent"]] == [[str(there.id)], [str(here.id)], [str(here.id)]]


def test_a_worker_without_a_disk_sends_once_and_leaves_a_note_for_whoever_stores_it(refusing, discord, memory):
    first, second = an_alert("dead"), an_alert("dead too")
    batch = {"id": "abc", "alerts": [first.to_dict(), second.to_dict()]}
    with connection.execute_wrapper(away):
        for _ in range(2):  # it was published again, for it has no receipt
            with pytest.raises(FileExistsError):
                emergency.keep(emergency.with_notes(batch))
    assert not receipts.has_been_given(batch)
    tasks.accept_batch({"id": "def", "alerts": [first.to_dict()]})
    tasks.accept_batch(batch)
    assert {delivery.state for delivery in Delivery.objects.all()} == {"delivered"}
    assert Attempt.objects.count() == 2
    assert [len(discord.messages(name)) for name in ("errors", "info")] == [1, 1]
    assert noted.left() == []
