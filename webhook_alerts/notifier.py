"""The door for code that has something to say: ``notify.error("…")`` and its kin."""

from __future__ import annotations

import sys
import threading
import time
import uuid
from multiprocessing import current_process
from types import FrameType
from typing import Any

from webhook_alerts import conf, outbox
from webhook_alerts.alert import Kind, Level, uuid7
from webhook_alerts.outbox.desk import desk
from webhook_alerts.outbox.guard import is_quiet
from webhook_alerts.outbox.record import as_exc_info, request_of
from webhook_alerts.outbox.snapshot import CONTEXT, DEFAULT, Key, Options, Snapshot, names, short
from webhook_alerts.outbox.values import SCALARS, plain, text_of

RATIOS = ((5.0, Level.CRITICAL), (2.0, Level.ERROR), (1.0, Level.WARNING))
"""From which multiple of its threshold on a measurement has which level; below the threshold it is INFO."""
_LOGGER = "notify"


class Notifier:
    """Alerts by call. Every method returns the alert's id at once (a repeat's is that of the alert it adds to).

    Context is only ever keyword arguments; ``request=`` gives path, method, user id and address of a Django request.
    Nothing here blocks but ``flush``, so all of it may be called from async code.
    """

    __slots__ = ("_options",)

    def __init__(self, options: Options = DEFAULT) -> None:
        self._options = options

    def debug(self, message: object, /, *, exc_info: Any = None, **context: Any) -> uuid.UUID:
        """Something of use only while debugging; by default routed nowhere."""
        return self._say(Level.DEBUG, message, exc_info, context)

    def info(self, message: object, /, *, exc_info: Any = None, **context: Any) -> uuid.UUID:
        """Something worth knowing."""
        return self._say(Level.INFO, message, exc_info, context)

    def warning(self, message: object, /, *, exc_info: Any = None, **context: Any) -> uuid.UUID:
        """Something that may become a problem."""
        return self._say(Level.WARNING, message, exc_info, context)

    def error(self, message: object, /, *, exc_info: Any = None, **context: Any) -> uuid.UUID:
        """Something failed. ``exc_info`` is True (the exception being handled), an exception, or a triple."""
        return self._say(Level.ERROR, message, exc_info, context)

    def critical(self, message: object, /, *, exc_info: Any = None, **context: Any) -> uuid.UUID:
        """Something is down; sent at once."""
        return self._say(Level.CRITICAL, message, exc_info, context)

    def exception(self, message: object, /, **context: Any) -> uuid.UUID:
        """An error, with the exception that is being handled."""
        return self._say(Level.ERROR, message, True, context)

    def performance(
        self, metric: str, value: float, /, *, threshold: float, unit: str = "", **context: Any
    ) -> uuid.UUID:
        """A measurement against its threshold, both in *unit*. Its level follows ``value / threshold``:

        below 1 INFO, from 1 WARNING, from 2 ERROR, from 5 CRITICAL. Repeats group by metric, unit and level.
        """
        ratio = value / threshold if threshold > 0 else (1.0 if value > threshold else 0.0)
        level = next((level for least, level in RATIOS if ratio >= least), Level.INFO)
        details = {"metric": metric, "value": value, "threshold": threshold, "unit": unit, "ratio": round(ratio, 3)}
        space = f" {unit}" if unit else ""
        message = f"{metric}: {value:g}{space}, {ratio:.1f}× its threshold of {threshold:g}{space}"
        return self._send(Kind.PERFORMANCE, level, message, context, details=details, group=(metric, unit))

    def event(self, kind: str, /, **context: Any) -> uuid.UUID:
        """Something happened that people like to see (``member_join``). Only events of equal context are repeats."""
        return self._send(Kind.EVENT, Level.INFO, kind, context, details={"event": kind}, group=None)

    def status(self, status: str, /, **context: Any) -> uuid.UUID:
        """The state of the service (``deployed``, ``maintenance``). Only a status of equal context is a repeat."""
        return self._send(Kind.STATUS, Level.INFO, status, context, details={"status": status}, group=None)

    def using(
        self,
        *,
        webhook: str | list[str] | tuple[str, ...] = (),
        fingerprint: str = "",
        dedup: bool = True,
        on_commit: bool = False,
    ) -> Notifier:
        """The same methods with options; see ``Options`` for what they mean."""
        return Notifier(Options(names(webhook), fingerprint, dedup, on_commit))

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait up to *timeout* seconds until this process's alerts are with the broker; ``False`` if they are not."""
        return outbox.flush(timeout)

    def _say(self, level: Level, message: object, exc_info: Any, context: dict[str, Any]) -> uuid.UUID:
        text = message if type(message) is str else text_of(message)
        return self._send(Kind.LOG, level, text, context, exc_info=exc_info, depth=3)

    def _send(
        self,
        kind: Kind,
        level: Level,
        message: str,
        context: dict[str, Any],
        *,
        exc_info: Any = None,
        details: dict[str, Any] | None = None,
        group: tuple[str, ...] | None = (),
        depth: int = 2,
    ) -> uuid.UUID:
        identity = uuid7()
        try:
            state = _state(context)
            key = self._key(kind, level, message, group if group is not None else (repr(state),))
            _place(state, sys._getframe(depth), message, exc_info)
            snapshot = Snapshot(
                level, time.time(), key, state, self._options, kind=kind, details=details, identity=identity
            )
            if key is not None:
                snapshot.samples = [(message, None)]
            if not self._options.on_commit:
                return _hand_in(snapshot)
            from django.db import transaction

            transaction.on_commit(lambda: _hand_in_safely(snapshot))
        except Exception as error:  # noqa: BLE001  # a notification must not fail its caller
            outbox.report(error)
        return identity

    def _key(self, kind: Kind, level: Level, message: str, group: tuple[str, ...]) -> Key | None:
        if not self._options.dedup:
            return None
        if self._options.fingerprint:
            return (self._options.fingerprint,)
        return (kind, int(level), group[0] if kind is Kind.PERFORMANCE else short(message), *group)


