"""From a process to a real broker: batches, order, counts, and the end of the process."""

import json
import subprocess
import sys
import time

import pytest


def test_many_alerts_are_few_messages_and_the_gravest_goes_first(broker, program):
    program(
        """
        for number in range(1200):
            log.error(f"alert {number:04}")
        log.critical("down")
        assert notify.flush(20), outbox.stats()
        """,
        QUEUE_SIZE=5000,
    )
    batches = broker.batches()
    assert len(broker.alerts()) == 1201
    assert all(len(batch["alerts"]) <= 500 for batch in batches)
    assert len(batches) <= 6
    assert broker.messages() == sorted([f"alert {number:04}" for number in range(1200)] + ["down"])
    with_critical = next(batch for batch in batches if any(alert["level"] == 50 for alert in batch["alerts"]))
    assert with_critical["alerts"][0]["message"] == "down"


def test_alerts_go_out_by_themselves_while_the_process_lives(broker, environment):
    source = "import tests.outbox.conftest as c; exec(c.PREAMBLE); log.error('alone'); sys.stdin.read()"
    child = subprocess.Popen([sys.executable, "-c", source], env=environment, stdin=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 20
        while not broker.messages() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert broker.messages() == ["alone"]
    finally:
        child.kill()
        child.communicate()


def test_what_was_logged_last_is_published_at_exit(broker, program):
    program("""
        for number in range(700):
            log.error(f"last words {number}")
        log.error("repeated %s", 1); log.error("repeated %s", 2)
    """)
    assert len(broker.alerts()) == 701
    (repeat,) = broker.repeats()
    assert (repeat["count"], repeat["total"], repeat["samples"]) == (1, 2, ["repeated 2"])


def test_what_the_thread_has_just_taken_up_is_published_at_exit(broker, program):
    program("""
        import threading
        in_hand = threading.Event()

        class SlowError(Exception):
            def __str__(self):
                in_hand.set()
                time.sleep(1)
                return "slow"

        log.critical("last words", exc_info=SlowError())
        assert in_hand.wait(10)
    """)
    assert broker.messages() == ["last words"]


WITHOUT_THREADS = """
        import threading
        start = threading.Thread.start

        def refuse(self):
            raise RuntimeError("can't start new thread")

        threading.Thread.start = refuse
        log.error("first")
"""


def test_a_flush_outlives_a_failure_of_the_thread(broker, program):
    program("""
        from webhook_alerts.outbox.outgoing import Outgoing
        send, failures = Outgoing.send, [MemoryError(), MemoryError()]
        def fails(self, config):
            if failures:
                raise failures.pop()
            send(self, config)
        Outgoing.send = fails
        log.error("taken up already")
        assert notify.flush(30)
        assert outbox.stats().errors == 2, outbox.stats()
    """)
    assert broker.messages() == ["taken up already"]


def test_where_no_thread_can_be_started_the_next_call_tries_again(broker, program):
    program(
        f"""{WITHOUT_THREADS}
        threading.Thread.start = start
        log.error("second")
        assert notify.flush(10)
        """
    )
    assert broker.messages() == ["first", "second"]


def test_what_never_got_a_thread_is_spooled_at_exit(broker, program, tmp_path):
    program(WITHOUT_THREADS)
    (spooled,) = (tmp_path / "spool").glob("*.jsonl")
    assert json.loads(spooled.read_text())["alert"]["message"] == "first"
    assert broker.messages() == []


def test_a_hundred_thousand_repeats_are_counted_exactly_over_threads(broker, program):
    program("""
        import threading
        def storm():
            for number in range(12_500):
                log.error("storm %s", number)
        threads = [threading.Thread(target=storm) for _ in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert notify.flush(20), outbox.stats()
        log.error("storm %s", "again")
        assert notify.flush(20), outbox.stats()
    """)
    (alert,) = broker.alerts()
    counts = [repeat["count"] for repeat in broker.repeats()]
    assert {repeat["id"] for repeat in broker.repeats()} == {alert["id"]}
    assert alert["occurrences"] + sum(counts) == 100_001
    assert broker.repeats()[-1]["total"] == 100_001
    assert len(broker.batches()) < 20


def test_a_window_that_ends_tells_its_repeats_and_the_next_is_a_new_alert(broker, program):
    program(
        """
        log.error("x"); log.error("x")
        time.sleep(1.5)
        assert outbox.stats().pending == 0, outbox.stats()
        log.error("x")
        assert notify.flush(10)
        """,
        DEDUP_WINDOW=0.5,
    )
    assert [repeat["count"] for repeat in broker.repeats()] == [1]
    assert len({alert["id"] for alert in broker.alerts()}) == 2
    assert len({alert["fingerprint"] for alert in broker.alerts()}) == 1


def test_on_the_root_at_debug_one_error_is_one_alert(broker, program):
    program("""
        root = logging.getLogger()
        root.setLevel(logging.DEBUG)
        root.addHandler(WebhookAlertHandler())
        log.removeHandler(log.handlers[0]); log.propagate = True
        for name in ("kombu", "celery", "amqp", "redis", "webhook_alerts"):
            logging.getLogger(name).setLevel(logging.DEBUG)
        log.error("the only one")
        assert notify.flush(10)
        time.sleep(0.5)
        assert notify.flush(10)
    """)
    assert broker.messages() == ["the only one"]


def test_a_call_touches_neither_network_nor_disk(program):
    program("""
        notify.info("start the thread"); notify.flush(5)
        import threading
        seen, caller = [], threading.get_ident()
        def watch(event, args):
            if threading.get_ident() == caller and event.split(".")[0] in ("socket", "open", "sqlite3", "os"):
                seen.append((event, str(args)[:80]))
        sys.addaudithook(watch)
        try:
            raise ValueError("x")
        except ValueError:
            log.exception("%s", {"a": 1}, extra={"b": [1]})
            notify.critical("x", exc_info=True, c=object())
        found = list(seen)
        assert not found, found
    """)


def test_what_redaction_takes_out_never_reaches_the_broker(broker, program):
    program("""
        url = settings.WEBHOOK_ALERTS["WEBHOOKS"]["errors"]["url"]
        try:
            raise ValueError("password=hunter2")
        except ValueError:
            log.exception("token: hunter2 at %s", url, extra={"api_key": "hunter2", "nested": {"senha": "hunter2"}})
        log.error("repeated password=%s", "hunter2a"); log.error("repeated password=%s", "hunter2b")
        log.error("to redis://user:hunter2@host/0 with Authorization: Bearer hunter2hunter2")
        assert notify.flush(10)
    """)
    text = json.dumps(broker.batches())
    assert len(broker.alerts()) == 3
    assert "hunter2" not in text
    assert "t" * 68 not in text
    assert "[redacted:" in text


def test_a_broken_user_app_does_not_matter_to_the_caller(program):
    program(
        """
        from webhook_alerts.outbox import outgoing
        outgoing.QUEUE = object()
        log.error("x")
        assert notify.flush(10) is False
        assert outbox.stats().spooled == 1, outbox.stats()
        """,
    )


@pytest.mark.services
def test_while_no_worker_runs_the_broker_is_not_filled_with_copies(broker, program):
    program(
        """
        from webhook_alerts.outbox import held
        from webhook_alerts.shared_memory import client
        held.PATIENCE_S = held.LONGEST_S = 0.1

        def wait_until(condition):
            deadline = time.monotonic() + 20
            while not condition():
                assert time.monotonic() < deadline, outbox.stats()
                time.sleep(0.02)

        log.error("once")
        assert notify.flush(10)
        unsure, looked = outbox.desk.publisher.outgoing.unsure, set()
        wait_until(lambda: looked.add(unsure._looked) or len(looked) > 4)
        assert client().llen("alerts") == 1
        client().delete("alerts")  # somebody has purged the queue: Redis itself has forgotten nothing
        wait_until(lambda: outbox.stats().republished == 1)
        """,
        REDIS_URL=broker.url,
    )
    assert broker.messages() == ["once"]


def test_rabbitmq_takes_a_batch(program, rabbitmq):
    program(
        """
        from kombu import Connection
        with Connection(settings.CELERY_BROKER_URL) as connection, connection.SimpleQueue("alerts") as queue:
            log.error("by amqp")
            assert notify.flush(10), outbox.stats()
            message = queue.get(timeout=5)
            message.ack()
            assert message.payload[0][0]["alerts"][0]["message"] == "by amqp"
        """,
        broker_url=rabbitmq,
    )


def test_a_process_in_trouble_says_so_where_status_finds_it(program, memory):
    program("""
        from webhook_alerts.outbox import outgoing, publisher
        def fails(items):
            raise OSError("no space left")
        outgoing.Spool.write = lambda self, items: fails(items)
        publisher.TELL_S = 0
        send = outgoing.Broker.publish
        def refuse(self, batch, queue):
            outgoing.Broker.publish = send
            raise ConnectionError("once")
        outgoing.Broker.publish = refuse
        log.error("first"); notify.flush(5)
        log.error("second"); notify.flush(5)
        from webhook_alerts.operations.status import _outboxes
        told = _outboxes()
        assert told["processes_with_trouble"] == 1 and told["publish_failures"] == 1 and told["errors"] >= 1, told
        assert "OSError" in told["last_errors"], told
    """)


def levels(batches):
    return [sorted({alert["level"] for alert in batch["alerts"]}) for batch in batches]


def test_critical_alerts_travel_apart_from_the_rest(broker, program):
    program("""
        for number in range(20):
            log.warning("warning %s", number, extra={"alert": {"dedup": False}})
            log.critical("critical %s", number, extra={"alert": {"dedup": False}})
        assert notify.flush(10)
    """)
    assert {50} == {level for found in levels(broker.batches("alerts:critical")) for level in found}
    assert {30} == {level for found in levels(broker.batches("alerts")) for level in found}
    assert len(broker.alerts()) == 40


def test_out_of_the_spool_critical_alerts_travel_apart_too(broker, program):
    raise_both = """
        log.warning("warning"); log.critical("critical")
        log.critical("critical")
    """
    program(raise_both, broker_url="redis://127.0.0.1:1/0")
    assert broker.alerts() == []
    program("notify.debug('is there a spool?'); assert notify.flush(10)")
    assert levels(broker.batches("alerts:critical")) == [[50]]
    assert [50] not in levels(broker.batches("alerts"))
    assert broker.messages() == ["critical", "is there a spool?", "warning"]
    assert [repeat["count"] for repeat in broker.repeats()] == [1]
