"""Rows of the failure matrix that no other test has: what must happen, what may be lost (nothing), what may double.

The numbers are those of the matrix in the project's research.
"""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from tests.delivery.test_deliver import let_time_pass, states
from webhook_alerts.delivery import deliver as delivering
from webhook_alerts.delivery import finish as finishing
from webhook_alerts.delivery import pause, update
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.flush import flush
from webhook_alerts.delivery.gate import endpoint_digest, gate_for
from webhook_alerts.delivery.resend import replay, resend
from webhook_alerts.incidents import state
from webhook_alerts.intake.accept import accept
from webhook_alerts.models import Alert, Attempt, Message
from webhook_alerts.testing.fake_discord import Answer

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """As near to ``kill -9`` as one process comes: nothing of ours catches it."""


def dies_at(statement: str, table: str):
    """An execute wrapper under which the worker dies at the first such statement."""

    def wrapper(execute, sql, params, many, context):
        if sql.startswith(statement) and table in sql:
            raise Killed
        return execute(sql, params, many, context)

    return wrapper


def wrong_clock(hours: int) -> time_machine.travel:
    """This worker's clock is wrong by so many hours; the database's and Redis' are not."""
    return time_machine.travel(time.time() + hours * 3600)


def die(*_: object, **__: object) -> None:
    """In the place of a function: the worker dies there."""
    raise Killed


def test_1_dead_before_the_claim_is_committed_everything_is_as_it_was(errors, owe, discord):
    owe("a", "b")
    with pytest.raises(Killed), connection.execute_wrapper(dies_at("INSERT", "attempt")):
        deliver("errors")
    assert states() == {"pending": 2}
    assert not Message.objects.exists()
    assert deliver("errors") == 1
    assert len(discord.requests("errors")) == 1


def test_2_dead_between_claim_and_request_costs_no_attempt(errors, owe, discord, monkeypatch):
    owe("a")
    with monkeypatch.context() as patch:
        patch.setattr("webhook_alerts.delivery.deliver.post", die)
        with pytest.raises(Killed):
            deliver("errors")
    assert states() == {"sending": 1}
    let_time_pass()
    assert deliver("errors") == 1
    assert len(discord.requests("errors")) == 1
    message = Message.objects.get()
    assert (message.state, message.attempts, message.claims) == ("delivered", 0, 2)
    assert sorted(Attempt.objects.values_list("outcome", flat=True)) == ["delivered", "started"]


def test_3_dead_between_the_answer_and_its_record_doubles_that_message_and_no_other(errors, owe, discord):
    owe("a")
    with pytest.raises(Killed), connection.execute_wrapper(dies_at("UPDATE", "webhook_alerts_message")):
        deliver("errors")
    owe("b")
    let_time_pass()
    deliver("errors")
    first, *rest = (entry.body for entry in discord.requests("errors"))
    assert [body["embeds"][0]["title"] for body in rest].count(first["embeds"][0]["title"]) == 1
    assert first in rest
    assert len(rest) == 2
    assert states() == {"delivered": 2}


@pytest.mark.django_db(transaction=True)
def test_15_a_database_that_is_away_for_a_moment_costs_no_second_request(errors, owe, discord, monkeypatch):
    monkeypatch.setattr(finishing.finish.retry, "sleep", lambda _: None)
    owe("a")
    failures = iter([True, True])

    def away(execute, sql, params, many, context):
        if sql.startswith("UPDATE") and "webhook_alerts_message" in sql and next(failures, False):
            from django.db import OperationalError

            raise OperationalError("the database is away")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(away):
        assert deliver("errors") == 1
    assert states() == {"delivered": 1}
    assert len(discord.requests("errors")) == 1


def test_18_a_retry_waits_as_long_as_the_service_asks(errors, owe, discord):
    owe("a")
    discord.script("errors", [Answer(503, {"Retry-After": "120"})])
    deliver("errors")
    message = Message.objects.get()
    assert message.attempts == 1
    assert message.due_at - timezone.now() > timedelta(seconds=110)


def test_19_a_service_that_is_down_is_asked_five_times_and_then_now_and_then(configure, owe, discord, db):
    configure(
        WEBHOOKS={"errors": {"url": discord.url("errors"), "channel": "discord", "rate": [], "batch_size": 1}},
        MAX_ATTEMPTS=100,
    )
    owe(*[f"number {i}" for i in range(40)])
    discord.script("errors", [Answer(500)] * 1000)
    for _ in range(20):
        deliver("errors")
        let_time_pass()
    assert len(discord.requests("errors")) == 5
    assert states() == {"pending": 40}
    assert gate_for("errors").state()["state"] == "breaker_open"


@pytest.mark.django_db(transaction=True)
def test_20_many_workers_that_are_told_to_wait_wait(configure, owe, discord):
    configure(
        WEBHOOKS={
            "errors": {
                "url": discord.url("errors"),
                "channel": "discord",
                "rate": [],
                "batch_size": 1,
                "concurrency": 8,
            }
        }
    )
    owe(*[f"number {i}" for i in range(25)])
    discord.script("errors", [Answer(429, {"Retry-After": "30"}, {"retry_after": 30.0, "global": False})] * 25)
    deliver("errors")

    def work() -> None:
        deliver("errors")
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(discord.requests("errors")) == 1
    assert Message.objects.get().attempts == 0


