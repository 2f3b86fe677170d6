"""Checks of what everything stands on: the database, the spool's disk, Celery and its timers, Redis."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import celery
import redis
from celery.app.annotations import prepare, resolve_all
from django.core import checks
from django.core.checks import CheckMessage, Error
from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper

from webhook_alerts.conf import LEASE_S, REQUEST_DEADLINE_S, TASK_LIMIT_S, Config
from webhook_alerts.delivery.nudge import task_name
from webhook_alerts.outbox.broker import app
from webhook_alerts.shared_memory import client

_VISIBILITY_S = 3600
"""After how long Redis' transport hands a message to a second worker, where ``broker_transport_options`` is silent."""
_DATABASES = ("postgresql", "sqlite")
"""The vendors, as Django names them, on which locks, claims and counts are tested."""


def found(config: Config) -> list[CheckMessage]:
    """What is wrong with it, except with what takes long to ask."""
    return [*_spool(config), *_timers(config), *_celery(), *_database()]


def check_shared_memory(app_configs: Sequence[Any] | None = None, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Does Redis answer within a second?

    Asked by ``check --deploy`` alone: a second's wait is too much for every ``runserver`` and test run. A warning,
    because machines that build and migrate have no Redis, and because alerts go on without it.
    """
    try:
        client().ping()
    except (redis.RedisError, OSError, ValueError) as error:  # never its text: that may hold the password
        return [
            checks.Warning(
                f"Redis does not answer: {type(error).__name__}",
                hint='Start it, or mend WEBHOOK_ALERTS["REDIS_URL"]. Until then rates are counted in the database.',
                id="webhook_alerts.W003",
            )
        ]
    return []


def _spool(config: Config) -> list[CheckMessage]:
    folder = Path(config.spool_dir)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (OSError, ValueError) as error:  # ValueError: a text that no path can be made of
        why = getattr(error, "strerror", None) or type(error).__name__
        return [
            Error(
                f'WEBHOOK_ALERTS["SPOOL_DIR"] cannot be written: {why}',
                hint=f"Let the user {os.getuid()} write to {folder}, or name another directory.",
                id="webhook_alerts.E015",
            )
        ]
    return []


def _timers(config: Config) -> list[CheckMessage]:
    """A request ends before its claim, that before its task, and that before the broker gives it to a second worker."""
    found: list[CheckMessage] = []
    slowest = max((webhook.timeout for webhook in config.webhooks.values()), default=0.0)
    limits_s = _task_limits_s(config)
    shortest_s, longest_s = min(limits_s), max(limits_s)
    if not slowest <= REQUEST_DEADLINE_S < LEASE_S < shortest_s:
        found.append(
            Error(
                f"A webhook's timeout ({slowest:g} s), a request's deadline ({REQUEST_DEADLINE_S:g} s), the lease of "
                f"a message ({LEASE_S:g} s) and the limit of a task ({shortest_s:g} s) must grow in this order",
                hint=f"Set each webhook's timeout to at most {REQUEST_DEADLINE_S:g}, and leave the others as they are: "
                "no time_limit in Celery's task_annotations either.",
                id="webhook_alerts.E020",
            )
        )
    visible_s = (app().conf.broker_transport_options or {}).get("visibility_timeout", _VISIBILITY_S)
    if not isinstance(visible_s, (int, float)) or visible_s <= longest_s:
        found.append(
            Error(
                "Celery's broker_transport_options has a visibility_timeout within which a task may still be running",
                hint=f"Set it to more than {longest_s:g} seconds, or leave it out: an hour is usual."
                if longest_s == TASK_LIMIT_S
                else f"Take time_limit ({longest_s:g} s) out of Celery's task_annotations for webhook_alerts' tasks.",
                id="webhook_alerts.E021",
            )
        )
    return found


def _task_limits_s(config: Config) -> list[float]:
    """After how many seconds Celery ends each of our tasks: our own limit, or what the project annotates them with."""
    conf = app().conf
    annotations = prepare(conf.task_annotations)
    names = ("webhook_alerts.accept", "webhook_alerts.flush", *map(task_name, config.webhooks))
    found: list[float] = []
    for name in names:
        limit_s: Any = TASK_LIMIT_S
        annotated: Any
        for annotated in resolve_all(annotations, SimpleNamespace(name=name)):  # in this order, as Celery does
            limit_s = annotated.get("time_limit", limit_s)
        limit_s = conf.task_time_limit if limit_s is None else limit_s
        found.append(limit_s if isinstance(limit_s, (int, float)) else math.inf)
    return found


def _celery() -> list[CheckMessage]:
    if celery.__version__ != "5.7.0":
        return []
    return [
        checks.Warning(
            "Celery 5.7.0 is installed: its worker ends when Redis restarts under unacknowledged messages",
            hint="Install celery 5.6.3.",
            id="webhook_alerts.W001",
        )
    ]


def _database() -> list[CheckMessage]:
    from webhook_alerts.models import Message  # not loaded when this module is

    database = connections[router.db_for_write(Message)]
    if database.vendor in _DATABASES:
        return _sqlite(database)
    if database.settings_dict["ENGINE"] == "django.db.backends.dummy":
        return []  # no database at all, as Django says itself where one is needed
    return [
        Error(
            f"Alerts cannot be recorded on {database.vendor}: PostgreSQL and SQLite are supported",
            hint=f'Set DATABASES["{database.alias}"] to one of them, or add such a database and a router that sends '
            "the app webhook_alerts there.",
            id="webhook_alerts.E037",
        )
    ]


def _sqlite(database: BaseDatabaseWrapper) -> list[CheckMessage]:
    """A transaction of SQLite that has read is refused when it writes, at once, if another has written meanwhile."""
    given = database.settings_dict
    mode = str(given.get("OPTIONS", {}).get("transaction_mode") or "DEFERRED").upper()
    if database.vendor != "sqlite" or mode != "DEFERRED" or ":memory:" in str(given["NAME"]):
        return []
    return [
        checks.Warning(
            'On SQLite workers refuse each other with "database is locked"',
            hint=f'Set DATABASES["{database.alias}"]["OPTIONS"] to {{"transaction_mode": "IMMEDIATE", "timeout": 20}}.',
            id="webhook_alerts.W009",
        )
    ]
