"""A trial alert to every webhook, by the way that every other alert goes, until its record says how it ended."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext

from webhook_alerts import notify
from webhook_alerts.conf import get_config
from webhook_alerts.delivery.look import speaking_to
from webhook_alerts.models import Delivery
from webhook_alerts.retelling import keep

LONGEST_ANSWER = 200
"""Characters of a service's answer that are shown."""
_NOT_ACCEPTED = keep("no worker has accepted it")
_NO_BROKER = keep("the broker does not answer: it waits in the spool")


@dataclass(frozen=True, slots=True)
class Trial:
    """How one trial ended: ``state`` is the delivery's, or ``lost`` when no row of it was seen in time.

    ``answer`` begins with what the service said last, where it has not taken it.
    """

    webhook: str
    alert_id: UUID
    state: str
    reason: str
    after_s: float
    answer: str = ""

    @property
    def arrived(self) -> bool:
        """Did the webhook take it?"""
        return self.state == Delivery.State.DELIVERED


def run(webhooks: Iterable[str], service: str, timeout: float) -> list[Trial]:
    """Send each of *webhooks* a trial and wait up to *timeout* seconds for all of them."""
    began = time.monotonic()
    waiting: dict[str, UUID] = {}
    for name in webhooks:
        waiting[name] = notify.using(webhook=name, dedup=False).info(_message(name, service))
    published = notify.flush(timeout)
    ended: dict[str, Trial] = {}
    while len(ended) < len(waiting):
        out_of_time = time.monotonic() - began > timeout
        for name, alert_id in waiting.items():
            if name not in ended and (found := _look(name, alert_id, began, final=out_of_time, published=published)):
                ended[name] = found
        time.sleep(0 if out_of_time else 0.1)
    return [ended[name] for name in waiting]


def _message(name: str, service: str) -> str:
    webhook = get_config().webhooks.get(name)
    with speaking_to(webhook) if webhook else nullcontext():
        return gettext("This is a trial: the alerts of %(service)s arrive here.") % {
            "service": service or gettext("this project")
        }


def _look(webhook: str, alert_id: UUID, began: float, *, final: bool, published: bool) -> Trial | None:
    row = Delivery.objects.filter(alert=alert_id, webhook=webhook).select_related("message").first()
    settled = {Delivery.State.DELIVERED, Delivery.State.FAILED, Delivery.State.SUPPRESSED}
    after_s = round(time.monotonic() - began, 1)
    if row is not None and (final or row.state in settled):
        reason = row.reason or (row.message.reason if row.message else "")
        return Trial(webhook, alert_id, row.state, reason, after_s, _answer(row))
    if not final:
        return None
    reason = _NOT_ACCEPTED if published else _NO_BROKER
    return Trial(webhook, alert_id, "lost" if published else "spooled", reason, after_s)


def _answer(row: Delivery) -> str:
    last = row.message.attempt_log.last() if row.message and row.state != Delivery.State.DELIVERED else None
    return last.response_excerpt[:LONGEST_ANSWER] if last else ""