@pytest.mark.parametrize("hours", [-1, 1])
def test_29_a_worker_whose_clock_jumps_sends_nothing_early_late_or_twice(errors, owe, discord, hours, monkeypatch):
    owe("a")
    discord.script("errors", [Answer(503, {"Retry-After": "120"})])
    with wrong_clock(hours):
        assert deliver("errors") == 1
        assert deliver("errors") == 0
    assert 110 < (Message.objects.get().due_at - timezone.now()).total_seconds() <= 121
    let_time_pass()
    gate_for("errors").resume()
    with monkeypatch.context() as patch, wrong_clock(hours):
        patch.setattr(delivering, "post", die)
        with pytest.raises(Killed):
            deliver("errors")
    assert 50 < (Message.objects.get().lease_until - timezone.now()).total_seconds() <= 61
    with wrong_clock(hours):
        assert deliver("errors") == 0
    let_time_pass()
    with wrong_clock(hours):
        assert flush() == ["errors"]
        assert deliver("errors") == 1
    assert len(discord.messages("errors")) == 1
    assert states() == {"delivered": 1}


@pytest.mark.parametrize("hours", [-1, 1])
def test_29_an_update_that_died_with_a_wrong_clock_is_made_by_another_worker(errors, owe, hours, monkeypatch):
    (alert,) = owe("a")
    deliver("errors")
    Alert.objects.filter(pk=alert.id).update(occurrences=5)
    update.mark_now(Message.objects.get().pk)
    with monkeypatch.context() as patch, wrong_clock(hours):
        patch.setattr(delivering, "edit", die)
        with pytest.raises(Killed):
            deliver("errors")
    assert 50 < (Message.objects.get().update_due_at - timezone.now()).total_seconds() <= 61


def test_30_two_flushes_at_once_make_one_nudge(errors, owe, memory):
    owe("a")
    assert [flush(), flush()] == [["errors"], []]
    assert memory.llen("alerts.errors") == 1


@pytest.mark.slow
def test_5_a_worker_that_is_asked_to_end_finishes_what_it_sends(make_project, discord):
    discord.script("errors", [Answer(200, delay=3.0, body={"id": "1"})])
    hook = {"url": discord.url("errors"), "channel": "discord", "rate": [], "min_level": "WARNING"}
    project = make_project(TEST_WEBHOOKS=json.dumps({"errors": hook}))
    worker = project.worker()
    project.run("from webhook_alerts import notify\nnotify.critical('last one')\nassert notify.flush(20)")
    project.wait_until(lambda: len(discord.requests("errors")) == 1, what="the request under way")
    worker.send_signal(signal.SIGTERM)
    worker.wait(20)
    assert project.ask("list(models.Message.objects.values_list('state', 'claims'))") == [["delivered", 1]]


def test_7_a_redis_that_forgot_the_rate_is_told_what_was_sent(configure, owe, discord, memory, db):
    hook = {"url": discord.url("errors"), "channel": "discord", "rate": "3/m", "batch_size": 1}
    configure(WEBHOOKS={"errors": hook})
    owe(*[f"number {i}" for i in range(10)])
    deliver("errors")
    memory.flushdb()
    deliver("errors")
    assert len(discord.requests("errors")) == 3


def repeat(alert, total: int) -> None:
    """Some process has seen *alert* so often by now."""
    told = {"id": str(alert.id), "fingerprint": alert.fingerprint, "count": total - 1, "total": total}
    accept({"repeats": [{**told, "last_seen": time.time(), "samples": []}]})


EDITS = {
    "resend": lambda _: resend([Message.objects.get().pk]) == 0,
    "replay": lambda _: replay() == 0,
    "pause": lambda config: pause.order("errors", endpoint_digest(config.webhooks["errors"]), "tidying", "ana"),
    "acknowledge": lambda _: state.acknowledge("f1", "ana"),
    "resolve": lambda _: state.resolve("f1", "ana"),
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("answers", [[], [Answer(503)]], ids=["taken", "failed"])
def test_32_what_an_operator_does_to_a_message_that_is_being_sent_neither_loses_nor_doubles_it(
    errors, owe, discord, monkeypatch, edit, answers
):
    owe("a", fingerprint="f1")
    discord.script("errors", answers)
    meanwhile(monkeypatch, "post", lambda: EDITS[edit](errors))
    assert deliver("errors") >= 1
    gate_for("errors").resume("ana")
    let_time_pass()
    deliver("errors")
    assert len(discord.messages("errors")) == 1
    assert states() == states(Message) == {"delivered": 1}
    shown = {"acknowledge": "acknowledged by ana", "resolve": "resolved by ana"}.get(edit, "")
    assert shown in json.dumps(discord.messages("errors"))


def test_32_repeats_that_are_counted_while_the_counter_is_brought_up_to_date_are_shown_later(
    errors, owe, discord, monkeypatch
):
    (alert,) = owe("a", fingerprint="f1")
    deliver("errors")
    repeat(alert, 5)
    update.mark_now(Message.objects.get().pk)
    meanwhile(monkeypatch, "edit", lambda: repeat(alert, 9) is None)
    assert deliver("errors") == 1
    assert "×5" in discord.messages("errors")[0]["embeds"][0]["title"]
    Message.objects.exclude(update_due_at=None).update(update_due_at=timezone.now() - timedelta(minutes=5))
    deliver("errors")
    assert "×9" in discord.messages("errors")[0]["embeds"][0]["title"]


def meanwhile(monkeypatch: pytest.MonkeyPatch, request: str, act: Callable[[], bool]) -> None:
    """Once, between the next request and its outcome, *act* happens; it says whether it went as it should."""
    real = getattr(delivering, request)

    def with_act(*arguments: object, **options: object) -> object:
        answer = real(*arguments, **options)
        monkeypatch.setattr(delivering, request, real)
        assert act()
        return answer

    monkeypatch.setattr(delivering, request, with_act)
