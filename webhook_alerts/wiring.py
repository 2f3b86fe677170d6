"""Joining the user's Celery app, whichever it is: queues for its workers, a schedule for its beat.

A plain ``celery -A proj worker`` and ``celery -A proj beat`` then serve us with no setting of the user's. The app may
have been made before Django was ready, or be made after it.
"""

from __future__ import annotations

from typing import Any

from celery import Celery, _state, signals

from webhook_alerts import emergency, tasks
from webhook_alerts.conf import get_config
from webhook_alerts.delivery.nudge import queue_name
from webhook_alerts.outbox import publisher
from webhook_alerts.outbox.broker import remember_app

ACCEPT_QUEUE = "alerts"
FLUSH_ENTRY = "webhook_alerts.flush"
"""The name of the task and of its entry in the schedule; while an app is being finalized it has no tasks to ask."""
_FLUSH_EXPIRES_S = 300
"""When a flush that no worker took is thrown away; far beyond the difference of two machines' clocks."""


def wire() -> None:
    """Make our tasks, and join every app; to be called once, in the main thread, when Django is ready."""
    remember_app()
    publisher.rescue = emergency.rescue
    tasks.make_deliver_tasks()
    signals.celeryd_after_setup.connect(_consume, weak=False, dispatch_uid="webhook_alerts.consume")
    # The way of celery.shared_task: apps that are finalized call back, those that were are served here.
    _state.connect_on_app_finalize(_schedule)
    for app in _state._get_active_apps():  # type: ignore[attr-defined]
        if app.finalized:
            _schedule(app)


def queue_names() -> tuple[str, ...]:
    """The queues that a worker must consume for us to work."""
    return (ACCEPT_QUEUE, *(queue_name(name) for name in get_config().webhooks))


def _consume(sender: str, instance: Any, **_: Any) -> None:  # noqa: ARG001 - a signal's arguments
    """Add our queues to a worker that was not told with -Q or -X which ones to serve."""
    queues = instance.app.amqp.queues
    for name in queue_names():
        queue = queues[name] if name in queues else queues.new_missing(name)
        if queues._consume_from is None:
            queues.select_add(queue)


def _schedule(app: Celery) -> None:
    """Enter the flush into the schedule of *app*, unless the user has an entry of that name."""
    if FLUSH_ENTRY in app.conf.beat_schedule:
        return
    app.add_periodic_task(
        get_config().flush_interval,
        app.signature(FLUSH_ENTRY, options={"queue": ACCEPT_QUEUE, "expires": _FLUSH_EXPIRES_S}),
        name=FLUSH_ENTRY,
    )
