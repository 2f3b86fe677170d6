"""What must never become an alert: the records of our own work, and what settings ignore."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from django.urls import resolve

from webhook_alerts.conf import Config

_quiet: ContextVar[bool] = ContextVar("webhook_alerts_quiet", default=False)
_LIBRARIES = ("celery", "kombu", "amqp", "billiard", "multiprocessing")
_OWN = "webhook_alerts"
HEALTH = "health route"
"""Why the records of requests to our health pages are no alerts: who asks every few seconds need not be told."""

is_quiet = _quiet.get
"""Is the running code our own delivery work? A bound method of the variable, because every log call asks."""


@contextmanager
def quiet() -> Iterator[None]:
    """Mark the block, in this thread or task, as our own work: what it logs is counted as ignored, never alerted."""
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


def reason_to_ignore(record: logging.LogRecord, config: Config) -> str:
    """Why *record* is no alert, as a short stable word for the statistics; empty when it is one."""
    if _quiet.get():
        return "own work"
    name = record.name
    verdict = _verdicts(config).get(name)
    if verdict is None:
        verdict = _judge(name, config)
    if verdict == "":
        return ""
    by_record = _BY_RECORD.get(verdict)
    return verdict if by_record is None else by_record(record)


_cache: tuple[Config | None, dict[str, str]] = (None, {})


def _verdicts(config: Config) -> dict[str, str]:
    """What is known of logger names under *config*; settings that change start afresh."""
    global _cache
    known, verdicts = _cache
    if known is not config:
        verdicts = {}
        _cache = (config, verdicts)
    return verdicts


def _judge(name: str, config: Config) -> str:
    verdict = ""
    if _within(name, _OWN):
        verdict = "own work"
    elif any(_within(name, ignored) for ignored in config.ignore_loggers):
        verdict = f"logger {name}"
    elif any(_within(name, library) for library in _LIBRARIES):
        verdict = "library"
    elif name in ("django.server", "django.request"):
        verdict = name.removeprefix("django.")
    verdicts = _verdicts(config)
    if len(verdicts) < 10_000:
        verdicts[name] = verdict
    return verdict


def _within(name: str, parent: str) -> bool:
    return name == parent or name.startswith(parent + ".")


def _speaks_of_us(record: logging.LogRecord) -> bool:
    """Does Celery report one of our own tasks? Its loggers carry the task's name in their arguments."""
    args = record.args
    if isinstance(args, dict) and "name" in args:
        return str(args["name"]).startswith(_OWN)
    try:
        return _OWN in record.getMessage()
    except Exception:  # noqa: BLE001  # arguments are the user's objects
        return False


def _of_library(record: logging.LogRecord) -> str:
    return "own work" if _speaks_of_us(record) else ""


def _of_server(record: logging.LogRecord) -> str:
    """What runserver says: ``"GET /health/ HTTP/1.1" 503 42``, or that the client is gone."""
    if str(record.msg).startswith("- Broken pipe"):
        return "broken pipe"
    try:
        match = resolve(str(record.args[0]).split(" ")[1].partition("?")[0])  # type: ignore[index]
    except Exception:  # noqa: BLE001  # no request line, or no such page
        return ""
    return HEALTH if _is_of_health(match) else ""


def _of_request(record: logging.LogRecord) -> str:
    return HEALTH if _is_of_health(getattr(getattr(record, "request", None), "resolver_match", None)) else ""


def _is_of_health(match: object) -> bool:
    name = getattr(match, "url_name", None)
    return getattr(match, "app_names", [])[-1:] == [_OWN] and isinstance(name, str) and name.split("-")[0] == "health"


_BY_RECORD: Mapping[str, Callable[[logging.LogRecord], str]] = {
    "library": _of_library,
    "server": _of_server,
    "request": _of_request,
}
"""Loggers of which some records are alerts and some are not."""
