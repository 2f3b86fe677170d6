"""Accepting batches: once, whole, and repeats counted over processes."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
import redis
from django.db import DataError, connection, connections

from webhook_alerts.alert import Alert, Kind, Level, uuid7
from webhook_alerts.delivery.totals import totals
from webhook_alerts.intake.accept import accept
from webhook_alerts.models import Alert as Row
from webhook_alerts.models import Delivery, Incident

pytestmark = pytest.mark.django_db
HOOK = "http://127.0.0.1:9/hook"


@pytest.fixture
def config(configure):
    return configure(WEBHOOKS={"errors": f"{HOOK}/e", "info": f"{HOOK}/i"})


def an_alert(message: str = "it broke", **values: Any) -> dict[str, Any]:
    now = time.time()
    given = {"level": Level.ERROR, "kind": Kind.LOG, "first_seen": now, "last_seen": now, **values}
    return Alert(id=uuid7(), message=message, **given).to_dict()


def batch(*alerts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"alerts": list(alerts), **more}


def test_alerts_become_rows_and_what_is_owed_by_their_routes(config):
    assert accept(batch(an_alert("e"), an_alert("i", level=Level.INFO), an_alert("d", level=Level.DEBUG))) == 2
    assert set(Delivery.objects.values_list("alert__message", "webhook", "state", "level")) == {
        ("e", "errors", "pending", 40),
        ("i", "info", "pending", 20),
    }
    assert not Row.objects.filter(message="d").exists()  # nobody wants it


def test_a_batch_that_comes_again_changes_nothing(config):
    first = an_alert(fingerprint="f")
    told = {"id": first["id"], "fingerprint": "f", "count": 7, "total": 8, "last_seen": time.time(), "samples": ["x"]}
    repeated = an_alert(fingerprint="f", occurrences=3)
    deliveries = [batch(first, an_alert("other")), batch(repeated), batch(repeats=[told])]
    for _ in range(3):
        for one in deliveries:
            accept(one)
    assert Row.objects.count() == Delivery.objects.count() == 2
    row = Row.objects.get(pk=first["id"])
    assert (row.occurrences, row.samples) == (1 + 3 + 7, ["x"])


def test_what_cannot_be_read_is_counted_and_the_rest_accepted(config, memory: redis.Redis):
    bad: list[Any] = [None, "text", {}, {**an_alert(), "id": "x"}, {**an_alert(), "level": "?"}]
    bad += [{**an_alert(), "first_seen": 1e300}, {**an_alert(), "first_seen": "then"}, {**an_alert(), "details": 5}]
    bad += [{key: value for key, value in an_alert().items() if key != "message"}]
    assert accept({"alerts": [*bad, an_alert("good")], "repeats": [{"id": "?"}, 5]}) == 1
    assert Row.objects.get().message == "good"
    assert int(memory.get("webhook_alerts:malformed") or 0) == len(bad) + 2


def test_what_the_database_refuses_is_counted_and_the_rest_accepted(config, memory: redis.Redis):
    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "not for this database" in str(params):
            raise DataError("refused")
        return execute(sql, params, many, context)

    alerts = [an_alert(f"alert {number}") for number in range(5)]
    with connection.execute_wrapper(refuse):
        assert accept(batch(*alerts[:3], an_alert("not for this database"), *alerts[3:])) == 5
    assert Row.objects.count() == Delivery.objects.count() == 5
    assert int(memory.get("webhook_alerts:malformed") or 0) == 1


def test_a_count_beyond_every_column_is_cut_to_what_fits(config):
    first = an_alert()
    accept(batch(first, repeats=[{"id": first["id"], "count": 1, "total": 10**30, "last_seen": time.time()}]))
    assert Row.objects.get().occurrences == 2**31 - 1


def test_repeats_from_other_processes_add_to_the_first(config):
    first, second, third = (an_alert(f"user {n}", fingerprint="same") for n in range(3))
    assert accept(batch(first)) == 1
    assert accept(batch(second, third)) == 0
    assert accept(batch({**an_alert("told"), "id": str(uuid7())})) == 1
    # the second's process counts on: it knows nothing of the first
    accept(batch(repeats=[{"id": second["id"], "total": 5, "last_seen": time.time()}]))
    row = Row.objects.get(pk=first["id"])
    assert row.occurrences == 3 + 4
    assert row.last_seen > row.first_seen
    assert totals()["errors"] == {"received": 8, "delivered": 0, "suppressed": 6, "pending": 2, "failed": 0}


@pytest.mark.parametrize(
    "other",
    [
        {"fingerprint": "another"},
        {"level": Level.CRITICAL},
        {"dedup": False},
        {"webhooks": ("info",)},
        {"first_seen": time.time() - 3600},
        {"fingerprint": ""},
    ],
    ids=lambda other: next(iter(other)),
)
def test_what_is_no_repeat_stands_for_itself(config, other):
    accept(batch(an_alert(fingerprint="same")))
    assert accept(batch(an_alert(**{"fingerprint": "same", **other}))) == 1


def test_a_repeat_whose_first_was_never_stored_stands_for_itself(config, memory: redis.Redis):
    lost, later = an_alert(fingerprint="same"), an_alert(fingerprint="same")
    with pytest.raises(RuntimeError), connection.execute_wrapper(_fail_on_insert):
        accept(batch(lost))
    assert accept(batch(later)) == 1
    assert accept(batch(lost)) == 1  # the broker brings it again


def _fail_on_insert(execute, sql, params, many, context):
    if sql.startswith("INSERT"):
        raise RuntimeError("the worker dies here")
    return execute(sql, params, many, context)


def test_with_redis_away_everything_is_stored(configure):
    configure(REDIS_URL="redis://127.0.0.1:9/0", WEBHOOKS={"errors": HOOK})
    alerts = [an_alert(fingerprint="same") for _ in range(3)]
    assert accept(batch(*alerts, repeats=[{"id": alerts[0]["id"], "total": 3, "last_seen": time.time()}])) == 3
    assert Row.objects.get(pk=alerts[0]["id"]).occurrences == 3


def test_hostile_texts_fit_every_database_and_column(config):
    hostile = "\x00 \ud800 \U0001f4a5 " + "x" * 100_000
    given = an_alert(
        hostile,
        logger=hostile,
        module=hostile,
        exception_type=hostile,
        fingerprint=hostile,
        line=10**12,
        context={hostile: [hostile, float("nan"), {"deep": hostile}]},
        occurrences=10**12,
        samples=(hostile,),
    )
    assert accept(batch(given)) == 1
    row = Row.objects.get()
    row.full_clean(exclude=["details", "request", "correlation_id"])
    assert "\x00" not in row.message
    row.message.encode()
    assert len(row.fingerprint) == 64


@pytest.mark.parametrize("repeated", [0, 500])
def test_five_hundred_alerts_cost_as_many_statements_as_the_database_needs_and_no_more(config, repeated):
    accept(batch(an_alert("warm")))
    alerts = [an_alert(f"n {i}", fingerprint=f"f{i}") for i in range(500)]
    if repeated:
        accept(batch(*alerts))
        alerts = [an_alert(f"again {i}", fingerprint=f"f{i}") for i in range(repeated)]
    with connection.execute_wrapper(counter := Counter()):
        accept(batch(*alerts))
    per_insert = connection.ops.bulk_batch_size(list(Row._meta.concrete_fields), alerts)
    incidents = -(-500 // connection.ops.bulk_batch_size(list(Incident._meta.concrete_fields), alerts))
    inserts = 3 if repeated else -(-500 // per_insert) + -(-500 // (per_insert * 2))
    assert counter.number <= 15 + inserts + incidents
    if connection.vendor == "postgresql":
        assert counter.number <= 17


class Counter:
    number = 0

    def __call__(self, execute, sql, params, many, context):
        self.number += 1
        return execute(sql, params, many, context)


def test_a_count_that_comes_before_its_alert_waits_for_it(config):
    alert = an_alert(fingerprint="late")
    for _ in range(2):
        accept(batch(repeats=[{"id": alert["id"], "total": 9, "last_seen": time.time()}]))
    assert not Row.objects.exists()
    for _ in range(2):
        accept(batch(alert))
    assert Row.objects.get().occurrences == 9


def test_a_redis_that_forgot_everything_makes_no_count_twice(config, memory: redis.Redis):
    first, second = an_alert(fingerprint="same"), an_alert(fingerprint="same")
    sent = [batch(first), batch(second), batch(repeats=[{"id": second["id"], "total": 6, "last_seen": time.time()}])]
    for _ in range(3):
        for one in sent:
            accept(one)
        memory.flushdb()
    assert Row.objects.get().occurrences == 1 + 6


def test_an_older_count_that_comes_late_changes_nothing(config):
    alert = an_alert(fingerprint="f")
    accept(batch(alert))
    for total in (9, 4, 9):
        accept(batch(repeats=[{"id": alert["id"], "total": total, "last_seen": time.time()}]))
    assert Row.objects.get().occurrences == 9


def test_what_is_critical_is_sent_on_at_once_and_a_full_message_too(config, memory: redis.Redis):
    accept(batch(an_alert("waits for the flush")))
    assert memory.llen("alerts.errors") == 0
    accept(batch(an_alert("now", level=Level.CRITICAL)))
    assert memory.llen("alerts.errors") == memory.llen("alerts.info") == 1
    memory.flushdb()
    accept(batch(*[an_alert(f"number {i}") for i in range(100)]))
    assert memory.llen("alerts.errors") == 1


@pytest.mark.django_db(transaction=True)
def test_two_copies_of_a_batch_at_once_are_counted_once(config, memory: redis.Redis):
    raised: list[BaseException] = []

    def work(barrier: threading.Barrier, copy: dict[str, Any]) -> None:
        try:
            barrier.wait(10)
            accept(copy)
        except BaseException as error:
            raised.append(error)
        finally:
            connections.close_all()

    for number in range(5):
        copy = batch(*(an_alert(fingerprint=f"f{number}-{part}") for part in range(3)))
        barrier = threading.Barrier(2)
        threads = [threading.Thread(target=work, args=(barrier, copy)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert raised == []
    assert set(Incident.objects.values_list("count", flat=True)) == {1}
    assert Row.objects.count() == Delivery.objects.count() == 15
    assert memory.get("webhook_alerts:malformed") is None
