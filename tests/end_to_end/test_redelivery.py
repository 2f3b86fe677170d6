"""Redis hands a task out again while the first who took it is still at it: on record once, sent once.

Real workers, and a visibility timeout that is real, too, but two seconds short. The database's write lock is what both
copies meet at: the test holds it until both run.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis
from celery import Celery

from tests.conftest import Project
from webhook_alerts.testing.fake_discord import FakeDiscord

pytestmark = pytest.mark.slow
RAISE = """
import logging
for number in range(5):
    logging.getLogger("shop").error(f"number {number}")
from webhook_alerts import notify
assert notify.flush(20)
"""
STATES = "list(models.Delivery.objects.filter(alert__logger='shop').values_list('alert__message', 'state'))"
DELIVERED = [[f"number {number}", "delivered"] for number in range(5)]


@contextmanager
def locked(project: Project) -> Iterator[None]:
    """Nobody else writes into the project's database; who wants to waits."""
    database = sqlite3.connect(project.env["TEST_SQLITE"], isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        database.rollback()
        database.close()


@pytest.fixture
def impatient(make_project: Callable[..., Project], discord: FakeDiscord) -> Project:
    hook = {"url": discord.url("errors"), "channel": "discord", "rate": [], "min_level": "ERROR"}
    return make_project(
        TEST_WEBHOOKS=json.dumps({"errors": hook}), DJANGO_SETTINGS_MODULE="tests.end_to_end.impatient_settings"
    )


@pytest.fixture
def under_way(redis_url: str) -> Callable[..., list[tuple[str, str]]]:
    """Worker and id of every task of some name that runs now, or that a worker has taken and not begun."""
    inspect = Celery(broker=redis_url, set_as_current=False).control.inspect(timeout=0.5)

    def look(name: str, *, begun: bool = True) -> list[tuple[str, str]]:
        answers: dict[str, list[dict[str, Any]]] = (inspect.active() if begun else inspect.reserved()) or {}
        return [(worker, task["id"]) for worker, tasks in answers.items() for task in tasks if task["name"] == name]

    return look


def once_each(discord: FakeDiscord) -> bool:
    """Is each alert in one message, in one place of it?"""
    titles = [embed["title"] for message in discord.messages("errors") for embed in message["embeds"]]
    return len(titles) == 5 and set(Counter(titles).values()) == {1}


def test_a_batch_that_is_accepted_twice_at_once_is_on_record_once_and_sent_once(
    impatient: Project, discord: FakeDiscord, under_way: Callable[..., list[tuple[str, str]]]
) -> None:
    impatient.worker()
    with locked(impatient):
        impatient.run(RAISE)

        def twice() -> bool:
            return 2 in Counter(task for _, task in under_way("webhook_alerts.accept")).values()

        impatient.wait_until(twice, what="two copies of one batch at work", timeout=15)
    impatient.wait_until(lambda: len(impatient.ask(STATES)) >= 5, what="the alerts on record")
    impatient.run("from webhook_alerts.delivery.flush import flush\nassert flush() == ['errors']")
    impatient.wait_until(lambda: sorted(impatient.ask(STATES)) == DELIVERED, what="each delivered")
    assert once_each(discord), discord.messages("errors")


def test_a_nudge_that_runs_twice_at_once_sends_once(
    impatient: Project, discord: FakeDiscord, memory: redis.Redis, under_way: Callable[..., list[tuple[str, str]]]
) -> None:
    """A worker of one process has taken the nudge while it is busy; another one is given it again, then both run."""
    impatient.worker("-c", "1", "-n", "busy@here")
    impatient.run(RAISE)
    impatient.wait_until(lambda: len(impatient.ask(STATES)) == 5, what="five alerts owed")
    impatient.run("from tests.celery_app import app\napp.send_task('user.work', ['over'])")
    impatient.wait_until(lambda: bool(under_way("user.work")), what="a worker that is busy")
    impatient.run("from webhook_alerts.delivery.nudge import nudge\nassert nudge('errors')")
    deliver = "webhook_alerts.deliver.errors"
    impatient.wait_until(lambda: bool(under_way(deliver, begun=False)), what="the nudge in the busy worker")
    with locked(impatient):
        impatient.worker("-c", "1", "-n", "idle@here")
        impatient.wait_until(lambda: bool(under_way(deliver)), what="the same nudge in the idle one", timeout=15)
        memory.lpush("over", 1)

        def both() -> bool:
            running = sorted(under_way(deliver))
            return [worker for worker, _ in running] == ["busy@here", "idle@here"] and running[0][1] == running[1][1]

        impatient.wait_until(both, what="both copies of one nudge at work", timeout=10)
        assert discord.requests("errors") == []
    impatient.wait_until(lambda: sorted(impatient.ask(STATES)) == DELIVERED, what="each delivered")
    assert once_each(discord), discord.messages("errors")
    assert impatient.ask("models.Attempt.objects.count()") == 1
