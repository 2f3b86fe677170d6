"""Writing down how a request ended, and what the message does next. Every write is fenced by the claim's token."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, close_old_connections
from django.db.models import F
from django.db.models.functions import Now
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential

from webhook_alerts.channels.base import Outcome, Response, Verdict
from webhook_alerts.conf import Config
from webhook_alerts.delivery import record
from webhook_alerts.delivery.apart import take_apart
from webhook_alerts.delivery.claim import Claim
from webhook_alerts.metrics import catalogue, counters
from webhook_alerts.models import Attempt, Delivery, Message
from webhook_alerts.reasons import AMBIGUOUS, OF_NO_ALERT, TAKEN_APART

logger = logging.getLogger("webhook_alerts.delivery")
EXCERPT = 4096
"""Characters of an answer that are kept."""


def backoff(attempts: int, config: Config, jitter: Callable[[], float] = random.random) -> float:
    """Seconds until the next try after *attempts* failures: 1, 2, 4, 8, 16 by default, and up to a quarter more."""
    step = min(config.backoff * 2 ** min(max(0, attempts - 1), 62), config.backoff_max)
    return float(step * (1 + jitter() / 4))


@retry(
    # The request is made: losing its outcome to a moment's outage of the database would send it twice.
    retry=retry_if_exception_type((OperationalError, InterfaceError)),
    stop=stop_after_attempt(3),
    wait=wait_exponential(multiplier=0.5, max=5),
    before_sleep=lambda state: close_old_connections(),  # noqa: ARG005
    reraise=True,
)
def finish(
    claim: Claim, outcome: Outcome, response: Response | None, duration_s: float, config: Config
) -> float | None:
    """Record *outcome*; in how many seconds the message is due again, or ``None`` when it is over."""
    message = claim.message
    values, wait_s = _next(message, outcome, config)
    with record.short():
        ours = Message.objects.filter(pk=message.pk, token=message.token, state=Message.State.SENDING).update(
            token=None, lease_until=None, **values
        )
        delivered = _carry(message, outcome, str(values["state"]), config) if ours else 0
        note(claim.attempt, outcome, response, duration_s)
    _count_delivered(claim, delivered)
    if not ours:
        logger.warning("An outcome came after its lease had ended: the message belongs to another worker")
        return None
    return wait_s


def _count_delivered(claim: Claim, number: int) -> None:
    counters.add(catalogue.DELIVERED, claim.message.webhook, by=number)
    if number == len(claim.origins):  # else it is sent again, and had arrived before
        now = time.time()
        counters.observe(claim.message.webhook, [now - origin.raised_at for origin in claim.origins])


def _next(message: Message, outcome: Outcome, config: Config) -> tuple[dict[str, Any], float | None]:
    """The message's next values, and in how many seconds it is due again, if it is."""
    verdict, reason = outcome.verdict, _reason(outcome)
    what_for = message.reason if message.reason in OF_NO_ALERT else ""
    if verdict is Verdict.DELIVERED:
        return {**_over(Message.State.DELIVERED, what_for), "provider_message_id": outcome.message_id[:128]}, None
    if verdict is Verdict.WAIT:
        return _again(outcome.wait_s, what_for or reason, deferrals=F("deferrals") + 1), outcome.wait_s
    if message.resend:
        return _over(message.before_resend, message.reason), None
    if verdict is Verdict.GONE:
        return _again(0.0, what_for or reason, deferrals=F("deferrals") + 1), None
    attempts = message.attempts + 1
    if verdict is Verdict.REFUSED or attempts >= config.max_attempts:
        return {**_over(Message.State.FAILED, reason), "attempts": attempts}, None
    wait_s = max(backoff(attempts, config), outcome.wait_s)
    return _again(wait_s, what_for or reason, attempts=attempts), wait_s


def _over(state: str, reason: str) -> dict[str, Any]:
    return {"state": state, "reason": reason, "finished_at": Now(), "resend": False, "before_resend": ""}


def _again(wait_s: float, reason: str, **counted: Any) -> dict[str, Any]:
    return {
        "state": Message.State.PENDING,
        "reason": reason,
        "due_at": Now() + timedelta(seconds=wait_s),
        **counted,
    }


def _carry(message: Message, outcome: Outcome, state: str, config: Config) -> int:
    """Bring the deliveries to where their message is; how many are delivered by it."""
    carried = Delivery.objects.filter(message=message).exclude(state=Delivery.State.DELIVERED)
    if outcome.verdict is Verdict.DELIVERED:
        return carried.update(state=Delivery.State.DELIVERED, delivered_at=Now(), settled_at=Now(), reason="")
    if message.resend:
        return 0
    if outcome.verdict is Verdict.REFUSED and take_apart(message, config):
        Message.objects.filter(pk=message.pk).update(reason=(TAKEN_APART % {"why": _reason(outcome)})[:255])
    elif state == Message.State.FAILED:
        record.deliveries_failed(message, _reason(outcome))
    else:
        if outcome.verdict is Verdict.GONE:
            record.fall_back(message)
        carried.update(state=Delivery.State.PENDING)
    return 0


def note(attempt: Attempt, outcome: Outcome, response: Response | None, duration_s: float) -> None:
    """How a request ended, which was put on record before it went out."""
    excerpt = response.body[:EXCERPT].decode("utf-8", "replace").replace("\x00", "\ufffd") if response else ""
    Attempt.objects.filter(pk=attempt.pk).update(
        duration_ms=int(duration_s * 1000),
        status_code=response.status if response else None,
        outcome=outcome.verdict.value,
        error="" if outcome.verdict is Verdict.DELIVERED else _reason(outcome),
        response_excerpt=excerpt,
    )


def _reason(outcome: Outcome) -> str:
    reason = outcome.reason.replace("\x00", "\ufffd")
    return AMBIGUOUS % {"why": reason[:230]} if outcome.ambiguous else reason[:255]