def _state(context: dict[str, Any]) -> dict[str, Any]:
    """The context, beyond change, and the request's part of it."""
    state: dict[str, Any] = {}
    if "request" in context:
        state["request"] = request_of(context.pop("request"))
    state[CONTEXT] = {name: value if type(value) in SCALARS else plain(value) for name, value in context.items()}
    return state


def _place(state: dict[str, Any], frame: FrameType, message: str, exc_info: Any) -> None:
    """Say where the call came from, as a log record would."""
    state |= {
        "name": _LOGGER,
        "msg": message,
        "args": None,
        "exc_info": as_exc_info(exc_info),
        "module": frame.f_globals.get("__name__", ""),
        "funcName": frame.f_code.co_name,
        "lineno": frame.f_lineno,
        "processName": current_process().name,
        "threadName": threading.current_thread().name,
    }


def _hand_in(snapshot: Snapshot) -> uuid.UUID:
    """Offer the alert, or count it as a repeat; the id is that of the alert it became part of."""
    config = conf.get_config()
    if is_quiet():
        desk.buffer.ignore("own work")
    elif snapshot.key is None or (first := desk.repeat(snapshot.key, snapshot.created, config)) is None:
        desk.offer(snapshot, config)
    else:
        if first.samples is not None and len(first.samples) < 4 and snapshot.samples[0] not in first.samples:  # type: ignore[index]
            first.samples.append(snapshot.samples[0])  # type: ignore[index]
        first.id = first.id or uuid7()
        return first.id
    return snapshot.id or uuid7()


def _hand_in_safely(snapshot: Snapshot) -> None:
    try:
        _hand_in(snapshot)
    except Exception as error:  # noqa: BLE001
        outbox.report(error)


notify = Notifier()
