"""Telling repeats apart over all processes, by what Redis remembers of the window.

With Redis away every alert is a first one: more messages, none lost.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import redis

from webhook_alerts.alert import Alert
from webhook_alerts.conf import Config
from webhook_alerts.intake.columns import fingerprint, moment, text
from webhook_alerts.shared_memory import PREFIX, client

logger = logging.getLogger("webhook_alerts.intake")
REMEMBER_S = 7_200
"""How long what was counted is remembered, in seconds: twice the time after which a broker brings it again."""
MALFORMED = f"{PREFIX}malformed"
"""How many alerts could not be read, ever."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """*count* further occurrences of the alert *alert_id*, told under *name*; *last_seen* in Unix seconds."""

    alert_id: UUID
    count: int
    last_seen: float
    name: str
    samples: tuple[str, ...] = ()

    @classmethod
    def from_dict(cls, item: Mapping[str, Any]) -> Repeat:
        """What an outbox tells of an alert that it has published. Raises ``KeyError`` or ``ValueError``."""
        count, last_seen = int(item["count"]), float(item["last_seen"])
        if count < 1:
            raise ValueError("no repeat")
        moment(last_seen)
        name = f"{UUID(item['id'])}:{item.get('total', last_seen)}"
        return cls(UUID(item["id"]), count, last_seen, name, tuple(text(str(s)) for s in item.get("samples", ())))


@dataclass(frozen=True, slots=True)
class Folding:
    """What Redis says of a batch: whose windows its alerts fall into, and what was counted before."""

    told: Sequence[Repeat]
    """The told repeats not yet counted."""
    owners: Mapping[UUID, UUID] = field(default_factory=dict)
    """The alert that another one repeats."""
    counted: frozenset[UUID] = frozenset()
    """Alerts that were counted as repeats already."""

    @property
    def named(self) -> set[UUID]:
        """The alerts that repeats are to be added to."""
        return {*self.owners.values(), *(repeat.alert_id for repeat in self.told)}

    def settle(self, alerts: Sequence[Alert], stored: set[UUID]) -> tuple[list[Alert], list[Repeat]]:
        """The alerts to be stored and the repeats to be counted, given which alerts are *stored*.

        An alert is stored itself when its window's first is not: that one's worker may have died.
        """
        new = [alert for alert in alerts if alert.id not in stored and alert.id not in self.counted]
        firsts = [alert for alert in new if alert.id not in self.owners]
        there = stored | {alert.id for alert in firsts}
        repeats = []
        for alert in new:
            owner = self.owners.get(alert.id)
            if owner is None:
                continue
            if owner in there:
                repeats.append(Repeat(owner, alert.occurrences, alert.last_seen, str(alert.id)))
            else:
                firsts.append(alert)
                there.add(alert.id)
        repeats += [repeat for repeat in self.told if repeat.alert_id in there]
        return firsts, repeats


def fold(alerts: Sequence[Alert], told: Sequence[Repeat], config: Config) -> Folding:
    """Ask Redis, in one round-trip, which *alerts* repeat another and which repeats *told* were counted already."""
    if not alerts and not told:
        return Folding(told)
    try:
        return _ask(alerts, told, config)
    except redis.RedisError as error:
        logger.warning("Redis is away (%s): repeats are not told apart over processes", type(error).__name__)
        return Folding(told)


def _ask(alerts: Sequence[Alert], told: Sequence[Repeat], config: Config) -> Folding:
    windows = {alert.id: window for alert in alerts if (window := _window(alert, config))}
    pipe = client().pipeline(transaction=False)
    for alert in alerts:
        pipe.get(_counted(str(alert.id)))
    for repeat in told:
        pipe.get(_counted(repeat.name))
        pipe.get(_counted(str(repeat.alert_id)))
    for alert_id, (key, left_ms) in windows.items():
        pipe.set(key, str(alert_id), nx=True, px=left_ms)
        pipe.get(key)
    answers = iter(pipe.execute())
    counted = frozenset(alert.id for alert in alerts if next(answers) is not None)
    new = []
    for repeat in told:
        before, owner = next(answers), next(answers)
        if before is None:
            new.append(replace(repeat, alert_id=UUID(owner.decode())) if owner else repeat)
    owners = {}
    for alert_id in windows:
        next(answers)
        owner = next(answers)
        if owner and UUID(owner.decode()) != alert_id:
            owners[alert_id] = UUID(owner.decode())
    return Folding(new, owners, counted)


def _window(alert: Alert, config: Config) -> tuple[str, int] | None:
    """The key of the window that *alert* falls into, and what is left of it in milliseconds; ``None``: it has none.

    It began when the alert was first seen, as it did in the process that saw it, so that both end together.
    """
    left_ms = int((alert.first_seen + config.dedup_window - time.time()) * 1000)
    if not alert.dedup or not alert.fingerprint or left_ms < 1:
        return None
    routes = ",".join(config.route(alert))
    return f"{PREFIX}window:{int(alert.level)}:{routes}:{fingerprint(alert)}", left_ms


def _counted(name: str) -> str:
    """Where Redis remembers that a repeat was counted, and for which alert."""
    return f"{PREFIX}counted:{name}"


def remember(repeats: Sequence[Repeat]) -> None:
    """What is counted must not be counted again when the broker brings it again."""
    if not repeats:
        return
    try:
        pipe = client().pipeline(transaction=False)
        for repeat in repeats:
            pipe.set(_counted(repeat.name), str(repeat.alert_id), ex=REMEMBER_S)
        pipe.execute()
    except redis.RedisError as error:
        logger.warning("Redis is away (%s): repeats may be counted twice", type(error).__name__)


def count_malformed() -> None:
    """One more alert could not be read."""
    try:
        client().incr(MALFORMED)
    except redis.RedisError as error:
        logger.warning("Redis is away (%s): it is not counted", type(error).__name__)
