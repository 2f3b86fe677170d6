"""Somebody else's code, waited for until its time is up, whatever it does."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from django.db import connections

from webhook_alerts.delivery.transport import TransportError

MOST_LEFT = 8
"""So many that did not end in time are let run on in this process; while they do, nothing more is begun."""
T = TypeVar("T")
_left: set[threading.Thread] = set()


def run(work: Callable[[], T], seconds: float) -> T:
    """What *work* returns, done in a thread of its own; what it raises, too.

    Raises ``TransportError`` after *seconds*: the thread is left to itself then, and may still do its work.
    """
    if len(left()) >= MOST_LEFT:
        raise TransportError("timeout_connect")
    started = _Work(work)
    try:
        started.start()
    except RuntimeError:  # no more threads, or the interpreter ends: late is better than never
        return work()
    started.join(seconds)
    if started.is_alive():
        _left.add(started)
        raise TransportError("timeout_read", True)
    if started.error is not None:
        raise started.error
    return started.result


def left() -> set[threading.Thread]:
    """The threads that did not end in time, and still run."""
    _left.difference_update([each for each in _left if not each.is_alive()])
    return _left.copy()


class _Work(threading.Thread, Generic[T]):
    result: T

    def __init__(self, work: Callable[[], T]) -> None:
        super().__init__(name="webhook-alerts-carrier", daemon=True)
        self.error: Exception | None = None
        self._work = work
        self._context = contextvars.copy_context()

    def run(self) -> None:
        try:
            self.result = self._context.run(self._work)
        except Exception as error:  # noqa: BLE001 - it is raised in the thread that waits
            self.error = error
        finally:
            connections.close_all()  # those of this thread: a backend may keep its mails in the database
