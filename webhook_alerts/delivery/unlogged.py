"""Libraries that log nothing while they work for us: at DEBUG their lines hold a webhook's address or parts of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_LOUD = ("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry", "apprise")
_unheard: ContextVar[bool] = ContextVar("webhook_alerts_unheard", default=False)


@contextmanager
def unlogged() -> Iterator[None]:
    """The block, in this thread or task, without the libraries' lines; what others make them say is heard."""
    for name in _LOUD:
        logger = logging.getLogger(name)
        if _is_heard not in logger.filters:  # each time, for others may take it away
            logger.addFilter(_is_heard)
    token = _unheard.set(True)
    try:
        yield
    finally:
        _unheard.reset(token)


def _is_heard(_: logging.LogRecord) -> bool:
    return not _unheard.get()
