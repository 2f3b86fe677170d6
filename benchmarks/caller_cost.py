"""What a log call costs its caller, against stdlib ``QueueHandler`` with a ``QueueListener``, in one run.

``python -m benchmarks.caller_cost`` prints microseconds a call and their ratios. The two take turns, ``--rounds``
times, and the medians are compared. Each round's calls are fewer than the buffer holds, as in a process that is not
drowning; both drain between rounds, outside of the measured time. The listener's handler formats and throws away.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import logging.handlers
import os
import queue
import statistics
import sys
import tempfile
import time
from collections.abc import Callable

TARGETS = {"distinct": 1.0, "with stack trace": 0.5, "repeats": 1.0}
"""The highest ratio to the stdlib that counts as reached."""


def configure() -> None:
    import django
    from django.conf import settings

    settings.configure(
        INSTALLED_APPS=[],
        CELERY_BROKER_URL=os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0"),
        WEBHOOK_ALERTS={"PRESET": "production", "SPOOL_DIR": tempfile.mkdtemp(prefix="caller_cost-")},
    )
    django.setup()


class Discard(logging.Handler):
    """Formats, as every handler behind a listener does, and writes nowhere."""

    def emit(self, record: logging.LogRecord) -> None:
        self.format(record)


def deep(depth: int, text: str) -> None:
    if depth:
        deep(depth - 1, text)
    raise ValueError(text)


def distinct(log: logging.Logger, calls: int) -> None:
    for number in range(calls):
        log.error(f"payment {number} failed for tenant %s", "acme", extra={"order": number, "amount": 9.5})


def with_stack_trace(log: logging.Logger, calls: int) -> None:
    try:
        deep(12, "no such card")
    except ValueError:
        for number in range(calls):
            log.exception(f"payment {number} failed for tenant %s", "acme")


def repeats(log: logging.Logger, calls: int) -> None:
    for number in range(calls):
        log.error("payment %s failed for tenant %s", number, "acme", extra={"order": number, "amount": 9.5})


CASES: dict[str, tuple[Callable[[logging.Logger, int], None], int]] = {
    "distinct": (distinct, 4_000),
    "with stack trace": (with_stack_trace, 1_000),
    "repeats": (repeats, 20_000),
}


def measure(work: Callable[[logging.Logger, int], None], log: logging.Logger, calls: int) -> tuple[float, float]:
    """Microseconds a call: by the clock, and of the caller's own CPU time."""
    gc.collect()
    wall, cpu = time.perf_counter(), time.thread_time()
    work(log, calls)
    cpu, wall = time.thread_time() - cpu, time.perf_counter() - wall
    return wall / calls * 1e6, cpu / calls * 1e6


def run(rounds: int) -> dict[str, dict[str, float]]:
    from webhook_alerts import notify
    from webhook_alerts.handlers import WebhookAlertHandler
    from webhook_alerts.outbox import stats

    ours, theirs = logging.getLogger("ours"), logging.getLogger("theirs")
    for log in (ours, theirs):
        log.propagate = False
    line: queue.Queue[logging.LogRecord] = queue.Queue()
    ours.addHandler(WebhookAlertHandler())
    theirs.addHandler(logging.handlers.QueueHandler(line))
    listener = logging.handlers.QueueListener(line, Discard())
    listener.start()
    found: dict[str, dict[str, float]] = {}
    for name, (work, calls) in CASES.items():
        samples: dict[str, list[tuple[float, float]]] = {"ours": [], "theirs": []}
        for turn in range(rounds + 1):
            for log in (ours, theirs) if turn % 2 else (theirs, ours):
                cost = measure(work, log, calls)
                if turn:
                    samples[log.name].append(cost)
                assert notify.flush(60), stats()
                while not line.empty():
                    time.sleep(0.01)
        mine, stdlib = ([statistics.median(column) for column in zip(*samples[who], strict=True)] for who in samples)
        found[name] = {
            "wall_us": round(mine[0], 2),
            "cpu_us": round(mine[1], 2),
            "stdlib_wall_us": round(stdlib[0], 2),
            "stdlib_cpu_us": round(stdlib[1], 2),
            "wall_ratio": round(mine[0] / stdlib[0], 3),
            "cpu_ratio": round(mine[1] / stdlib[1], 3),
        }
    counted = stats()
    assert counted.dropped == counted.spooled == counted.errors == 0, counted
    listener.stop()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    configure()
    found = run(options.rounds)
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        print(f"{'a log call':18}{'ours µs':>10}{'stdlib µs':>11}{'ratio':>8}{'CPU ratio':>11}{'target':>8}")
        for name, row in found.items():
            print(
                f"{name:18}{row['wall_us']:>10}{row['stdlib_wall_us']:>11}{row['wall_ratio']:>8}"
                f"{row['cpu_ratio']:>11}{TARGETS[name]:>8}"
            )
    return 0 if all(found[name]["wall_ratio"] <= most for name, most in TARGETS.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
