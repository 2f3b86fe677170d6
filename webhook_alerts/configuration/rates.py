"""How often a webhook may be asked: the windows of a service, of a preset and of the user, in one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from webhook_alerts.channels.base import Window
from webhook_alerts.configuration.problems import Unreadable, shown

_UNITS = {"s": 1, "m": 60, "h": 3600}
_RATE = re.compile(r"\s*([0-9]{1,6})\s*/\s*([0-9]{1,5})?\s*([smh])\s*")
_SHOWABLE = re.compile(r"[\w ./]{0,16}")
MOST_WINDOWS = 8
"""The gate looks at each window on every request."""


def parse_rate(value: Any) -> tuple[Window, ...]:
    """Read ``"30/m"``, ``["5/2s", "30/m"]`` or ``[]`` (no limit): requests per second, minute or hour, or per so many.

    Raises ``ValueError`` saying what is accepted, and never showing what may be a secret.
    """
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, (list, tuple)):
        raise ValueError(f"it is {type(value).__name__}")  # noqa: TRY004 - one kind of wrong rate to its user
    if len(texts) > MOST_WINDOWS:
        raise ValueError(f"it has more than {MOST_WINDOWS} windows")
    return tuple(_window(text) for text in texts)


def tightest(windows: Iterable[Window]) -> tuple[Window, ...]:
    """*windows* without those that another one implies, shortest first.

    A window that is longer and lets no more through holds the shorter one by itself.
    """
    kept: list[Window] = []
    for window in sorted(set(windows), key=lambda each: (-each.seconds, each.limit)):
        if not any(other.limit <= window.limit for other in kept):
            kept.append(window)
    return tuple(reversed(kept))


def _window(text: object) -> Window:
    match = _RATE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{_shown(text)} is no rate")
    limit, count = int(match[1]), int(match[2] or 1)
    if limit < 1 or count < 1:
        raise ValueError(f"{_shown(text)} lets nothing through")
    return Window(limit, float(count * _UNITS[match[3]]))


def _shown(text: object) -> str:
    plain = isinstance(text, str) and not isinstance(text, Unreadable) and _SHOWABLE.fullmatch(text)
    return repr(text) if plain else shown(text)
