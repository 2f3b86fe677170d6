"""The Celery app of the benchmark, with counters of tasks run and SQL statements made."""

import os
from typing import Any

import redis
from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.project.settings")
app = Celery("bench")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

_statements = 0


def _count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    global _statements
    _statements += 1
    return execute(sql, params, many, context)


@signals.worker_process_init.connect
def _count_statements(**kwargs: Any) -> None:
    from django.db.backends.signals import connection_created

    def wrap(connection: Any, **kwargs: Any) -> None:
        if _count not in connection.execute_wrappers:
            connection.execute_wrappers.append(_count)

    connection_created.connect(wrap, weak=False)


@signals.task_postrun.connect
def _report(**kwargs: Any) -> None:
    global _statements
    pipe = _counters().pipeline()
    pipe.incr("bench:tasks")
    pipe.incrby("bench:sql", _statements)
    pipe.execute()
    _statements = 0


def _counters() -> "redis.Redis[Any]":
    global _client
    if _client is None:
        _client = redis.Redis.from_url(os.environ["BENCH_REDIS"])
    return _client


_client: "redis.Redis[Any] | None" = None
