"""The door for code that has something to say: ``notify.error("…")`` and its kin."""

from __future__ import annotations

import math
import sys
import threading
import time
import uuid
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
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
LARGEST_WHOLE = 2**53
"""Below it a whole number stays what it is; beyond it is a float, which JSON readers take it for anyway."""
Number = float | Decimal | Fraction | timedelta
_BY_NAME: Any = object()
"""Stands for a first argument that is given by its name: ``notify.error(message="…")``. Beside one that is given by
place, a keyword of that name is context."""


class Notifier:
    """Alerts by call. Every method returns the alert's id at once (a repeat's is that of the alert it adds to).

    Context is only ever keyword arguments; ``request=`` gives path, method, user id and address of a Django request.
    Nothing here blocks but ``flush``, so all of it may be called from async code.
    """

    __slots__ = ("_options",)

    def __init__(self, options: Options = DEFAULT) -> None:
        self._options = options

    def debug(self, message: object = _BY_NAME, /, *, exc_info: Any = None, **context: Any) -> uuid.UUID:
        """Something of use only while debugging; by default routed nowhere."""
        return self._say(Level.DEBUG, message, exc_info, context)

    def info(self, message: object = _BY_NAME, /, *, exc_info: Any = None, **context: Any) -> uuid.UUID:
        """Something worth knowing."""
        return self._say(Level.INFO, message, exc_info, context)

    def warning(self, message: object = _BY_NAME, /, *, exc_info: Any = None, **context: Any) -> uuid.UUID:
        """Something that may become a problem."""
        return self._say(Level.WARNING, message, exc_info, context)

    def error(self, message: object = _BY_NAME, /, *, exc_info: Any = None, **context: Any) -> uuid.UUID:
        """Something failed. ``exc_info`` is True (the exception being handled), an exception, or a triple."""
        return self._say(Level.ERROR, message, exc_info, context)

    def critical(self, message: object = _BY_NAME, /, *, exc_info: Any = None, **context: Any) -> uuid.UUID:
        """Something is down; sent at once."""
        return self._say(Level.CRITICAL, message, exc_info, context)

    def exception(self, message: object = _BY_NAME, /, **context: Any) -> uuid.UUID:
        """An error, with the exception that is being handled."""
        return self._say(Level.ERROR, message, True, context)

    def performance(
        self, metric: str = _BY_NAME, value: Number = _BY_NAME, /, *, threshold: Number, unit: str = "", **context: Any
    ) -> uuid.UUID:
        """A measurement against its threshold, both in *unit*. Its level follows ``value / threshold``:

        below 1 INFO, from 1 WARNING, from 2 ERROR, from 5 CRITICAL; WARNING where one of them is no number.
        A ``timedelta`` counts as seconds. Repeats group by metric, unit and level.
        """
        metric, unit = text_of(_given(metric, "metric", context)), text_of(unit)
        value = _given(value, "value", context)
        number, limit = _number(value), _number(threshold)
        ratio = _ratio(number, limit)
        level = next((level for least, level in RATIOS if ratio >= least), Level.INFO)
        details = {"metric": metric, "value": number, "threshold": limit, "unit": unit, "ratio": round(ratio, 3)}
        space = f" {unit}" if unit else ""
        if math.isnan(ratio):
            level = Level.WARNING
            details |= {"value": text_of(value), "threshold": text_of(threshold)}
            message = f"{metric}: {text_of(value)}{space}, not to be compared with {text_of(threshold)}{space}"
        else:
            message = f"{metric}: {number:g}{space}, {ratio:.1f}× its threshold of {limit:g}{space}"
        return self._send(Kind.PERFORMANCE, level, message, context, details=details, group=(metric, unit))

    def event(self, kind: str = _BY_NAME, /, **context: Any) -> uuid.UUID:
        """Something happened that people like to see (``member_join``). Only events of equal context are repeats."""
        kind = text_of(_given(kind, "kind", context))
        return self._send(Kind.EVENT, Level.INFO, kind, context, details={"event": kind}, group=None)

    def status(self, status: str = _BY_NAME, /, **context: Any) -> uuid.UUID:
        """The state of the service (``deployed``, ``maintenance``). Only a status of equal context is a repeat."""
        status = text_of(_given(status, "status", context))
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
        return Notifier(Options(names(webhook), text_of(fingerprint or ""), dedup, on_commit))

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait up to *timeout* seconds until this process's alerts are with the broker; ``False`` if they are not."""
        return outbox.flush(timeout)

    def _say(self, level: Level, message: object, exc_info: Any, context: dict[str, Any]) -> uuid.UUID:
        message = _given(message, "message", context)
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


def _given(value: Any, name: str, context: dict[str, Any]) -> Any:
    """A first argument: *value*, or what the context has by its *name*."""
    if value is not _BY_NAME:
        return value
    if name not in context:
        raise TypeError(f"missing 1 required argument: {name!r}")
    return context.pop(name)


def _number(value: object) -> float:
    """Whatever a number can be made of; not a number (NaN) where none can."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < LARGEST_WHOLE:
        return value
    try:
        return value.total_seconds() if isinstance(value, timedelta) else float(value)  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001  # __float__ is the user's code; an integer may be beyond every float
        return math.nan


def _ratio(number: float, limit: float) -> float:
    """How many times its *limit* a *number* is; not a number (NaN) where that cannot be said."""
    if math.isnan(number) or math.isnan(limit):
        return math.nan
    if limit > 0:
        return number / limit
    return 1.0 if number > limit else 0.0


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
