"""Nothing that hangs holds an answer up, and what hangs does not pile up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from django.test import RequestFactory

from tests.health.conftest import CLIENT_S, Site
from tests.servers import Postgres, RabbitMQ, Redis
from webhook_alerts.health import audience, probes, report, rounds
from webhook_alerts.health.findings import Finding, Status
from webhook_alerts.health.probes import Probe, look
from webhook_alerts.health.rounds import Rounds

MakeSite = Callable[..., Site]
SEVERAL_ROUNDS = 3


def test_a_check_that_hangs_has_no_answer_and_the_others_have() -> None:
    hanging = threading.Event()
    found = look([Probe("slow", lambda: Finding(reason=str(hanging.wait(30)))), Probe("quick", Finding)], 0.05)
    hanging.set()
    assert found["quick"].status is Status.HEALTHY
    assert found["slow"].status is Status.UNKNOWN
    assert found["slow"].reason.startswith("No answer for 0.")


def test_a_check_that_hangs_keeps_one_thread_and_is_heard_when_it_answers() -> None:
    hanging, begun = threading.Event(), []

    def wait() -> Finding:
        begun.append(threading.current_thread())
        hanging.wait(30)
        return Finding(reason="at last")

    probe = Probe("slow", wait)
    for _ in range(20):
        assert look([probe], 0.001)["slow"].status is Status.UNKNOWN
    assert len(begun) == 1
    hanging.set()
    assert look([probe], 5)["slow"].reason == "at last"
    assert len(begun) <= 2


def test_one_that_hangs_for_long_is_begun_anew_but_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "GIVEN_UP_S", 0.0)
    hanging, begun = threading.Event(), []

    def wait() -> Finding:
        begun.append(threading.current_thread())
        hanging.wait(30)
        return Finding()

    probe = Probe("slow", wait)
    for _ in range(20):
        look([probe], 0.001)
    hanging.set()
    for thread in begun:
        thread.join(10)
    assert len(begun) == probes.MOST_HANGING


def test_a_hundred_at_once_make_one_round() -> None:
    made, gate, asking = [], threading.Event(), threading.Barrier(101)

    def make() -> int:
        gate.wait(30)
        made.append(1)
        return len(made)

    kept = Rounds(make)

    def ask(_: int) -> int:
        asking.wait(30)
        return kept.get()

    with ThreadPoolExecutor(100) as pool:
        answers = pool.map(ask, range(100))
        asking.wait(30)
        gate.set()
        assert set(answers) == {1}
    assert len(made) == 1


def test_while_a_round_is_under_way_the_last_answer_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    made, gate = [], threading.Event()
    gate.set()

    def make() -> int:
        made.append(1)
        gate.wait(30)
        return len(made)

    kept = Rounds(make)
    assert kept.get() == 1
    monkeypatch.setattr(rounds, "FRESH_S", 0.0)
    gate.clear()
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(kept.get)
        while len(made) < 2:
            pass
        assert kept.get() == 1  # returns at once: nobody opens the gate before
        gate.set()
        assert second.result(30) == 2
    monkeypatch.setattr(rounds, "STALE_S", 0.0)
    monkeypatch.setattr(rounds, "PATIENCE_S", 0.01)
    gate.clear()
    with ThreadPoolExecutor(1) as pool:
        third = pool.submit(kept.get)
        while len(made) < 3:
            pass
        assert kept.get() == 2  # too old to be given at once, but the round does not come back
        gate.set()
        third.result(30)


def test_other_settings_are_looked_at_anew() -> None:
    made: list[int] = []
    kept = Rounds(lambda: made.append(1) or len(made))
    first, second = object(), object()
    assert [kept.get(first), kept.get(first), kept.get(second)] == [1, 1, 2]


def ask_all(site: Site, count: int) -> list[int]:
    """The statuses of so many requests at once, each within the patience of a probe."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda _: site.get(timeout=CLIENT_S + 1)[0], range(count)))


@pytest.mark.slow
def test_a_hundred_probes_at_once_ask_redis_once(make_site: MakeSite, own_redis: Redis) -> None:
    site = make_site(REDIS_URL=own_redis.url, TEST_BROKER_URL="memory://")
    site.get("/health/live/")
    with redis.Redis.from_url(own_redis.url) as client:
        client.config_resetstat()
        assert set(ask_all(site, 100)) == {200}
        assert client.info("commandstats")["cmdstat_ping"]["calls"] == 1


