"""The way to the broker: the user's Celery app, over a connection of our own that cannot block for long."""

from __future__ import annotations

import os
import time
from typing import Any

from celery import Celery, _state
from kombu import Connection
from tenacity import Retrying, stop_after_attempt, stop_after_delay, wait_exponential

from webhook_alerts import conf
from webhook_alerts.alert import JSON

TASK = "webhook_alerts.accept"
QUEUE = "alerts"
CRITICAL_QUEUE = "alerts:critical"
"""Where batches of critical alerts pass those that wait. No webhook's own queue can have that name."""
SOCKET_TIMEOUT_S = 1.0
ATTEMPTS = 3
TOTAL_S = 3.0
"""No new attempt begins later than this, in seconds."""
PAUSES_S = (1.0, 2.0, 5.0)
"""After a failure the broker is left alone this long: first, second, and every further time."""
_OPTIONS: dict[str, dict[str, Any]] = {
    "redis": {
        "socket_timeout": SOCKET_TIMEOUT_S,
        "socket_connect_timeout": SOCKET_TIMEOUT_S,
        "max_retries": 0,
        "interval_start": 0,
        "interval_step": 0,
    },
    "amqp": {
        "read_timeout": SOCKET_TIMEOUT_S,
        "write_timeout": SOCKET_TIMEOUT_S,
        "confirm_publish": True,
        "max_retries": 0,
        "interval_start": 0,
        "interval_step": 0,
    },
}

_remembered: Celery | None = None
_fallback: Celery | None = None


def remember_app() -> None:
    """Keep the app that is current now; to be called in the main thread, for Celery keeps it per thread.

    Reads the settings, too: a first log call then imports nothing, which a fork might catch half-way.
    """
    global _remembered
    conf.get_config()
    _remembered = _remembered or _current()


def app() -> Celery:
    """The user's Celery app; where there is none, one that reads ``CELERY_*`` from Django's settings."""
    global _fallback
    remember_app()
    if _remembered is not None:
        return _remembered
    _fallback = _fallback or _own()
    return _fallback


def _current() -> Celery | None:
    # Asking celery.current_app would make a default app where the user's is not loaded yet.
    state: Any = _state
    found: Celery | None = getattr(state._tls, "current_app", None) or state.default_app
    if found is None:
        found = next((made for made in state._get_active_apps() if made is not _fallback), None)
    return found


def _own() -> Celery:
    own = Celery("webhook_alerts", set_as_current=False, broker=conf.get_config().redis_url)
    own.config_from_object("django.conf:settings", namespace="CELERY")
    return own


class Broker:
    """One process's publishing connection, and its memory of the broker being away."""

    def __init__(self) -> None:
        self._connection: Connection | None = None
        self._pid = os.getpid()
        self._failures = 0
        self._closed_until = 0.0
        self._away_since: float | None = None

    @property
    def away_s(self) -> float:
        """For how many seconds it has taken nothing although it was asked; 0 while it does."""
        return 0.0 if self._away_since is None else time.monotonic() - self._away_since

    @property
    def is_open(self) -> bool:
        """May the broker be asked now, or did it fail a moment ago?"""
        return time.monotonic() >= self._closed_until

    def publish(self, batch: dict[str, list[JSON]], queue: str = QUEUE, *, attempts: int = ATTEMPTS) -> None:
        """Send one ``accept`` message to *queue*; raises what the last attempt raised. Bounded to a few seconds."""
        if self._failures:
            attempts = 1
        retrying = Retrying(
            stop=stop_after_attempt(attempts) | stop_after_delay(TOTAL_S),
            wait=wait_exponential(0.05, max=0.5),
            reraise=True,
        )
        try:
            retrying(self._send, batch, queue)
        except Exception:
            self._failed()
            raise
        self._failures, self._away_since = 0, None

    def _send(self, batch: dict[str, list[JSON]], queue: str) -> None:
        try:
            app().send_task(
                TASK,
                args=[batch],
                queue=queue,
                serializer="json",
                ignore_result=True,
                add_to_parent=False,
                connection=self._connect(),
                retry=True,
                retry_policy={"max_retries": 0, "interval_start": 0, "interval_step": 0},
            )
        except Exception:
            self.close()
            raise

    def ask(self) -> bool:
        """Does it answer again?"""
        try:
            self.depth(QUEUE)
        except Exception:  # noqa: BLE001 - whatever a transport raises, it does not
            self._failed()
            return False
        self._failures, self._away_since = 0, None
        return True

    def _failed(self) -> None:
        self._closed_until = time.monotonic() + PAUSES_S[min(self._failures, len(PAUSES_S) - 1)]
        self._failures += 1
        self._away_since = self._away_since or time.monotonic()

    def depth(self, queue: str) -> int:
        """How many messages wait in *queue*; 0 when there is no such queue yet. Raises what the transport raises."""
        connection: Any = self._connect()
        try:
            with connection.channel() as channel:
                return int(channel.queue_declare(queue=queue, passive=True).message_count)
        except connection.channel_errors as error:
            # Redis' transport says it of an empty queue, too, and with a text for a number.
            if str(getattr(error, "reply_code", "")) != "404":
                raise
            return 0
        except Exception:
            self.close()
            raise

    def has_unread(self) -> bool:
        """Does something wait there that no worker has taken? Then what was not stored yet may be among it.

        To send it again and again while no worker runs would fill the broker with copies.
        """
        try:
            return any(self.depth(queue) for queue in (CRITICAL_QUEUE, QUEUE))
        except Exception:  # noqa: BLE001 - whatever a transport raises, nobody knows
            return True

    def _connect(self) -> Connection:
        if self._connection is None or self._pid != os.getpid():
            connection = app().connection_for_write(connect_timeout=SOCKET_TIMEOUT_S)
            options = _OPTIONS.get(connection.transport_cls if isinstance(connection.transport_cls, str) else "", {})
            options = options or _OPTIONS.get(str(connection.transport.driver_type), {})
            connection.transport_options = {**(connection.transport_options or {}), **options}
            self._connection, self._pid = connection, os.getpid()
        return self._connection

    def close(self) -> None:
        """Let go of the connection; the next publish makes a new one."""
        connection: Any = self._connection
        self._connection = None
        if connection is not None:
            try:
                connection.collapse()
            except Exception:  # noqa: BLE001, S110  # it is broken; that is why it is closed
                pass
