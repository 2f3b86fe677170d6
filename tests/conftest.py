"""Fixtures of the whole suite: real servers, a stand-in for Discord, workers in processes of their own."""

from __future__ import annotations

import json
import os
import select
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
import redis

from tests.servers import Postgres, RabbitMQ, Redis
from webhook_alerts.conf import Config
from webhook_alerts.testing.fake_discord import FakeDiscord

pytest_plugins = ["webhook_alerts.testing.pytest_plugin"]

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def redis_url() -> str:
    """The Redis of this run."""
    url = os.environ["REDIS_URL"]
    deadline = time.monotonic() + 10
    while True:
        try:
            redis.Redis.from_url(url).ping()
        except redis.RedisError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return url


@pytest.fixture
def memory(redis_url: str) -> Iterator[redis.Redis]:
    """An empty Redis."""
    client = redis.Redis.from_url(redis_url)
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


SERVICES = {
    "rabbitmq": ("RABBITMQ_PORT", 5672, "amqp://guest:guest@127.0.0.1:{port}//"),
    "postgresql": ("PGPORT", 5432, "postgresql://postgres@127.0.0.1:{port}/postgres"),
}


@pytest.fixture(scope="session")
def require_service() -> Callable[..., str]:
    """The URL of a service; skips, naming it, where nobody answers, or fails when ``REQUIRE_SERVICES`` is set."""

    def require(name: str, port: int | None = None) -> str:
        variable, default, url = SERVICES[name.lower()]
        port = port or int(os.environ.get(variable, default))
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return url.format(port=port)
        absent(f"{name} does not answer on port {port}")

    return require


def absent(why: str) -> NoReturn:
    """Skip the test, or fail it where everything has to be there."""
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture
def rabbitmq(require_service: Callable[..., str]) -> Iterator[str]:
    """The machine's RabbitMQ: a virtual host of the test's own, where one can be made, without tasks of others."""
    url, name = require_service("RabbitMQ"), f"webhook_alerts_{os.getpid()}"
    if not _rabbitmqctl("add_vhost", name):
        yield url
        return
    assert _rabbitmqctl("set_permissions", "-p", name, "guest", ".*", ".*", ".*")
    yield url.rstrip("/") + f"/{name}"
    _rabbitmqctl("delete_vhost", name)