def freezes(site: Site, service: str, freeze: Callable[[], None], thaw: Callable[[], None]) -> None:
    """Frozen and thawed under a site that answers: within the patience of a probe, with a bounded number of threads."""
    site.wait_for(service, "healthy")
    freeze()
    site.wait_for(service, "unhealthy")
    threads = []
    for _ in range(SEVERAL_ROUNDS):
        assert ask_all(site, 10) == [503] * 10
        site.project.wait_until(lambda: site.get()[1]["timestamp"] != last(threads), what="another round", timeout=20)
        threads.append((site.get()[1]["timestamp"], site.threads()))
    assert site.get()[1]["services"][service]["reason"].startswith(("No answer for", "It does not answer: Timeout"))
    assert site.get("/health/ready/")[0] == 503
    assert site.get("/health/live/")[0] == 200
    # One thread for each check that hangs, and those that answer this moment's requests.
    assert max(count for _, count in threads) <= len(report._probes) + 8
    thaw()
    site.wait_for(service, "healthy")


def last(threads: list[tuple[str, int]]) -> str:
    return threads[-1][0] if threads else ""


@pytest.mark.slow
def test_a_redis_that_accepts_and_never_answers(make_site: MakeSite, own_redis: Redis) -> None:
    site = make_site(REDIS_URL=own_redis.url, TEST_BROKER_URL="memory://")
    freezes(site, "redis", own_redis.freeze, own_redis.thaw)
    own_redis.kill()
    site.wait_for("redis", "unhealthy")
    own_redis.start()
    site.wait_for("redis", "healthy")


@pytest.mark.slow
def test_a_postgresql_that_accepts_and_never_answers(make_site: MakeSite, own_postgres: Postgres) -> None:
    site = make_site(TEST_DATABASE="postgres", TEST_BROKER_URL="memory://")
    try:
        freezes(site, "database", own_postgres.freeze, own_postgres.thaw)
    finally:
        own_postgres.thaw()
    own_postgres.stop()
    site.wait_for("database", "unhealthy")
    assert site.status_of("redis") == "healthy"
    own_postgres.start()
    site.wait_for("database", "healthy")


@pytest.mark.slow
def test_staff_is_a_stranger_while_the_database_hangs(make_site: MakeSite, own_postgres: Postgres) -> None:
    site = make_site(TEST_DATABASE="postgres", TEST_BROKER_URL="memory://")
    session = site.project.run(
        "from django.contrib.auth.models import User\n"
        "from django.test import Client\n"
        "client = Client()\n"
        "client.force_login(User.objects.create_user('boss', is_staff=True))\n"
        "print(client.cookies['sessionid'].value)"
    ).strip()
    site.cookie = f"sessionid={session}"
    assert "services" in site.get(token="")[1]
    own_postgres.freeze()
    try:
        for _ in range(6):
            assert set(site.get(token="")[1]) == {"status", "timestamp"}
    finally:
        own_postgres.thaw()


def test_who_waits_for_a_place_has_less_time_for_its_login(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a second in all, or an answer could come after two."""
    places = threading.BoundedSemaphore(1)
    monkeypatch.setattr(audience, "_places", places)
    request = RequestFactory().get("/health/", headers={"Cookie": "sessionid=x"})
    request.user = SlowStaff()
    assert audience.is_staff(request)
    places.acquire()
    threading.Timer(0.9 * audience.STAFF_S, places.release).start()
    assert not audience.is_staff(request)
    assert places.acquire(timeout=20)  # when the thread is through


class SlowStaff:
    """One of the staff, as a slow session store tells it."""

    is_active = True

    @property
    def is_staff(self) -> bool:
        time.sleep(audience.STAFF_S / 2)
        return True


@pytest.mark.slow
def test_a_broker_that_accepts_and_never_answers(make_site: MakeSite, own_rabbitmq: RabbitMQ) -> None:
    site = make_site(TEST_BROKER_URL=own_rabbitmq.url)
    freezes(site, "broker", own_rabbitmq.freeze, own_rabbitmq.thaw)
    assert site.get()[1]["services"]["broker"]["queues"]["alerts"] == 0
    own_rabbitmq.kill()
    site.wait_for("broker", "unhealthy")
