"""Children of a process that has logged already: os.fork, gunicorn --preload, Celery's prefork pool."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from tests.outbox.conftest import PREAMBLE, ROOT

pytestmark = pytest.mark.slow


def test_a_forked_child_publishes_its_own_and_only_its_own(broker, program):
    program("""
        log.error("parent, in the buffer at the fork")
        children = []
        for number in range(4):
            child = os.fork()
            if child == 0:
                for call in range(5):
                    log.error(f"child {number} call {call}")
                ok = notify.flush(10)
                os._exit(0 if ok and outbox.stats().taken == 5 else 1)
            children.append(child)
        assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4
        assert notify.flush(10)
    """)
    expected = [f"child {number} call {call}" for number in range(4) for call in range(5)]
    assert broker.messages() == sorted([*expected, "parent, in the buffer at the fork"])


STORM = """
import threading
stop = threading.Event()
def storm():
    number = 0
    while not stop.is_set():
        log.error("storm %s", number); log.error(f"storm {number}"); number += 1
        if number % 50 == 0: time.sleep(0.001)
threads = [threading.Thread(target=storm, daemon=True) for _ in range(3)]
[thread.start() for thread in threads]
"""


def test_forking_under_load_never_locks_a_child_up(broker, program):
    """What the thread holds at a fork the child holds for ever, a lock of Celery's for one: so it must be at rest."""
    program(
        STORM
        + """
from webhook_alerts.outbox.publisher import Publisher
rested, rest = [], Publisher.rest
Publisher.rest = lambda self: rested.append(rest(self)) or rested[-1]
for number in range(25):
    child = os.fork()
    if child == 0:
        log.error("from the child")
        os._exit(0 if notify.flush(30) else 1)
    assert os.waitpid(child, 0)[1] == 0, number
stop.set()
assert rested.count(True) > 12, rested
"""
    )
    assert broker.messages().count("from the child") == 25


def test_a_fork_gets_its_turn_while_much_waits(broker, program):
    """The thread that lets go of a lock and takes it again at once would keep everybody else from it."""
    program("""
        from webhook_alerts.outbox.desk import desk
        from webhook_alerts.outbox.publisher import Publisher
        build = Publisher._build
        def slowly(self, *args, **options):
            time.sleep(0.1)
            build(self, *args, **options)
        Publisher._build = slowly
        for number in range(1000):
            log.error(f"alert {number}")
        while desk.buffer.size == 1000:
            time.sleep(0.01)
        assert desk.publisher.rest()
        left = desk.buffer.size
        time.sleep(0.3)
        assert left == desk.buffer.size > 0
        desk.publisher.go_on()
        assert notify.flush(30)
    """)
    assert len(broker.alerts()) == 1000


def test_a_multiprocessing_child_publishes_at_its_end(broker, program):
    program("""
        import multiprocessing
        def work():
            log.error("from a pool")
        child = multiprocessing.get_context("fork").Process(target=work)
        child.start(); child.join(15)
        assert child.exitcode == 0
    """)
    assert broker.messages() == ["from a pool"]


WSGI = (
    PREAMBLE
    + """
log.error("while the master loads")
notify.flush(10)
def application(environ, start_response):
    log.error("from worker %s" % os.getpid())
    start_response("200 OK", [])
    return [str(os.getpid()).encode()]
"""
)


def test_gunicorn_with_preload(broker, environment, tmp_path):
    pytest.importorskip("gunicorn")
    (tmp_path / "shop_wsgi.py").write_text(WSGI)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers", "2", "--bind", f"127.0.0.1:{port}"]
    server = subprocess.Popen(
        [*command, "--chdir", str(tmp_path), "shop_wsgi:application"], env=environment, stderr=subprocess.PIPE
    )
    try:
        pids = set()
        deadline = time.monotonic() + 30
        while len(pids) < 2 and time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                    pids.add(answer.read().decode())
            except OSError:
                time.sleep(0.1)
    finally:
        server.send_signal(signal.SIGTERM)
        _, errors = server.communicate(timeout=40)
    assert pids, errors.decode()
    assert broker.messages() == sorted(["while the master loads", *(f"from worker {pid}" for pid in pids)])


TASKS = """
import logging, os
from tests.celery_app import app
from webhook_alerts.handlers import WebhookAlertHandler
log = logging.getLogger("shop")

@app.task(name="shop.fail", queue="shop")
def fail(number):
    log.error(f"task {number}")
    return os.getpid()
"""


def test_celery_prefork_children_publish_and_delivery_chatter_stays_out(broker, environment, tmp_path):
    """The handler sits on the root at DEBUG, the root logger is the user's; accept messages are left in the queue."""
    (tmp_path / "shop_tasks.py").write_text(TASKS)
    setup = """
import logging
from webhook_alerts.handlers import WebhookAlertHandler
logging.getLogger().addHandler(WebhookAlertHandler(level=logging.ERROR))
"""
    (tmp_path / "shop_logging.py").write_text(setup)
    env = {**environment, "PYTHONPATH": f"{ROOT}:{tmp_path}"}
    command = [sys.executable, "-m", "celery", "-A", "tests.celery_app", "worker", "-Q", "shop", "-c", "2"]
    command += ["-I", "shop_logging,shop_tasks", "--without-gossip", "--without-mingle", "-l", "WARNING"]
    worker = subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    send = "import shop_tasks; [shop_tasks.fail.delay(n) for n in range(6)]"
    subprocess.run([sys.executable, "-c", send], env=env, cwd=ROOT, check=True, timeout=30)
    try:
        deadline = time.monotonic() + 30
        while len(broker.alerts()) < 6 and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        worker.send_signal(signal.SIGTERM)
        output, _ = worker.communicate(timeout=40)
    assert broker.messages() == [f"task {number}" for number in range(6)], output.decode()


def test_kill_nine_after_the_publish_interval_loses_nothing(broker, environment):
    source = f"import tests.outbox.conftest as c; exec(c.PREAMBLE)\n{KILLED}"
    child = subprocess.Popen([sys.executable, "-c", source], env=environment, stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    assert len(broker.alerts()) == 100


KILLED = """
for number in range(100):
    log.error(f"alert {number}")
while outbox.stats().published < 100:
    time.sleep(0.01)
print("published", flush=True)
time.sleep(60)
"""
