"""What retention lets go of, and what it must keep."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import redis
from django.db import connection
from django.test.utils import CaptureQueriesContext

from webhook_alerts.alert import uuid7
from webhook_alerts.conf import get_config
from webhook_alerts.models import Act, Alert, Attempt, Delivery, Incident, Message, Repeat, Silence
from webhook_alerts.operations.prune import prune
from webhook_alerts.presets import RETENTION
from webhook_alerts.tasks import prune_record

NOW = datetime(2026, 11, 20, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def identifier(days: float) -> object:
    return uuid7(int(ago(days).timestamp() * 1000))


def alert(days: int, *states: str, **values: object) -> Alert:
    """An alert of some *days* ago, owed to a webhook for each of *states*."""
    at = ago(days)
    given = {"level": 40, "kind": "log", "message": "x", "first_seen": at, "last_seen": at, "received_at": at, **values}
    made = Alert.objects.create(pk=identifier(days), **given)
    Repeat.objects.create(source=made.pk, alert=made, total=2)
    for number, state in enumerate(states):
        message = Message.objects.create(
            pk=identifier(days), webhook=f"w{number}", state=state, created_at=at, due_at=at
        )
        Attempt.objects.create(message=message, webhook=message.webhook, started_at=at)
        Delivery.objects.create(
            alert=made,
            webhook=message.webhook,
            level=40,
            state=state,
            message=message,
            created_at=at,
            settled_at=None if state in {"pending", "sending"} else at,
        )
    return made


@pytest.fixture(autouse=True)
def _shared(memory: redis.Redis, configure) -> None:
    configure()


def test_each_state_has_its_own_age():
    kept = [alert(29, "delivered"), alert(89, "failed")]
    alert(31, "delivered")
    alert(91, "failed")
    gone = prune(RETENTION, NOW)
    assert set(Alert.objects.all()) == set(kept)
    assert Message.objects.count() == Attempt.objects.count() == Delivery.objects.count() == Repeat.objects.count() == 2
    assert gone == {"alerts": 2, "deliveries": 2, "messages": 2, "incidents": 0, "acts": 0}


def test_a_kind_may_have_an_age_of_its_own_but_what_failed_has_that_of_failures():
    kept = [alert(300, "delivered", kind="error"), alert(80, "failed", kind="event"), alert(29, "delivered")]
    alert(8, "delivered", kind="event")
    alert(366, "delivered", kind="error")
    alert(91, "failed", kind="error")
    prune({**RETENTION, "event": 7, "error": 365}, NOW)
    assert set(Alert.objects.all()) == set(kept)


def test_what_belongs_to_an_unresolved_incident_outlives_the_limits_of_its_state():
    for key, state in (("o", "open"), ("a", "acknowledged"), ("r", "resolved")):
        Incident.objects.create(fingerprint=key, level=40, state=state, first_seen=ago(400), last_seen=ago(100))
    kept = [alert(100, "delivered", fingerprint="o"), alert(100, "failed", fingerprint="a")]
    alert(100, "delivered", fingerprint="r")
    alert(366, "delivered", fingerprint="o")
    prune(RETENTION, NOW)
    assert set(Alert.objects.all()) == set(kept)


@pytest.mark.parametrize("state", ["pending", "sending"])
def test_what_is_owed_stays_however_old(state):
    owed = alert(1000, "delivered", state)
    prune(RETENTION, NOW)
    assert list(Alert.objects.all()) == [owed]
    assert [row.state for row in Delivery.objects.all()] == [state]


def test_an_alert_that_was_owed_to_nobody_goes_too():
    alert(31)
    kept = alert(29)
    prune(RETENTION, NOW)
    assert list(Alert.objects.all()) == [kept]


def test_a_message_without_alerts_goes_too_unless_it_is_owed():
    Message.objects.create(pk=identifier(40), webhook="w", state="delivered", created_at=ago(40))
    kept = [
        Message.objects.create(pk=identifier(40), webhook="w", state="pending", created_at=ago(40)),
        Message.objects.create(pk=identifier(5), webhook="w", state="delivered", created_at=ago(5)),
    ]
    prune(RETENTION, NOW)
    assert set(Message.objects.all()) == set(kept)


def test_incidents_silences_and_what_operators_did_have_ages_of_their_own():
    for key, state, days in (("old", "resolved", 366), ("new", "resolved", 364), ("open", "open", 1000)):
        Incident.objects.create(fingerprint=key, level=40, state=state, first_seen=ago(days), last_seen=ago(days))
    for days in (731, 729):
        Act.objects.create(pk=identifier(days), verb="resolved", target="incident", target_id="x", at=ago(days))
        Silence.objects.create(ends_at=ago(days), reason="x")
    gone = prune(RETENTION, NOW)
    assert (gone["incidents"], gone["acts"]) == (1, 1)
    assert set(Incident.objects.values_list("pk", flat=True)) == {"new", "open"}
    assert Act.objects.count() == Silence.objects.count() == 1


def test_it_takes_as_many_batches_as_it_needs():
    for _ in range(7):
        alert(40, "delivered")
    gone = prune(RETENTION, NOW, batch=2)
    assert (gone["alerts"], gone["deliveries"], gone["messages"]) == (7, 7, 7)


def test_a_round_that_has_no_time_left_is_gone_on_with_where_it_stopped(memory):
    """What is kept for longer stands at the beginning; a later round does not begin with it."""
    for _ in range(6):
        alert(85, "failed")
    for _ in range(4):
        alert(40, "delivered")
    rounds = [prune(RETENTION, NOW, batch=2, seconds=0)["deliveries"] for _ in range(6)]
    assert rounds == [0, 0, 0, 2, 2, 0]
    memory.flushdb()
    assert prune(RETENTION, NOW)["deliveries"] == 0


def queries(now: datetime) -> int:
    """What a round of beat asks the database."""
    with CaptureQueriesContext(connection) as captured:
        prune({**RETENTION, "event": 7}, now, batch=2, seconds=60)
    return len(captured)


def test_what_is_kept_is_not_looked_at_with_every_round():
    """Most of the record is between two limits where one kind's is short."""
    for _ in range(9):
        alert(20, "delivered")
    first, second = queries(NOW), queries(NOW + timedelta(hours=1))
    assert first > 2 * second
    alert(7, "delivered", kind="event")
    queries(NOW + timedelta(hours=2))
    assert Alert.objects.filter(kind="event").count() == 0
    assert queries(NOW + timedelta(days=1)) >= first


@pytest.mark.parametrize("seconds", [60, float("inf")])
def test_what_is_over_behind_the_place_is_found_within_a_day_or_by_hand(seconds):
    incident = Incident.objects.create(fingerprint="f", level=40, first_seen=ago(40), last_seen=ago(40))
    alert(40, "delivered", fingerprint="f")
    Message.objects.create(pk=identifier(39), webhook="w", state="pending")
    assert not sum(prune(RETENTION, NOW, seconds=60).values())
    incident.state = "resolved"
    incident.save()
    Message.objects.filter(webhook="w").update(state="delivered")
    assert not sum(prune(RETENTION, NOW, seconds=60).values())
    later = NOW if seconds > 60 else NOW + timedelta(days=1)
    gone = prune(RETENTION, later, seconds=seconds)
    assert (gone["alerts"], gone["deliveries"], gone["messages"]) == (1, 1, 2)


def test_beat_prunes_by_the_settings(configure):
    alert(40, "delivered", kind="event")
    Delivery.objects.update(settled_at=datetime.now(UTC) - timedelta(days=3))
    assert prune_record()["deliveries"] == 0
    configure(RETENTION={"event": 2})
    assert get_config().retention["event"] == 2
    assert prune_record()["deliveries"] == 1