def _rabbitmqctl(*arguments: str) -> bool:
    try:
        return subprocess.run(["rabbitmqctl", *arguments], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


ANSWERING = """
import json, sys
from django.db import connections
from webhook_alerts import models
for line in sys.stdin:
    try:
        told = json.dumps({"value": eval(json.loads(line))})
    except Exception as error:
        told = json.dumps({"error": repr(error)})
    connections.close_all()  # the database may be stopped before the next question
    print(told, flush=True)
"""
"""Evaluates the expressions that ``Project.ask`` writes to it: to start a process for each takes a second of a core."""


class Project:
    """The test project in processes of its own: its database, its broker, its webhooks."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder = folder
        self.env = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.live_settings", "PYTHONPATH": str(ROOT), **env}
        self._processes: list[subprocess.Popen[bytes]] = []
        self._answering: subprocess.Popen[bytes] | None = None

    def run(self, code: str, *, timeout: float = 60) -> str:
        """What Python code prints in a process of the project, after ``django.setup()``."""
        done = subprocess.run(
            [sys.executable, "-c", f"import django; django.setup()\n{code}"],
            env=self.env,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def manage(self, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """A management command."""
        return subprocess.run(
            [sys.executable, "-m", "django", *arguments],
            env=self.env,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def start(self, code: str) -> subprocess.Popen[bytes]:
        """A process of the project that runs Python code, says what it prints, and is ended with the test."""
        process = subprocess.Popen(
            [sys.executable, "-c", f"import django; django.setup()\n{code}"],
            env=self.env,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._processes.append(process)
        return process

    def ask(self, expression: str) -> Any:
        """The value of an expression over ``models``, from the project's database, told by a process that is kept."""
        if self._answering is None:
            self._answering = self.start(ANSWERING)
        asked, told = self._answering.stdin, self._answering.stdout
        assert asked is not None
        assert told is not None
        asked.write(json.dumps(expression).encode() + b"\n")
        asked.flush()
        if not select.select([told], [], [], 60)[0]:
            pytest.fail(f"no answer: {expression}")
        answer = json.loads(told.readline() or '{"error": "it has ended"}')
        assert "error" not in answer, answer["error"]
        return answer["value"]

    def celery(self, *arguments: str) -> subprocess.Popen[bytes]:
        """``celery -A proj …``, ended with the test."""
        log = (self.folder / f"celery-{len(self._processes)}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "tests.celery_app", *arguments],
            env=self.env,
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )
        log.close()
        self._processes.append(process)
        return process

    def worker(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A plain worker, as a user would start it."""
        return self.celery("worker", "-c", "2", "--loglevel", "INFO", *arguments)

    def beat(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A plain beat."""
        return self.celery("beat", "--schedule", str(self.folder / "beat"), "--loglevel", "INFO", *arguments)

    def logs(self) -> str:
        """What all processes wrote."""
        return "\n".join(path.read_text(errors="replace")[-6000:] for path in sorted(self.folder.glob("celery-*.log")))

    def wait_until(self, happened: Callable[[], bool], *, what: str, timeout: float = 90) -> None:
        """Return once it *happened*; fail with the processes' logs when it does not."""
        deadline = time.monotonic() + timeout
        while not happened():
            if time.monotonic() > deadline:
                pytest.fail(f"not seen in time: {what}\n{self.logs()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End what was started."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)


@pytest.fixture
def configure(settings: Any, memory: redis.Redis, redis_url: str, tmp_path: Path) -> Callable[..., Config]:
    """Set ``WEBHOOK_ALERTS`` for this process, over an empty Redis that is the broker too."""
    from tests.celery_app import app
    from webhook_alerts import conf
    from webhook_alerts.outbox import broker

    settings.CELERY_BROKER_URL = redis_url
    broker._remembered = app

    def set_to(**options: object) -> Config:
        settings.WEBHOOK_ALERTS = {
            "PRESET": "development",
            "REDIS_URL": redis_url,
            "SPOOL_DIR": str(tmp_path / "spool"),
            **options,
        }
        config = conf.get_config()
        assert not config.problems
        return config

    return set_to


@pytest.fixture
def discord() -> Iterator[FakeDiscord]:
    """A stand-in for Discord that limits nothing."""
    with FakeDiscord(limits=()) as server:
        yield server


@pytest.fixture(scope="session")
def migrate(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Project], None]:
    """Migrate a project's database: the first of its kind really, the next as a copy, which takes no seconds."""
    templates: dict[str, Path] = {}

    def migrate(project: Project) -> None:
        database = Path(project.env["TEST_SQLITE"])
        is_file = project.env.get("TEST_DATABASE") != "postgres" and not database.exists()
        apps = project.env.get("TEST_EXTRA_APPS", "")
        if is_file and apps in templates:
            shutil.copy(templates[apps], database)
            return
        migrated = project.manage("migrate", "-v", "0")
        assert migrated.returncode == 0, migrated.stderr[-3000:]
        if is_file:  # its last connection is closed, so that all of it is in the file
            templates[apps] = Path(shutil.copy(database, tmp_path_factory.mktemp("migrated") / "template.sqlite3"))

    return migrate


@pytest.fixture
def make_project(
    tmp_path: Path, memory: redis.Redis, redis_url: str, migrate: Callable[[Project], None]
) -> Iterator[Callable[..., Project]]:
    """Make a project, migrated unless it is not to be; keyword arguments are its environment."""
    made: list[Project] = []

    def make(*, is_migrated: bool = True, **env: str) -> Project:
        base = {
            "TEST_SQLITE": str(tmp_path / "live.sqlite3"),
            "TEST_SPOOL": str(tmp_path / "spool"),
            "REDIS_URL": redis_url,
        }
        project = Project(tmp_path, {**base, **env})
        made.append(project)
        if is_migrated:
            migrate(project)
        return project

    yield make
    for project in made:
        project.stop()


@pytest.fixture
def own_redis() -> Iterator[Redis]:
    """A Redis that the test may break."""
    server = Redis()
    yield server
    server.thaw()
    server.kill()


@pytest.fixture
def own_rabbitmq() -> Iterator[RabbitMQ]:
    """A RabbitMQ that the test may break."""
    try:
        server = RabbitMQ()
    except FileNotFoundError:
        absent("rabbitmq-server is not installed")
    until = time.monotonic() + 90
    try:
        while not server.answers():
            assert time.monotonic() < until, "RabbitMQ does not begin to answer"
            time.sleep(0.2)
        yield server
    finally:
        server.kill()


@pytest.fixture
def own_postgres(monkeypatch: pytest.MonkeyPatch) -> Iterator[Postgres]:
    """A PostgreSQL that the test may stop, as the project's database."""
    try:
        server = Postgres()
    except FileNotFoundError:
        absent("PostgreSQL's own commands are not installed")
    for name, value in {
        "PGHOST": "127.0.0.1",
        "PGPORT": server.port,
        "PGUSER": "postgres",
        "PGDATABASE": "postgres",
    }.items():
        monkeypatch.setenv(name, str(value))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_server(require_service: Callable[..., str]) -> dict[str, Any]:
    """Where the PostgreSQL of this machine answers."""
    port = int(os.environ.get("PGPORT", "5432"))
    require_service("PostgreSQL", port)
    return {"host": "127.0.0.1", "port": port, "user": os.environ.get("PGUSER", "postgres")}


@pytest.fixture
def postgres_database(require_service: Callable[[str, int], None], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty PostgreSQL database for the project's processes."""
    port = int(os.environ.get("PGPORT", "5432"))
    require_service("PostgreSQL", port)
    import psycopg

    name = f"webhook_alerts_{os.getpid()}"
    target = f"host=127.0.0.1 port={port} user={os.environ.get('PGUSER', 'postgres')} dbname=postgres"
    with psycopg.connect(target, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
        monkeypatch.setenv("PGDATABASE", name)
        yield name
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(autouse=True)
def nothing_laid_over() -> Iterator[None]:
    """What operators set in one test is rolled back with its database; the next one begins with the settings."""
    yield
    from webhook_alerts.overrides import current
    from webhook_alerts.silencing import current as silences

    current.forget()
    silences.forget()
