"""The Redis that all processes share, and the names of what is in it."""

from __future__ import annotations

import functools
import os

import redis

from webhook_alerts.conf import get_config

PREFIX = "webhook_alerts:"
SOCKET_S = 1.0
FLUSHED = f"{PREFIX}flushed"
"""Unix seconds of the last flush: how one sees that beat is alive."""


def client() -> redis.Redis:
    """A client of ``REDIS_URL`` for this process, every answer bounded by a second."""
    return _client(get_config().redis_url, os.getpid())


@functools.lru_cache(maxsize=4)
def _client(url: str, pid: int) -> redis.Redis:  # noqa: ARG001 - a forked child makes its own
    return redis.Redis.from_url(url, socket_timeout=SOCKET_S, socket_connect_timeout=SOCKET_S)
