"""Writing down what a caller must not wait for: in a thread that lives only while there is something to write.

A process that forks is thereby alone with itself most of the time, and waits for the rest.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from collections.abc import Callable

from webhook_alerts.outbox.guard import quiet

FORK_S = 0.5
"""How long a fork waits, in seconds, for a thread to have written."""


class Scribe:
    """Calls *write* in a thread, *gather_s* seconds after it was asked, once for all who asked meanwhile.

    *write* takes what is there out of a buffer of its owner's. When it raises, it is called again after *retry_s*
    seconds; without, not before somebody asks again. *forget* empties the buffer in a forked child.
    """

    def __init__(
        self,
        write: Callable[[], None],
        *,
        gather_s: float = 0.0,
        retry_s: float | None = None,
        forget: Callable[[], None] = lambda: None,
    ) -> None:
        self._write = write
        self._gather_s = gather_s
        self._retry_s = retry_s
        self._forget = forget
        self.begin_afresh()
        _all.append(self)

    def begin_afresh(self) -> None:
        """As in a new process."""
        self.at_work = threading.Lock()
        self._starting = threading.Lock()
        self._asked = False
        self._thread: threading.Thread | None = None
        self._forget()

    def ask(self) -> None:
        """Have it written; returns at once and never raises."""
        self._asked = True
        if self._thread is None:
            self._start()

    def close(self) -> None:
        """Write what is there now, in this thread."""
        if self._asked:
            self._asked = False
            self._attempt()

    def _start(self) -> None:
        _close_with_pools()
        with self._starting:
            if self._thread is not None:
                return
            thread = threading.Thread(target=self._run, name="webhook-alerts-scribe", daemon=True)
            self._thread = thread
            try:
                thread.start()
            except RuntimeError:  # no more threads: whoever asks next tries again
                self._thread = None

    def _run(self) -> None:
        while self._asked:
            time.sleep(self._gather_s)
            self._asked = False
            if not self._attempt() and self._retry_s is not None:
                self._asked = True
                time.sleep(self._retry_s)
        self._thread = None
        self._look_again()

    def _look_again(self) -> None:
        """Somebody may have asked after the last look, and have seen this thread still."""
        if self._asked:
            self._start()

    def _attempt(self) -> bool:
        with quiet(), self.at_work:
            try:
                self._write()
            except Exception:  # noqa: BLE001 - Redis is away, or a value is strange: what is written here is no alert
                return False
            return True


_all: list[Scribe] = []
_paused: list[Scribe] = []
_joined_pools = False


def close_all() -> None:
    """At the end of a process: nothing more is gathered."""
    for scribe in _all:
        scribe.close()


def _close_with_pools() -> None:
    """A pool's child process leaves by ``os._exit``, without ``atexit``."""
    global _joined_pools
    if _joined_pools:
        return
    _joined_pools = True
    if (pools := sys.modules.get("multiprocessing.util")) is not None:
        pools.Finalize(None, close_all, exitpriority=100)
    if (signals := sys.modules.get("celery.signals")) is not None:
        signals.worker_process_shutdown.connect(_close, dispatch_uid="webhook_alerts.health")


def _close(**_: object) -> None:
    close_all()


def _before_fork() -> None:
    """A child must not inherit a lock that a thread holds at work."""
    _paused.extend(scribe for scribe in _all if scribe.at_work.acquire(timeout=FORK_S))


def _after_fork() -> None:
    while _paused:
        _paused.pop().at_work.release()


def _after_fork_in_child() -> None:
    global _joined_pools
    _joined_pools = False
    _paused.clear()
    for scribe in _all:
        scribe.begin_afresh()


atexit.register(close_all)
os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork_in_child)
