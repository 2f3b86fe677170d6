"""Two tasks never wait for each other: who waits for a row holds nothing that its holder may want next.

Each case is one of the two, stepped by hand in a connection of its own: it has its first rows, the task runs until it
waits or has ended, and then the second rows must be free.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from operator import attrgetter, itemgetter
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model
from django.utils import timezone

from webhook_alerts.alert import Alert, Kind, Level, uuid7
from webhook_alerts.channels import registry
from webhook_alerts.channels.base import Outcome, Verdict
from webhook_alerts.conf import Config, get_config
from webhook_alerts.delivery import record
from webhook_alerts.delivery.claim import Backlog, Claim, take
from webhook_alerts.delivery.finish import finish
from webhook_alerts.incidents.state import resolve_quiet
from webhook_alerts.intake.accept import accept
from webhook_alerts.matching import Matcher
from webhook_alerts.models import Alert as Row
from webhook_alerts.models import Delivery, Incident, Message, Repeat
from webhook_alerts.operations.prune import prune
from webhook_alerts.silencing import current, silence

HOOK = "http://127.0.0.1:9/api/webhooks/{}/" + "t" * 68
ERRORS = {"url": HOOK.format("1" * 18), "channel": "discord", "rate": [], "fallback": "other"}
OTHER = {"url": HOOK.format("2" * 18), "channel": "discord", "rate": []}
WAITING = """SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0"""
Step = tuple[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Case:
    """What the other connection has, what runs meanwhile, and what the other wants then."""

    has: Step
    task: Callable[[], object]
    wants: Step


@pytest.fixture
def other(transactional_db: None, configure: Callable[..., Config]) -> Iterator[BaseDatabaseWrapper]:
    """A second connection, in a transaction that ends with the test."""
    if connection.vendor != "postgresql":
        pytest.skip("elsewhere a writer waits for every other")
    configure(WEBHOOKS={"errors": ERRORS, "other": OTHER}, RESOLVE_AFTER=60)
    current.forget()
    made = connection.copy()
    made.set_autocommit(False)
    # Who has to wait at all fails; that a deadlock is found takes a second.
    do(made, ("SET lock_timeout = '200ms'", ()))
    made.commit()
    yield made
    made.rollback()
    made.close()


def do(database: BaseDatabaseWrapper, step: Step) -> None:
    with database.cursor() as cursor:
        cursor.execute(*step)


def row(model: type[Model], key: object, strength: str = "NO KEY UPDATE") -> Step:
    return f"SELECT 1 FROM {model._meta.db_table} WHERE {model._meta.pk.column} = %s FOR {strength}", [key]


def copy(model: type[Model], key: object) -> Step:
    """Insert another row, as one that is there."""
    table, column = model._meta.db_table, model._meta.pk.column
    made = f"jsonb_populate_record(r, jsonb_build_object('{column}', %s::text))"
    return f"INSERT INTO {table} SELECT ({made}).* FROM {table} r LIMIT 1", [str(key)]


def new_repeat(source: UUID) -> Step:
    return "INSERT INTO webhook_alerts_repeat (source, total, created_at) VALUES (%s, 2, now())", [source]


def an_alert(fingerprint: str = "", **values: Any) -> Alert:
    now = time.time()
    given = {"level": Level.ERROR, "kind": Kind.LOG, "first_seen": now, "last_seen": now, "logger": "shop", **values}
    return Alert(id=uuid7(), message="it broke", fingerprint=fingerprint, **given)


def batch(alerts: Sequence[Alert] = (), repeats: Sequence[UUID] = (), sent: Sequence[Any] = ()) -> dict[str, Any]:
    told = [{"id": str(key), "total": 5, "last_seen": time.time()} for key in repeats]
    return {"alerts": [alert.to_dict() for alert in alerts], "repeats": told, "sent": list(sent)}


def owed(*fingerprints: str) -> list[Alert]:
    alerts = [an_alert(fingerprint) for fingerprint in fingerprints]
    assert accept(batch(alerts)) == len(alerts)
    return alerts


def taken(name: str = "errors") -> Claim | None:
    config = get_config()
    webhook, channel = config.webhooks[name], registry.get(config.webhooks[name].channel)
    next_one = Backlog(webhook, channel).next()
    return take(next_one, webhook, channel, config) if next_one else None


def sent(message_id: str = "7", verdict: Verdict = Verdict.DELIVERED) -> Message:
    claim = taken()
    assert claim is not None
    finish(claim, Outcome(verdict, "", message_id=message_id), None, 0.1, get_config())
    return claim.message


def note(alert: Alert) -> dict[str, Any]:
    facts = {"started_at": time.time(), "duration_ms": 1, "status_code": 200, "provider_message_id": "7"}
    return {"message": str(uuid7()), "webhook": "errors", "alerts": [str(alert.id)], "body": {}, "files": [], **facts}


def claiming_and_accepting_a_note() -> Case:
    (alert,) = owed("f")
    return Case(row(Row, alert.id), taken, row(Delivery, Delivery.objects.get().pk))


def silencing_and_accepting_a_note() -> Case:
    owed("f")
    silence.create((Matcher("logger", "=", "shop"),), timezone.now() + timedelta(hours=1), "deploy", "ana")
    return Case(row(Incident, "f"), taken, row(Delivery, Delivery.objects.get().pk))


def claiming_and_summing_up() -> Case:
    """The first of two rows was changed last, and stands behind the other in its table."""
    owed("f", "g")
    first, second = Delivery.objects.order_by("pk").values_list("pk", flat=True)
    Delivery.objects.filter(pk=first).update(reason="moved")
    return Case(row(Delivery, first), taken, row(Delivery, second))


def counting_and_failing_with_a_fallback() -> Case:
    (alert,) = owed("f")
    claim = taken()
    assert claim is not None
    task = partial(accept, batch(repeats=[alert.id]))
    return Case(row(Message, claim.message.pk), task, row(Row, alert.id, "KEY SHARE"))


def counting_and_counting_on_the_same_messages() -> Case:
    alerts = owed("f")
    first = sent("")
    alerts += owed("g")
    second = sent("named")
    assert first.pk < second.pk
    task = partial(accept, batch(repeats=[alert.id for alert in alerts]))
    return Case(row(Message, first.pk), task, row(Message, second.pk))


def resolving_and_counting_on_the_same_messages() -> Case:
    owed("g")
    first = sent()
    owed("f")
    second = sent()
    assert first.pk < second.pk
    task = partial(resolve_quiet, timezone.now() + timedelta(hours=1))
    return Case(row(Message, first.pk), task, row(Message, second.pk))


def counting_what_is_not_there_yet() -> Case:
    first, second = sorted([uuid7(), uuid7()])
    return Case(new_repeat(first), partial(accept, batch(repeats=[second, first])), new_repeat(second))


def two_batches_with_the_same_notes() -> Case:
    alert = an_alert()
    first, second = sorted([note(alert), note(alert)], key=itemgetter("message"))
    owed("f")
    sent()
    task = partial(accept, batch([alert], sent=[second, first]))
    return Case(copy(Message, first["message"]), task, copy(Message, second["message"]))


def two_batches_with_the_same_alerts() -> Case:
    owed("f")
    first, second = sorted([an_alert(), an_alert()], key=attrgetter("id"))
    return Case(copy(Row, first.id), partial(accept, batch([second, first])), copy(Row, second.id))


def falling_back_and_expiring() -> Case:
    (alert,) = owed("f")
    delivery = Delivery.objects.get()
    new = "INSERT INTO webhook_alerts_delivery (alert_id, webhook, state, level, reason, alone, created_at, owed_since)"
    new += " VALUES (%s, 'other', 'pending', 40, '', false, now(), now())"
    task = partial(record.fall_back_while_paused, get_config().webhooks["errors"])
    return Case(row(Delivery, delivery.pk), task, (new, [alert.id]))


def _long_over(verdict: Verdict = Verdict.DELIVERED) -> tuple[Alert, Message]:
    (alert,) = owed("f")
    accept(batch(repeats=[alert.id]))
    message = sent(verdict=verdict)
    Delivery.objects.filter(webhook="errors").update(settled_at=timezone.now() - timedelta(days=900))
    Delivery.objects.exclude(webhook="errors").delete()
    Incident.objects.update(state="resolved")
    return alert, message


def pruning_and_counting() -> Case:
    alert, _message = _long_over()
    task = partial(prune, get_config().retention, timezone.now())
    return Case(row(Row, alert.id), task, row(Repeat, alert.id))


def pruning_and_replaying() -> Case:
    _alert, message = _long_over(Verdict.REFUSED)
    task = partial(prune, get_config().retention, timezone.now())
    return Case(row(Message, message.pk), task, row(Delivery, Delivery.objects.get().pk))


CASES = [
    claiming_and_accepting_a_note,
    silencing_and_accepting_a_note,
    claiming_and_summing_up,
    counting_and_failing_with_a_fallback,
    counting_and_counting_on_the_same_messages,
    resolving_and_counting_on_the_same_messages,
    counting_what_is_not_there_yet,
    two_batches_with_the_same_notes,
    two_batches_with_the_same_alerts,
    falling_back_and_expiring,
    pruning_and_counting,
    pruning_and_replaying,
]


class Running:
    """A task in a thread of its own."""

    def __init__(self, task: Callable[[], object]) -> None:
        self.raised: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, args=(task,))
        self._thread.start()

    def _run(self, task: Callable[[], object]) -> None:
        try:
            task()
        except BaseException as error:
            self.raised.append(error)
        finally:
            connections.close_all()

    def until_it_waits(self) -> None:
        """… for a lock, or has ended."""
        with connection.cursor() as cursor:
            while self._thread.is_alive():
                cursor.execute(WAITING)
                if cursor.fetchone() != (0,):
                    return
                time.sleep(0.01)

    def end(self) -> None:
        self._thread.join(60)
        assert self.raised == []


@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_who_waits_holds_nothing_that_the_other_wants(other, make):
    case = make()
    do(other, case.has)
    running = Running(case.task)
    try:
        running.until_it_waits()
        do(other, case.wants)
    finally:
        other.rollback()
        running.end()


def test_an_incident_that_came_meanwhile_is_waited_for_without_new_ones(other):
    """Of *a* and *b* both new, *b* is another worker's, and a third has it by the time of the next look."""
    owed("f")
    looks, looking, go = [], threading.Event(), threading.Event()

    def step(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "webhook_alerts_incident" in sql and " FOR " in sql:
            looks.append(sql)
            if len(looks) == 2:
                looking.set()
                assert go.wait(30)
        return execute(sql, params, many, context)

    def work() -> None:
        with connection.execute_wrapper(step):
            accept(batch([an_alert("a"), an_alert("b")]))

    do(other, copy(Incident, "b"))
    running = Running(work)
    try:
        running.until_it_waits()
        other.commit()
        assert looking.wait(30)
        do(other, row(Incident, "b"))
        go.set()
        running.until_it_waits()
        do(other, copy(Incident, "a"))
    finally:
        other.rollback()
        go.set()
        running.end()
    assert dict(Incident.objects.values_list("fingerprint", "count")) == {"f": 1, "a": 1, "b": 2}


def test_what_two_webhooks_silence_at_once_was_told_nowhere(other):
    (alert,) = owed("f")
    Delivery.objects.create(alert_id=alert.id, webhook="other", level=alert.level)
    silence.create((Matcher("logger", "=", "shop"),), timezone.now() + timedelta(hours=1), "deploy", "ana")
    do(other, row(Incident, "f"))
    do(other, ("UPDATE webhook_alerts_delivery SET state = 'suppressed' WHERE webhook = 'other'", ()))
    running = Running(taken)
    running.until_it_waits()
    other.commit()
    running.end()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"suppressed"}
    assert Incident.objects.get().told == 0
