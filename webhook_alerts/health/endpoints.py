"""Services that a project depends on, watched at its own calls: ``with endpoint("openai", slow_s=2.0): ask()``.

A caller pays for a clock and a place in a list; a thread writes what came together to Redis once a second.
"""

from __future__ import annotations

import functools
import inspect
import time
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from types import TracebackType
from typing import Any, ParamSpec, TypeVar, cast

from webhook_alerts.health import calls
from webhook_alerts.health.calls import Call
from webhook_alerts.health.scribe import Scribe

P = ParamSpec("P")
R = TypeVar("R")
SLOW_S = 2.0
"""Above this average response time, in seconds, an endpoint counts as degraded, unless it says otherwise."""
MOST_WAITING = 10_000
"""Calls that wait to be written at most, per process; of more, the oldest are left out."""
GATHER_S = 1.0
RETRY_S = 5.0

_waiting: deque[Call] = deque(maxlen=MOST_WAITING)


def record(name: str, duration_s: float, ok: bool, *, slow_s: float = SLOW_S) -> None:
    """Note a call that took *duration_s* seconds, and whether it went well. Takes microseconds, never raises."""
    _waiting.append((name, duration_s, ok, slow_s, time.time()))
    _scribe.ask()


class endpoint:  # noqa: N801 - it is used as the function that it looks like
    """Watch calls of the service *name*: a ``with`` or ``async with`` block, or a decorator of (async) functions.

    The block counts as failed when an ``Exception`` leaves it, which passes untouched, or after ``fail()`` on what
    ``with … as`` gives, for services that answer with an error instead of raising one. A block that is cancelled
    counts as neither. *slow_s*: above this average response time, in seconds, the endpoint is degraded. *name* is a
    label that everybody with access to the health page may read: take few, and no addresses.
    """

    __slots__ = ("name", "slow_s")

    def __init__(self, name: str, *, slow_s: float = SLOW_S) -> None:
        self.name = name
        self.slow_s = slow_s

    def __enter__(self) -> Block:
        block = Block(self)
        _open.set((*_open.get(), block))
        return block

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ended = time.perf_counter()
        blocks = _open.get()
        # Not always the last one: generators with such blocks may take turns.
        at = len(blocks) - 1
        while at >= 0 and blocks[at].of is not self:
            at -= 1
        if at < 0:
            return
        _open.set(blocks[:at] + blocks[at + 1 :])
        if kind is None or issubclass(kind, Exception):
            block = blocks[at]
            record(self.name, ended - block.began, kind is None and block.ok, slow_s=self.slow_s)

    async def __aenter__(self) -> Block:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """*function*, watched at every call."""
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def watched_coroutine(*args: P.args, **kwargs: P.kwargs) -> Any:
                with self:
                    return await function(*args, **kwargs)

            return cast("Callable[P, R]", watched_coroutine)

        @functools.wraps(function)
        def watched(*args: P.args, **kwargs: P.kwargs) -> R:
            with self:
                return function(*args, **kwargs)

        return watched


class Block:
    """A call under way."""

    __slots__ = ("began", "of", "ok")

    def __init__(self, of: endpoint) -> None:
        self.of = of
        self.ok = True
        self.began = time.perf_counter()

    def fail(self) -> None:
        """It failed, although nothing is raised."""
        self.ok = False


_open: ContextVar[tuple[Block, ...]] = ContextVar("webhook_alerts_endpoints", default=())


def _write() -> None:
    """Bring what waits to Redis; what cannot be brought waits on."""
    taken = [_waiting.popleft() for _ in range(len(_waiting))]
    try:
        calls.write(taken)
    except Exception:
        room = MOST_WAITING - len(_waiting)
        _waiting.extendleft(reversed(taken[-room:] if room else []))
        raise


_scribe = Scribe(_write, gather_s=GATHER_S, retry_s=RETRY_S, forget=_waiting.clear)
