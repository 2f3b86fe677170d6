"""What the outbox's tests share: a logger with the handler, a broker to look into, a program to run beside."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import textwrap
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis

from webhook_alerts.handlers import WebhookAlertHandler

QUEUES = ("alerts", "alerts:critical")
ROOT = Path(__file__).resolve().parent.parent.parent
PREAMBLE = """
import json, logging, os, sys, time
from django.conf import settings
settings.WEBHOOK_ALERTS |= {"SPOOL_DIR": os.environ["SPOOL"], **json.loads(os.environ["OPTIONS"])}
import tests.celery_app
import django
django.setup()
from webhook_alerts import notify, outbox
from webhook_alerts.handlers import WebhookAlertHandler
log = logging.getLogger("shop")
log.propagate = False
log.addHandler(WebhookAlertHandler())
"""


@pytest.fixture
def log() -> logging.Logger:
    """A logger whose only handler is ours; outside of the tree, for pytest's own handlers raise on bad arguments."""
    logger = logging.Logger("shop")
    logger.addHandler(WebhookAlertHandler())
    return logger


@dataclass
class Broker:
    """The queues of alerts as a worker would find them."""

    url: str

    @property
    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)

    def batches(self, *queues: str) -> list[dict[str, Any]]:
        """Every accept message of these *queues*, or of all, oldest first."""
        with self.client as client:
            raw = [message for queue in queues or QUEUES for message in client.lrange(queue, 0, -1)]
        return [json.loads(b64decode(json.loads(message)["body"]))[0][0] for message in reversed(raw)]

    def alerts(self) -> list[dict[str, Any]]:
        return [alert for batch in self.batches() for alert in batch["alerts"]]

    def repeats(self) -> list[dict[str, Any]]:
        return [repeat for batch in self.batches() for repeat in batch.get("repeats", ())]

    def messages(self) -> list[str]:
        return sorted(alert["message"] for alert in self.alerts())


@pytest.fixture
def broker(redis_url: str) -> Iterator[Broker]:
    """The broker, with empty queues."""
    found = Broker(redis_url)
    with found.client as client:
        client.delete(*QUEUES)
        yield found
        client.delete(*QUEUES)


@pytest.fixture
def environment(redis_url: str, tmp_path: Path) -> dict[str, str]:
    """What a program of a test runs in."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "TEST_BROKER_URL": redis_url,
        "SPOOL": str(tmp_path / "spool"),
        "OPTIONS": "{}",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "default",
    }


Program = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def program(environment: dict[str, str]) -> Program:
    """Run a script of a project that has ``log``, ``notify`` and ``outbox``, and wait for its end, 120 s at most."""

    def run(script: str, *, broker_url: str = "", timeout: float = 120.0, **options: Any) -> Any:
        source = PREAMBLE + textwrap.dedent(script)
        env = {**environment, "OPTIONS": json.dumps(options)}
        if broker_url:
            env["TEST_BROKER_URL"] = broker_url
        done = subprocess.run(
            [sys.executable, "-c", source],
            env=env,
            cwd=ROOT,
            timeout=timeout,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done

    return run
