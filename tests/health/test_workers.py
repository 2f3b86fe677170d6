"""Real workers and a real beat: alive by what they write themselves, silent when they are killed or hang."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from typing import Any

import pytest
import redis

from tests.conftest import Project
from tests.health.conftest import Site
from tests.servers import Redis
from webhook_alerts.conf import Config
from webhook_alerts.health import workers
from webhook_alerts.health.workers import FORGET_S, KEY, Worker, unserved

MakeSite = Callable[..., Site]
MakeProject = Callable[..., Project]
WEBHOOKS = json.dumps({"errors": {"url": "http://127.0.0.1:9/hook", "channel": "webhook"}})


def told(memory: redis.Redis, name: str = "") -> Any:
    """What a worker, or the only one, last wrote; nothing before."""
    found = {key.decode(): json.loads(value.split(b" ", 1)[1]) for key, value in memory.hgetall(KEY).items()}
    return found.get(name or next(iter(found), ""))


def a_worker(age_s: float, *queues: str, every_s: float = 5.0) -> Worker:
    return Worker("celery@one", age_s, queues, 2, every_s)


def test_a_worker_is_silent_after_three_missed_beats() -> None:
    assert a_worker(14.9).is_alive
    assert not a_worker(15.1).is_alive
    assert a_worker(170, every_s=60).is_alive


def test_a_queue_is_served_by_any_living_worker() -> None:
    found = [a_worker(1, "alerts"), a_worker(99, "alerts.errors"), a_worker(2, "other")]
    assert unserved(found, ["alerts", "alerts.errors", "other"]) == ["alerts.errors"]


def test_ages_are_those_of_the_clock_of_redis_and_the_silent_are_forgotten_after_an_hour(
    configure: Callable[..., Config], memory: redis.Redis
) -> None:
    configure()
    now = memory.time()[0]
    known = json.dumps({"queues": ["alerts"], "pool": 4, "every_s": 5})
    memory.hset(KEY, mapping={"old": f"{now - FORGET_S - 1}.0 {known}", "lately": f"{now - 30}.000000 {known}"})
    (lately,) = workers.workers()
    assert (lately.name, lately.queues, lately.pool, lately.is_alive) == ("lately", ("alerts",), 4, False)
    assert 30 <= lately.age_s < 60
    memory.eval(workers._WRITE, 1, KEY, "new", known, FORGET_S)
    assert set(memory.hgetall(KEY)) == {b"new", b"lately"}


def exits(project: Project, *arguments: str) -> tuple[int, Any]:
    done = project.manage("alerts", "health", "--json", *arguments)
    return done.returncode, json.loads(done.stdout)


@pytest.mark.slow
def test_a_killed_beat_and_a_killed_worker_are_missed(make_site: MakeSite, memory: redis.Redis) -> None:
    site = make_site()
    project = site.project
    assert site.get()[1]["services"]["workers"]["reason"] == "No worker was heard of within the last hour."
    assert site.get()[1]["services"]["beat"]["status"] == "unknown"
    worker, beat = project.worker("-n", "one@test"), project.beat()
    site.wait_for("workers", "healthy")
    site.wait_for("beat", "healthy")
    one = site.get()[1]["services"]["workers"]["workers"]["one@test"]
    assert (one["alive"], one["pool"]) == (True, 2)
    assert {"celery", "alerts", "alerts.errors"} <= set(one["queues"])
    assert exits(project)[1]["status"] == "healthy"
    assert exits(project, "--worker", "one@test", "--beat")[0] == 0
    beat.kill()
    site.wait_for("beat", "degraded")
    assert (site.get()[0], site.get()[1]["status"]) == (200, "degraded")
    code, found = exits(project, "--beat")
    assert (code, found["services"]["beat"]["status"]) == (1, "unhealthy")
    worker.kill()
    site.wait_for("workers", "degraded")
    found = site.get()[1]
    assert found["services"]["workers"]["reason"].startswith("No worker is alive; one@test was the last, ")
    assert found["services"]["beat"]["status"] == "unknown"
    code, found = exits(project, "--worker", "one@test")
    assert (code, found["services"]["worker one@test"]["status"]) == (1, "unhealthy")
    examined = project.manage("alerts", "doctor").stdout
    assert "ok   worker one@test: silent for " in examined
    assert "FAIL workers: none is alive" in examined


@pytest.mark.slow
def test_a_worker_that_hangs_is_missed_and_one_that_ends_by_itself_is_not(
    make_project: MakeProject, memory: redis.Redis
) -> None:
    project = make_project(TEST_WEBHOOKS=WEBHOOKS)
    worker = project.worker("-n", "one@test")
    alive = "from webhook_alerts.health.workers import workers\nprint([(w.name, w.is_alive) for w in workers()])"

    def says(expected: str) -> Callable[[], bool]:
        return lambda: project.run(alive).strip() == expected

    project.wait_until(says("[('one@test', True)]"), what="a beat")
    worker.send_signal(signal.SIGSTOP)
    project.wait_until(says("[('one@test', False)]"), what="silence")
    worker.send_signal(signal.SIGCONT)
    project.wait_until(says("[('one@test', True)]"), what="a beat again")
    worker.terminate()
    worker.wait(30)
    assert says("[]")()


@pytest.mark.slow
@pytest.mark.parametrize("option", ["--without-heartbeat", "--without-gossip", "--pool=solo", "--pool=threads"])
def test_every_kind_of_worker_is_heard_and_again_after_redis_was_away(
    make_project: MakeProject, own_redis: Redis, option: str
) -> None:
    project = make_project(TEST_WEBHOOKS=WEBHOOKS, REDIS_URL=own_redis.url)
    project.worker("-n", "one@test", "-Q", "celery,alerts", option)
    with redis.Redis.from_url(own_redis.url) as memory:
        project.wait_until(lambda: told(memory) is not None, what="a beat")
        assert {"celery", "alerts"} <= set(told(memory)["queues"])
        assert told(memory)["every_s"] == 5.0
        assert told(memory)["pool"] == (1 if "solo" in option else 2)
    own_redis.kill()
    own_redis.start()
    with redis.Redis.from_url(own_redis.url) as memory:

        def heard() -> bool:
            try:
                return told(memory) is not None
            except redis.RedisError:
                return False

        project.wait_until(heard, what="a beat again")
    found = exits(project)[1]["services"]["workers"]
    assert (found["status"], "alerts.errors" in found["unserved"]) == ("degraded", True)
    assert found["reason"].startswith("No living worker consumes ")


@pytest.mark.slow
def test_a_queue_that_is_taken_up_or_given_up_later_is_known(make_project: MakeProject, memory: redis.Redis) -> None:
    project = make_project(TEST_WEBHOOKS=WEBHOOKS)
    project.worker("-n", "one@test", "-Q", "celery")
    project.wait_until(lambda: told(memory) == {"queues": ["celery"], "pool": 2, "every_s": 5.0}, what="a beat")
    control = "from tests.celery_app import app\napp.control.{}('{}', reply=True)"
    project.run(control.format("add_consumer", "alerts"))
    project.wait_until(lambda: set(told(memory)["queues"]) == {"celery", "alerts"}, what="another queue")
    project.run(control.format("cancel_consumer", "celery"))
    project.wait_until(lambda: told(memory)["queues"] == ["alerts"], what="one queue less")


@pytest.mark.slow
def test_beating_does_not_keep_a_worker_from_its_tasks_while_redis_hangs(
    make_project: MakeProject, own_redis: Redis, rabbitmq: str
) -> None:
    """With another broker: the worker's loop goes on although nothing can be written."""
    project = make_project(TEST_WEBHOOKS=WEBHOOKS, REDIS_URL=own_redis.url, TEST_BROKER_URL=rabbitmq)
    project.worker("-n", "one@test", "-Q", "health-test", "--without-gossip", "--without-mingle")
    with redis.Redis.from_url(own_redis.url) as memory:
        project.wait_until(lambda: told(memory) is not None, what="a beat")
    own_redis.freeze()
    ask = "from tests.celery_app import app\nprint(app.control.ping(destination=['one@test'], timeout=5, limit=1))"
    for _ in range(4):
        assert "pong" in project.run(ask)
    own_redis.thaw()
