"""A seeded random schedule of faults on real processes: nothing is missing, and nothing is sent twice without a reason.

``make soak`` runs it for longer, with the seed and the seconds of ``SOAK_SEED`` and ``SOAK_SECONDS``.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Project
from tests.servers import Postgres, Redis
from webhook_alerts.testing.fake_discord import Answer, FakeDiscord

pytestmark = pytest.mark.slow
SEED = int(os.environ.get("SOAK_SEED", "2026"))
SECONDS = float(os.environ.get("SOAK_SECONDS", "20"))

PRODUCER = """
import logging, sys, threading, time
log = logging.getLogger("shop")
over = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
number = 0
while not over.wait(0.02):
    for _ in range(3):
        number += 1
        log.log((30, 40, 50)[number % 3 if number % 60 == 2 else number % 2], f"number n{number:06}")
print(number, flush=True)
"""
SHOP = "models.Alert.objects.filter(logger='shop')"
REFUSALS = [
    Answer(500),
    Answer(502, body="<html>bad gateway</html>"),
    Answer(503, {"Retry-After": "1"}),
    Answer(429, {"Retry-After": "1"}, {"retry_after": 1.0, "global": False}),
    Answer(408),
    Answer(reset=True),
    Answer(504, delay=1.0),
]
MAY_REPEAT = (
    "[text for attempts in (models.Attempt.objects.filter(outcome='started'),"
    " models.Attempt.objects.filter(error__contains='may have arrived'))"
    " for text in attempts.values_list('message__deliveries__alert__message', flat=True) if text]"
)


class Chaos:
    """The faults, each of which ends by itself or is mended before the next."""

    def __init__(self, project: Project, redis: Redis, postgres: Postgres, discord: FakeDiscord) -> None:
        self.project, self.redis, self.postgres, self.discord = project, redis, postgres, discord
        self.random = random.Random(SEED)
        self.worker = project.worker()
        self.done: list[str] = []

    def strike(self) -> None:
        """One fault, at random."""
        fault = self.random.choice(
            [self.kill_worker, self.kill_child, self.forget, self.freeze, self.stop_database, self.refuse, self.refuse]
        )
        self.done.append(fault.__name__)
        fault()

    def kill_worker(self) -> None:
        """The whole worker, as when its machine goes; another starts."""
        for pid in [self.worker.pid, *self._children()]:
            os.kill(pid, signal.SIGKILL)
        self.worker.wait(10)
        self.worker = self.project.worker()

    def kill_child(self) -> None:
        """One process of its pool, as the kernel does when memory is short."""
        if children := self._children():
            os.kill(self.random.choice(children), signal.SIGKILL)

    def forget(self) -> None:
        """Redis comes back empty."""
        self.redis.kill()
        time.sleep(self.random.uniform(0, 1))
        self.redis.start()

    def freeze(self) -> None:
        """Redis accepts connections and answers nothing."""
        self.redis.freeze()
        time.sleep(self.random.uniform(0.5, 2))
        self.redis.thaw()

    def stop_database(self) -> None:
        """The database is away for a moment."""
        self.postgres.stop()
        time.sleep(self.random.uniform(0.5, 3))
        self.postgres.start()

    def refuse(self) -> None:
        """The service fails in some of the ways in which services do."""
        self.discord.script("errors", self.random.choices(REFUSALS, k=self.random.randint(1, 4)))

    def _children(self) -> list[int]:
        try:
            return [
                int(pid) for pid in Path(f"/proc/{self.worker.pid}/task/{self.worker.pid}/children").read_text().split()
            ]
        except FileNotFoundError:
            return []


def test_nothing_is_lost_and_nothing_doubled_without_a_reason(
    make_project: Callable[..., Project], own_redis: Redis, own_postgres: Postgres, discord: FakeDiscord
) -> None:
    hook = {"url": discord.url("errors"), "channel": "discord", "rate": [], "min_level": "WARNING"}
    project = make_project(
        TEST_WEBHOOKS=json.dumps({"errors": hook}),
        REDIS_URL=own_redis.url,
        TEST_BROKER_URL=own_redis.url,
        TEST_DATABASE="postgres",
    )
    chaos = Chaos(project, own_redis, own_postgres, discord)
    project.beat()
    producer = project.start(PRODUCER)
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends:
        time.sleep(chaos.random.uniform(0.5, 2.5))
        chaos.strike()
    assert producer.stdin is not None
    assert producer.stdout is not None
    producer.stdin.close()
    raised = int(producer.stdout.readline())
    assert raised > SECONDS * 20
    # As a supervisor would: Celery's worker may stop consuming when Redis and a process of its pool end at once.
    chaos.kill_worker()

    def settled() -> bool:
        # Leases are a minute long; whoever held them is dead.
        project.run(
            "from django.utils import timezone\nfrom webhook_alerts.models import Message\n"
            "Message.objects.filter(state='sending').update(lease_until=timezone.now())"
        )
        project.manage("alerts", "resume", "errors")
        project.manage("alerts", "replay")
        return bool(
            project.ask(f"{SHOP}.count()")
            == raised
            == project.ask(f"{SHOP}.filter(deliveries__state='delivered').count()")
        )

    project.wait_until(settled, what=f"{raised} alerts delivered after {chaos.done}", timeout=180)
    status = json.loads(project.manage("alerts", "status", "--json").stdout)
    assert status["conserved"] is True
    assert status["webhooks"]["errors"]["received"] >= raised
    seen = Counter(re.findall(r"n\d{6}", json.dumps(discord.messages("errors"))))
    assert len(seen) == raised
    doubled = {text for text, times in seen.items() if times > 1}
    allowed = set(re.findall(r"n\d{6}", " ".join(project.ask(MAY_REPEAT))))
    assert doubled <= allowed, (sorted(doubled - allowed), chaos.done)
