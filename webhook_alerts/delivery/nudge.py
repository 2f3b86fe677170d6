"""Asking a worker to look at a webhook: a message that may be lost, doubled or late without harm.

A webhook has as many slots as its ``concurrency``, and at most one nudge lives in each: rate-limited or waiting
tasks fill a worker's prefetch and stall every other queue. A slot's key holds the token of its nudge; a nudge that
finds another's token there has been replaced and does nothing.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass

import redis
from kombu.exceptions import OperationalError

from webhook_alerts.conf import LEASE_S, get_config
from webhook_alerts.outbox.broker import app
from webhook_alerts.shared_memory import PREFIX, client

logger = logging.getLogger("webhook_alerts.delivery")
QUEUED_S = 15
"""How long a nudge may wait for a worker before the flush sends another."""
LONGEST_COUNTDOWN_S = 60.0
"""A longer wait is left to the flush: a broker redelivers what sits in a worker for long."""
EXPIRES_S = 600
"""When a nudge that no worker took is thrown away: they must not pile up while no worker runs."""
ADDED_TASK = "webhook_alerts.deliver"
ADDED_QUEUE = "alerts:added"
"""The task and the queue of all webhooks that operators have added: workers that run know no others. No webhook's own
queue can have that name."""
RETRY_LATER = "later:"
"""Marks a slot whose nudge waits only for a retry to be due: anything due now may take it over."""


@dataclass(frozen=True, slots=True)
class Nudge:
    """One nudge under way."""

    webhook: str
    slot: int
    token: str

    @property
    def key(self) -> str:
        """Its slot in Redis."""
        return f"{PREFIX}nudge:{self.webhook}:{self.slot}"

    def holder(self) -> str:
        """The token in the slot, marked or not; empty when it is free."""
        held = client().get(self.key)
        return held.decode() if isinstance(held, bytes) else held or ""

    def begin(self) -> bool:
        """Occupy the slot for as long as a delivery runs; ``False`` when this nudge has been replaced."""
        try:
            holder = self.holder()
            if holder and not holder.endswith(self.token):
                return False
            client().set(self.key, self.token, ex=int(LEASE_S))
        except redis.RedisError as error:
            logger.warning("Redis is away (%s): %s is looked at all the same", type(error).__name__, self.webhook)
        return True

    def end(self) -> None:
        """Free the slot."""
        try:
            if self.holder() == self.token:
                client().delete(self.key)
        except redis.RedisError as error:
            logger.warning("Redis is away (%s): a nudge of %s is not ended", type(error).__name__, self.webhook)

    def again(self, wait_s: float = 0.0, *, replaceable: bool = False) -> None:
        """Look once more in *wait_s* seconds, in the same slot."""
        if wait_s > LONGEST_COUNTDOWN_S or (wait_s and app().conf.task_always_eager):
            self.end()
            return
        mark = RETRY_LATER if replaceable else ""
        try:
            client().set(self.key, f"{mark}{self.token}", ex=int(wait_s) + QUEUED_S)
        except redis.RedisError as error:
            logger.warning("Redis is away (%s): %s is nudged all the same", type(error).__name__, self.webhook)
        self.publish(wait_s)

    def publish(self, wait_s: float = 0.0) -> bool:
        """Hand the nudge to the broker; a failure is no harm, the next flush nudges again."""
        try:
            app().send_task(
                task_name(self.webhook),
                kwargs={
                    "slot": self.slot,
                    "token": self.token,
                    **({"webhook": self.webhook} if self.webhook in get_config().added else {}),
                },
                queue=queue_name(self.webhook),
                countdown=wait_s or None,
                expires=EXPIRES_S + wait_s,
                ignore_result=True,
                retry=True,
                retry_policy={"max_retries": 0},
            )
        except (OperationalError, OSError) as error:
            logger.warning("The broker is away (%s): the next flush nudges %s", type(error).__name__, self.webhook)
            self.end()
            return False
        return True


def task_name(webhook: str) -> str:
    """The Celery task that delivers to *webhook*: its own, if workers knew of it when they started."""
    return ADDED_TASK if webhook in get_config().added else f"webhook_alerts.deliver.{webhook}"


def queue_name(webhook: str) -> str:
    """The queue that the task of *webhook* is sent to."""
    return ADDED_QUEUE if webhook in get_config().added else own_queue(webhook)


def own_queue(webhook: str) -> str:
    """The queue of a webhook that the settings configure."""
    return f"alerts.{webhook}"


def clear(webhook: str) -> None:
    """Free every slot: a nudge that waits for a gate which is open now finds itself replaced."""
    try:
        if keys := list(client().scan_iter(f"{PREFIX}nudge:{webhook}:*")):
            client().delete(*keys)
    except redis.RedisError as error:
        logger.warning("Redis is away (%s): the nudges of %s stay as they are", type(error).__name__, webhook)


def nudge(webhook: str) -> bool:
    """Have *webhook*, which owes something due now, looked at; says whether a message was sent.

    Nothing is sent while a nudge is in every slot; with Redis away, always.
    """
    configured = get_config().webhooks.get(webhook)
    slots = range(configured.concurrency if configured else 1)
    nudges = [Nudge(webhook, slot, uuid.uuid4().hex) for slot in slots]
    try:
        memory = client()
        free = next((one for one in nudges if memory.set(one.key, one.token, nx=True, ex=QUEUED_S)), None)
        if free is None:
            free = next((one for one in nudges if one.holder().startswith(RETRY_LATER)), None)
            if free is None:
                return False
            memory.set(free.key, free.token, ex=QUEUED_S)
    except redis.RedisError as error:
        logger.warning("Redis is away (%s): %s is nudged all the same", type(error).__name__, webhook)
        free = nudges[0]
    return free.publish()
