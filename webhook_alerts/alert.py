"""What happened: the value that travels from the caller's process to the channel.

Nothing here knows Django, Celery, Redis or a service; an ``Alert`` is plain data that survives JSON.
"""

from __future__ import annotations

import enum
import os
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

JSON = Any
"""Anything ``json.dumps`` takes without a ``default``."""


class Level(enum.IntEnum):
    """How grave it is; the numbers are those of ``logging``."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40
    CRITICAL = 50

    @classmethod
    def of(cls, number: int) -> Level:
        """The highest level not above *number*, so that a custom level 35 counts as WARNING."""
        for level in _FALLING:
            if number >= level:
                return level
        return cls.DEBUG


_FALLING = sorted(Level, reverse=True)


class Kind(enum.StrEnum):
    """What sort of thing happened; each kind has its own look in a channel."""

    LOG = "log"
    ERROR = "error"
    PERFORMANCE = "performance"
    EVENT = "event"
    STATUS = "status"
    DIGEST = "digest"


def uuid7(unix_ms: int | None = None) -> uuid.UUID:
    """A time-ordered identifier, RFC 9562 section 5.7: 48 bits of Unix milliseconds, then randomness."""
    ms = time.time_ns() // 1_000_000 if unix_ms is None else unix_ms
    value = (ms & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0b11 << 62) | 0b10 << 62
    return uuid.UUID(int=value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing that happened, redacted and complete, ready to be stored and shown.

    Texts may hold any Unicode; times are Unix seconds. ``details`` holds what its kind needs: for
    ``performance`` the keys ``metric``, ``value``, ``threshold``, ``unit`` and ``ratio``; for ``event`` the key
    ``event``; for ``status`` the key ``status``. ``samples`` are a few messages of repeats that differed.
    ``webhooks`` names the webhooks that the caller asked for; empty means that the routes decide. ``state``,
    ``state_since`` and ``note`` are filled in when it is drawn: what has become of its incident (``open``,
    ``acknowledged``, ``resolved`` or ``flapping``), since when, 0 where the incident has moved on, and that in words
    ("resolved by ana after 2 h").
    """

    id: uuid.UUID
    level: Level
    kind: Kind
    message: str
    first_seen: float
    last_seen: float
    logger: str = ""
    details: Mapping[str, JSON] = field(default_factory=dict)
    context: Mapping[str, JSON] = field(default_factory=dict)
    request: Mapping[str, JSON] = field(default_factory=dict)
    exception_type: str = ""
    stack_trace: str = ""
    fingerprint: str = ""
    occurrences: int = 1
    samples: tuple[str, ...] = ()
    module: str = ""
    function: str = ""
    line: int = 0
    correlation_id: str = ""
    environment: str = ""
    service: str = ""
    release: str = ""
    host: str = ""
    process: str = ""
    traceparent: str = ""
    webhooks: tuple[str, ...] = ()
    dedup: bool = True
    state: str = ""
    state_since: float = 0.0
    note: str = ""

    def to_dict(self) -> dict[str, JSON]:
        """The alert as JSON-ready data, leaving out what is empty."""
        data: dict[str, JSON] = {}
        for name in _NAMES:
            value = getattr(self, name)
            if value or name in _ALWAYS:
                data[name] = value
        data["id"] = str(self.id)
        data["level"] = int(self.level)
        data["kind"] = str(self.kind)
        data["dedup"] = self.dedup
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, JSON]) -> Alert:
        """Rebuild what ``to_dict`` gave; unknown keys (of a newer release) are ignored.

        Raises ``KeyError`` or ``ValueError`` where a required part is missing or malformed.
        """
        values = {name: data[name] for name in _NAMES if name in data}
        values["id"] = uuid.UUID(data["id"])
        values["level"] = Level.of(int(data["level"]))
        values["kind"] = Kind(data["kind"])
        for name in ("samples", "webhooks"):
            values[name] = tuple(values.get(name, ()))
        return cls(**values)


_NAMES = tuple(item.name for item in fields(Alert))
_ALWAYS = frozenset({"message", "first_seen", "last_seen"})
