"""Endpoints that a project watches: what a call leaves behind, what it costs, and what is made of it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from tests.outbox.conftest import Program, environment, program  # noqa: F401 - fixtures
from webhook_alerts.conf import Config
from webhook_alerts.health import calls, endpoint, endpoints, record
from webhook_alerts.health.calls import KEPT, RECENT_S, Endpoint, judge
from webhook_alerts.health.findings import Status

NOW = 1_800_000_000.0


@pytest.fixture(autouse=True)
def _written_by_the_test(configure: Callable[..., Config]) -> Iterator[None]:
    """Redis is empty, and so is what waits."""
    configure()
    endpoints._waiting.clear()
    yield
    endpoints._waiting.clear()


def seen() -> dict[str, Endpoint]:
    """What Redis says once all is written."""
    endpoints._scribe.close()
    return {one.name: one for one in calls.endpoints()}


def test_a_block_leaves_its_time_and_that_it_went_well() -> None:
    with endpoint("openai", slow_s=3):
        pass
    (one,) = seen().values()
    assert (one.name, one.status, one.calls, one.failures, one.slow_s) == ("openai", Status.HEALTHY, 1, 0, 3.0)
    assert one.last_call_s == one.last_success_s
    assert one.response_s is not None
    assert 0 <= one.response_s < 1


def test_an_exception_passes_untouched_and_counts_as_a_failure() -> None:
    error = ValueError("theirs")
    with pytest.raises(ValueError, match="theirs") as caught, endpoint("openai"):
        raise error
    assert caught.value is error
    one = seen()["openai"]
    assert (one.calls, one.failures, one.last_success_s) == (1, 1, None)


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError])
def test_a_block_that_is_cancelled_counts_as_neither(end: type[BaseException]) -> None:
    with pytest.raises(end), endpoint("openai"):
        raise end
    assert seen() == {}


def test_a_failure_that_nothing_raised_for() -> None:
    with endpoint("payments") as call:
        call.fail()
    assert seen()["payments"].failures == 1


def test_functions_are_watched_and_stay_what_they_are() -> None:
    @endpoint("payments")
    def pay(amount: int) -> int:
        """Pay."""
        return amount * 2

    @endpoint("payments")
    async def pay_later(amount: int) -> int:
        await asyncio.sleep(0)
        return amount * 3

    assert (pay(2), asyncio.run(pay_later(2))) == (4, 6)
    assert (pay.__name__, pay.__doc__) == ("pay", "Pay.")
    assert asyncio.iscoroutinefunction(pay_later)
    assert seen()["payments"].calls == 2


def test_one_watcher_may_be_used_by_many_at_once() -> None:
    watched = endpoint("openai")

    async def ask(wait_s: float) -> None:
        async with watched:
            await asyncio.sleep(wait_s)

    async def both() -> None:
        await asyncio.gather(ask(0.2), ask(0.0))

    asyncio.run(both())
    quick, slow = (took for _name, took, *_ in endpoints._waiting)
    assert quick < 0.2 <= slow


def test_blocks_within_blocks_and_in_turns() -> None:
    def generate() -> Iterator[None]:
        with endpoint("outer"):
            yield

    generator = generate()
    next(generator)
    with endpoint("inner"), pytest.raises(StopIteration):
        next(generator)
    assert {name: one.calls for name, one in seen().items()} == {"outer": 1, "inner": 1}
    assert endpoints._open.get() == ()


class Strange:
    """What a caller may give by mistake."""

    def __str__(self) -> str:
        raise RuntimeError

    def __float__(self) -> float:
        raise RuntimeError


@pytest.mark.parametrize("duration", ["soon", None, Strange(), float("nan"), float("inf"), -1, 10**400])
@pytest.mark.parametrize("name", ["openai", "", "a" * 1000, "\ud800", None, 7])
def test_nothing_that_a_caller_gives_raises_or_is_in_the_way(name: Any, duration: Any) -> None:
    record(name, duration, True)
    record("sound", 0.1, True)
    found = seen()
    assert found["sound"].calls == 1
    json.dumps([one.average_s for one in found.values()], allow_nan=False)


def test_a_name_that_holds_a_secret_does_not_show_it() -> None:
    record("https://discord.com/api/webhooks/123456789012345678/" + "t" * 68, 0.1, True)
    (name,) = seen()
    assert "tttt" not in name
    assert len(name) <= 64


def test_only_the_last_calls_are_kept(memory: redis.Redis) -> None:
    for _ in range(KEPT + 30):
        record("openai", 0.1, False)
    for _ in range(KEPT):
        record("openai", 0.1, True)
    one = seen()["openai"]
    assert (one.calls, one.failures) == (KEPT, 0)
    assert memory.llen("webhook_alerts:endpoint:openai") == KEPT


def test_what_cannot_be_written_waits_and_the_oldest_goes_first(
    configure: Callable[..., Config], redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(REDIS_URL="redis://127.0.0.1:1/0")
    record("openai", 0.1, True)
    endpoints._scribe.close()
    assert [name for name, *_ in endpoints._waiting] == ["openai"]
    for _ in range(endpoints.MOST_WAITING):
        record("payments", 0.1, True)
    assert len(endpoints._waiting) == endpoints.MOST_WAITING
    configure(REDIS_URL=redis_url)
    assert set(seen()) == {"payments"}


def last_calls(*lines: tuple[float, bool], slow_s: float = 2.0, age_s: float = 1.0) -> Endpoint:
    return judge("openai", [(NOW - age_s, took, ok) for took, ok in lines], slow_s, age_s, None, NOW)


WELL, ILL, SLOW = (0.1, True), (0.1, False), (5.0, True)


@pytest.mark.parametrize(
    ("made", "status"),
    [
        ([], Status.HEALTHY),
        ([WELL] * 10, Status.HEALTHY),
        ([ILL], Status.HEALTHY),  # one proves little
        ([ILL, ILL], Status.UNHEALTHY),
        ([ILL] + [WELL] * 9, Status.HEALTHY),
        ([ILL] * 2 + [WELL] * 8, Status.DEGRADED),
        ([ILL] * 5 + [WELL] * 5, Status.UNHEALTHY),
        ([SLOW] * 3 + [WELL] * 7, Status.HEALTHY),  # 1.57 s on average
        ([SLOW] * 4 + [WELL] * 6, Status.DEGRADED),  # 2.06 s
    ],
)
def test_what_the_last_calls_come_to(made: list[tuple[float, bool]], status: Status) -> None:
    one = last_calls(*made)
    assert one.status is status
    assert bool(one.reason) is (status is not Status.HEALTHY)


def test_why_an_endpoint_is_not_well_is_said() -> None:
    assert last_calls(ILL, ILL, WELL).reason == "2 of the last 3 calls failed."
    assert last_calls(SLOW).reason == "It answers in 5.00 s on average; more than 2 s is slow."


def test_calls_of_long_ago_say_nothing_of_now() -> None:
    one = last_calls(ILL, ILL, ILL, age_s=RECENT_S + 1)
    assert (one.status, one.calls, one.average_s) == (Status.HEALTHY, 0, None)


def test_an_endpoint_that_nobody_calls_any_more_is_forgotten(memory: redis.Redis) -> None:
    record("openai", 0.1, True)
    assert set(seen()) == {"openai"}
    assert calls.endpoints(now=NOW + 10**9) == []
    assert memory.hlen(calls.KEY) == memory.hlen(calls.SUCCEEDED) == 0


@pytest.mark.slow
def test_a_program_that_ends_at_once_leaves_its_calls(program: Program) -> None:  # noqa: F811
    program(
        """
        from webhook_alerts.health import endpoint
        with endpoint("openai"):
            pass
        """
    )
    assert seen()["openai"].calls == 1


@pytest.mark.slow
def test_children_of_a_pool_leave_theirs_and_not_their_parents(program: Program) -> None:  # noqa: F811
    program(
        """
        import multiprocessing
        from webhook_alerts.health import record
        def call(number):
            record("child", 0.1, True)
        record("parent", 0.1, True)
        with multiprocessing.get_context("fork").Pool(2) as pool:
            pool.map(call, range(10), chunksize=1)
            pool.close()
            pool.join()
        """
    )
    found = seen()
    assert (found["parent"].calls, found["child"].calls) == (1, 10)


def test_a_call_waits_for_no_network(environment: dict[str, str]) -> None:  # noqa: F811
    """With sockets that raise in the caller's thread, calls are noted all the same."""
    code = (
        "import django; django.setup()\n"
        "import socket, threading\n"
        "main, real = threading.main_thread(), socket.socket.connect\n"
        "def connect(self, address):\n"
        "    assert threading.current_thread() is not main\n"
        "    return real(self, address)\n"
        "socket.socket.connect = connect\n"
        "from webhook_alerts.health import endpoint, endpoints\n"
        "for _ in range(10_000):\n"
        "    with endpoint('openai'): pass\n"
        "while endpoints._waiting: pass\n"
        "endpoints._scribe.at_work.acquire()\n"
    )
    subprocess.run([sys.executable, "-c", code], env=environment, timeout=30, check=True)
    assert {one.name: one.calls for one in calls.endpoints()} == {"openai": KEPT}
