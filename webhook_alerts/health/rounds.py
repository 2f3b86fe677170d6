"""One round of checks for everybody who asks at once, kept for some seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")
FRESH_S = 5.0
"""How long an answer is given again, in seconds, before everything is looked at anew."""
STALE_S = 15.0
"""Up to what age, in seconds, those who ask while a round is on its way get the last answer instead of waiting."""
PATIENCE_S = 1.75
"""How long others wait for the round that one of them makes, in seconds; above what a round may take."""


@dataclass(frozen=True, slots=True)
class _Kept(Generic[T]):
    key: object
    value: T
    at: float = field(default_factory=time.monotonic)

    @property
    def age_s(self) -> float:
        return time.monotonic() - self.at


class Rounds(Generic[T]):
    """What *make* last made for a key; made anew by whoever asks first when it has become old, never by two at once."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self.forget()

    def forget(self) -> None:
        """Begin afresh."""
        self._lock = threading.Lock()
        self._kept: _Kept[T] | None = None
        self._under_way: threading.Event | None = None

    def get(self, key: object = None) -> T:
        """The answer for *key*. Raises ``TimeoutError`` when another makes the first one and does not come back."""
        with self._lock:
            kept = self._kept if self._kept is not None and self._kept.key is key else None
            if kept is not None and kept.age_s < FRESH_S:
                return kept.value
            under_way = self._under_way
            if under_way is None:
                mine = self._under_way = threading.Event()
        if under_way is None:
            return self._look(key, mine)
        if kept is not None and kept.age_s < STALE_S:
            return kept.value
        under_way.wait(PATIENCE_S)
        with self._lock:
            if self._kept is None or self._kept.key is not key:
                raise TimeoutError
            return self._kept.value

    def _look(self, key: object, mine: threading.Event) -> T:
        try:
            value = self._make()
            with self._lock:
                self._kept = _Kept(key, value)
            return value
        finally:
            with self._lock:
                self._under_way = None
            mine.set()
