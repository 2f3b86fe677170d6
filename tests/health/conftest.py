"""What the health tests share: the pages of a project that really runs, and servers to freeze."""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.conftest import Project
from webhook_alerts.conf import Config
from webhook_alerts.health import report, workers
from webhook_alerts.shared_memory import FLUSHED
from webhook_alerts.testing.fake_discord import FakeDiscord

TOKEN = "t0ken-of-the-health-pages"
CLIENT_S = 2.0
"""The patience of a probe, in seconds: within this the answer has to arrive, whatever is away."""
SERVE = """
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from django.core.wsgi import get_wsgi_application
class Server(ThreadingMixIn, WSGIServer):
    daemon_threads, request_queue_size = True, 200
class Silent(WSGIRequestHandler):
    log_message = lambda *_: None
server = make_server("127.0.0.1", 0, get_wsgi_application(), Server, Silent)
print(server.server_port, flush=True)
server.serve_forever()
"""


@dataclass
class Site:
    """A site of a project, as a probe sees it."""

    project: Project
    process: subprocess.Popen[bytes]
    port: int
    cookie: str = ""

    def get(self, path: str = "/health/", *, token: str = TOKEN, timeout: float = CLIENT_S) -> tuple[int, Any]:
        """The status and what stands in the answer. Raises ``TimeoutError`` when the probe loses its patience."""
        headers = {"Cookie": self.cookie, **({"Authorization": f"Bearer {token}"} if token else {})}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def status_of(self, service: str) -> str:
        return self.get()[1]["services"][service]["status"]

    def wait_for(self, service: str, status: str, timeout: float = 45) -> None:
        """Return once a service stands so."""
        self.project.wait_until(lambda: self.status_of(service) == status, what=f"{service} {status}", timeout=timeout)

    def threads(self) -> int:
        """How many threads the process has."""
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))


@pytest.fixture
def make_site(make_project: Callable[..., Project]) -> Callable[..., Site]:
    """Start a site; keyword arguments are its environment."""

    def make(**env: str) -> Site:
        webhooks = json.dumps({"errors": {"url": "http://127.0.0.1:9/hook", "channel": "webhook"}})
        project = make_project(**{"TEST_WEBHOOKS": webhooks, "TEST_HEALTH_TOKEN": TOKEN, **env})
        process = project.start(SERVE)
        assert process.stdout is not None
        return Site(project, process, int(process.stdout.readline()))

    return make


def beats(memory: redis.Redis, *queues: str) -> None:
    """What a worker writes that consumes these queues."""
    told = json.dumps({"queues": queues, "pool": 2, "every_s": 5})
    memory.eval(workers._WRITE, 1, workers.KEY, "celery@one", told, 3600)


@pytest.fixture
def site(configure: Callable[..., Config], discord: FakeDiscord, memory: redis.Redis) -> Config:
    """One webhook at the stand-in, served by a living worker and by beat."""
    config = configure(
        WEBHOOKS={"errors": {"url": discord.url(), "channel": "discord", "rate": []}},
        HEALTH_TOKEN=TOKEN,
        ENVIRONMENT="test",
        RELEASE="2026.11",
        MAX_ATTEMPTS=1,
    )
    beats(memory, *workers.wanted_queues())
    seconds, _ = memory.time()
    memory.set(FLUSHED, seconds)
    return config


@pytest.fixture(autouse=True)
def _no_check_outlives_its_test() -> Iterator[None]:
    """A check that hangs at a frozen server of one test must not answer for the next."""
    yield
    for probe in report._probes:
        assert all(run.done.wait(20) for run in probe._runs), probe.name
    report._rounds.forget()
