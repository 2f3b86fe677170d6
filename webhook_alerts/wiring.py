"""Joining the user's Celery app, whichever it is: queues for its workers, a schedule for its beat.

A plain ``celery -A proj worker`` and ``celery -A proj beat`` then serve us with no setting of the user's. The app may
have been made before Django was ready, or be made after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from celery import Celery, _state, signals

from webhook_alerts import correlation, emergency, tasks
from webhook_alerts.conf import NOTHING, get_config, preview
from webhook_alerts.delivery.nudge import ADDED_QUEUE, own_queue
from webhook_alerts.health import workers
from webhook_alerts.metrics import counters
from webhook_alerts.outbox import publisher
from webhook_alerts.outbox.broker import CRITICAL_QUEUE, QUEUE, remember_app

FLUSH_ENTRY = "webhook_alerts.flush"
"""The name of the task and of its entry in the schedule; while an app is being finalized it has no tasks to ask."""
EVERY_S: Mapping[str, float] = {
    "webhook_alerts.prune": 3600,
    "webhook_alerts.report": 300,
    "webhook_alerts.tally": 60,
}
"""What beat does besides, by the name of its task: every how many seconds."""
_WITH_ALERTS = (CRITICAL_QUEUE, ADDED_QUEUE)
_FLUSH_EXPIRES_S = 300
"""When a task of beat's that no worker took is thrown away; far beyond the difference of two machines' clocks."""


def wire() -> None:
    """Make our tasks, and join every app; to be called once, in the main thread, when Django is ready."""
    remember_app()
    publisher.rescue = emergency.rescue
    tasks.make_deliver_tasks()
    signals.before_task_publish.connect(correlation.into_message, weak=False, dispatch_uid="webhook_alerts.correlation")
    signals.task_prerun.connect(correlation.into_task, weak=False, dispatch_uid="webhook_alerts.correlation")
    signals.task_postrun.connect(correlation.out_of_task, weak=False, dispatch_uid="webhook_alerts.correlation")
    signals.task_postrun.connect(_send_counts, weak=False, dispatch_uid="webhook_alerts.metrics")
    signals.celeryd_after_setup.connect(_consume, weak=False, dispatch_uid="webhook_alerts.consume")
    workers.listen()
    # The way of celery.shared_task: apps that are finalized call back, those that were are served here.
    _state.connect_on_app_finalize(_schedule)
    for app in _state._get_active_apps():  # type: ignore[attr-defined]
        if app.finalized:
            _schedule(app)


def _consume(sender: str, instance: Any, **_: Any) -> None:  # noqa: ARG001 - a signal's arguments
    """Add our queues to a worker that was not told with -Q or -X which ones to serve.

    Whoever accepts alerts also serves the critical ones and the webhooks that operators have added: nobody could
    name those. The critical ones come first, for RabbitMQ fills a worker's prefetch from the first queue.
    """
    queues = instance.app.amqp.queues
    settings, _wrong = preview(NOTHING)
    for name in (CRITICAL_QUEUE, ADDED_QUEUE, QUEUE, *map(own_queue, settings.webhooks)):
        queue = queues[name] if name in queues else queues.new_missing(name)
        if queues._consume_from is None or (name in _WITH_ALERTS and QUEUE in queues._consume_from):
            queues.select_add(queue)


def _send_counts(task: Any = None, **_: Any) -> None:
    """After a task of ours: what it has counted is for all to see."""
    if str(task.name).startswith("webhook_alerts."):
        counters.send()


def _schedule(app: Celery) -> None:
    """Enter what is due now and then into the schedule of *app*, but for entries that the user has by that name."""
    for name, every_s in {FLUSH_ENTRY: get_config().flush_interval, **EVERY_S}.items():
        if name not in app.conf.beat_schedule:
            options = {"queue": QUEUE, "expires": max(_FLUSH_EXPIRES_S, every_s)}
            app.add_periodic_task(every_s, app.signature(name, options=options), name=name)
