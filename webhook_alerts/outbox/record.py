"""From a log record to a snapshot, in the caller's thread: every line here is paid by every log call."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from itertools import islice
from typing import Any

from webhook_alerts import conf
from webhook_alerts.outbox import guard
from webhook_alerts.outbox.build import STANDARD, message_of
from webhook_alerts.outbox.desk import desk
from webhook_alerts.outbox.snapshot import CONTEXT, DEFAULT, Key, Options, Snapshot, raised_at, short
from webhook_alerts.outbox.values import SCALARS, plain, text_of

_STANDARD_COUNT = len(logging.LogRecord("", 0, "", 0, "", (), None).__dict__)
"""Attributes that a fresh record has; what ``extra`` and filters add comes after them."""
MAX_SAMPLES = 4
"""Messages kept of one window: the first and three that differ."""


def take(record: logging.LogRecord) -> None:
    """Make an alert of *record*, which is left as it is. May raise only over objects that misbehave."""
    config = conf.get_config()
    if reason := guard.reason_to_ignore(record, config):
        desk.buffer.ignore(reason)
        return
    message, args, exc_info = record.msg, record.args, record.exc_info
    given: dict[str, Any] | None = None
    if type(message) is not str:
        message, given, exc_info = _unpack(message, exc_info)
    options = DEFAULT
    if "alert" in record.__dict__:
        options = Options.of(record.__dict__["alert"])
    key: Key | None = None
    if options.dedup:
        key = _key(record, message, exc_info, options)
        first = desk.repeat(key, record.created, config)
        if first is not None:
            if first.samples is not None and len(first.samples) < MAX_SAMPLES:
                _sample(first, message, args)
            return
    state = record.__dict__.copy()
    if args and not _frozen(args):
        message, args = message_of(message, args), None
    state["msg"], state["args"], state["exc_info"] = message, args, exc_info
    if len(state) > _STANDARD_COUNT:
        _freeze_extra(state)
    if given is not None:
        _open(state, given)
    snapshot = Snapshot(record.levelno, record.created, key, state, options)
    if key is not None:
        snapshot.samples = [(message, args)]
    desk.offer(snapshot, config)


def _key(record: logging.LogRecord, message: str, exc_info: Any, options: Options) -> Key:
    if options.fingerprint:
        return (options.fingerprint,)
    if len(message) > 1_000:
        message = short(message)
    if exc_info and exc_info[0] is not None:
        return (record.name, message, record.levelno, exc_info[0], *raised_at(exc_info))
    return (record.name, message, record.levelno)


def _frozen(args: Any) -> bool:
    """Are these arguments beyond change, so that another thread may format them?"""
    if type(args) is tuple:
        return all(type(arg) in SCALARS for arg in args)
    return False


def _sample(first: Snapshot, message: str, args: Any) -> None:
    if args and not _frozen(args):
        message, args = message_of(message, args), None
    samples = first.samples
    if samples is not None and (message, args) not in samples:
        samples.append((message, args))


def _freeze_extra(state: dict[str, Any]) -> None:
    for name, value in list(islice(state.items(), _STANDARD_COUNT, None)):
        if type(value) in SCALARS or name == "alert":
            continue
        if name == "request":
            state[name] = request_of(value)
        elif name == "extra" and type(value) is dict:
            # loguru's way of handing over what was bound.
            del state[name]
            _open(state, value)
        elif name not in STANDARD:
            state[name] = plain(value)


def _unpack(message: object, exc_info: Any) -> tuple[str, dict[str, Any] | None, Any]:
    """A message that is no text: structlog's event dictionary, or an object whose text is the message."""
    if not isinstance(message, dict) or "event" not in message:
        return text_of(message), None, exc_info
    return text_of(message["event"]), message, exc_info or as_exc_info(message.get("exc_info"))


_EVENT_KEYS = frozenset({"event", "level", "timestamp", "logger", "positional_args", "exc_info", "stack_info"})


def _open(state: dict[str, Any], given: dict[str, Any]) -> None:
    """Make a dictionary's items the context; ``request`` and a rendered ``exception`` have their own places."""
    context = {str(key): value for key, value in given.items() if key not in _EVENT_KEYS}
    if "request" in context:
        state["request"] = request_of(context.pop("request"))
    if isinstance(context.get("exception"), str):
        state["exc_text"] = context.pop("exception")
    state[CONTEXT] = {name: value if type(value) in SCALARS else plain(value) for name, value in context.items()}


def as_exc_info(given: object) -> Any:
    """What ``exc_info=`` may be (True, an exception, a triple) as a triple, or ``None``."""
    if not given:
        return None
    if isinstance(given, BaseException):
        return (type(given), given, given.__traceback__)
    if isinstance(given, tuple) and len(given) == 3:
        return given if given[0] is not None else None
    current = sys.exc_info()
    return current if current[0] is not None else None


def request_of(request: object) -> dict[str, Any]:
    """Path, method, user id and address of a Django request, of what is loaded already: no query is made for it."""
    method = getattr(request, "method", None)
    if not isinstance(method, str):
        return {}
    found = {"path": getattr(request, "path", ""), "method": method}
    meta = getattr(request, "META", None)
    if isinstance(meta, Mapping) and meta.get("REMOTE_ADDR"):
        found["ip"] = meta["REMOTE_ADDR"]
    user = _user_of(request)
    identity = getattr(user, "pk", None)
    if identity is not None:
        found["user_id"] = identity if type(identity) in SCALARS else str(identity)
    return found


def _user_of(request: object) -> object:
    """The request's user if it was loaded: Django keeps it beside the lazy object, which would query."""
    inner = getattr(request, "_request", request)
    values = getattr(inner, "__dict__", {})
    user = values.get("_cached_user") or values.get("user")
    return None if hasattr(type(user), "_setup") else user
