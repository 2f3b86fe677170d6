"""The demo, as a newcomer runs it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "example_project"
DEMO = [sys.executable, "manage.py", "demo"]
PATIENCE_S = 120

pytestmark = pytest.mark.slow


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Nothing configured: the demo brings its own Redis and stand-in."""
    ours = re.compile(r"WEBHOOK_|REDIS_|DATABASE_|CELERY_|SHOP_|DJANGO_|SECRET_KEY")
    kept = {name: value for name, value in os.environ.items() if not ours.match(name)}
    return {**kept, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}


class Demo:
    """A demo that runs until it is stopped."""

    def __init__(self, environment: dict[str, str], out: Path) -> None:
        self.out = out
        with out.open("w") as file:
            self.process = subprocess.Popen(
                DEMO, cwd=EXAMPLE, env=environment, stdout=file, stderr=file, start_new_session=True
            )

    def said(self, pattern: str) -> str:
        """What it printed, as soon as it did."""
        deadline = time.monotonic() + PATIENCE_S
        while (found := re.search(pattern, self.out.read_text())) is None:
            assert self.process.poll() is None, self.out.read_text()
            assert time.monotonic() < deadline, self.out.read_text()
            time.sleep(0.1)
        return found[1]

    def left(self, data: str) -> list[str]:
        """The processes that run with the demo's environment."""
        found = []
        for environ in Path("/proc").glob("[0-9]*/environ"):
            try:
                if f"SHOP_DATA={data}\0".encode() in environ.read_bytes():
                    found.append((environ.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue  # it ended meanwhile, or is somebody else's
        return found


@pytest.fixture
def demo(environment: dict[str, str], tmp_path: Path) -> Iterator[Demo]:
    running = Demo(environment, tmp_path / "out")
    yield running
    if running.process.poll() is None:
        running.process.terminate()
        running.process.wait(PATIENCE_S)


def test_once_ends_well_when_everything_arrived(environment: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run([*DEMO, "--once"], cwd=EXAMPLE, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything arrived" in done.stdout
    assert re.search(r"burst +error +errors +1000", done.stdout)
    assert list(tmp_path.iterdir()) == []


def test_once_works_with_nothing_but_loopback(environment: dict[str, str]) -> None:
    alone = ["unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    try:
        if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode != 0:
            pytest.skip("no network namespaces here")
    except FileNotFoundError:
        pytest.skip("no network namespaces here")
    done = subprocess.run(
        [*alone, *DEMO, "--once"], cwd=EXAMPLE, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_once_names_what_is_missing(environment: dict[str, str]) -> None:
    """A limit that lets nothing but the first message through."""
    environment |= {"WEBHOOK_MAX_REQUESTS_PER_MINUTE": "1", "WEBHOOK_BATCH_SIZE": "1", "SHOP_DEMO_PATIENCE": "8"}
    done = subprocess.run([*DEMO, "--once"], cwd=EXAMPLE, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert re.search(r"MISSING: \S+ at info", done.stdout)


def test_a_taken_port_moves_to_another(environment: dict[str, str], tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 8000))
        except OSError:
            pass  # it is taken already
        else:
            taken.listen()
        demo = Demo(environment, tmp_path / "out")
        try:
            port = demo.said(r"shop +http://127\.0\.0\.1:(\d+)/")
        finally:
            demo.process.terminate()
            demo.process.wait(PATIENCE_S)
    assert port != "8000"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stopping_it_leaves_nothing_behind(demo: Demo, number: signal.Signals) -> None:
    data = demo.said(r"logs +(\S+)/logs")
    demo.said(r"(Ctrl-C)")
    assert len(demo.left(data)) >= 5  # the demo, Redis, web, worker, beat, and the worker's children
    os.kill(demo.process.pid, number)
    demo.process.wait(PATIENCE_S)
    assert demo.left(data) == []
    assert not Path(data).exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent was killed")
def test_killing_it_leaves_no_process_behind(demo: Demo) -> None:
    data = demo.said(r"logs +(\S+)/logs")
    demo.said(r"(Ctrl-C)")
    demo.process.kill()
    demo.process.wait(PATIENCE_S)
    deadline = time.monotonic() + PATIENCE_S
    while left := demo.left(data):
        assert time.monotonic() < deadline, left
        time.sleep(0.2)
