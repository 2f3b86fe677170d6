"""Keeping a process at what operators have set: workers, admin requests and commands follow within seconds.

A token in Redis changes with every change, so that most looks cost one GET. It is only a nudge: the database is read
again from time to time whatever Redis says.
"""

from __future__ import annotations

import logging
import time
import uuid

import redis
from django.db import Error as DatabaseError

from webhook_alerts import conf
from webhook_alerts.overrides.stored import stored
from webhook_alerts.shared_memory import PREFIX, client

logger = logging.getLogger("webhook_alerts.overrides")
VERSION = f"{PREFIX}overrides"
"""Holds another random token after every change."""
LOOK_EVERY_S = 1.0
READ_EVERY_S = 10.0
"""How often the database is read when the token stays what it is, or Redis is away."""


class _Known:
    """What this process has seen."""

    version: bytes | None = None
    look_at = 0.0
    read_at = 0.0


_known = _Known()


def refresh() -> None:
    """Have ``get_config()`` give what operators have set, as of a second ago; never raises.

    To be called where the database may be asked: at the start of a task, a request of the admin's, a command.
    """
    now = time.monotonic()
    if now < _known.look_at:
        return
    _known.look_at = now + LOOK_EVERY_S
    try:
        version: bytes | None = client().get(VERSION)  # type: ignore[assignment]  # this client is no asynchronous one
    except redis.RedisError as error:
        logger.warning("Redis is away (%s): what operators set is followed within ten seconds", type(error).__name__)
        _known.look_at = now + READ_EVERY_S
        reload()
        return
    if version != _known.version or now >= _known.read_at:
        # The token that was there before the rows are read: a change in between is seen at the next look.
        _known.version = version
        reload()


def reload() -> bool:
    """Read the database now; ``False`` when it is away, and what was known holds on."""
    _known.read_at = time.monotonic() + READ_EVERY_S
    try:
        conf.lay_over(stored(conf.get_config().encryption_keys))
    except DatabaseError as error:
        logger.warning(
            "What was set in the admin cannot be read (%s): what was known before holds on", type(error).__name__
        )
        return False
    return True


def announce() -> None:
    """Tell every process that something has changed; to be called once the change is committed."""
    try:
        client().set(VERSION, uuid.uuid4().hex)
    except redis.RedisError as error:
        logger.warning("Redis is away (%s): the change is followed within ten seconds", type(error).__name__)


def forget() -> None:
    """Go back to the settings alone, and know nothing: for tests, which roll the database back."""
    _known.version, _known.look_at, _known.read_at = None, 0.0, 0.0
    conf.lay_over(conf.NOTHING)
