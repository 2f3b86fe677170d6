"""Joining a user's Celery app, and the record's schema."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from celery import Celery
from django.core.management import call_command

from webhook_alerts import tasks, wiring
from webhook_alerts.channels.base import Window


@pytest.fixture
def user_app() -> Iterator[Celery]:
    app = Celery("user", broker="memory://", set_as_current=False)
    yield app
    app.close()


def test_the_migrations_match_the_models(db):
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_an_app_made_later_gets_our_tasks_and_our_schedule(user_app: Celery):
    user_app.conf.beat_schedule = {"theirs": {"task": "theirs", "schedule": 1}}
    user_app.finalize()
    entry = user_app.conf.beat_schedule["webhook_alerts.flush"]
    assert entry["task"] in user_app.tasks
    assert entry["options"]["queue"] == "alerts"
    assert "theirs" in user_app.conf.beat_schedule
    assert "webhook_alerts.accept" in user_app.tasks
    assert user_app.tasks["webhook_alerts.deliver.errors"].queue == "alerts.errors"


def test_an_app_made_before_gets_them_too(user_app: Celery):
    user_app.finalize()
    del user_app.conf.beat_schedule["webhook_alerts.flush"]
    wiring.wire()
    assert "webhook_alerts.flush" in user_app.conf.beat_schedule


def test_an_entry_of_the_users_own_is_left_alone(user_app: Celery):
    user_app.conf.beat_schedule = {"webhook_alerts.flush": {"task": "webhook_alerts.flush", "schedule": 99}}
    user_app.finalize()
    assert user_app.conf.beat_schedule["webhook_alerts.flush"]["schedule"] == 99


class Worker:
    def __init__(self, app: Celery) -> None:
        self.app = app


def test_a_plain_worker_consumes_our_queues(user_app: Celery):
    wiring._consume("worker@host", Worker(user_app))
    consumed = list(user_app.amqp.queues.consume_from)
    assert {"celery", "alerts", "alerts.errors"} <= set(consumed)
    assert consumed.index("alerts:critical") < consumed.index("alerts")


def test_a_worker_that_was_told_to_accept_alerts_serves_the_critical_ones_too(user_app: Celery):
    user_app.amqp.queues.select(["celery", "alerts"])
    wiring._consume("worker@host", Worker(user_app))
    assert set(user_app.amqp.queues.consume_from) == {"celery", "alerts", "alerts:critical", "alerts:added"}


def test_a_worker_that_was_told_its_queues_keeps_to_them(user_app: Celery):
    user_app.amqp.queues.select(["alerts.errors"])
    wiring._consume("worker@host", Worker(user_app))
    assert set(user_app.amqp.queues.consume_from) == {"alerts.errors"}


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        ((), None),
        ((Window(30, 60.0),), "1/s"),
        ((Window(5, 2.0), Window(30, 60.0)), "3/s"),
        ((Window(40, 1.0),), "40/s"),
    ],
)
def test_celerys_own_limit_is_above_what_the_gate_allows(windows, expected):
    assert tasks.ceiling(windows) == expected


def test_the_tasks_are_what_the_timers_need(user_app: Celery):
    user_app.finalize()
    accept, deliver = user_app.tasks["webhook_alerts.accept"], user_app.tasks["webhook_alerts.deliver.errors"]
    assert (accept.acks_late, accept.reject_on_worker_lost) == (True, True)
    assert not deliver.acks_late
    for task in (accept, deliver, user_app.tasks["webhook_alerts.flush"]):
        assert (task.time_limit, task.ignore_result, task.max_retries, task.retry_backoff_max) == (120, True, 5, 16)
