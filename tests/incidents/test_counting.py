"""Alerts are counted on their incident exactly, and told at growing intervals."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import IntegrityError, connection, connections
from django.utils import timezone

from tests.incidents.conftest import DAY, HOUR, an_alert, come
from webhook_alerts.alert import Level
from webhook_alerts.delivery.totals import totals
from webhook_alerts.incidents import counting, state
from webhook_alerts.intake.accept import accept
from webhook_alerts.models import Act, Alert, Delivery, Incident

pytestmark = pytest.mark.django_db


def test_alerts_of_one_fingerprint_are_one_incident(errors, clock):
    come("the first\nand more", logger="shop.pay", exception_type="ValueError", host="web1", occurrences=3)
    clock.shift(HOUR)
    come("the second", level=Level.CRITICAL, context={"region": "eu"})
    row = Incident.objects.get()
    assert (row.pk, row.count, row.title, row.level, row.state) == ("f", 4, "the second", Level.CRITICAL, "open")
    assert (row.last_seen - row.first_seen).total_seconds() == HOUR
    assert sorted(row.hours.values()) == [1, 3]
    assert row.labels["context.region"] == "eu"


def test_a_batch_that_comes_again_and_repeats_count_once(errors):
    first = an_alert()
    told = {"id": str(first.id), "total": 8, "last_seen": time.time(), "samples": []}
    for _ in range(3):
        accept({"alerts": [first.to_dict()]})
        accept({"alerts": [], "repeats": [told]})
    assert Incident.objects.get().count == Alert.objects.get().occurrences == 8


def test_what_is_no_incident_makes_none(errors):
    come(level=Level.INFO)
    come(fingerprint="")
    accept({"alerts": [], "repeats": [{"id": str(an_alert().id), "total": 2, "last_seen": time.time()}]})
    assert not Incident.objects.exists()


def test_an_error_that_goes_on_is_told_at_growing_intervals_and_counted_all_the_same(errors, clock):
    told = []
    for minute in range(0, 360, 3):
        if come() == "pending":
            told.append(minute)
        clock.shift(180)
    # At once, twice at the pace at which it comes, after 5 minutes, an hour, four hours; the next comes after a day.
    assert told == [0, 3, 6, 12, 72, 312]
    assert Incident.objects.get().count == 120
    kept_back = Delivery.objects.filter(state=Delivery.State.SUPPRESSED)
    assert kept_back.count() == 120 - len(told)
    assert all(row.reason.startswith("repeat: ") and row.settled_at for row in kept_back[:5])
    row = totals()["errors"]
    assert row["received"] == row["suppressed"] + row["pending"] == 120


def test_what_is_graver_than_what_was_told_is_told_at_once(errors, clock):
    assert [come() for _ in range(3)] == ["pending"] * 3
    clock.shift(30)
    assert come().startswith("suppressed repeat: told again in 4 minutes")
    assert come(level=Level.CRITICAL) == "pending"
    assert come().startswith("suppressed")


def test_who_asks_for_each_to_be_told_gets_each(errors, configure, discord):
    assert [come(dedup=False) for _ in range(6)] == ["pending"] * 6
    configure(WEBHOOKS={"errors": {"url": discord.url("errors"), "channel": "discord"}}, DEDUP_WINDOW=0)
    assert [come() for _ in range(6)] == ["pending"] * 6
    configure(WEBHOOKS={"errors": {"url": discord.url("errors"), "channel": "discord"}}, REPEATS=[])
    assert [come() for _ in range(6)] == ["pending"] * 6


def test_what_is_acknowledged_is_not_told_again_until_it_gets_graver(errors, clock):
    come()
    assert state.acknowledge("f", "ana")
    clock.shift(2 * DAY)
    assert come() == "suppressed repeat: acknowledged by ana"
    assert come(level=Level.CRITICAL) == "pending"
    assert Incident.objects.get().state == "acknowledged"


def test_what_comes_back_is_told_at_once_with_a_note(errors, clock):
    for _ in range(5):
        come()
    clock.shift(2 * HOUR)
    assert state.resolve_quiet(timezone.now()) == 1
    clock.shift(60)
    assert come() == "pending"
    row = Incident.objects.get()
    assert (row.state, row.reopened, row.told) == ("open", 1, 1)
    assert row.opened_at == timezone.now()
    assert Act.objects.get(verb=Act.Verb.CAME_BACK).details == {"quiet_s": 60}


def test_what_comes_and_goes_is_told_once_as_such(errors, clock):
    told = []
    for _ in range(8):
        told.append(come().partition(" ")[2] or "told")
        clock.shift(600)
        state.resolve("f", "ana")
        clock.shift(300)
    assert told == ["told"] * 4 + ["repeat: it comes and goes"] * 4
    assert Act.objects.filter(verb=Act.Verb.FLAPPING).count() == 1
    assert Incident.objects.get().flapping
    clock.shift(DAY)
    assert come() == "pending"
    assert not Incident.objects.get().flapping


def test_what_comes_and_goes_fills_no_record(errors, clock):
    for _ in range(8):
        come()
        clock.shift(1.1 * HOUR)
        state.resolve_quiet(timezone.now())
        clock.shift(1)
    assert Incident.objects.get().flapping
    came_and_went = ["resolved", *["came back", "resolved"] * 2, "flapping"]
    assert list(Act.objects.order_by("id").values_list("verb", flat=True)) == came_and_went
    clock.shift(DAY)
    state.resolve_quiet(timezone.now())
    state.resolve_quiet(timezone.now())
    assert list(Act.objects.order_by("id").values_list("verb", flat=True)) == [*came_and_went, "resolved"]


def test_what_has_come_and_stays_flaps_no_more(errors, clock):
    for _ in range(5):
        come()
        state.resolve("f", "ana")
    come()
    assert Incident.objects.get().flapping
    clock.shift(5 * HOUR)
    come()
    assert not Incident.objects.get().flapping


@pytest.mark.django_db(transaction=True)
def test_workers_that_accept_at_once_lose_no_count_and_make_one_incident(errors):
    if connection.vendor == "sqlite":
        Incident.objects.all().delete()
    barrier = threading.Barrier(4)
    raised: list[BaseException] = []

    def work() -> None:
        try:
            barrier.wait(10)
            for number in range(10):
                accept({"alerts": [an_alert(fingerprint=f"f{number}").to_dict() for _ in range(3)]})
        except BaseException as error:
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not raised
    assert dict(Incident.objects.values_list("fingerprint", "count")) == {f"f{number}": 12 for number in range(10)}
    # Three are told for each: the first, and two more before the intervals grow.
    assert Delivery.objects.filter(state=Delivery.State.PENDING).count() == 30


def test_another_worker_that_makes_the_incident_first_is_counted_with(errors, monkeypatch):
    looked = counting._lock
    now = timezone.now()
    Incident.objects.create(fingerprint="f", level=50, count=7, first_seen=now, last_seen=now, told=1)
    calls = []

    def early(fingerprints):
        calls.append(fingerprints)
        return {} if len(calls) == 1 else looked(fingerprints)

    monkeypatch.setattr(counting, "_lock", early)
    come()
    assert Incident.objects.get().count == 8


def test_an_incident_that_is_never_seen_holds_no_worker_for_ever(errors, monkeypatch):
    """As in a transaction that the project's settings let see only what was there when it began."""
    now = timezone.now()
    Incident.objects.create(fingerprint="f", level=50, count=7, first_seen=now, last_seen=now, told=1)
    monkeypatch.setattr(counting, "_lock", lambda fingerprints: {})
    with pytest.raises(IntegrityError):
        counting.count([counting.Seen("f", 1, now, Alert(level=50, kind="log", fingerprint="f"))], errors, now)
    assert Incident.objects.get().count == 7
