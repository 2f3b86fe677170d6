"""How long after the end of an outage the last of 1,000 alerts is delivered that were raised in it.

``python -m benchmarks.recovery`` prints seconds for a broker that was killed, one that was frozen, and a worker that
was not there. The baseline is the same 1,000 alerts with everything up.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.servers import Redis
from webhook_alerts.testing.fake_discord import FakeDiscord

ALERTS = 1_000
PRODUCER = f"""
import django; django.setup()
from webhook_alerts import notify
for number in range({ALERTS}):
    notify.error(f"raised in the outage {{number}}")
notify.flush(8)
print("raised", flush=True)
import sys; sys.stdin.read()
"""
COUNT = (
    "import django; django.setup()\nfrom webhook_alerts.models import Delivery\n"
    "print(Delivery.objects.filter(state='delivered', alert__logger='notify').count())"
)


class Bench:
    """One project with its own Redis, database, spool and stand-in."""

    def __init__(self, folder: Path, server: Redis, discord: FakeDiscord) -> None:
        hook = {"url": discord.url("errors"), "channel": "discord", "rate": [], "min_level": "WARNING"}
        self.env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.live_settings",
            "TEST_SQLITE": str(folder / "bench.sqlite3"),
            "TEST_SPOOL": str(folder / "spool"),
            "REDIS_URL": server.url,
            "TEST_BROKER_URL": server.url,
            "TEST_WEBHOOKS": json.dumps({"errors": hook}),
        }
        self.folder = folder
        subprocess.run([sys.executable, "-m", "django", "migrate", "-v", "0"], env=self.env, check=True)

    @contextlib.contextmanager
    def celery(self, *arguments: str) -> Iterator[None]:
        """A worker or beat."""
        with (self.folder / "celery.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "tests.celery_app", *arguments],
                env=self.env,
                stdout=log,
                stderr=log,
            )
            try:
                yield
            finally:
                process.terminate()
                process.wait(20)

    @contextlib.contextmanager
    def raised(self) -> Iterator[None]:
        """A process that has raised all alerts and lives on."""
        producer = subprocess.Popen(
            [sys.executable, "-c", PRODUCER], env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert producer.stdin is not None
        assert producer.stdout is not None
        try:
            assert producer.stdout.readline() == b"raised\n"
            yield
        finally:
            producer.stdin.close()
            producer.wait(20)
            producer.stdout.close()

    def until_delivered(self) -> float:
        """Seconds until all stand on record as delivered."""
        began = time.monotonic()
        while time.monotonic() - began < 120:
            done = subprocess.run(
                [sys.executable, "-c", COUNT], env=self.env, capture_output=True, text=True, check=True
            )
            if int(done.stdout) == ALERTS:
                return time.monotonic() - began
        raise SystemExit("not everything was delivered within 120 s")


def nothing(_: Redis) -> None:
    """No fault."""


def measure(fault: Callable[[Redis], None], mend: Callable[[Redis], None], *, worker_first: bool) -> float:
    """One outage."""
    server = Redis()
    with tempfile.TemporaryDirectory(prefix="webhook-alerts-bench-") as folder, FakeDiscord(limits=()) as discord:
        bench = Bench(Path(folder), server, discord)
        worker = ("worker", "-c", "2", "--loglevel", "ERROR")
        with contextlib.ExitStack() as stack:
            stack.enter_context(bench.celery("beat", "-s", f"{folder}/beat", "--loglevel", "ERROR"))
            if worker_first:
                stack.enter_context(bench.celery(*worker))
                time.sleep(3)
            fault(server)
            stack.enter_context(bench.raised())
            mend(server)
            if not worker_first:
                stack.enter_context(bench.celery(*worker))
            took = bench.until_delivered()
    server.kill()
    return took


def main() -> None:
    """Print a row for each outage."""
    rows = {
        "no outage": measure(nothing, nothing, worker_first=True),
        "broker killed, back empty": measure(Redis.kill, Redis.start, worker_first=True),
        "broker frozen": measure(Redis.freeze, Redis.thaw, worker_first=True),
        "no worker (its start included)": measure(nothing, nothing, worker_first=False),
    }
    for name, seconds in rows.items():
        print(f"{name:<32}{seconds:>6.1f} s")


if __name__ == "__main__":
    main()
