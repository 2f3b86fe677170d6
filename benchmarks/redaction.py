"""What redaction costs of an alert, from the log call until it is ready for the broker.

``python -m benchmarks.redaction`` prints microseconds of CPU of the call, which its caller waits for, and of building
the alert in the outbox's thread, with redaction and without: the difference is redaction's, and its share is of call
and building together. The least of ``--rounds`` rounds counts; in each, both ways of building take turns.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any
from unittest.mock import patch

from benchmarks.caller_cost import configure, deep

CALLS = 300
PASSWORD = "hunter2-9f"


def in_words(log: logging.Logger, number: int) -> None:
    log.error(f"payment {number} failed for a tenant who has paid by invoice all the year", extra=context(number))


def with_secrets(log: logging.Logger, number: int) -> None:
    log.error(f"payment {number}: password={PASSWORD} at https://ana:{PASSWORD}@bank.example", extra=context(number))


def with_a_trace(log: logging.Logger, number: int) -> None:
    try:
        deep(12, f"no such card {number}")
    except ValueError:
        log.exception(f"payment {number} failed", extra=context(number))


def context(number: int) -> dict[str, object]:
    return {"order": number, "amount": 9.5, "tenant": "acme"}


CASES = {"80 characters": in_words, "two secrets": with_secrets, "a stack trace": with_a_trace}
Say = Callable[[logging.Logger, int], None]


def measure(say: Say, log: logging.Logger) -> tuple[float, float, float]:
    """Microseconds an alert: the call, building it, and building it with nothing taken out."""
    from webhook_alerts.conf import get_config
    from webhook_alerts.outbox import build
    from webhook_alerts.outbox.desk import desk
    from webhook_alerts.outbox.redaction import Redactor

    class Nothing(Redactor):
        def text(self, text: str) -> str:
            return text

        def mapping(self, values: Mapping[str, Any]) -> dict[str, Any]:
            return dict(values)

    config, nothing = get_config(), Nothing()
    taken: list[list[Any]] = [[], []]
    calls_us = 0.0
    for snapshots in taken:
        with patch.object(desk, "offer", lambda snapshot, _, keep=snapshots.append: keep(snapshot)):
            calls_us = cpu_us(lambda: [say(log, number) for number in range(CALLS)])
    redacted_us = cpu_us(lambda: [build.build(snapshot, config) for snapshot in taken[0]])
    with patch.object(build, "redactor_for", lambda _: nothing):
        return calls_us, redacted_us, cpu_us(lambda: [build.build(snapshot, config) for snapshot in taken[1]])


def cpu_us(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return (time.thread_time() - began) / CALLS * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    configure()
    from webhook_alerts.handlers import WebhookAlertHandler

    log = logging.getLogger("bench")
    log.propagate = False
    log.addHandler(WebhookAlertHandler())
    print(f"{'an alert with':16}{'call µs':>9}{'building µs':>13}{'redaction µs':>14}{'share':>7}")
    for name, say in CASES.items():
        call, built, bare = map(min, zip(*(measure(say, log) for _ in range(options.rounds)), strict=True))
        print(f"{name:16}{call:>9.1f}{built:>13.1f}{built - bare:>14.1f}{(built - bare) / (call + built):>7.0%}")


if __name__ == "__main__":
    main()
