"""The id goes with a task, into its retries and what it queues, and leaves with it."""

from __future__ import annotations

import contextvars
import json

import pytest

from tests.celery_app import app
from webhook_alerts import correlation, notify


@pytest.fixture
def eager(monkeypatch):
    monkeypatch.setitem(app.conf, "task_always_eager", True)


@app.task(name="tests.correlation.raise_alert")
def raise_alert(text: str = "raised in a task") -> str:
    notify.using(dedup=False).error(text)
    return correlation.current()


def in_context(identity: str, work):
    def run():
        correlation.begin(identity)
        return work(), correlation.current()

    return contextvars.copy_context().run(run)


def test_a_message_carries_the_id_of_who_queues_it():
    headers: dict[str, str] = {}
    in_context("request-1234", lambda: correlation.into_message(headers=headers))
    assert headers == {correlation.HEADER: "request-1234"}
    correlation.into_message(headers={})
    in_context("another-one", lambda: correlation.into_message(headers=headers))
    assert headers == {correlation.HEADER: "request-1234"}  # a retry keeps what it had


def test_without_an_id_a_message_carries_none():
    headers: dict[str, str] = {}
    correlation.into_message(headers=headers)
    correlation.into_message(headers=None)
    assert headers == {}


def test_a_task_that_is_called_eagerly_has_the_caller_s_and_gives_it_back(alerts_outbox, eager):
    result, after = in_context("request-1234", raise_alert.delay)
    assert result.get() == after == "request-1234"
    assert alerts_outbox[0].correlation_id == "request-1234"


def test_a_task_that_nobody_with_an_id_has_queued_has_its_own(alerts_outbox, eager):
    result = raise_alert.delay()
    assert result.get() == alerts_outbox[0].correlation_id == result.id
    assert correlation.current() == ""


TASKS = """
import structlog
from celery import chain, shared_task
from webhook_alerts import notify

@shared_task(bind=True, max_retries=2)
def flaky(self, text):
    if self.request.retries < 1:
        raise self.retry(countdown=0.1)
    notify.using(dedup=False).error(text)
    then.delay(text + ", queued by it")

@shared_task
def then(text):
    notify.using(dedup=False).error(text)

@shared_task
def fail(text):
    raise ValueError(text)

@shared_task
def blame(request, error, trace):
    notify.using(dedup=False).error("errback")
"""
QUEUE = """
import contextvars
import structlog
from celery import chain
from traced_tasks import blame, fail, flaky, then
from webhook_alerts import correlation
def ours():
    correlation.begin("request-of-ours")
    flaky.delay("a retried task")
    chain(then.si("first of a chain"), then.si("second of a chain")).delay()
    fail.apply_async(args=["x"], link_error=blame.s())
    then.apply_async(args=["later"], countdown=0.5)
contextvars.copy_context().run(ours)
with structlog.contextvars.bound_contextvars(request_id="request-of-structlog"):
    then.delay("from structlog")
then.apply_async(args=["from nobody"], task_id="a-task-of-its-own")
"""
FOUND = "{a.message: a.correlation_id for a in models.Alert.objects.filter(logger='notify')}"


@pytest.mark.slow
def test_a_real_worker_s_alerts_carry_the_id_of_the_request_that_queued_the_task(make_project, discord, tmp_path):
    (tmp_path / "traced_tasks").mkdir()
    (tmp_path / "traced_tasks" / "__init__.py").write_text("")
    (tmp_path / "traced_tasks" / "tasks.py").write_text(TASKS)
    hook = {"errors": {"url": discord.url("errors"), "channel": "discord", "min_level": "ERROR"}}
    project = make_project(TEST_WEBHOOKS=json.dumps(hook), TEST_EXTRA_APPS="traced_tasks", PYTHONPATH=f"{tmp_path}:.")
    project.worker("--concurrency", "1")  # one process for all, so that what stays behind in it would show
    project.beat()
    project.run(
        "from tests.celery_app import app\n"
        + QUEUE.replace("from traced_tasks import", "from traced_tasks.tasks import")
    )
    ours = (
        "a retried task", "a retried task, queued by it", "first of a chain", "second of a chain", "errback", "later",
    )  # fmt: skip
    expected = {
        **dict.fromkeys(ours, "request-of-ours"),
        "from structlog": "request-of-structlog",
        "from nobody": "a-task-of-its-own",
    }
    project.wait_until(lambda: len(project.ask(FOUND)) == len(expected), what="an alert of every task")
    assert project.ask(FOUND) == expected
