"""A trial alert to every webhook, by the way that every other alert goes, until its record says how it ended."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from webhook_alerts import notify
from webhook_alerts.models import Delivery

MESSAGE = "This is a trial: the alerts of {service} arrive here."


@dataclass(frozen=True, slots=True)
class Trial:
    """How one trial ended: ``state`` is the delivery's, or ``lost`` when no row of it was seen in time."""

    webhook: str
    alert_id: UUID
    state: str
    reason: str
    after_s: float

    @property
    def arrived(self) -> bool:
        """Did the webhook take it?"""
        return self.state == Delivery.State.DELIVERED


def run(webhooks: Iterable[str], service: str, timeout: float) -> list[Trial]:
    """Send each of *webhooks* a trial and wait up to *timeout* seconds for all of them."""
    began = time.monotonic()
    text = MESSAGE.format(service=service or "this project")
    waiting = {name: notify.using(webhook=name, dedup=False).info(text) for name in webhooks}
    published = notify.flush(timeout)
    ended: dict[str, Trial] = {}
    while len(ended) < len(waiting):
        out_of_time = time.monotonic() - began > timeout
        for name, alert_id in waiting.items():
            if name not in ended and (found := _look(name, alert_id, began, final=out_of_time, published=published)):
                ended[name] = found
        time.sleep(0 if out_of_time else 0.1)
    return [ended[name] for name in waiting]


def _look(webhook: str, alert_id: UUID, began: float, *, final: bool, published: bool) -> Trial | None:
    row = Delivery.objects.filter(alert=alert_id, webhook=webhook).select_related("message").first()
    settled = {Delivery.State.DELIVERED, Delivery.State.FAILED, Delivery.State.SUPPRESSED}
    after_s = round(time.monotonic() - began, 1)
    if row is not None and (final or row.state in settled):
        reason = row.reason or (row.message.reason if row.message else "")
        return Trial(webhook, alert_id, row.state, reason, after_s)
    if not final:
        return None
    reason = "no worker has accepted it" if published else "the broker does not answer: it waits in the spool"
    return Trial(webhook, alert_id, "lost" if published else "spooled", reason, after_s)
