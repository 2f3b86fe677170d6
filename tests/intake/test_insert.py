"""Many rows at once: the same as Django writes, on each database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DataError, IntegrityError, models, transaction

from tests import history
from webhook_alerts.alert import Kind, Level, uuid7
from webhook_alerts.models import Alert, Delivery, Incident
from webhook_alerts.models.bulk import insert

NOW = datetime(2026, 11, 21, 8, 30, 0, 123456, tzinfo=UTC)
HOSTILE = 'it\'s "quoted" \\n \\u0041 {a,b} NULL %s \n\t é 🔥 \u2028'
DATA = {HOSTILE: [HOSTILE, 1.5, 10**20, True, None, {"a": [{}]}]}


@pytest.fixture(params=[pytest.param("sqlite", marks=pytest.mark.django_db), "postgres"])
def _database(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    if request.param == "sqlite":
        yield
        return
    server = request.getfixturevalue("postgres_server")
    name = f"webhook_alerts_insert_{os.getpid()}"
    with django_db_blocker.unblock(), history.database(name, **server) as settings, history.default(settings):
        yield


def alerts() -> list[Alert]:
    bare = {"level": 30, "kind": "log", "first_seen": NOW, "last_seen": NOW + timedelta(microseconds=1)}
    texts = dict.fromkeys(("logger", "message", "exception_type", "stack_trace", "module", "correlation_id"), HOSTILE)
    data = {"details": DATA, "context": DATA, "request": {}, "samples": [HOSTILE]}
    return [
        Alert(**bare),
        Alert(**{**bare, **texts, **data, "level": Level.ERROR, "kind": Kind.ERROR, "line": 2**31 - 1}),
    ]


def incidents() -> list[Incident]:
    bare = {"kind": "log", "first_seen": NOW, "last_seen": NOW}
    told = {"told_at": NOW, "told_alert": uuid7(), "flapping": True, "count": 2**40, "reopenings": [1.25]}
    return [
        Incident(fingerprint="a", level=40, **bare),
        Incident(fingerprint=HOSTILE, level=50, title=HOSTILE, labels=DATA, hours={"1": 2}, **bare, **told),
    ]


def values(model: type[models.Model]) -> list[dict[str, Any]]:
    return list(model._default_manager.order_by("pk").values())


@pytest.mark.usefixtures("_database")
def test_rows_are_those_that_django_writes():
    for made in (alerts(), incidents()):
        model = type(made[0])
        model._default_manager.bulk_create(made)
        expected = values(model)
        model._default_manager.all().delete()
        with transaction.atomic():
            insert(made)
        assert values(model) == expected
    first, second = Alert.objects.all()
    with transaction.atomic():
        insert(
            [
                Delivery(alert=first, webhook="errors", level=Level.ERROR, created_at=NOW, settled_at=NOW, alone=True),
                Delivery(alert=second, webhook="errors", level=30, state=Delivery.State.SUPPRESSED),
            ]
        )
    stored = Delivery.objects.order_by("pk").values_list("alert", "level", "state", "alone", "created_at", "settled_at")
    assert stored[0] == (first.pk, 40, "pending", True, NOW, NOW)
    assert stored[1][:4] == (second.pk, 30, "suppressed", False)
    assert stored[1][5] is None


@pytest.mark.usefixtures("_database")
def test_what_is_there_already_stays_or_is_an_error():
    first, second = alerts()
    with transaction.atomic():
        insert([first])
    first.message = "changed"
    with transaction.atomic():
        insert([first, second], ignore_conflicts=True)
    assert set(Alert.objects.values_list("pk", "message")) == {(first.pk, ""), (second.pk, HOSTILE)}
    with pytest.raises(IntegrityError), transaction.atomic():
        insert([first])
    with transaction.atomic():
        insert([])


@pytest.mark.usefixtures("_database")
@pytest.mark.parametrize("_database", ["postgres"], indirect=True)
def test_what_is_too_long_is_refused_and_not_cut():
    too_long = Alert(level=40, kind="log", first_seen=NOW, last_seen=NOW, fingerprint="f" * 65)
    with pytest.raises(DataError, match="too long"), transaction.atomic():
        insert([too_long])
