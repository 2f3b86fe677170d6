"""What one ``accept`` message holds: alerts, and counts of repeats of alerts that went before."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from webhook_alerts.alert import JSON, Level

Item = tuple[str, dict[str, JSON]]
"""``("alert", …)`` as ``Alert.to_dict`` gives it, ``("repeat", …)``, or ``("sent", …)``: a message that went out by
the emergency path and stands on no record yet."""
_KEYS = {"alert": "alerts", "repeat": "repeats", "sent": "sent"}


def message(items: Sequence[Item], identity: str = "") -> dict[str, JSON]:
    """*items* as the argument of ``webhook_alerts.accept``; a worker's receipt carries the *identity*."""
    found: dict[str, JSON] = {"alerts": []}
    if identity:
        found["id"] = identity
    for kind, value in items:
        found.setdefault(_KEYS.get(kind, kind), []).append(value)
    return found


def items_of(batch: Mapping[str, JSON]) -> list[Item]:
    """The items that ``message`` made *batch* of."""
    return [(kind, value) for kind, key in _KEYS.items() for value in batch.get(key, ())]


def alerts_in(items: Iterable[Item]) -> int:
    """How many of *items* are alerts."""
    return sum(kind == "alert" for kind, _ in items)


def notes_of(items: Iterable[Item], notes: Iterable[Item]) -> list[Item]:
    """Those of *notes* that speak of alerts among *items*: stored without them, these would be sent again."""
    notes = [note for note in notes if note[0] == "sent"]
    there = {value.get("id") for kind, value in items if kind == "alert"} if notes else set()
    return [note for note in notes if not there.isdisjoint(note[1].get("alerts", ()))]


def is_critical(item: Item) -> bool:
    """Is it a critical alert? Counts of its repeats are not: they tell no news."""
    kind, value = item
    return kind == "alert" and int(value.get("level", 0)) >= Level.CRITICAL


def apart(items: Sequence[Item]) -> list[list[Item]]:
    """The critical alerts of *items*, then the rest, each with the notes of what was sent; what is empty is left out.

    A note may come with one part or both, whichever its alerts are in: it is recorded once.
    """
    notes = [item for item in items if item[0] == "sent"]
    critical = [item for item in items if is_critical(item)]
    rest = [item for item in items if item[0] != "sent" and not is_critical(item)]
    return [part + notes for part in (critical, rest) if part]


def weight(item: Item) -> int:
    """About how many bytes *item* takes as JSON: its long texts, and a thousand for the rest."""
    return len(item[1].get("message", "")) + len(item[1].get("stack_trace", "")) + 1_000


@dataclass(slots=True)
class Batch:
    """Items that were published together.

    ``published`` is when, in seconds of the monotonic clock, ``times`` how often; ``epoch`` names the memory of the
    Redis that was there at the time.
    """

    items: list[Item]
    epoch: str = ""
    published: float = 0.0
    times: int = 0
    identity: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def is_critical(self) -> bool:
        """Does it hold critical alerts?"""
        return any(map(is_critical, self.items))

    @property
    def gravest(self) -> int:
        """The highest level among its alerts; 0 where there are none."""
        return max((int(value.get("level", 0)) for kind, value in self.items if kind == "alert"), default=0)

    @property
    def weight(self) -> int:
        """About how many bytes it holds."""
        return sum(map(weight, self.items))
