"""What must never become an alert: the records of our own work, and what settings ignore."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from webhook_alerts.conf import Config

_quiet: ContextVar[bool] = ContextVar("webhook_alerts_quiet", default=False)
_LIBRARIES = ("celery", "kombu", "amqp", "billiard", "multiprocessing")
_OWN = "webhook_alerts"

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
    if verdict == "library":
        return "own work" if _speaks_of_us(record) else ""
    if verdict == "server":
        return "broken pipe" if str(record.msg).startswith("- Broken pipe") else ""
    return verdict


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
    elif name == "django.server":
        verdict = "server"
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
